"""Text from files is shown letter by letter wherever Streamlit reads Markdown, and fetches nothing from anywhere."""

from __future__ import annotations

import pytest

from app.words.markdown import JOINER
from tests.app.hostile import HOSTILE
from tests.browser.pages import PARTS

pytestmark = pytest.mark.browser
KINDS = ("markdown", "caption", "warning", "button", "pills", "radio", "expander")
ICONS = ("expand_more", "keyboard_arrow_down", "keyboard_arrow_right", "chevron_right")
"""What stands in an expander's head next to its label, as letters of an icon font."""


def shown(text: str) -> str:
    """A text as a browser lays it out: without joiners, white space as one."""
    for icon in ICONS:
        text = text.removeprefix(icon).removesuffix(icon)
    return " ".join(text.replace(JOINER, "").split())


def test_every_hostile_text_is_shown_as_it_is(serve, browser_page) -> None:
    asked: list[str] = []
    address = serve(PARTS)
    browser_page.on("request", lambda request: asked.append(request.url))
    browser_page.goto(f"{address}/literal")
    browser_page.get_by_text("the end").wait_for()
    browser_page.wait_for_function(
        f"""() => [...Array({len(HOSTILE)}).keys()].every(n => {list(KINDS)}.every(
            kind => document.querySelector(`.st-key-${{kind}}-${{n}}`)?.innerText.trim()))""",
    )
    browser_page.wait_for_timeout(2000)  # plugins for LaTeX and emoji would be fetched, and change the page again
    wrong = []
    for number, text in enumerate(HOSTILE):
        wanted = " ".join(text.split())
        for kind in KINDS:
            found = shown(browser_page.locator(f".st-key-{kind}-{number}").first.inner_text())
            if found != wanted:
                wrong.append(f"{kind}: {wanted!r} is shown as {found!r}")
        both = shown(browser_page.locator(f".st-key-within-{number}").first.inner_text())
        if both != f"{wanted} · {wanted}":
            wrong.append(f"within: {wanted!r} is shown as {both!r}")
        inside = shown(browser_page.locator(f".st-key-word-{number}").first.inner_text())
        if wanted not in inside:
            wrong.append(f"word: {wanted!r} is shown as {inside!r}")
        chosen = shown(browser_page.locator(f".st-key-select-{number} input").first.get_attribute("value"))
        if chosen.replace(" ", "") != wanted.replace(" ", ""):  # an input has no line breaks
            wrong.append(f"select: {wanted!r} is shown as {chosen!r}")
    assert not wrong, "\n".join(wrong)
    chart = browser_page.locator(".st-key-chart")
    drawn = {shown(one) for one in chart.locator(".annotation-text").all_text_contents()}
    missing = [one for one in HOSTILE if " ".join(one.split()) not in drawn]
    assert not missing, (missing, drawn)
    assert [shown(one) for one in browser_page.locator(".bars .name").all_text_contents()] == [
        " ".join(one.split()) for one in HOSTILE
    ]
    assert not chart.locator("a").count() and not browser_page.locator(".bars :is(a, img)").count()
    assert not browser_page.locator(".stMarkdown img").count()
    assert not [url for url in asked if not url.startswith(address) and not url.startswith(("data:", "blob:"))]


def test_a_text_that_is_not_made_literal_is_read_as_markdown(serve, browser_page) -> None:
    """The test above can fail: the same strings by themselves become pictures, links and icons."""
    browser_page.goto(f"{serve(PARTS)}/markdown")
    browser_page.get_by_text("the end").wait_for()
    assert browser_page.locator(".stMarkdown img").count() and browser_page.locator(".stMarkdown a").count()
