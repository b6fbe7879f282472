"""No text is cut or reaches beyond the page, in either language, on a wide screen and on a phone."""

from __future__ import annotations

import pytest

from app.words import NAMES
from tests.browser.pages import DRAWN, open_page, query, sized

MODEL = "tasks-marked/attention-pooling"
VIEW = f"model={MODEL}&sample=tasks-marked/6"
SHOWS = {
    "": DRAWN,
    "learn": "[class*=st-key-lesson-card]",
    "mistakes": ".st-key-mistakes",
    "trust": "[data-testid=stMain] h3",
    "models": "[data-testid=stMain] h3",
}
"""What each page shows once it is drawn."""
CUT = """() => {
  const cut = [];
  const walker = document.createTreeWalker(document.querySelector("[data-testid=stMain]"), NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const one = node.parentElement;
    if (!node.data.trim() || !one.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    if (one.closest("style, script, canvas, svg, [data-testid=stDataFrame], .katex, pre")) continue;
    const style = getComputedStyle(one);
    const hides = [style.overflowX, style.overflowY].some((how) => how === "hidden" || how === "clip");
    const wide = one.scrollWidth > one.clientWidth + 1 && hides && one.clientWidth > 2;
    const range = document.createRange();
    range.selectNodeContents(node);
    const place = range.getBoundingClientRect();
    const scrolls = one.closest("[role=tablist], [role=radiogroup]");
    const beyond = place.width > 0 && place.height > 2 && place.right > innerWidth + 1 && !scrolls;
    if (wide || beyond) cut.push(node.data.trim());
  }
  return cut;
}"""
"""The texts of the page that their element or the window cuts; those in a list that scrolls sideways may be."""


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("code", list(NAMES))
@pytest.mark.parametrize("slug", list(SHOWS), ids=lambda slug: slug or "explore")
def test_no_text_is_cut_in_either_language(browser_page, address, slug: str, code: str, width: int) -> None:
    page = sized(browser_page, width, 844)
    open_page(page, f"{address}/{slug}", f"{VIEW}&lang={code}", SHOWS[slug])
    page.wait_for_function("(code) => document.documentElement.lang === code", arg=code)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert not page.evaluate(CUT)


def test_the_browsers_language_is_spoken_at_first(open_window, address) -> None:
    page = open_window(locale="zh-CN")
    open_page(page, f"{address}/learn", "", SHOWS["learn"])
    page.wait_for_function("document.documentElement.lang === 'zh-CN'")
    assert query(page)["lang"] == "zh-CN"
