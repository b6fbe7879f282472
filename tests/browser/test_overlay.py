"""The overlay in Chromium: colors and places on pixels against a second computation, and what goes over the wire."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from tests.browser.expected import TOLERANCE, close, color_of, signed_color_of
from tests.browser.overlay_driver import Overlay, cell
from tests.browser.overlay_page import GRAY, MARK, NOTE, RED, masked, ramp, spot
from tests.browser.pages import PARTS

pytestmark = pytest.mark.browser
PADDING = (124, 116, 104)
SHADE, SHADE_ALPHA = np.array([17, 20, 32]), 0.62


@pytest.fixture
def fresh(browser_page, serve) -> Overlay:
    """An overlay of its own, for what is counted or told."""
    return Overlay(browser_page, serve(PARTS))


def test_colors_of_known_values(overlay: Overlay) -> None:
    values = ramp()
    for row in range(4):
        for column in range(4):
            expected = color_of(values[row, column], 0, 15)
            assert close(overlay.pixel("attention", *cell(row, column)), expected), (row, column)
    overlay.slide("Opacity", 40)
    assert close(overlay.pixel("attention", *cell(3, 3)), color_of(15, 0, 15, opacity=0.4))
    overlay.slide("Hide weak values", 50)
    for row, column in ((1, 2), (1, 3), (2, 0), (3, 0)):  # 6, 7 | 8, 12 of 15: the threshold is 7.5
        expected = color_of(values[row, column], 0, 15, opacity=0.4, cut=0.5)
        assert close(overlay.pixel("attention", *cell(row, column)), expected), (row, column)
    overlay.slide("Opacity", 0)
    assert close(overlay.pixel("attention", *cell(3, 3)), np.array(GRAY), 1)


def test_signed_maps_keep_zero_in_the_middle(overlay: Overlay) -> None:
    overlay.choose("signed")
    values = (ramp() - 6) / 2  # -3 to 4.5, zero in row 1, column 2
    assert close(overlay.pixel("attribution", *cell(1, 2)), np.full(3, 56 + 0.75 * 120), 1)
    for row, column in ((0, 0), (1, 0), (2, 0), (3, 3)):
        expected = signed_color_of(values[row, column], 4.5)
        assert close(overlay.pixel("attribution", *cell(row, column)), expected), (row, column)
    red, _, blue = overlay.pixel("attribution", *cell(0, 0))
    assert blue > red, "below zero is purple"
    red, _, blue = overlay.pixel("attribution", *cell(3, 0))
    assert red > blue, "above zero is orange"


def test_a_marked_pixel_lies_under_its_cell(overlay: Overlay) -> None:
    left, top, right, bottom = MARK
    inside = [(x, y) for x in (left + 0.5, right - 0.5) for y in (top + 0.5, bottom - 0.5)]
    outside = [(left - 0.5, top + 2), (right + 0.5, top + 2), (left + 2, top - 0.5), (left + 2, bottom + 0.5)]
    hot = color_of(2.5, 0, 2.5)
    assert all(close(overlay.pixel("attribution", *place), hot) for place in inside)
    assert all(close(overlay.pixel("attribution", *place), np.array(GRAY), 25) for place in outside)
    overlay.slide("Opacity", 0)
    assert close(overlay.pixel("attribution", left + 2, top + 2), np.array(RED), 1)
    shaded = SHADE_ALPHA * SHADE + (1 - SHADE_ALPHA) * np.array(GRAY)
    for x in (10, 110):
        assert close(overlay.pixel("attribution", x, 40), shaded, 2), "what the model never saw is shaded"


def test_a_square_beyond_the_picture_is_shown_whole(browser_page, serve) -> None:
    overlay = Overlay(browser_page, serve(PARTS), case="fit")
    bounds = overlay.pane("attention").bounding_box()
    assert bounds["width"] == pytest.approx(bounds["height"], abs=1)
    for row, y in enumerate((-5, 25, 55, 85)):  # the grid is laid over 120 x 120 from -20
        under = GRAY if 0 <= y < 80 else PADDING
        assert close(overlay.pixel("attention", 105, y), color_of(4 * row + 3, 0, 15, under)), row
    overlay.choose("signed")
    told = overlay.wait_until(lambda known: known["selected"] is not None)
    assert told["selected"] == {"attention": "ramp", "attribution": "signed"}


def test_smooth_interpolates_values_and_not_colors(overlay: Overlay) -> None:
    overlay.page.get_by_label("Smooth").check()
    overlay.leave()
    for row, column in ((0, 0), (1, 2), (3, 3)):
        assert close(overlay.pixel("attention", *cell(row, column)), color_of(ramp()[row, column], 0, 15), 6)
    x, y = cell(2, 1)
    assert close(overlay.pixel("attention", x + 10, y + 10), color_of((9 + 10 + 13 + 14) / 4, 0, 15), 6)
    overlay.slide("Hide weak values", 60)  # 9: half-way between 8 and 12 is 10, a quarter of the way is 9
    x, y = cell(2, 0)
    assert close(overlay.pixel("attention", x, y + 10), color_of(10, 0, 15), 6)
    assert close(overlay.pixel("attention", x, y + 3), np.array(GRAY), 1)


def test_the_difference_is_of_shares_of_the_peaks_on_the_coarser_grid(overlay: Overlay) -> None:
    overlay.mode("difference")
    hot = spot().reshape(4, 5, 4, 5).mean((1, 3))
    expected = ramp() / 15 - hot / hot.max()
    for row, column in ((0, 0), (1, 2), (3, 3), (1, 3)):
        x, y = cell(row, column)
        got = overlay.pixel("attention", x - 8, y - 8)  # a corner of the cell: the mark is red
        assert close(got, signed_color_of(expected[row, column], 1)), (row, column)
    overlay.hover("attention", *cell(1, 2))
    assert overlay.readout("attention") == "row 2, column 3: \u22120.6 (attention 0.4, attribution 1 of their peaks)"


def test_wipe_shows_both_maps_over_one_picture(overlay: Overlay) -> None:
    overlay.choose("signed")
    overlay.mode("wipe")
    values = (ramp() - 6) / 2
    assert close(overlay.pixel("attention", *cell(3, 1)), color_of(13, 0, 15))
    assert close(overlay.pixel("attention", *cell(3, 2)), signed_color_of(values[3, 2], 4.5))
    overlay.page.mouse.move(*overlay.at("attention", 60, 20))
    overlay.page.mouse.down()
    overlay.page.mouse.move(*overlay.at("attention", 30, 20))
    overlay.page.mouse.up()
    overlay.leave()
    assert close(overlay.pixel("attention", *cell(3, 1)), signed_color_of(values[3, 1], 4.5))


def test_scales_can_be_shared(overlay: Overlay) -> None:
    high = overlay.page.locator(".scale .high")
    assert high.all_inner_texts() == ["15", "2.5"]
    overlay.page.get_by_label("Scale").select_option("both")
    overlay.settle()
    assert high.all_inner_texts() == ["15", "15"]
    assert close(overlay.pixel("attribution", 73, 29), color_of(2.5, 0, 15, RED), 6)
    overlay.page.get_by_label("Scale").select_option("strip")
    overlay.settle()
    assert high.all_inner_texts() == ["15", "4.5"]


def test_values_that_are_not_numbers_let_the_picture_through(overlay: Overlay) -> None:
    overlay.choose("masked")
    low, high = np.nanmin(masked()), np.nanmax(masked())
    for smooth in (False, True):
        overlay.page.get_by_label("Smooth").set_checked(smooth)
        overlay.leave()
        assert close(overlay.pixel("attribution", *cell(0, 0, 2)), np.array(GRAY), 1)
        assert close(overlay.pixel("attribution", *cell(1, 0, 2)), color_of(2, low, high), 6)
        assert close(overlay.pixel("attribution", *cell(1, 1, 2)), color_of(4, low, high), 6)
    overlay.hover("attribution", *cell(0, 0, 2))
    assert overlay.readout("attribution") == "row 1, column 1: no value"


def test_a_blank_map_says_why_as_plain_text(overlay: Overlay) -> None:
    overlay.choose("blank")
    note = overlay.page.locator(".pane.attribution .note")
    assert note.inner_text() == NOTE and note.is_visible()
    assert close(overlay.pixel("attribution", *cell(2, 2)), np.array(GRAY), 1)


def test_hands_move_and_nothing_is_sent(fresh: Overlay) -> None:
    fresh.choose("patches")
    before, drawn = fresh.frames, int(fresh.page.locator(".overlay").get_attribute("data-drawn"))
    for percent in (10, 50, 90):
        fresh.slide("Opacity", percent)
        fresh.slide("Hide weak values", percent // 2)
    for column in range(4):
        fresh.hover("attention", *cell(1, column))
        fresh.hover("attribution", *cell(2, column))
    for mode in ("wipe", "difference", "side"):
        fresh.mode(mode)
    fresh.choose("head")
    fresh.choose("signed")
    fresh.page.locator('.swatches [data-value="cividis"]').click()
    fresh.page.get_by_label("Smooth").check()
    fresh.settle(500)
    assert int(fresh.page.locator(".overlay").get_attribute("data-drawn")) > drawn + 10, "it was drawn"
    assert fresh.frames == before and fresh.known()["runs"] == 1


def test_a_hovered_patch_shows_what_it_attends_to(overlay: Overlay) -> None:
    overlay.choose("patches")
    assert close(overlay.pixel("attention", *cell(0, 3)), color_of(1, 0, 1)), "the mean over rows is flat here"
    overlay.hover("attention", *cell(1, 1))
    assert close(overlay.pixel("attention", *cell(1, 1)), color_of(0.7, 0, 0.7))
    assert close(overlay.pixel("attention", *cell(1, 2)), color_of(0.3, 0, 0.7))
    assert close(overlay.pixel("attention", *cell(0, 3)), np.array(GRAY), 1)
    expected = "row 2, column 2 \u2192 strongest at row 2, column 2: 0.7 (uniform 0.0625)"
    assert overlay.readout("attention") == expected
    assert overlay.readout("attribution") == "row 8, column 8: 0", "the other pane reads the same place"
    overlay.leave()
    assert "mean over all patches" in overlay.tooltip("attention")


def test_a_pinned_patch_reaches_python_once_and_stays(fresh: Overlay) -> None:
    fresh.choose("patches")
    before = fresh.frames
    fresh.page.mouse.click(*fresh.at("attention", *cell(2, 1)))
    pick = {"pane": "attention", "layer": "patches", "row": 2, "column": 1}
    known = fresh.wait_until(lambda known: known["pick"] is not None)
    assert known["pick"] == pick and known["picks"] == 1 and fresh.frames == before + 1
    fresh.leave()
    assert "from row 3, column 2 · pinned" in fresh.subtitle("attention")
    fresh.page.get_by_role("button", name="Again").click()
    known = fresh.wait_until(lambda known: known["runs"] == 3)
    assert known["pick"] == pick and known["picks"] == 1
    fresh.choose("head")  # another map under the pin: Python receives which
    known = fresh.wait_until(lambda known: known["pick"]["layer"] == "head")
    assert (known["pick"]["row"], known["pick"]["column"], known["picks"]) == (2, 1, 2)
    fresh.page.mouse.click(*fresh.at("attention", *cell(2, 1)))
    assert fresh.wait_until(lambda known: known["pick"] is None)["picks"] == 3


def test_the_keyboard_does_what_the_mouse_does(fresh: Overlay) -> None:
    fresh.choose("patches")
    fresh.hover("attention", *cell(1, 2))
    by_mouse = fresh.readout("attention"), fresh.readout("attribution"), fresh.subtitle("attention")
    pixels = [fresh.pixel("attention", *cell(row, column)) for row in range(4) for column in range(4)]
    fresh.leave()
    fresh.pane("attention").focus()
    fresh.press("ArrowUp", "ArrowRight", "ArrowUp", "ArrowLeft")  # the first goes to row 3, column 3
    assert (fresh.readout("attention"), fresh.readout("attribution"), fresh.subtitle("attention")) == by_mouse
    again = [fresh.pixel("attention", *cell(row, column)) for row in range(4) for column in range(4)]
    assert np.array_equal(pixels, again)
    fresh.press("Enter")
    pick = fresh.wait_until(lambda known: known["pick"] is not None)["pick"]
    assert pick == {"pane": "attention", "layer": "patches", "row": 1, "column": 2}
    fresh.press("Escape")
    fresh.wait_until(lambda known: known["pick"] is None)
    fresh.page.locator('.thumbnails [data-value="ramp"]').focus()
    fresh.press("ArrowRight", "ArrowRight")
    assert "With token" in fresh.subtitle("attention")
    fresh.page.get_by_label("Opacity").focus()
    fresh.press("ArrowLeft")
    assert fresh.page.get_by_label("Opacity").input_value() == "99", "keys are left to what has the focus"


def test_another_picture_keeps_what_was_set(fresh: Overlay) -> None:
    fresh.slide("Opacity", 30)
    fresh.choose("signed")
    fresh.page.get_by_text("Other picture").click()
    fresh.wait_until(lambda known: known["runs"] == 2)
    fresh.settle(300)
    assert close(fresh.pixel("attention", *cell(0, 0)), color_of(15, 0, 15, opacity=0.3))
    assert fresh.page.get_by_label("Opacity").input_value() == "30"
    assert fresh.subtitle("attribution") == "Signed"


def test_the_view_is_saved_as_a_picture(overlay: Overlay) -> None:
    with overlay.page.expect_download() as download:
        overlay.page.get_by_role("button", name="Save PNG").click()
    assert download.value.suggested_filename == "fovea-ramp-spot.png"
    with open(download.value.path(), "rb") as file:
        image = np.asarray(Image.open(io.BytesIO(file.read())).convert("RGB")).astype(int)
    assert image.shape[1] == 2 * (900 + 36) + 36
    hot = np.abs(image - color_of(2.5, 0, 2.5)).max(-1) <= TOLERANCE
    rows, columns = np.nonzero(hot[:, 36 + 936 : 36 + 936 + 900])
    wide = rows < rows.min() + 30  # the hot cell; further down the end of a color bar has its color too
    assert columns[wide].min() == pytest.approx(MARK[0] * 7.5, abs=2)
    assert columns[wide].max() + 1 == pytest.approx(MARK[2] * 7.5, abs=2)


def test_a_phone_stacks_the_panes_and_a_second_tap_pins(open_window, serve) -> None:
    overlay = Overlay(
        open_window(viewport={"width": 390, "height": 844}, device_scale_factor=2, has_touch=True), serve(PARTS)
    )
    first, second = (overlay.pane(side).bounding_box() for side in ("attention", "attribution"))
    assert first["y"] + first["height"] < second["y"] and first["x"] == second["x"]
    assert overlay.pane("attention").evaluate("canvas => canvas.width") == round(2 * first["width"]), "crisp"
    assert overlay.page.evaluate("document.documentElement.scrollWidth") <= 390
    overlay.page.locator('.thumbnails [data-value="patches"]').tap()
    overlay.settle()
    overlay.pane("attention").scroll_into_view_if_needed()
    before = overlay.frames
    overlay.page.touchscreen.tap(*overlay.at("attention", *cell(1, 1)))
    overlay.settle(200)
    assert "strongest at row 2, column 2" in overlay.readout("attention") and overlay.frames == before
    overlay.page.touchscreen.tap(*overlay.at("attention", *cell(1, 1)))
    assert overlay.wait_until(lambda known: known["pick"] is not None)["pick"]["row"] == 1
