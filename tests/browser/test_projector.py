"""A projector in a real browser: the lesson stands next to what its step reveals, and nothing is below the fold."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.runtime.votes import teacher_key
from core.lessons import SHIPPED, Question, Votes, read_lesson
from tests.browser.clicks import settle
from tests.browser.pages import MAIN, PATIENCE, sized, wait_until_drawn

pytestmark = pytest.mark.browser

LESSON, CODE = "attention-that-is-needed", "ABC234"
PANEL = ".st-key-lesson-panel"
SIZES = ((1280, 720), (1920, 1080))


@pytest.fixture(scope="module")
def votes(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("votes") / "votes.jsonl"


@pytest.fixture(scope="module")
def address(serve, votes: Path) -> str:
    return serve(MAIN, FOVEA_VOTES=str(votes))


def in_view(page, one) -> bool:
    """Whether the whole of it is on the first screen, below the navigation."""
    bounds, size = one.bounding_box(), page.viewport_size
    return (
        bounds["y"] >= 50
        and bounds["y"] + bounds["height"] <= size["height"]
        and bounds["x"] + bounds["width"] <= size["width"]
    )


REVEALED = {
    "self-attention-by-hand/look": ".st-key-answer-panel .component.bars",
    "self-attention-by-hand/new-picture": ".st-key-outcome .component.bars",
    "not-always-an-explanation/uniform": ".st-key-outcome .component.bars",
    "how-much-not-where/many-pictures": ".st-key-outcome .component.bars",
    "testing-an-explanation/erase": ".st-key-erased",
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("step", REVEALED)
def test_what_a_step_reveals_is_in_view_next_to_the_lesson(browser_page, address, step: str, size) -> None:
    lesson, _, name = step.partition("/")
    page = sized(browser_page, *size)
    page.goto(f"{address}?lesson={lesson}&step={name}&projector=1&teacher=1")
    wait_until_drawn(page, PANEL)
    note = read_lesson(SHIPPED / lesson).words["en"].block(name, "note")
    assert in_view(page, page.locator(".st-key-lesson-head [data-testid=stCaptionContainer]"))
    page.locator("[class*=st-key-lesson-skip] button").click()
    page.locator(REVEALED[step]).wait_for(timeout=PATIENCE)
    settle(page)
    assert in_view(page, page.locator(REVEALED[step])) and in_view(page, page.locator(".st-key-lesson-head"))
    assert not note or note[:30] not in page.locator(".stApp").inner_text(), "a teacher's note is not for the class"
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]


BARS = {
    "not-always-an-explanation/uniform": ("another", "unsure", "same"),
    "which-mechanism-for-which-task/sun-or-moon": ("spatial-gate", "squeeze-excitation", "attention-pooling"),
    "what-a-gradient-says/where": ("4", "7"),
}


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("step", BARS)
def test_the_bars_of_a_vote_are_in_view_once_they_are_revealed(
    browser_page, address, votes: Path, monkeypatch, step: str, language: str
) -> None:
    monkeypatch.setenv("FOVEA_VOTES", str(votes))
    lesson, _, name = step.partition("/")
    asked, kept = Question(CODE, lesson, name), Votes(votes)
    kept.clear(asked)
    for second in (False, True):
        if second:
            kept.begin_second(asked)
        for option in BARS[step]:
            for _ in range(3):
                kept.vote(asked, option)
    page = sized(browser_page, 1280, 720)
    class_ = f"class={CODE}&teacher={teacher_key(CODE)}&lang={language}"
    page.goto(f"{address}?lesson={lesson}&step={name}&projector=1&{class_}")
    wait_until_drawn(page, PANEL)
    page.locator("[class*=st-key-vote-reveal] button").click()
    page.locator("dl.vote-bars").wait_for(timeout=PATIENCE)
    settle(page)
    assert in_view(page, page.locator("dl.vote-bars")) and in_view(page, page.locator(PANEL))
    assert not "".join(page.locator(".vote-bar b").all_inner_texts()), "lengths, and no digits, before the answer"


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_the_list_of_methods_and_its_parameters_do_not_overlap(browser_page, address, language: str) -> None:
    page = sized(browser_page, 1280, 720)
    page.goto(f"{address}?lesson={LESSON}&step=uniform&projector=1&lang={language}")
    wait_until_drawn(page)
    drawn = page.locator(".st-key-method-row :is([data-baseweb=select], button):visible").all()
    boxes = [one.bounding_box() for one in drawn]
    assert len(boxes) >= 2
    for number, one in enumerate(boxes):
        for other in boxes[number + 1 :]:
            beside = one["x"] + one["width"] <= other["x"] + 1 or other["x"] + other["width"] <= one["x"] + 1
            assert beside or one["y"] + one["height"] <= other["y"] + 1 or other["y"] + other["height"] <= one["y"] + 1


def test_a_projector_shows_the_lesson_and_both_maps_at_once(browser_page, address) -> None:
    page = sized(browser_page, 1280, 720)
    page.goto(f"{address}?lesson={LESSON}&step=uniform&projector=1")
    wait_until_drawn(page)
    page.wait_for_function(
        "document.querySelector('[data-testid=stSidebar]')?.ariaExpanded !== 'true'", timeout=PATIENCE
    )
    settle(page)
    for one in (page.locator(PANEL), *page.locator("canvas[data-pane]").all()[:2]):
        bounds = one.bounding_box()
        assert bounds["y"] >= 50 and bounds["y"] + bounds["height"] <= 720 and bounds["x"] + bounds["width"] <= 1280
    assert page.locator("canvas[data-pane]").count() >= 2
    size = page.locator(f"{PANEL} p").last.evaluate("(one) => parseFloat(getComputedStyle(one).fontSize)")
    assert size >= 20
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280


SMALL = """() => [...document.querySelectorAll(".stMain *, [data-testid=stHeader] *")].filter((one) => {
  const own = [...one.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim());
  const { width, height, top, bottom } = one.getBoundingClientRect();
  return own && width && height && bottom > 0 && top < 720 && parseFloat(getComputedStyle(one).fontSize) < 19.9;
}).map((one) => one.textContent.trim())"""


GROUND = "(one) => getComputedStyle(one).backgroundColor"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_row_of_buttons_has_the_background_of_the_page(browser_page, address, scheme: str) -> None:
    page = sized(browser_page, 1280, 720, color_scheme=scheme)
    page.goto(f"{address}?lesson={LESSON}&step=uniform&projector=1")
    wait_until_drawn(page, PANEL)
    row = page.locator("[data-testid=stLayoutWrapper]:has(> .st-key-lesson-ways)")
    assert row.evaluate(GROUND) == page.locator(".stApp").evaluate(GROUND)


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_on_a_projector_long_answers_leave_the_buttons_in_sight_and_no_type_is_small(
    browser_page, address, language: str
) -> None:
    page = sized(browser_page, 1280, 720)
    page.goto(f"{address}?lesson=which-mechanism-for-which-task&step=sun-or-moon&projector=1&lang={language}")
    wait_until_drawn(page, PANEL)
    page.locator("[class*=st-key-lesson-skip] button").click()
    wait_until_drawn(page)
    panel = page.locator(PANEL).bounding_box()
    assert panel["height"] > 640, "the answers are longer than the window"
    for key in ("lesson-back", "lesson-next"):
        bounds = page.locator(f"[class*=st-key-{key}] button").bounding_box()
        assert bounds["y"] >= 50 and bounds["y"] + bounds["height"] <= 720
    assert not page.evaluate(SMALL)
    for label in page.locator(".pane h3, .readout").all():
        assert label.evaluate("(one) => parseFloat(getComputedStyle(one).fontSize)") >= 20
