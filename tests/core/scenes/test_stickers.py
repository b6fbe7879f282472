"""Stickers and grounds are kept for the next pictures, but not all of them."""

from __future__ import annotations

import pytest
from PIL import Image

from core.data.samples import SCENE_SIDE
from core.scenes.grounds import ground
from core.scenes.stickers import sticker
from core.tasks import TASKS, draw_pixels, painting

BYTES = 4
"""Of a pixel in memory: PIL keeps colors in four bytes."""


def test_what_is_kept_takes_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[tuple[Image.Image, Image.Image]] = []

    def draw(*given: object, **named: object) -> tuple[Image.Image, Image.Image]:
        drawn.append(sticker(*given, **named))
        return drawn[-1]

    monkeypatch.setattr(painting, "sticker", draw)
    for task in TASKS:
        for seed in range(4):
            draw_pixels(task.compose(seed, None), SCENE_SIDE)
    assert len(drawn) > 100
    largest = max(BYTES * colors.width * colors.height + mask.width * mask.height for colors, mask in drawn)
    assert sticker.cache_parameters()["maxsize"] * largest < 128e6
    backdrop = ground(0, painting._SUPERSAMPLING * SCENE_SIDE)
    assert ground.cache_parameters()["maxsize"] * BYTES * backdrop.width * backdrop.height < 128e6
