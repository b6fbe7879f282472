"""Rows of maps in Chromium: one scale of raw values, one pointer, one zoom, and what each row shows."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from tests.browser.clicks import settle
from tests.browser.expected import close, color_of
from tests.browser.overlay_page import GRAY, ramp
from tests.browser.pages import PARTS, PATIENCE
from tests.browser.rows_page import REASON, SENTENCE, TENFOLD

pytestmark = pytest.mark.browser
PEAK = 15  # of the ramp


class Table:
    """The rows on a page, in the words of a test; rows are counted from 0, cells are (row, column) of 4 x 4."""

    def __init__(self, page: Any, address: str) -> None:
        self.page = page
        page.set_viewport_size({"width": 1100, "height": 1100})
        page.goto(f"{address}/rows")
        page.wait_for_selector(".rows[data-drawn]", timeout=PATIENCE)
        settle(page)
        self.rest()

    def rest(self) -> None:
        """Wait until what was wanted is drawn."""
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def canvas(self, line: int, side: str) -> Any:
        return self.page.locator(".line:not(.heads)").nth(line).locator(f"canvas[data-pane={side}]")

    def place(self, row: int, column: int) -> tuple[float, float]:
        """The center of a cell as a share of the picture of 120 x 80, whose square is 80 wide from 20 on."""
        return (20 + (column + 0.5) * 20) / 120, (row + 0.5) / 4

    def pixel(self, line: int, side: str, row: int, column: int) -> np.ndarray:
        return np.array(
            self.canvas(line, side).evaluate(
                """(canvas, [x, y]) => Array.from(canvas.getContext("2d").getImageData(
                    x * canvas.width, y * canvas.height, 1, 1).data).slice(0, 3)""",
                self.place(row, column),
            )
        )

    def point(self, line: int, side: str, row: int, column: int) -> tuple[float, float]:
        canvas = self.canvas(line, side)
        canvas.evaluate("(one) => one.scrollIntoView({ block: 'center' })")
        bounds, (x, y) = canvas.bounding_box(), self.place(row, column)
        at = bounds["x"] + x * bounds["width"], bounds["y"] + y * bounds["height"]
        self.page.mouse.move(*at)
        self.rest()
        return at

    def text(self, line: int, side: str, name: str) -> str:
        return self.page.locator(".line:not(.heads)").nth(line).locator(f".pane.{side} .{name}").inner_text()

    def choose(self, name: str) -> None:
        self.page.get_by_label("Scale").select_option(name)
        self.page.mouse.move(2, 2)
        self.rest()

    def zoom(self, value: str) -> None:
        self.page.locator(f'.zoom [data-value="{value}"]').click()
        self.rest()


@pytest.fixture(scope="module")
def mounted(shared_page, serve) -> Table:
    return Table(shared_page, serve(PARTS))


@pytest.fixture
def table(mounted: Table) -> Table:
    """The rows as they were when they were mounted."""
    mounted.choose("strip")
    mounted.zoom("1")
    return mounted


def test_one_scale_of_raw_values(table: Table) -> None:
    """On one scale the map with a tenth of the values has a tenth of the place in the colors; alone it has all."""
    for row, column in ((0, 3), (1, 2), (3, 3)):
        value = float(ramp()[row, column])
        large, small = color_of(TENFOLD * value, 0, TENFOLD * PEAK), color_of(value, 0, TENFOLD * PEAK)
        assert close(table.pixel(1, "attribution", row, column), large)
        assert close(table.pixel(0, "attribution", row, column), small)
    assert not close(table.pixel(0, "attribution", 3, 3), table.pixel(1, "attribution", 3, 3), 60)
    head = table.page.locator(".heads .column").nth(1)
    assert [head.locator(f".{name}").inner_text() for name in ("low", "high")] == ["0", "150"]
    assert table.text(0, "attribution", "range").startswith("0 to 15")
    table.choose("own")
    for line in (0, 1):
        assert close(table.pixel(line, "attribution", 1, 2), color_of(6, 0, PEAK))
    assert not head.locator(".scale").is_visible()


def test_the_pointer_is_in_every_row(table: Table) -> None:
    table.point(0, "attribution", 2, 1)
    for line, value in ((0, "9"), (1, "90")):
        assert table.text(line, "attribution", "readout") == f"row 3, column 2: {value}"
    table.point(1, "attention", 2, 1)
    for line, value in ((0, "0.7"), (1, "7")):
        assert f"strongest at row 3, column 2: {value}" in table.text(line, "attention", "readout")
    table.page.mouse.move(2, 2)
    table.rest()
    assert table.text(0, "attribution", "readout") == ""


def test_a_pinned_patch_is_pinned_in_every_row(table: Table) -> None:
    at = table.point(0, "attention", 1, 1)
    table.page.mouse.click(*at)
    table.page.mouse.move(2, 2)
    table.rest()
    assert ["pinned" in table.text(line, "attention", "subtitle") for line in (0, 1)] == [True, True]
    table.page.mouse.click(*table.point(1, "attention", 1, 1))
    table.page.mouse.move(2, 2)
    table.rest()
    assert ["pinned" in table.text(line, "attention", "subtitle") for line in (0, 1)] == [False, False]


def test_the_zoom_is_that_of_every_row(table: Table) -> None:
    before = [table.pixel(line, "attribution", 3, 3) for line in (0, 1)]
    table.point(0, "attribution", 0, 0)
    table.zoom("4")
    # A quarter of the picture, 30 x 20, about the center of the first cell at (30, 10): from 15 to 45 and 0 to 20.
    for line, factor in ((0, 1.0), (1, TENFOLD)):
        found = table.canvas(line, "attribution").evaluate(
            """(canvas, [x, y]) => Array.from(canvas.getContext("2d").getImageData(
                x * canvas.width, y * canvas.height, 1, 1).data).slice(0, 3)""",
            [(42 - 15) / 30, 0.5],
        )
        assert close(np.array(found), color_of(factor * 1, 0, TENFOLD * PEAK)), "the second cell of the first row"
    table.point(1, "attribution", 3, 3)
    assert "zoom=4" in table.page.url or table.page.url.endswith("/rows"), "a bare address stays bare"
    table.zoom("1")
    assert all(close(table.pixel(line, "attribution", 3, 3), before[line], 1) for line in (0, 1))


def test_a_dragged_picture_moves_in_every_row_and_pins_nothing(table: Table) -> None:
    table.point(0, "attribution", 1, 1)  # at (50, 30): half of the picture is from 20 to 80 and from 10 to 50
    table.zoom("2")
    wide = table.canvas(0, "attention").bounding_box()["width"]
    x, y = table.point(0, "attention", 1, 1)
    table.page.mouse.down()
    table.page.mouse.move(x - 60, y - 100, steps=5)
    table.page.mouse.up()
    table.page.mouse.move(2, 2)
    table.rest()
    left, top = min(20 + 60 * 60 / wide, 60), min(10 + 100 * 60 / wide, 40)
    across, down = table.place(1, 1)
    column, row = int((left + across * 60 - 20) // 20), int((top + down * 40) // 20)
    assert (row, column) != (1, 1)
    for line, factor in ((0, 1.0), (1, TENFOLD)):
        expected = color_of(factor * float(ramp()[row, column]), 0, TENFOLD * PEAK)
        assert close(table.pixel(line, "attribution", 1, 1), expected), "where the pixel of that place went"
    assert "pinned" not in table.text(0, "attention", "subtitle")


def test_what_a_row_is_about(table: Table) -> None:
    first = table.page.locator(".line:not(.heads)").first
    assert first.locator("h4").inner_text() == "Model small" and "about small" in first.inner_text()
    assert first.locator("li").all_inner_texts()[0].split() == ["✓ash", "90", "%"]
    broken = table.page.locator(".line.failed")
    assert broken.count() == 1 and SENTENCE in broken.inner_text() and not broken.locator("canvas").first.is_visible()


def test_actions_reach_python_once(browser_page, serve) -> None:
    table = Table(browser_page, serve(PARTS))
    browser_page.locator('.line:not(.heads) [data-action="remove"]').nth(1).click()
    browser_page.get_by_text('"remove"', exact=False).wait_for(timeout=PATIENCE)
    told = json.loads(browser_page.locator('[data-testid="stText"]').inner_text())
    assert told == [{"name": "remove", "slug": "large"}]
    assert close(table.pixel(1, "attribution", 0, 0), np.array(GRAY), 1)


def test_a_missing_map_has_its_reason_and_kinds_do_not_share_a_scale(browser_page, serve) -> None:
    table = Table(browser_page, serve(PARTS))
    browser_page.get_by_text("Signed").first.click()
    browser_page.locator(".line h4", has_text="Signed").wait_for(timeout=PATIENCE)
    settle(browser_page)
    table.rest()
    assert table.text(2, "attention", "note") == REASON
    heads = browser_page.locator(".heads .column .scale")
    assert [heads.nth(n).is_visible() for n in (0, 1)] == [True, False]
    assert table.text(2, "attribution", "low") == "−150", "on its own bar, still over the values of all rows"
