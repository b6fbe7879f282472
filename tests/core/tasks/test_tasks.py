"""Tasks: each picture is the same again, each answer as likely, and another cue alone leads to another answer."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random

import numpy as np
import pytest
from scipy.stats import chisquare

from core.models.networks.short_sighted import RECEPTIVE_FIELD, STRIDE
from core.scenes import grounds, stickers
from core.tasks import ANSWER, CUE, STEP, TASKS, Item, Layout, Task, draw, draw_pixels, find_task, task
from core.tasks.layout import OTHER
from core.types import InvalidInput
from tests.core.task_pictures import BY_HAND, SHADOW, bare, grown, moved, seeds, shape, trail, uncued, without

of_each_task = pytest.mark.parametrize("known", TASKS, ids=lambda one: one.slug)
UNLIKELY = 1e-4
"""Counts that a fair draw shows more rarely are taken for unfair."""
SEEN_FROM_AFAR = ("tasks-sun-or-moon", "tasks-same-row")
"""Their cue lies farther from the object asked for than a short-sighted cell sees."""
BY_COLOR = ("tasks-sun-or-moon",)
"""Their answer is the color of the object asked for."""
CHANGED = {"tasks-odd-one-out": 2, "tasks-signposts": 2}
"""How many items another cue changes, if not one: two exchange their colors, or the star and the moon their places."""


def fair(counts: Counter, kinds: int) -> bool:
    assert len(counts) == kinds
    return chisquare(list(counts.values())).pvalue > UNLIKELY


# The same again


@of_each_task
def test_a_picture_is_the_same_whatever_was_drawn_before(known: Task) -> None:
    first = {seed: draw(known.compose(seed, None)) for seed in seeds(4)}
    stickers.sticker.cache_clear()
    grounds.ground.cache_clear()
    for seed in Random(1).sample(sorted(first), 4):
        draw(TASKS[seed % len(TASKS)].compose(seed + 1, None), 96)
        again = draw(known.compose(seed, None))
        assert np.array_equal(again.pixels, first[seed].pixels) and again.masks.keys() == first[seed].masks.keys()
        assert all(np.array_equal(mask, first[seed].masks[role]) for role, mask in again.masks.items())
    assert len({drawn.pixels.tobytes() for drawn in first.values()}) == 4


@of_each_task
def test_the_pixels_alone_are_those_of_the_picture_and_cannot_be_changed(known: Task) -> None:
    layout = known.compose(seeds(1)[0], None)
    drawn = draw(layout, 64)
    assert np.array_equal(draw_pixels(layout, 64), drawn.pixels) and drawn.pixels.shape == (64, 64, 3)
    for one in (drawn.pixels, draw_pixels(layout, 64), *drawn.masks.values()):
        with pytest.raises(ValueError, match="read-only"):
            one[0, 0] = 0


def test_tasks_are_found_by_their_slugs() -> None:
    assert len({one.slug for one in TASKS}) == len(TASKS) == len(BY_HAND) >= 5
    for one in TASKS:
        assert find_task(one.slug) is task(one.slug) is one and one.slug.startswith("tasks-")
        assert one.question.endswith("?") and len(one.classes) == len(set(one.classes))
    assert find_task("scenes") is None
    with pytest.raises(InvalidInput, match=r"^There is no task 'scenes'. .+tasks-marked.+\.$"):
        task("scenes")


# Answers


@of_each_task
def test_each_answer_is_about_as_likely(known: Task) -> None:
    """Of all classes, and of those to which a picture can lead, whichever of them has which place in the alphabet."""
    layouts = [known.compose(seed, None) for seed in seeds(2000)]
    assert fair(Counter(one.answer for one in layouts), len(known.classes))
    choices = round(1 / known.chance)
    assert known.chance == 1 / choices and all(len(set(one.answers)) == choices for one in layouts)
    assert all(one.answers[0] == one.answer and set(one.answers) <= set(known.classes) for one in layouts)
    assert fair(Counter(sorted(one.answers).index(one.answer) for one in layouts), choices)


@of_each_task
def test_the_answer_by_hand(known: Task) -> None:
    for seed in seeds(200):
        for answer in known.compose(seed, None).answers:
            layout = known.compose(seed, answer)
            assert layout.answer == answer == BY_HAND[known.slug](layout.items)
            asked = [one for one in layout.items if one.role == ANSWER]
            assert asked and (known.slug in BY_COLOR or answer in (asked[-1].name, asked[-1].paint))


@of_each_task
def test_another_cue_is_all_that_differs(known: Task) -> None:
    for seed in seeds(100):
        own = known.compose(seed, None)
        assert known.compose(seed, own.answer) == own
        for answer in own.answers[1:]:
            other = known.compose(seed, answer)
            assert other.ground == own.ground and set(other.answers) == set(own.answers)
            gone, new = moved(own, other), moved(other, own)
            changed = CHANGED.get(known.slug, 1)
            assert len(gone) == len(new) == changed and len(own.items) == len(other.items)
            if known.slug == "tasks-odd-one-out":  # two objects have exchanged their colors, and nothing else
                assert {one.name for one in gone} == {own.answer, answer}
                assert [replace(one, paint=None) for one in map(bare, gone)] == [
                    replace(one, paint=None) for one in map(bare, new)
                ]


@of_each_task
def test_pixels_away_from_the_cue_stay(known: Task) -> None:
    for seed in seeds(3):
        own = known.compose(seed, None)
        pixels = draw_pixels(own)
        for answer in own.answers[1:3]:
            other = known.compose(seed, answer)
            changed = (draw_pixels(other) != pixels).any(2)
            shapes = [shape(one, own.ground) for one in (*moved(own, other), *moved(other, own))]
            assert changed.any() and not (changed & ~grown(np.logical_or.reduce(shapes), SHADOW)).any()


def test_without_its_cue_a_picture_of_each_answer_is_the_same() -> None:
    for known in TASKS:
        if known.slug == "tasks-odd-one-out":
            continue  # its cue is the color of its objects
        for seed in seeds(30):
            own = known.compose(seed, None)
            left = [bare(one) for one in uncued(known, seed).items]
            assert len(left) == len(own.items) - CHANGED.get(known.slug, 1)
            for answer in own.answers[1:]:
                other = known.compose(seed, answer)
                assert [bare(one) for one in without(other, moved(other, own)).items] == left


def test_two_trails_of_one_length_share_no_flag_and_counting_colors_tells_nothing() -> None:
    known, lengths = task("tasks-signposts"), Counter()
    for seed in seeds(3000):
        layout = known.compose(seed, None)
        own, other = (trail(layout.items, start) for start in ("star", "moon"))
        assert [one.role for one in own] == [CUE, *[STEP] * (len(own) - 2), ANSWER]
        assert {one.role for one in other} == {OTHER} and (own[-1].paint, other[-1].paint) == layout.answers
        assert sum(one.role != OTHER for one in layout.items) == 2 * len(own)  # each stop is a sign and what it shows
        assert len(layout.items) == 2 * len(own) + 2 * len(other)
        balls = Counter(one.paint for one in layout.items if one.name == "ball")
        assert balls == Counter(one.paint for one in layout.items if one.name == "flag") and set(balls.values()) == {1}
        lengths[len(own) - 1] += 1
        assert known.level is not None and known.level(seed) == len(own) - 1
    assert set(lengths) == {1, 2, 3} and fair(lengths, 3)


# Distances


@pytest.mark.parametrize("slug", SEEN_FROM_AFAR)
def test_no_square_of_the_receptive_field_touches_the_cue_and_the_wanted_object(slug: str) -> None:
    """Wherever it lies. With the faint edge of their shadows too, no cell's own square touches both."""
    known = task(slug)
    for seed in seeds(60):
        layout = known.compose(seed, None)
        masks = draw(layout).masks
        assert not (grown(masks[CUE], RECEPTIVE_FIELD - 1) & masks[ANSWER]).any()
        cue, answer = (next(one for one in layout.items if one.role == role) for role in (CUE, ANSWER))
        assert not cells(touched(layout, cue)) & cells(touched(layout, answer))


def touched(layout: Layout, item: Item) -> np.ndarray:
    """The pixels that an item changes."""
    return (draw_pixels(layout) != draw_pixels(without(layout, [item]))).any(2)


def cells(mask: np.ndarray) -> set[tuple[int, int]]:
    """The cells of the last grid whose receptive field touches a mask."""
    framed = np.pad(mask, (RECEPTIVE_FIELD - STRIDE) // 2)
    squares = np.lib.stride_tricks.sliding_window_view(framed, (RECEPTIVE_FIELD, RECEPTIVE_FIELD))[::STRIDE, ::STRIDE]
    return set(zip(*np.nonzero(squares.any((2, 3))), strict=True))
