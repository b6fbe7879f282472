"""Masks of tasks: where a ground shines through, what changes when an item is away, and no pixel in two of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.scenes.grounds import GROUNDS
from core.tasks import ROLES, STEP, TASKS, Layout, Task, draw, draw_pixels
from core.tasks.layout import OTHER
from tests.core.task_pictures import SHADOW, grown, seeds, without

of_each_task = pytest.mark.parametrize("known", TASKS, ids=lambda one: one.slug)
DARK, LIGHT = 4, 2
"""Night and snow, which differ everywhere, but less where the night has a star."""
DIMMED = 0.72
"""What a shadow leaves of the ground, and a little less."""


def differ(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """How far two pictures differ at each pixel."""
    return np.abs(first.astype(int) - second.astype(int)).sum(2)


@of_each_task
def test_the_masks_of_all_items_are_where_less_than_half_of_a_ground_shines_through(known: Task) -> None:
    """Drawn on two grounds, how far a pixel differs of how far the grounds do is the part of it that is ground."""
    assert [GROUNDS[one].__name__ for one in (DARK, LIGHT)] == ["_night", "_snow"]
    grounds = differ(*(draw_pixels(Layout(one, (), "", ())) for one in (DARK, LIGHT)))
    even = grounds > 0.9 * grounds.max()  # the edge of a star is no measure of what shines through
    for seed in seeds(4):
        layout = known.compose(seed, None)
        every = tuple(replace(one, role=STEP) if one.role == OTHER else one for one in layout.items)
        mask = draw(replace(layout, items=every)).matters
        ground = differ(*(draw_pixels(replace(layout, ground=one)) for one in (DARK, LIGHT))) / grounds
        assert (mask & even).sum() > 1000 and ground[mask & even].max() < 0.52
        covered = ground < DIMMED / 2  # what lies in a shadow, but less than half under a sticker, is above that
        assert (covered & ~mask).sum() < 0.005 * mask.sum()  # pixels of which two stickers have less than half each


@of_each_task
def test_an_item_that_is_away_changes_its_mask_and_its_shadow_alone(known: Task) -> None:
    for seed in seeds(4):
        layout = known.compose(seed, None)
        drawn = draw(layout)
        for role, mask in drawn.masks.items():
            gone = [one for one in layout.items if one.role == role]
            changed = (draw_pixels(without(layout, gone)) != drawn.pixels).any(2)
            assert not (changed & ~grown(mask, SHADOW)).any()
            assert (changed & mask).sum() > 0.97 * mask.sum()  # but for pixels that have the color of the ground


@of_each_task
def test_another_color_changes_the_mask_alone(known: Task) -> None:
    for seed in seeds(4):
        layout = known.compose(seed, None)
        drawn = draw(layout)
        for role, mask in drawn.masks.items():
            painted = {one for one in layout.items if one.role == role and isinstance(one.paint, tuple)}
            items = tuple(replace(one, paint=(1, 250, 250)) if one in painted else one for one in layout.items)
            changed = (draw_pixels(replace(layout, items=items)) != drawn.pixels).any(2)
            assert changed.any() == bool(painted) and not (changed & ~grown(mask, 1)).any()


@of_each_task
@pytest.mark.parametrize("size", [64, 128, 224])
def test_masks_are_of_what_the_picture_has_and_share_no_pixel(known: Task, size: int) -> None:
    for seed in seeds(8):
        layout = known.compose(seed, None)
        drawn = draw(layout, size)
        assert list(drawn.masks) == [role for role in ROLES if any(one.role == role for one in layout.items)]
        assert all(mask.shape == (size, size) and mask.dtype == bool and mask.any() for mask in drawn.masks.values())
        assert sum(mask.astype(int) for mask in drawn.masks.values()).max() == 1
        assert np.array_equal(drawn.matters, sum(mask.astype(int) for mask in drawn.masks.values()) > 0)


def test_what_lies_before_an_item_is_not_in_its_mask() -> None:
    """The frame of a marked object covers none of it where it is hollow, and all of it where it is drawn."""
    known = next(one for one in TASKS if one.slug == "tasks-marked")
    layout = known.compose(seeds(1)[0], None)
    asked = next(one for one in layout.items if one.role == "answer")
    frame = next(one for one in layout.items if one.role == "cue")
    alone, framed = (draw(Layout(layout.ground, items, "", ())) for items in ((asked,), (asked, frame)))
    assert np.array_equal(framed.masks["answer"], alone.masks["answer"] & ~framed.masks["cue"])
    beneath = draw(Layout(layout.ground, (frame, replace(asked, at=(asked.at[0] + 0.1, asked.at[1]))), "", ()))
    assert beneath.masks["cue"].sum() < framed.masks["cue"].sum()
