"""Lessons in a real browser: what a step hides is not sent before the answer, and a browser votes once."""

from __future__ import annotations

import re

import numpy as np
import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

import core
from app.components.overlay.layer import Layer, packed
from core.attention import to_grid
from core.data import open_sample
from core.lessons import SHIPPED, Question, Votes, read_lesson
from tests.browser.clicks import settle
from tests.browser.pages import DRAWN, MAIN, PATIENCE, sized, wait_until_drawn

pytestmark = pytest.mark.browser

LESSON = "attention-that-is-needed"
SHARES = re.compile(rb'"shares":\s*\[([0-9.e+-]+)\]')
PANEL = ".st-key-lesson-panel"


@pytest.fixture(scope="module")
def address(serve) -> str:
    return serve(MAIN)


class Frames:
    """What a page received over its websocket."""

    def __init__(self, page) -> None:
        self.frames: list[bytes] = []
        page.on("websocket", lambda socket: socket.on("framereceived", self._take))

    def _take(self, frame: bytes | str) -> None:
        self.frames.append(frame if isinstance(frame, bytes) else frame.encode())

    def take(self) -> tuple[bytes, set[str]]:
        """All bytes since the last time, and the kinds of elements among them, components by their names."""
        taken, self.frames[:] = [*self.frames], []
        return b"".join(taken), {kind for one in taken for kind in kinds(one)}


def kinds(frame: bytes) -> set[str]:
    message = ForwardMsg()
    message.ParseFromString(frame)
    if message.WhichOneof("type") != "delta":
        return set()
    element = message.delta.new_element
    kind = element.WhichOneof("type")
    return {element.bidi_component.component_name if kind == "bidi_component" else str(kind)}


def has_probabilities(sent: bytes, wanted: np.ndarray) -> bool:
    """Whether the bars among the frames have these numbers, in this order."""
    found = [float(one) for one in SHARES.findall(sent)]
    rows = [found[start : start + len(wanted)] for start in range(len(found) - len(wanted) + 1)]
    return any(np.allclose(row, wanted, rtol=1e-3, atol=1e-6) for row in rows)


@pytest.mark.parametrize("name", ["look", "where"])
def test_nothing_that_a_step_hides_is_sent_before_the_answer(browser_page, address, name: str) -> None:
    lesson = read_lesson(SHIPPED / LESSON)
    step = lesson.steps[lesson.place(name)]
    classifier = core.load(step.state["model"], "cpu")
    reading = core.read(classifier, open_sample(step.state["sample"]))
    likeliest = np.sort(reading.probabilities)[::-1][:5]
    [attention] = reading.maps
    codes = packed(Layer("a", "a", to_grid(attention)))[1][-attention.weights.size :]  # one byte for each cell
    words = [one.reason.partition("{")[0].encode() for (of, _), one in lesson.words["en"].options.items() if of == name]
    words += [text.partition("{")[0].encode() for text in [lesson.words["en"].block(name, "after")] if text]
    assert len(set(codes)) > 1 and words

    frames = Frames(browser_page)
    browser_page.goto(f"{address}?lesson={LESSON}&step={name}")
    wait_until_drawn(browser_page, PANEL)
    before, kinds_before = frames.take()
    browser_page.locator("[class*=st-key-lesson-skip] button").click()
    wait_until_drawn(browser_page, DRAWN)
    after, kinds_after = frames.take()

    assert "fovea_overlay" not in kinds_before and codes not in before and b"grad-cam" not in before
    assert "fovea_overlay" in kinds_after and codes in after
    assert not [text for text in words if text in before] and all(text in after for text in words)
    if "prediction" in step.hide:
        assert "fovea_bars" not in kinds_before and not has_probabilities(before, likeliest)
        assert "fovea_bars" in kinds_after and has_probabilities(after, likeliest)


@pytest.mark.parametrize("name", ["attention-that-is-needed", "what-then-where"])
def test_the_prediction_on_a_new_picture_is_not_sent_before_the_learner_made_one(
    browser_page, address, name: str
) -> None:
    lesson = read_lesson(SHIPPED / name)
    step = lesson.steps[-1]
    picture, classifier = open_sample(step.state["sample"]), core.load(step.state["model"], "cpu")
    taps = [one for one in classifier.taps if step.reveal.get("changed", one) == one]
    after = core.intervene(classifier, picture, dict.fromkeys(taps, core.UNIFORM))
    changed = np.sort(after.probabilities)[::-1][:5]
    reasons = [lesson.words["en"].options[step.name, one].reason for one in step.exercise.options]
    texts = [one.partition("{")[0].encode() for one in reasons]
    frames = Frames(browser_page)
    browser_page.goto(f"{address}?lesson={name}&step={step.name}")
    wait_until_drawn(browser_page, PANEL)
    sent, _ = frames.take()
    assert not [one for one in texts if one in sent] and not has_probabilities(sent, changed)
    browser_page.locator("[class*=st-key-lesson-skip] button").click()
    wait_until_drawn(browser_page, DRAWN)
    sent, _ = frames.take()
    assert all(one in sent for one in texts)


def test_the_tour_is_offered_until_it_is_closed_for_good_or_finished(browser_page, address) -> None:
    page, invitation = browser_page, browser_page.locator(".invitation")
    page.goto(address)
    invitation.wait_for(timeout=PATIENCE)
    wait_until_drawn(page)
    assert "model=" in page.url, "the address now names what is shown"
    page.reload()
    invitation.wait_for(timeout=PATIENCE)
    invitation.locator("button.accept").click()
    page.locator("[class*=st-key-lesson-close] button").click()
    invitation.wait_for(timeout=PATIENCE)
    invitation.locator("button.dismiss").click()
    for _ in range(2):
        page.goto(address)
        wait_until_drawn(page)
        assert not invitation.count()
    page.evaluate("localStorage.clear()")
    page.goto(f"{address}?model=scenes/cbam")
    wait_until_drawn(page)
    assert not invitation.count(), "a link is no first visit"
    page.goto(f"{address}?lesson=first-minute&step=depends")
    page.locator("[class*=st-key-way] button", has_text="Off (no attention)").click()
    page.get_by_text("The tour is finished").wait_for(timeout=PATIENCE)
    settle(page)
    page.goto(address)
    wait_until_drawn(page)
    assert not invitation.count(), "who finished it is not invited"


def test_a_browser_that_reloads_votes_once(browser_page, serve, tmp_path_factory) -> None:
    votes, asked = Votes(tmp_path_factory.mktemp("votes") / "votes.jsonl"), Question("ABC234", LESSON, "look")
    address = serve(MAIN, FOVEA_VOTES=str(votes.path))
    page = browser_page
    page.goto(f"{address}?lesson={LESSON}&step=look&class=ABC234")
    wait_until_drawn(page, PANEL)
    page.locator(f"{PANEL} [data-testid=stRadio] label", has_text="Bird").click()
    page.locator("[class*=st-key-lesson-vote] button:enabled").click()
    page.get_by_text("your vote is counted").wait_for(timeout=PATIENCE)
    page.reload()
    page.get_by_text("your vote is counted").wait_for(timeout=PATIENCE)
    page.locator(f"{PANEL} [data-testid=stRadio] label", has_text="House").click()
    page.locator("[class*=st-key-lesson-vote] button:enabled").click()
    page.get_by_text("has not begun").first.wait_for(timeout=PATIENCE)
    assert votes.tally(asked).counts[1] == {"bird": 1}


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (390, 844)])
def test_the_first_step_of_the_tour_is_done_without_scrolling(browser_page, address, width: int, height: int) -> None:
    page = sized(browser_page, width, height)
    page.goto(f"{address}?lesson=first-minute&step=prediction")
    wait_until_drawn(page)
    picker = page.locator(".st-key-answer-panel [data-testid=stSelectbox]").first
    bounds, panel = picker.bounding_box(), page.locator(PANEL).bounding_box()
    assert bounds["y"] >= 50 and bounds["y"] + bounds["height"] <= height
    assert bounds["y"] >= panel["y"] + panel["height"] or bounds["x"] >= panel["x"] + panel["width"]
    picker.get_by_role("combobox").click()
    page.get_by_role("option").nth(1).click()
    done = page.locator(PANEL).get_by_text("Done.")
    done.wait_for(timeout=PATIENCE)
    settle(page)
    place = done.bounding_box()
    assert place["y"] >= 50 and place["y"] + place["height"] <= height
