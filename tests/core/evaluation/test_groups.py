"""Groups of similar maps: the tag stands out by itself; the furthest and the nearest are those that a loop finds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import core
from core.evaluation.groups import MOST_SPECTRAL, group_maps
from core.evaluation.similarity import furthest_maps, mean_map, nearest_features
from core.models import zoo
from core.scenes.drawing import OBJECTS
from core.types import InvalidInput

SLUGS = [card.slug for card in zoo.stored() if card.family == "scenes-tag"]


def spots(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """200 noisy maps with a bright cell in one of three corners or near the middle, and which: (n, 8, 8), (n,)."""
    draw = np.random.default_rng(seed)
    kinds = draw.choice(4, 200, p=(0.1, 0.2, 0.3, 0.4))
    maps = draw.uniform(0, 0.1, (200, 8, 8))
    for map_, kind in zip(maps, kinds, strict=True):
        row, column = ((0, 0), (0, 7), (7, 7), draw.integers(3, 5, 2))[kind]
        map_[row, column] += draw.uniform(3, 9)
    return maps.astype(np.float32), kinds


@pytest.mark.parametrize("clustering", ["k-means", "spectral"])
def test_groups_are_the_kinds_of_maps(clustering: str) -> None:
    maps, kinds = spots()
    found = group_maps(maps, 7, clustering=clustering)
    assert sorted(np.concatenate([one.members for one in found])) == list(range(200))
    assert all(len(set(kinds[one.members])) == 1 for one in found)
    assert all(np.allclose(one.mean, maps[one.members].mean(0), rtol=1e-4) for one in found)
    assert kinds[found[0].members[0]] == 0  # the rarest corner is the most unlike the rest
    again = group_maps(7 * maps, 7, clustering=clustering)
    assert [list(one.members) for one in again] == [list(one.members) for one in found]


def test_few_maps_and_equal_maps_are_grouped_too() -> None:
    assert group_maps(np.zeros((0, 8, 8))) == ()
    assert [len(one.members) for one in group_maps(np.ones((5, 8, 8)))] == [5]
    assert sorted(np.concatenate([one.members for one in group_maps(spots()[0][:3], clustering="spectral")])) == [
        0,
        1,
        2,
    ]
    assert [len(one.members) for one in group_maps(np.zeros((4, 2, 2)))] == [4]
    for maps, words in ((np.ones((3, 4)), {}), (np.full((3, 4, 4), np.nan), {}), (np.ones((3, 4, 4)), {"count": 1}),
                        (np.ones((MOST_SPECTRAL + 1, 2, 2)), {"clustering": "spectral"})):  # fmt: skip
        with pytest.raises(InvalidInput, match=r"^[^\n]+\.$"):
            group_maps(maps, **words)


@pytest.mark.parametrize("slug", SLUGS)
def test_the_tag_is_found_without_its_label(slug: str, tmp_path: Path) -> None:
    """On scenes of which half carry the tag: of the first two groups of a class one is at least nine tenths tagged."""
    table = core.scan(core.load(slug, "cpu"), "scenes-tag", tmp_path / "run", seed=11, pictures=400)
    run = core.open_run(tmp_path / "run")
    maps = run.array("attention" if run.keeps("attention") else "cam")
    tagged = table["path"].str.startswith("scenes-tag/").to_numpy()
    assert 0.4 < tagged.mean() < 0.6
    for by in ("true", "predicted"):
        for name in OBJECTS:
            own = np.flatnonzero(table[by] == name)
            first = group_maps(maps[own])[:2]
            assert max(tagged[own[one.members]].mean() for one in first) >= 0.9, (by, name)


def test_the_mean_and_the_furthest_from_it() -> None:
    maps, _ = spots(1)
    assert np.allclose(mean_map(maps), sum(maps.astype(float)) / 200, rtol=1e-5)
    shares = [map_ / map_.sum() for map_ in maps.astype(float)]
    middle = sum(shares) / 200
    expected = sorted(range(200), key=lambda i: -np.linalg.norm(shares[i] - middle))
    assert (
        list(furthest_maps(maps, 5)) == expected[:5]
        and len(furthest_maps(maps)) == 200
        and len(furthest_maps(maps[:0])) == 0
    )
    with pytest.raises(InvalidInput, match="has a map"):
        mean_map(maps[:0])


def test_the_nearest_are_those_of_the_largest_cosine() -> None:
    features = np.random.default_rng(0).normal(size=(50, 7))
    among = np.arange(50) % 3 == 0
    cosines = [float(row @ features[4] / np.linalg.norm(row) / np.linalg.norm(features[4])) for row in features]
    expected = sorted(np.flatnonzero(among), key=lambda i: -cosines[i])
    assert list(nearest_features(features, features[4], among, 4)) == expected[:4]
    assert nearest_features(features, features[6], among)[0] == 6
    assert len(nearest_features(features, features[4], np.zeros(50, bool))) == 0
