"""What the tests of the app need not do again and again: each opens pages of its own."""

from __future__ import annotations

import pytest
from streamlit.components.v2.component_manager import BidiComponentManager


@pytest.fixture(autouse=True)
def no_search_for_components(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not every page asks every package that is installed whether it brings components: none does."""
    monkeypatch.setattr(BidiComponentManager, "discover_and_register_components", lambda self, **options: None)
