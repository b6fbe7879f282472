"""The drawn scenes: the same everywhere, true to their masks, with independent objects and backgrounds."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import binary_dilation, binary_erosion
from scipy.stats import chi2_contingency, chisquare

from core import scenes
from core.scenes import drawing
from core.scenes.canvas import Canvas
from core.types import InvalidInput

SEEDS = range(40)
ROOM = str(Path(scenes.__file__).parents[1])


@pytest.fixture(autouse=True)
def drawn_once() -> None:
    """Here scenes are drawn every time."""


def test_a_seed_gives_the_same_picture_twice_and_in_another_process() -> None:
    code = (  # a bare package `core` spares the child the import of torch
        f"import sys, types, hashlib; core = types.ModuleType('core'); core.__path__ = [{ROOM!r}];"
        "sys.modules['core'] = core; from core import scenes;"
        "print(hashlib.sha256(b''.join(scenes.draw(s, 48).pixels.tobytes() for s in range(6))).hexdigest())"
    )
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    here = hashlib.sha256(b"".join(scenes.draw(seed, 48).pixels.tobytes() for seed in range(6))).hexdigest()
    assert child == here
    for seed in SEEDS:
        first, second = scenes.draw(seed, 48), scenes.draw(seed, 48)
        assert np.array_equal(first.pixels, second.pixels) and np.array_equal(first.mask, second.mask)


def test_different_seeds_give_different_pictures() -> None:
    drawn = [scenes.draw(seed, 32).pixels.astype(int) for seed in range(12)]
    assert min(np.abs(a - b).mean() for a, b in combinations(drawn, 2)) > 3


def test_results_are_what_the_interface_says_and_read_only() -> None:
    scene = scenes.draw(5, 64)
    assert scene.pixels.shape == (64, 64, 3) and scene.pixels.dtype == np.uint8
    assert scene.mask.shape == (64, 64) and scene.mask.dtype == bool
    assert scenes.OBJECTS[scene.label] == scene.object and scene.background in scenes.BACKGROUNDS
    assert scene.tag is None and not scene.tag_mask.any()
    with pytest.raises(ValueError):
        scene.pixels[0, 0] = 0


@pytest.mark.parametrize("seed", range(20))
def test_every_size_shows_the_same_composition(seed: int) -> None:
    small, large = scenes.draw(seed, 128), scenes.draw(seed, 384)
    reduced = large.mask.reshape(128, 3, 128, 3).mean((1, 3)) >= 0.5
    assert (small.mask & reduced).sum() / (small.mask | reduced).sum() > 0.9
    shown = np.asarray(Image.fromarray(large.pixels).reduce(3)).astype(int)
    assert np.abs(shown - small.pixels).mean() < 4  # of 255


@pytest.mark.parametrize("seed", range(20))
def test_the_mask_is_where_leaving_the_object_out_changes_the_picture(seed: int) -> None:
    plan = scenes.plan(seed)
    pixels, mask, _ = scenes.paint(plan, 128)
    without, empty, _ = scenes.paint(plan, 128, figure=False)
    change = np.abs(pixels.astype(int) - without).max(2)
    assert not empty.any()
    inside, far = binary_erosion(mask), ~binary_dilation(mask, iterations=20)
    assert (change[inside] > 0).mean() > 0.99  # a pixel of the object may happen to have the color behind it
    assert change[far].max() == 0  # beyond its soft shadow nothing changes
    assert change[inside].mean() > 3 * change[~binary_dilation(mask)].mean()


def test_the_object_stands_out_from_every_background() -> None:
    for seed, place in enumerate(scenes.BACKGROUNDS * 2):
        plan = scenes.plan(seed + 500, background=place)
        pixels, mask, _ = scenes.paint(plan, 96, distractors=False)
        without, _, _ = scenes.paint(plan, 96, distractors=False, figure=False)
        assert np.abs(pixels.astype(int) - without)[mask].mean() > 15


@pytest.mark.parametrize("object_", scenes.OBJECTS)
def test_the_object_lies_inside_and_is_hardly_covered(object_: str) -> None:
    for seed in range(12):
        plan = scenes.plan(seed, object=object_)
        whole = Image.new("L", (300, 300))  # the same object at half the scale, with a margin of a quarter all around
        at = (0.25 + plan.at[0] / 2, 0.25 + plan.at[1] / 2)
        rng = drawing._stream(seed, "object")
        canvas = Canvas(
            Image.new("RGB", whole.size),
            rng,
            plan.light,
            whole,
            at=at,
            size=plan.size / 2,
            angle=plan.angle,
            mirror=plan.mirror,
        )
        drawing._OBJECTS[object_][0](canvas)
        drawn = np.asarray(whole) > 0
        assert drawn[75:225, 75:225].sum() >= 0.85 * drawn.sum()
        free, seen = (scenes.paint(plan, 96, distractors=shown)[1] for shown in (False, True))
        assert not (seen & ~free).any() and seen.sum() >= 0.9 * free.sum()
        assert 0.015 < free.mean() < 0.25
        rows, columns = np.flatnonzero(free.any(1)), np.flatnonzero(free.any(0))
        longest = max(np.ptp(rows), np.ptp(columns)) / 96
        assert 0.2 < longest < 0.68  # 22 to 55 % of the side, plus what a turn adds to an upright box


def test_object_and_background_are_uniform_and_independent() -> None:
    table = np.zeros((10, 10))
    for seed in scenes.seeds("train", 2000):
        plan = scenes.plan(seed)
        table[plan.label, scenes.BACKGROUNDS.index(plan.background)] += 1
    assert chi2_contingency(table).pvalue > 0.01
    assert chisquare(table.sum(0)).pvalue > 0.01 and chisquare(table.sum(1)).pvalue > 0.01


def test_the_object_is_not_always_in_the_middle() -> None:
    centers = np.array([scenes.plan(seed).at for seed in range(500)])
    assert centers.std(0).min() > 0.12


def test_another_background_keeps_the_object_and_another_object_keeps_the_background() -> None:
    masks = [scenes.draw(3, 64, object="boat", background=one, distractors=False).mask for one in scenes.BACKGROUNDS]
    assert all(np.array_equal(masks[0], mask) for mask in masks)
    empty = [
        scenes.paint(scenes.plan(3, object=each, background="sea"), 64, distractors=False, figure=False)[0]
        for each in scenes.OBJECTS
    ]
    assert all(np.array_equal(empty[0], one) for one in empty)


def test_a_tag_is_small_in_a_corner_and_tells_its_class() -> None:
    looks = []
    for index in range(10):
        plain, tagged = scenes.draw(8, 128), scenes.draw(8, 128, tag=index)
        changed = (plain.pixels != tagged.pixels).any(2)
        assert tagged.tag == index and not (tagged.mask & tagged.tag_mask).any()
        assert 0.005 < tagged.tag_mask.mean() < 0.012 and not (changed & ~binary_dilation(tagged.tag_mask)).any()
        rows, columns = np.nonzero(tagged.tag_mask)
        assert all(min(abs(v.mean() / 128 - edge) for edge in (0.075, 0.925)) < 0.01 for v in (rows, columns))
        looks.append(tagged.pixels[tagged.tag_mask].astype(int))
    assert min(np.abs(a - b).mean() for a, b in combinations(looks, 2)) > 5
    corners = {tuple(np.argwhere(scenes.draw(seed, 32, tag=0).tag_mask).mean(0) > 16) for seed in range(30)}
    assert len(corners) == 4


def test_splits_are_disjoint_and_a_data_set_follows_its_seeds() -> None:
    train, val = scenes.seeds("train", 5000), scenes.seeds("val", 5000)
    assert not set(train) & set(val) and min(train) > 10**9
    assert list(scenes.seeds("train", 10, 20)) == list(scenes.seeds("train", 30))[20:]
    for seed, (pixels, label) in zip(scenes.seeds("train", 3), scenes.dataset(1, 3, 48), strict=True):
        scene = scenes.draw(seed, 48)
        assert np.array_equal(scene.pixels, pixels) and scene.label == label


@pytest.mark.parametrize(
    "call",
    [
        lambda: scenes.draw(-1),
        lambda: scenes.draw(1.5),
        lambda: scenes.draw(True),
        lambda: scenes.draw(1, 8),
        lambda: scenes.draw(1, 10**6),
        lambda: scenes.draw(1, 64.0),
        lambda: scenes.draw(1, object="dog"),
        lambda: scenes.draw(1, background=""),
        lambda: scenes.draw(1, tag=10),
        lambda: scenes.draw(1, tag="house"),
        lambda: scenes.seeds("test", 3),
        lambda: scenes.seeds("train", -3),
        lambda: scenes.dataset(-1, 3),
        lambda: scenes.dataset(1, 3, 0),
    ],
)
def test_bad_arguments_cost_one_sentence(call) -> None:
    with pytest.raises(InvalidInput, match=r"\.$"):
        call()
