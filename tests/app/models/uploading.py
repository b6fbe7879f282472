"""Files of a user's model, brought to the page Models."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from app.views.models.keys import ModelsKey


def bring(page: AppTest, *files: tuple[str, bytes, str]) -> AppTest:
    """The page after an upload of those files: name, content and type."""
    uploader = next(one for one in page.file_uploader if one.key.startswith(ModelsKey.MODEL_UPLOADER))
    return uploader.set_value(list(files)).run()
