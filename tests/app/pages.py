"""Pages of the app, as a browser that opens their addresses gets them, and what they say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from app.widgets import glossary

MAIN = str(Path(__file__).resolve().parents[2] / "app" / "main.py")


def fresh(slug: str = "explore", /, **address: str) -> AppTest:
    """The page of that slug with that address, before its first run."""
    page = AppTest.from_file(MAIN, default_timeout=120)
    for name, value in address.items():
        page.query_params[name] = value
    return visit(page, slug)


def visit(page: AppTest, slug: str) -> AppTest:
    """Let the next run be of the page of that slug; ``AppTest.switch_page`` cannot do so before the first run."""
    page._page_hash = calc_hash(slug)
    return page


def open_page(slug: str = "explore", /, **address: str) -> AppTest:
    """The page of that slug as a browser with that address gets it."""
    return fresh(slug, **address).run()


def press(page: AppTest, key: str) -> AppTest:
    """The page after a click on the button of that key, once it is sure that nothing failed."""
    return well(page.button(key=key).click().run())


def well(page: AppTest) -> AppTest:
    """The page, once it is sure that nothing failed."""
    assert not page.exception and not page.error, [*page.exception, *[one.value for one in page.error]]
    return page


def shown_text(page: AppTest) -> str:
    """Everything that the page says in words, the glossary aside, which is the same on every page."""
    parts = [*page.markdown, *page.caption, *page.warning, *page.error, *page.info, *page.subheader, *page.code]
    terms = "\n\n".join(glossary.find_terms(""))
    return "\n".join(str(one.value) for one in parts if one.value != terms)


def drawn_by(page: AppTest, name: str) -> list[dict[str, Any]]:
    """What each component of our own of that name was given to draw."""
    found = (one.proto for one in page.get("bidi_component"))
    return [json.loads(one.json) for one in found if one.component_name.endswith(f"fovea_{name}")]


def warnings(page: AppTest) -> list[str]:
    """The warnings on the page."""
    return [one.value for one in page.warning]
