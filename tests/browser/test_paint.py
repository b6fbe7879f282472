"""The canvas to paint weights on, and the table of parts, in a real browser."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import core
from app.views.explore.tests.ablations import LINE
from app.words import word
from core.data.samples import open_sample
from tests.browser.pages import PARTS, PATIENCE
from tests.browser.paint_page import GRAY, OWN
from tests.conftest import build_tiny

pytestmark = pytest.mark.browser
CANVAS = ".paint canvas"


class Painter:
    """The canvas on a page, in the words of a test; cells are (row, column) counted from 0."""

    def __init__(self, page: Any, address: str) -> None:
        self.page, self.frames = page, 0
        page.on("websocket", lambda socket: socket.on("framesent", lambda _: self._count()))
        page.goto(address)
        page.wait_for_selector(CANVAS, timeout=PATIENCE)
        page.wait_for_selector('[data-testid="stText"]')
        page.wait_for_timeout(500)

    def _count(self) -> None:
        self.frames += 1

    def at(self, row: int, column: int, side: int = 4) -> tuple[float, float]:
        box = self.page.locator(CANVAS).bounding_box()
        return box["x"] + (column + 0.5) * box["width"] / side, box["y"] + (row + 0.5) * box["height"] / side

    def drag(self, *cells: tuple[int, int]) -> None:
        self.page.mouse.move(*self.at(*cells[0]))
        self.page.mouse.down()
        for cell in cells[1:]:
            self.page.mouse.move(*self.at(*cell))
        self.page.mouse.up()

    def tool(self, name: str) -> None:
        self.page.locator(f'.paint [data-value="{name}"]').click()

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def pixel(self, row: int, column: int) -> np.ndarray:
        """The color near the corner of a cell: no outline is there."""
        return np.array(
            self.page.locator(CANVAS).evaluate(
                """(canvas, [x, y]) => Array.from(canvas.getContext("2d")
                    .getImageData(x * canvas.width, y * canvas.height, 1, 1).data).slice(0, 3)""",
                [(column + 0.25) / 4, (row + 0.25) / 4],
            )
        )

    def received(self, count: int) -> list[dict]:
        """All that Python received, once it is that many messages; none may come after them."""
        for _ in range(100):
            known = json.loads(self.page.locator('[data-testid="stText"]').inner_text())
            if len(known) >= count:
                break
            self.page.wait_for_timeout(50)
        self.page.wait_for_timeout(300)
        known = json.loads(self.page.locator('[data-testid="stText"]').inner_text())
        assert len(known) == count, known
        return known

    def grid(self, count: int) -> np.ndarray:
        return np.array(self.received(count)[-1]["values"]).reshape(4, 4)


@pytest.fixture
def painter(browser_page, serve: Callable[..., str]) -> Painter:
    return Painter(browser_page, f"{serve(PARTS)}/paint")


def test_a_drag_paints_the_cells_it_passes_and_python_receives_it_once(painter: Painter) -> None:
    painter.frames = 0
    painter.page.mouse.move(*painter.at(0, 0))
    painter.page.mouse.down()
    for column in (1, 3):  # a quick hand: the pointer is never seen over the third cell
        painter.page.mouse.move(*painter.at(0, column))
    painter.page.wait_for_timeout(300)
    assert painter.frames == 0
    painter.page.mouse.up()
    wanted = OWN.copy()
    wanted[0] = 1
    np.testing.assert_allclose(painter.grid(1), wanted, atol=1e-4)
    assert painter.received(1)[0]["identity"] == "first"


def test_a_click_on_what_is_painted_tells_nothing_new(painter: Painter) -> None:
    painter.drag((3, 3))  # one already
    painter.drag((1, 1))
    assert painter.grid(1)[1, 1] == 1


def test_the_rubber_the_buttons_and_a_wider_brush(painter: Painter) -> None:
    painter.tool("rubber")
    painter.drag((3, 0), (3, 3))
    wanted = OWN.copy()
    wanted[3] = 0
    np.testing.assert_allclose(painter.grid(1), wanted, atol=1e-4)
    for count, (name, grid) in enumerate((("fill", np.ones((4, 4))), ("clear", np.zeros((4, 4))), ("own", OWN)), 2):
        painter.page.locator(f'.paint [data-name="{name}"]').click()
        np.testing.assert_allclose(painter.grid(count), grid, atol=1e-4)
    painter.page.locator('.paint [data-name="clear"]').click()
    painter.tool("brush")
    painter.page.locator(".paint input").evaluate(
        "(one) => { one.value = 2; one.dispatchEvent(new Event('input', { bubbles: true })); }"
    )
    painter.drag((1, 1))
    cross = np.array([[0, 1, 0, 0], [1, 1, 1, 0], [0, 1, 0, 0], [0, 0, 0, 0]])
    assert np.array_equal(painter.grid(6), cross)


def test_keys_do_what_the_mouse_does_and_a_screen_reader_hears_it(painter: Painter) -> None:
    painter.page.locator('.paint [data-name="clear"]').click()
    painter.received(1)
    painter.page.locator(CANVAS).focus()
    painter.press("ArrowUp", "ArrowUp", "ArrowRight", "Enter")  # in from the middle: row 3, column 3
    grid = painter.grid(2)
    assert np.argwhere(grid).tolist() == [[1, 3]]
    assert painter.page.locator(".paint output").inner_text() == word("paint.value", row=2, column=4, value="1.00")
    label = painter.page.locator(CANVAS).get_attribute("aria-label")
    assert label == word("paint.label", count=1, total=16)
    painter.page.keyboard.down("Enter")
    painter.press("ArrowDown", "ArrowDown")  # the hand is down as long as the key is
    painter.page.keyboard.up("Enter")
    assert np.argwhere(painter.grid(3)).tolist() == [[1, 3], [2, 3], [3, 3]]


def test_what_is_bright_is_heavy_and_the_picture_shows_through(painter: Painter) -> None:
    assert np.abs(painter.pixel(0, 0) - np.array(GRAY)).max() <= 2  # zero: the picture itself
    brightness = [painter.pixel(row, 3).sum() for row in range(4)]
    assert brightness == sorted(brightness) and brightness[-1] > 550
    end = 0.85 * np.array([252, 255, 164]) + 0.15 * np.array(GRAY)  # inferno's end over the gray
    assert np.abs(painter.pixel(3, 3) - end).max() <= 2


def test_the_grid_in_the_browser_stays_until_python_asks_for_another(painter: Painter) -> None:
    painter.drag((0, 0))
    painter.grid(1)
    painter.page.get_by_text("Again").click()  # Python's values are those of the beginning
    painter.page.wait_for_timeout(500)
    assert painter.pixel(0, 0).sum() > 550
    painter.page.get_by_text("Other grid").click()
    painter.page.locator(f'{CANVAS}[aria-label*="0 of 6"]').wait_for(timeout=PATIENCE)
    assert painter.page.locator(CANVAS).get_attribute("aria-label").endswith("Arrow keys move, Enter paints.")


def test_a_stroke_moves_the_answer_and_a_click_on_a_line_switches_it_off(browser_page, serve) -> None:
    page, model, picture = browser_page, build_tiny("self-attention"), open_sample("scenes/24")
    page.goto(f"{serve(PARTS)}/paint" + "/?case=intervention")
    page.get_by_text(word("change.way.painted")).click(timeout=PATIENCE)
    page.locator(CANVAS).wait_for(timeout=PATIENCE)
    page.locator('.paint [data-name="clear"]').click()
    page.get_by_text("Paint at least one cell", exact=False).wait_for(timeout=PATIENCE)
    first = core.read(model, picture).maps[0]  # the one on the left pane
    box = page.locator(CANVAS).bounding_box()
    page.mouse.click(box["x"] + 3, box["y"] + 3)  # the first cell, and no other
    grid = np.zeros(first.grid)
    grid[0, 0] = 1
    answers = [core.read(model, picture), core.intervene(model, picture, {first.tap: grid})]
    fall = float(answers[0].logits[answers[0].predicted] - answers[1].logits[answers[0].predicted])
    page.get_by_text(f"{'falls' if fall > 0 else 'rises'} by {abs(fall):.2f}", exact=False).wait_for(timeout=PATIENCE)

    page.get_by_role("button", name=word("ablate.start")).click()
    page.get_by_text(word("ablate.title")).wait_for(timeout=PATIENCE)
    table = page.locator("[data-testid=stDataFrame] canvas").first
    table.scroll_into_view_if_needed()
    page.wait_for_timeout(1000)
    one, bounds = core.ablate(model, picture)[1], table.bounding_box()
    place = bounds["x"] + 200, bounds["y"] + 2.5 * LINE
    page.mouse.move(*place)
    page.wait_for_timeout(200)
    page.mouse.click(*place)
    way = f"falls by {one.loss:.2f}" if one.loss > 0 else f"rises by {-one.loss:.2f}"
    page.get_by_text(way, exact=False).wait_for(timeout=PATIENCE)

    page.locator(".st-key-reset-change button").first.click()
    page.get_by_role("radio", name=word("change.way.uniform"), checked=True).wait_for(timeout=PATIENCE)
    uniform = core.intervene(model, picture, {first.tap: core.UNIFORM})
    fall = float(answers[0].logits[answers[0].predicted] - uniform.logits[answers[0].predicted])
    page.get_by_text(f"{'falls' if fall > 0 else 'rises'} by {abs(fall):.2f}", exact=False).wait_for(timeout=PATIENCE)
