"""Stacks, films, windows and class tokens in Chromium: what is drawn, on pixels, and that it costs no message."""

from __future__ import annotations

import numpy as np
import pytest

from tests.browser.expected import close, color_of
from tests.browser.overlay_driver import Overlay, cell
from tests.browser.overlay_page import GRAY, SHARES, WINDOWS
from tests.browser.pages import PARTS

COLORLESS = np.full(3, 56 + 0.75 * GRAY[0])
"""The picture where a patch cannot look."""

pytestmark = pytest.mark.browser


@pytest.fixture
def fresh(browser_page, serve) -> Overlay:
    """An overlay of its own, where slices are turned or a patch is pinned."""
    return Overlay(browser_page, serve(PARTS))


def test_a_slider_turns_the_slices_of_a_stack_and_nothing_is_sent(fresh: Overlay) -> None:
    fresh.choose("film")
    before = fresh.frames
    assert fresh.turned() == "mean of 3" and "mean of 3" in fresh.tooltip("attention")
    assert close(fresh.pixel("attention", *cell(1, 1)), color_of(2, 0, 3)), "all three, at rest"
    slider = fresh.page.locator(".pane.attention .stack input")
    slider.focus()
    for keys, at, label in ((("ArrowRight",), 1, "First"), (("End",), 3, "Third"), (("ArrowLeft",), 2, "Second")):
        fresh.press(*keys)
        assert fresh.turned().startswith(label) and label in fresh.subtitle("attention")
        assert slider.get_attribute("aria-valuetext").startswith(label)
        for place in range(3):
            hot = color_of(at, 0, at) if place == at - 1 else np.array(GRAY)
            assert close(fresh.pixel("attention", *cell(place, place)), hot), (at, place)
    fresh.hover("attention", *cell(1, 1))
    assert fresh.readout("attention") == "row 2, column 2: 2"
    fresh.choose("ramp")
    assert not slider.is_visible()
    fresh.choose("film")
    assert fresh.turned().startswith("Second"), "a stack stays where it was left"
    fresh.settle(400)
    assert fresh.frames == before and fresh.known()["runs"] == 1


def test_a_shared_scale_stays_while_the_slices_change(overlay: Overlay) -> None:
    overlay.choose("film")
    overlay.page.get_by_label("Scale").select_option("strip")
    overlay.turn(2)
    assert overlay.page.locator(".pane.attention .scale .high").inner_text() == "15"
    assert close(overlay.pixel("attention", *cell(1, 1)), color_of(2, 0, 15))


def test_a_film_plays_to_its_end_and_nothing_is_sent(fresh: Overlay) -> None:
    fresh.choose("film")
    before, seen = fresh.frames, []
    fresh.page.get_by_role("button", name="Play").click()
    for _ in range(100):
        if not seen or seen[-1] != fresh.turned():
            seen.append(fresh.turned())
        if seen[-1].startswith("Third"):
            break
        fresh.page.wait_for_timeout(50)
    played = [label.split()[0] for label in seen]
    assert played[-3:] == ["First", "Second", "Third"] and played[:-3] in ([], ["mean"]), "at rest until it is drawn"
    assert fresh.page.get_by_role("button", name="Play").is_visible(), "it stands at its end"
    fresh.page.get_by_role("button", name="Play").click()
    fresh.settle()
    assert fresh.turned().startswith("First"), "and begins again"
    fresh.page.get_by_role("button", name="Pause").click()
    fresh.page.wait_for_timeout(1400)
    assert fresh.turned().startswith("First") and fresh.frames == before
    fresh.choose("patches")
    assert not fresh.page.locator(".play").first.is_visible()


@pytest.mark.parametrize(("number", "token"), [(0, 1), (1, 2), (3, 3)])
def test_a_patch_of_a_window_looks_into_its_window_only(overlay: Overlay, number: int, token: int) -> None:
    overlay.choose("windows")
    query, cells = divmod(int(WINDOWS[number, token]), 4), WINDOWS[number].tolist()
    overlay.hover("attention", *cell(*query))
    for place in range(16):
        expected = color_of(SHARES[token, cells.index(place)], 0.1, 0.4) if place in cells else COLORLESS
        x, y = cell(*divmod(place, 4))
        assert close(overlay.pixel("attention", x - 3, y - 3), expected), place  # not on the red mark
    (row, column), (down, across) = query, divmod(cells[token], 4)
    where = f"row {row + 1}, column {column + 1} \u2192 strongest at row {down + 1}, column {across + 1}"
    assert overlay.readout("attention") == f"{where}: 0.4 (uniform 0.25)"
    overlay.leave()
    assert close(overlay.pixel("attention", *cell(3, 3)), color_of(15, 0, 15)), "at rest there is no window"


def test_a_pinned_window_says_what_lies_outside_of_it(fresh: Overlay) -> None:
    fresh.choose("windows")
    fresh.page.mouse.click(*fresh.at("attention", *cell(1, 2)))
    pick = fresh.wait_until(lambda known: known["pick"] is not None)["pick"]
    assert pick == {"pane": "attention", "layer": "windows", "row": 1, "column": 2}
    fresh.hover("attention", *cell(0, 0))
    assert fresh.readout("attention") == "row 1, column 1: outside the attention window"
    fresh.hover("attention", *cell(2, 1))
    assert fresh.readout("attention") == "row 3, column 2: 0.3"
    fresh.mode("difference")
    fresh.hover("attention", *cell(0, 0))
    assert "attention 0, " in fresh.readout("attention"), "what cannot be looked at gets nothing"


def test_a_class_token_is_what_is_shown_at_rest(overlay: Overlay) -> None:
    overlay.choose("token")
    assert "from the class token" in overlay.tooltip("attention")
    assert close(overlay.pixel("attention", *cell(3, 3)), color_of(1, 0, 1))
    assert close(overlay.pixel("attention", *cell(1, 1)), np.array(GRAY), 1)
    overlay.hover("attention", *cell(1, 1))
    assert close(overlay.pixel("attention", *cell(1, 1)), color_of(0.7, 0, 0.7))
    assert close(overlay.pixel("attention", *cell(3, 3)), np.array(GRAY), 1)


def test_heads_stand_under_a_heading_of_their_own_and_keep_the_focus_when_they_are_replaced(
    browser_page, serve
) -> None:
    overlay = Overlay(browser_page, serve(PARTS), case="heads")
    headings = overlay.page.locator(".strip.attention h4")
    assert headings.all_inner_texts() == ["Attention maps", "Heads of ramp"]
    overlay.page.locator('.thumbnails [data-value="ramp"]').focus()
    overlay.press("ArrowRight")
    overlay.wait_until(lambda known: known["selected"] is not None)
    overlay.settle(300)
    assert headings.all_inner_texts() == ["Attention maps", "Heads of patches"]
    overlay.press("ArrowRight")  # the strip was built again, and the keyboard is where it was
    overlay.wait_until(lambda known: known["selected"]["attention"] == "token")
    overlay.page.locator('.thumbnails [data-value="head"]').click()
    overlay.settle()
    assert overlay.page.locator('.strip.attention [aria-checked="true"]').count() == 1
    entries = overlay.page.locator('.strip.attention [tabindex="0"]')
    assert [entries.nth(i).get_attribute("data-value") for i in range(entries.count())] == ["ramp", "head"]
