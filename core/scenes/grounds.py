"""Grounds seen from above: their texture is uniform, so it does not reveal positions in the picture."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from random import Random

from PIL import Image

from core.scenes.canvas import Canvas, Light, darker, lighter

VARIANTS = 16
_WHITE = Light("#ffffff", "#ffffff", "#ffffff", "#ffffff", "#ffffff", 0.0)


def _scattered(canvas: Canvas, count: int, draw: Callable[[float, float], None]) -> None:
    """Call ``draw`` at so many places of the unit square, and a little beyond its edge."""
    for _ in range(count):
        draw(canvas.between(-0.03, 1.03), canvas.between(-0.03, 1.03))


def _meadow(canvas: Canvas) -> None:
    green = canvas.vary(canvas.pick(("#9ccc78", "#a8d08d", "#8fc28a")), 8)
    canvas.sky(green, green)
    _scattered(canvas, 40, lambda x, y: canvas.ellipse(x, y, 0.07, 0.05, lighter(green, 0.25), 0.25))

    def blade(x: float, y: float) -> None:
        lean = canvas.between(-0.006, 0.006)
        canvas.line([(x, y), (x + lean, y - 0.022)], 0.006, darker(green, 0.25), 0.6)

    _scattered(canvas, 90, blade)
    flower = canvas.pick(("#ffffff", "#fff3c4", "#fbd3de"))
    petals = [(0.008 * math.cos(k * 1.2566), 0.008 * math.sin(k * 1.2566)) for k in range(5)]

    def blossom(x: float, y: float) -> None:
        for u, v in petals:
            canvas.ellipse(x + u, y + v, 0.007, 0.007, flower)
        canvas.ellipse(x, y, 0.005, 0.005, "#f2b632")

    _scattered(canvas, 16, blossom)


def _sand(canvas: Canvas) -> None:
    sand = canvas.vary(canvas.pick(("#efdcb0", "#f0d3a2", "#ead9bd")), 6)
    canvas.sky(sand, sand)
    _scattered(canvas, 26, lambda x, y: canvas.ellipse(x, y, 0.09, 0.03, lighter(sand, 0.4), 0.3, turn=0.3))
    _scattered(canvas, 150, lambda x, y: canvas.ellipse(x, y, 0.003, 0.003, darker(sand, 0.35), 0.6))
    _scattered(canvas, 12, lambda x, y: canvas.ellipse(x, y, 0.012, 0.009, darker(sand, 0.18), 0.8, turn=x * 9))


def _snow(canvas: Canvas) -> None:
    white = canvas.vary("#e9f1f8", 5)
    canvas.sky(white, white)
    _scattered(canvas, 24, lambda x, y: canvas.ellipse(x, y, 0.09, 0.05, "#ffffff", 0.5, turn=x * 6))
    _scattered(canvas, 24, lambda x, y: canvas.ellipse(x, y, 0.05, 0.02, darker(white, 0.12), 0.3, turn=y * 6))
    _scattered(canvas, 50, lambda x, y: canvas.ellipse(x, y, 0.004, 0.004, "#b9cfe4"))


def _water(canvas: Canvas) -> None:
    blue = canvas.vary(canvas.pick(("#8cc8e0", "#9bd3da", "#86b9dc")), 6)
    canvas.sky(blue, blue)
    _scattered(canvas, 20, lambda x, y: canvas.ellipse(x, y, 0.1, 0.05, darker(blue, 0.1), 0.25))
    _scattered(
        canvas,
        46,
        lambda x, y: canvas.line(
            [(x - 0.03, y), (x - 0.012, y - 0.008), (x + 0.012, y - 0.008), (x + 0.03, y)], 0.006, "#ffffff", 0.5
        ),
    )


def _night(canvas: Canvas) -> None:
    dark = canvas.vary(canvas.pick(("#3b4279", "#4a4380", "#38507f")), 6)
    canvas.sky(dark, dark)
    _scattered(canvas, 22, lambda x, y: canvas.ellipse(x, y, 0.1, 0.07, lighter(dark, 0.2), 0.16))
    _scattered(canvas, 70, lambda x, y: canvas.ellipse(x, y, 0.0035, 0.0035, "#fdf3c7", 0.85))


def _felt(canvas: Canvas) -> None:
    felt = canvas.vary(canvas.pick(("#d9b8c4", "#c9b6dd", "#b9c7dd", "#c4d6c0")), 8)
    canvas.sky(felt, felt)

    def thread(x: float, y: float) -> None:
        turn = canvas.pick((0.6, -0.6))
        end = (x + 0.02 * math.cos(turn), y + 0.02 * math.sin(turn))
        canvas.line([(x, y), end], 0.005, lighter(felt, 0.4), 0.45)

    _scattered(canvas, 160, thread)
    _scattered(canvas, 60, lambda x, y: canvas.ellipse(x, y, 0.006, 0.006, darker(felt, 0.2), 0.35))


def _paper(canvas: Canvas) -> None:
    paper = canvas.vary("#f6efe2", 5)
    canvas.sky(paper, paper)
    paints = ("#f3c9c0", "#c9dff0", "#d5e8c8", "#f6e3ae", "#dccdea")

    def confetti(x: float, y: float) -> None:
        canvas.ellipse(x, y, 0.011, 0.011, canvas.pick(paints))

    _scattered(canvas, 70, confetti)


def _gravel(canvas: Canvas) -> None:
    gray = canvas.vary(canvas.pick(("#c3c2c8", "#cbc4bb", "#b9c2c9")), 5)
    canvas.sky(gray, gray)

    def pebble(x: float, y: float) -> None:
        shade = canvas.between(-0.16, 0.16)
        paint = darker(gray, shade) if shade > 0 else lighter(gray, -2 * shade)
        canvas.ellipse(
            x, y, canvas.between(0.012, 0.024), canvas.between(0.01, 0.018), paint, turn=canvas.between(0, 3)
        )

    _scattered(canvas, 110, pebble)


GROUNDS: tuple[Callable[[Canvas], None], ...] = (_meadow, _sand, _snow, _water, _night, _felt, _paper, _gravel)


@lru_cache(maxsize=8)  # each takes up to ten megabytes, and is drawn within 20 ms
def ground(number: int, side: int) -> Image.Image:
    """The ground of a number (from 0 to GROUNDS × VARIANTS - 1), ``side`` pixels a side. It must not be drawn on."""
    image = Image.new("RGB", (side, side))
    GROUNDS[number % len(GROUNDS)](Canvas(image, Random(number), _WHITE))
    return image
