"""The overlay on a page, driven by the words of a test."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np


def cell(row: int, column: int, count: int = 4) -> tuple[float, float]:
    """The center of a cell of a grid over the square (20, 0, 100, 80)."""
    return 20 + (column + 0.5) * 80 / count, (row + 0.5) * 80 / count


class Overlay:
    """The overlay on a page, in the words of a test; places are pixels of the picture."""

    def __init__(self, page: Any, address: str, case: str = "crop") -> None:
        self.page, self.frames = page, 0
        self.left, self.top, self.width = (0, -20, 120) if case == "fit" else (0, 0, 120)
        page.on("websocket", lambda socket: socket.on("framesent", lambda _: self._count()))
        page.goto(f"{address}/?case={case}")
        page.wait_for_selector(".overlay[data-drawn]")
        page.wait_for_selector('[data-testid="stText"]')
        self.settle()

    def reset(self) -> None:
        """Puts everything as it is when it is mounted, but for the slices of stacks and what is pinned."""
        self.mode("side")
        self.page.get_by_label("Smooth").uncheck()
        self.page.get_by_label("Scale").select_option("own")
        self.page.locator('.swatches [data-value="viridis"]').click()
        self.slide("Opacity", 100)
        self.slide("Hide weak values", 0)
        for slug in ("ramp", "spot"):
            self.choose(slug)

    def _count(self) -> None:
        self.frames += 1

    def settle(self, milliseconds: int = 0) -> None:
        """Waits until what was asked for is drawn, and longer for what comes over the wire."""
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        if milliseconds:
            self.page.wait_for_timeout(milliseconds)

    def pane(self, side: str) -> Any:
        return self.page.locator(f"canvas[data-pane={side}]")

    def pixel(self, side: str, x: float, y: float) -> np.ndarray:
        """The color at a place of the picture."""
        return np.array(
            self.pane(side).evaluate(
                """(canvas, [x, y, width]) => {
                    const scale = canvas.width / width;
                    const data = canvas.getContext("2d").getImageData(x * scale, y * scale, 1, 1).data;
                    return Array.from(data).slice(0, 3);
                }""",
                [x - self.left, y - self.top, self.width],
            )
        )

    def at(self, side: str, x: float, y: float) -> tuple[float, float]:
        """Where in the window a place of the picture is; a click on a thumbnail may have scrolled it away."""
        self.pane(side).evaluate("(canvas) => canvas.scrollIntoView({ block: 'center' })")
        bounds = self.pane(side).bounding_box()
        scale = bounds["width"] / self.width
        return bounds["x"] + (x - self.left) * scale, bounds["y"] + (y - self.top) * scale

    def hover(self, side: str, x: float, y: float) -> None:
        self.page.mouse.move(*self.at(side, x, y))
        self.settle()

    def leave(self) -> None:
        self.page.mouse.move(2, 2)
        self.settle()

    def choose(self, slug: str) -> None:
        self.page.locator(f'.thumbnails [data-value="{slug}"]').click()
        self.leave()

    def turn(self, slice: int) -> None:
        """Moves the slider of the left pane's stack."""
        self.page.locator(".pane.attention .stack input").evaluate(
            "(input, value) => { input.value = value; input.dispatchEvent(new Event('input', { bubbles: true })) }",
            slice,
        )
        self.settle()

    def turned(self) -> str:
        """What stands next to that slider."""
        return self.page.locator(".pane.attention .stack .slice").inner_text()

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
        self.settle()

    def slide(self, label: str, percent: int) -> None:
        self.page.get_by_label(label).evaluate(
            "(input, value) => { input.value = value; input.dispatchEvent(new Event('input', { bubbles: true })) }",
            percent,
        )
        self.settle()

    def mode(self, mode: str) -> None:
        self.page.locator(f'.segments [data-value="{mode}"]').click()
        self.leave()

    def readout(self, side: str) -> str:
        return self.page.locator(f".pane.{side} .readout").inner_text()

    def subtitle(self, side: str) -> str:
        return self.page.locator(f".pane.{side} .subtitle").inner_text()

    def tooltip(self, side: str) -> str:
        """What the subtitle says when it is pointed at."""
        return self.page.locator(f".pane.{side} .subtitle").get_attribute("title")

    def known(self) -> dict[str, Any]:
        """What Python knows."""
        return json.loads(self.page.locator('[data-testid="stText"]').inner_text())

    def wait_until(self, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        for _ in range(100):
            if condition(self.known()):
                return self.known()
            self.page.wait_for_timeout(50)
        raise AssertionError(f"Python knows only {self.known()}")
