"""Where a map lies: axioms of the mask, of chance and of sign, loops over a fine grid, and tiled pictures."""

from __future__ import annotations

from collections.abc import Callable
from math import lcm

import numpy as np
import pytest

import core
from core import scenes
from core.evaluation.localization import evidence
from core.images import square
from core.types import Attribution, InvalidInput, Picture
from tests.conftest import SIZE


@pytest.fixture(scope="module")
def mask() -> np.ndarray:
    return scenes.draw(42, 64).mask


def test_the_mask_itself_is_all_mass_and_a_hit(mask: np.ndarray) -> None:
    for scale in (1, 1e-6):
        found = core.localize(scale * mask.astype(np.float32), mask)
        assert found.mass == pytest.approx(1) and found.pointing == 1 and found.chance == mask.mean()
    outside = core.localize(1.0 - mask, mask)
    assert (outside.mass, outside.pointing) == (0, 0)


@pytest.mark.parametrize(("shape", "size"), [((16, 16), 16), ((8, 8), 64), ((7, 5), 64), ((32, 32), 16)])
def test_over_all_shifts_a_map_has_the_masks_share(shape: tuple[int, int], size: int) -> None:
    """A map that knows nothing is as likely at one place as at another."""
    map_, mask = np.random.default_rng(2).standard_t(3, size=shape), scenes.draw(42, size).mask
    found = [core.localize(np.roll(map_, shift, (0, 1)), mask) for shift in np.ndindex(shape)]
    assert np.mean([one.mass for one in found]) == pytest.approx(mask.mean())
    assert np.mean([one.pointing for one in found]) == pytest.approx(mask.mean())


@pytest.mark.parametrize(
    ("grid", "fine"), [((8, 8), (64, 64)), ((5, 7), (12, 10)), ((12, 10), (5, 7)), ((16, 4), (8, 8))]
)
def test_a_cell_lies_on_the_mask_by_the_part_that_it_covers(grid: tuple[int, int], fine: tuple[int, int]) -> None:
    draw = np.random.default_rng(5)
    map_, mask = draw.normal(size=grid), draw.uniform(size=fine) < 0.4
    high, wide = lcm(grid[0], fine[0]), lcm(grid[1], fine[1])  # a grid so fine that both fit into it
    dense = np.maximum(map_, 0).repeat(high // grid[0], 0).repeat(wide // grid[1], 1)
    covered = mask.repeat(high // fine[0], 0).repeat(wide // fine[1], 1)
    found = core.localize(map_, mask)
    assert found.mass == pytest.approx(dense[covered].sum() / dense.sum())
    assert found.pointing == pytest.approx(covered[dense == dense.max()].mean())


def test_only_what_supports_the_class_counts(mask: np.ndarray) -> None:
    map_ = np.where(mask, 1.0, -5.0)
    assert core.localize(map_, mask).mass == core.localize(map_, mask).pointing == 1
    assert core.localize(-map_, mask).mass == core.localize(-map_, mask).pointing == 0


def test_a_blank_map_lies_neither_on_the_mask_nor_next_to_it(mask: np.ndarray) -> None:
    noise = 1e-7 * np.random.default_rng(3).normal(size=(8, 8))  # what rounding leaves of zeros, next to values of one
    against = np.where(np.arange(64).reshape(8, 8) == 9, -1.0, noise)
    for scale in (1, 1e-9):
        for nothing in (np.zeros((8, 8)), -np.ones((8, 8)), against):
            assert not evidence(scale * nothing).any()
            for on in (mask, ~mask):
                found = core.localize(scale * nothing, on)
                assert found.blank and (found.mass, found.pointing) == (0, 0)
        small = core.localize(scale * (against + 1e-3 * np.eye(8)), np.eye(8))
        assert not small.blank and small.mass == pytest.approx(1) and small.pointing == 1


def test_an_even_map_has_the_masks_share_and_ties_share_the_point(mask: np.ndarray) -> None:
    found = core.localize(np.full((16, 16), 3.0), mask)
    assert found.mass == pytest.approx(found.chance) and found.pointing == pytest.approx(found.chance)
    two = np.zeros((4, 4))
    two[0, 0] = two[3, 3] = 1
    half = np.zeros((4, 4), bool)
    half[0] = True
    assert core.localize(two, half).pointing == 0.5


def test_results_enter_as_they_are(tiny: Callable, picture: Picture, mask: np.ndarray) -> None:
    map_ = np.random.default_rng(4).normal(size=(8, 8)).astype(np.float32)
    assert core.localize(Attribution(map_, (8, 8), None), mask) == core.localize(map_, mask)
    for slug in ("transformer", "recurrent", "feature-gate"):
        attention = core.read(tiny(slug), picture).maps[-1]
        assert core.localize(attention, mask) == core.localize(core.to_grid(attention), mask)


def test_four_pictures_in_one(tiny: Callable) -> None:
    classifier = tiny("plain")
    pictures = [core.open_image(scenes.draw(seed, 64).pixels, name=str(seed)) for seed in range(4)]
    whole = core.tile(classifier, pictures)
    assert whole.pixels.shape == (SIZE, SIZE, 3) and whole.name == "0 + 1 + 2 + 3"
    for place, one in enumerate(pictures):
        on = np.kron(core.quadrant(place), np.ones((SIZE // 2, SIZE // 2), bool))
        row, column = divmod(place, 2)
        assert on[row * SIZE // 2, column * SIZE // 2] and on.sum() == (SIZE // 2) ** 2
        expected = square(one, SIZE // 2, classifier.fill)
        assert np.array_equal(whole.pixels[on].reshape(SIZE // 2, SIZE // 2, 3), expected)


def test_a_map_that_is_the_same_for_all_classes_has_a_quarter() -> None:
    map_ = np.random.default_rng(6).normal(size=(7, 7))
    shares = [core.localize(map_, core.quadrant(place)) for place in range(4)]
    assert np.mean([one.mass for one in shares]) == pytest.approx(0.25)
    assert np.mean([one.pointing for one in shares]) == pytest.approx(0.25) and shares[0].chance == 0.25


@pytest.mark.parametrize("wrong", [np.ones(5), np.full((4, 4), 0.5), np.ones((0, 4)), np.array([["a"]])])
def test_a_mask_is_of_true_and_false(wrong: np.ndarray) -> None:
    with pytest.raises(InvalidInput, match=r"A mask must be a boolean array of shape \(h, w\)"):
        core.localize(np.ones((4, 4)), wrong)


def test_mistakes(tiny: Callable, picture: Picture) -> None:
    for words, call in (
        ("tile takes four pictures", lambda: core.tile(tiny("plain"), [picture] * 3)),
        ("tile takes four pictures", lambda: core.tile(tiny("plain"), [picture.pixels] * 4)),
        ("Choose a quadrant from 0 to 3, not 4.", lambda: core.quadrant(4)),
        ("weights channels", lambda: core.localize(core.read(tiny("cbam"), picture).maps[0], np.ones((2, 2)))),
    ):
        with pytest.raises(InvalidInput, match=words):
            call()
