"""Maps of many cells in Chromium: their colors end below the strongest cells, and the page says so."""

from __future__ import annotations

import numpy as np
import pytest

from tests.browser.expected import close, color_of, signed_color_of
from tests.browser.overlay_driver import Overlay, cell
from tests.browser.overlay_page import fine
from tests.browser.pages import PARTS

pytestmark = pytest.mark.browser


@pytest.fixture
def overlay(browser_page, serve) -> Overlay:
    return Overlay(browser_page, serve(PARTS))


def test_the_colors_of_a_fine_map_end_below_its_strongest_cells(overlay: Overlay) -> None:
    values, end = fine(), np.quantile(fine(), 0.99)
    footer = overlay.page.locator(".pane.attribution .scale")
    overlay.choose("fine")
    for row, column in ((4, 39), (20, 7), (39, 38)):
        expected = color_of(min(values[row, column], end), 0, end)
        assert close(overlay.pixel("attribution", *cell(row, column, 40)), expected), (row, column)
    assert footer.locator(".high").inner_text() == f"\u2265 {end:.3g}"
    above = (values > end).mean()
    assert footer.locator(".remark").inner_text() == f"strongest {100 * above:.0f} % above the color scale"
    overlay.hover("attribution", *cell(4, 39, 40))
    assert overlay.readout("attribution").endswith(": 4"), "the value itself"
    overlay.hover("attribution", *cell(20, 7, 40))
    assert overlay.readout("attribution").endswith(f": {values[20, 7]:.3g}"), "finer than 255 codes up to 4"
    overlay.page.get_by_label("Show extremes").check()
    overlay.leave()
    assert close(overlay.pixel("attribution", *cell(20, 7, 40)), color_of(values[20, 7], 0, 4))
    assert footer.locator(".high").inner_text() == "4" and not footer.locator(".remark").is_visible()


def test_a_fine_signed_map_is_cut_on_both_sides_and_shared_scales_take_the_end_of_its_colors(overlay: Overlay) -> None:
    overlay.choose("fine-signed")
    end = np.quantile(fine(), 0.99)
    for row, column, sign in ((0, 39, -1), (20, 6, 1), (20, 7, -1)):
        expected = signed_color_of(sign * min(fine()[row, column], end), end)
        assert close(overlay.pixel("attribution", *cell(row, column, 40)), expected), (row, column)
    ends = overlay.page.locator(".pane.attribution .scale").locator(".low, .high")
    assert ends.all_inner_texts() == [f"\u2264 \u2212{end:.3g}", f"\u2265 +{end:.3g}"]
    overlay.page.get_by_label("Scale").select_option("strip")
    overlay.settle()
    assert ends.all_inner_texts() == ["\u22124.5", "+4.5"], "nothing of it lies beyond another's 4.5"
