"""The order of patches: without position encoding, and with shuffled blocks, as computed by hand."""

from __future__ import annotations

import numpy as np
import pytest

import core
from app.runtime.explore.order import read_reordered, shuffled
from core.data import open_sample
from core.models.networks.transformer import Transformer
from tests.app.learn.played import EVERY, find
from tests.app.pages import open_page, press, shown_text, well

MODEL, SAMPLE = "scenes/transformer", "scenes/20"
SHOWN = {
    "no-positions": "Without position encoding",
    "shuffled-blocks": "With shuffled blocks of 32 pixels",
    "smaller-blocks": "With shuffled blocks of 16 pixels",
    "new-picture": "Without position encoding",
}


def test_a_model_without_positions_is_read_as_one_whose_positions_are_zero() -> None:
    model, picture = core.load(MODEL, "cpu"), open_sample(SAMPLE)
    found = read_reordered(model, picture, "positions", 0)
    other = core.load(MODEL, "cpu")
    [part] = [one for one in other.module.modules() if isinstance(one, Transformer)]
    kept = part.place.data.clone()
    try:
        part.place.data.zero_()
        wanted = core.read(other, picture)
    finally:
        part.place.data.copy_(kept)
    assert np.allclose(found.logits, wanted.logits, atol=1e-4)
    assert not np.allclose(found.logits, core.read(model, picture).logits, atol=1e-2)


def test_shuffled_blocks_are_those_of_the_picture_in_another_order() -> None:
    model, picture = core.load(MODEL, "cpu"), open_sample(SAMPLE)
    pixels, moved = model.square(picture), shuffled(model, picture, 32, 1).pixels
    blocks = [
        sorted(
            one[top : top + 32, left : left + 32].tobytes() for top in range(0, 128, 32) for left in range(0, 128, 32)
        )
        for one in (pixels, moved)
    ]
    assert blocks[0] == blocks[1] and not np.array_equal(pixels, moved)
    found = read_reordered(model, picture, "blocks-32", 1)
    assert np.allclose(found.logits, core.read(model, shuffled(model, picture, 32, 1)).logits, atol=1e-4)


@pytest.mark.parametrize("step", SHOWN)
def test_the_lesson_does_on_the_page_what_it_asks_about(step: str) -> None:
    name = "does-a-transformer-know-order"
    page = well(open_page(lesson=name, step=step))
    assert SHOWN[step] not in shown_text(page)
    press(page, f"lesson-skip.{name}/{step}")
    assert f"{SHOWN[step]}, the prediction" in shown_text(page)
    assert "test=order" in str(page.query_params) or page.query_params["test"] in ("order", ["order"])


def test_a_model_without_an_encoding_of_positions_is_a_sentence() -> None:
    page = well(open_page(model="scenes/plain", sample=SAMPLE, test="order"))
    assert "has no position encoding" in shown_text(page)
    page = well(open_page(model="scenes/plain", sample=SAMPLE, test="order", order="blocks-16", lang="zh-CN"))
    assert "打乱 16 像素的方块后" in shown_text(page)


@pytest.mark.parametrize("name", EVERY)
def test_every_lesson_does_something_on_the_page_after_an_answer(name: str) -> None:
    lesson = find(name)
    assert lesson.tour or any(step.reveal for step in lesson.steps if step.exercise)
