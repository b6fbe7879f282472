"""Rollout against its sum written out by hand, and what makes none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core import AttentionMap, InvalidInput, Kind, rollout_map, to_grid
from core.attention.rollout import can_roll, rollout
from tests.core.random_maps import softmaxed

GRID, PREFIX = (2, 2), ("class",)


def layer(seed: int, heads: int = 3, tokens: int = 5, name: str = "block") -> AttentionMap:
    return AttentionMap(f"{name}{seed}", Kind.PAIRWISE, softmaxed(seed, heads, tokens, tokens), GRID, prefix=PREFIX)


def test_two_layers_by_hand() -> None:
    first, second = layer(1), layer(2, heads=2)

    def mixed(one: AttentionMap, i: int, j: int) -> float:
        """Half of the mean over heads, and half of the token as it was."""
        mean = sum(float(one.weights[head, i, j]) for head in range(len(one.weights))) / len(one.weights)
        return 0.5 * mean + 0.5 * (i == j)

    found = rollout((first, second))
    for i in range(5):
        for j in range(5):  # every way from token j through a token of the first layer to token i of the second
            ways = sum(mixed(second, i, between) * mixed(first, between, j) for between in range(5))
            assert found[i, j] == pytest.approx(ways, rel=1e-5)
    assert not np.allclose(found, rollout((second, first))), "the order of the layers matters"


def test_rows_sum_to_one_and_looking_at_oneself_changes_nothing() -> None:
    maps = [layer(seed) for seed in range(6)]
    found = rollout(maps)
    assert found.shape == (5, 5) and found.dtype == np.float32 and found.sum(1) == pytest.approx(1, abs=1e-5)
    still = AttentionMap("still", Kind.PAIRWISE, np.eye(5, dtype=np.float32)[None], GRID)
    np.testing.assert_allclose(rollout([*maps, still]), found, rtol=1e-6)


def test_as_a_map_it_shows_the_class_tokens_row() -> None:
    gate = AttentionMap("gate", Kind.CHANNEL, np.ones(4, np.float32), GRID)
    maps = (layer(1), gate, layer(2))
    found = rollout_map(maps)
    assert (found.tap, found.kind, found.grid, found.weights.shape) == ("rollout", Kind.PAIRWISE, GRID, (1, 5, 5))
    product = rollout((layer(1), layer(2)))
    assert np.array_equal(to_grid(found).ravel(), product[0, 1:])
    assert np.array_equal(to_grid(found, query=2).ravel(), product[3, 1:])
    assert not found.weights.flags.writeable


@pytest.mark.parametrize(
    "maps",
    [
        (),
        (layer(1),),
        (layer(1), replace(layer(2), prefix=("register",))),
        (layer(1), AttentionMap("other", Kind.PAIRWISE, softmaxed(3, 2, 10, 10), (3, 3))),
        (AttentionMap("a", Kind.SPATIAL, softmaxed(4, 2, 2), GRID),) * 2,
        (AttentionMap("one query", Kind.PAIRWISE, softmaxed(5, 2, 1, 5), GRID, prefix=PREFIX),) * 2,
    ],
)
def test_what_makes_none(maps: tuple[AttentionMap, ...]) -> None:
    assert not can_roll(maps)
    with pytest.raises(InvalidInput):
        rollout_map(maps)


def test_only_maps_of_the_same_tokens_are_multiplied() -> None:
    gate = AttentionMap("gate", Kind.CHANNEL, np.ones(4, np.float32), GRID)
    for wrong in (
        (),
        (gate,),
        (layer(1), gate),
        (layer(1), layer(2, tokens=4)),
        (AttentionMap("q", Kind.PAIRWISE, softmaxed(5, 2, 1, 5), GRID),),
    ):
        with pytest.raises(InvalidInput, match="same tokens"):
            rollout(wrong)
    assert can_roll((layer(1), gate, layer(2)))
