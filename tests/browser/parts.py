"""Parts of the app alone, each on a page of its own that ends in ``_page.py``: one server for all of them."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

HERE = Path(__file__).parent
PAGES = ("overlay", "paint", "literal", "markdown", "rows")
"""The first is at the address itself, the others are at ``/<name>``."""

st.navigation([st.Page(HERE / f"{name}_page.py", url_path=name) for name in PAGES], position="hidden").run()
