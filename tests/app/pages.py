"""Pages of the app, as a browser that opens their addresses gets them."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash


def visit(page: AppTest, slug: str) -> AppTest:
    """Let the next run be of the page of that slug; ``AppTest.switch_page`` cannot do so before the first run."""
    page._page_hash = calc_hash(slug)
    return page
