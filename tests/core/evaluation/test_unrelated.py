"""The range over unrelated pictures: false positives of shipped models, and of made maps by a second derivation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import core
from core.attention.reduction import to_grid
from core.data.folders import find_folder
from core.evaluation import bank as banks
from core.evaluation.bank import FEWEST_MAPS, Bank, find_bank, is_attention
from core.evaluation.views import measures_with, views
from core.models import zoo
from core.types import AttentionMap, Attribution, Kind, Picture
from tests.core.evaluation.unrelated_pairs import METHODS, attended, others, outside

GRID = (8, 8)


def made(count: int, seed: int, power: float = 1.0) -> np.ndarray:
    """Smooth maps with a bias to the center, each different: (count, 8, 8)."""
    draw = np.random.default_rng(seed)
    down, across = np.indices(GRID) / 8
    maps = []
    for _ in range(count):
        y, x, size = draw.normal(0.45, 0.15), draw.normal(0.45, 0.15), draw.uniform(0.1, 0.4)
        maps.append(np.exp(-((down - y) ** 2 + (across - x) ** 2) / (2 * size**2)) + 0.1 * draw.random(GRID))
    return np.stack(maps) ** power


def attention(values: np.ndarray, model: str = "m") -> AttentionMap:
    return AttentionMap("pool", Kind.SPATIAL, values.astype(np.float32), GRID, model=model)


def saliency(values: np.ndarray, model: str = "m") -> Attribution:
    return Attribution(values.astype(np.float32), GRID, None, "saliency", 0, model=model)


@pytest.fixture(scope="module")
def bank() -> Bank:
    known = Bank("m", tuple(f"{place:016x}" for place in range(100)))
    return known.having("attention/pool", made(100, 1)).having("saliency", made(100, 2, 2.0))


def pairs(count: int, seed: int = 0) -> list[tuple[AttentionMap, Attribution]]:
    first, second = made(count, 10 + seed), made(count, 20 + seed, 2.0)
    return [(attention(a), saliency(b)) for a, b in zip(first, second, strict=True)]


def test_one_in_twenty_unrelated_pairs_lies_outside(bank: Bank) -> None:
    drawn = pairs(600)
    for sides in ((0, 1), (None, 1), (0, None)):  # both have a bank, or one of them, the other being an array
        found = []
        for pair in drawn:
            maps = [pair[i] if i in sides else to_array(pair[i]) for i in (0, 1)]
            found.append(core.agreement(*maps, bank))
        missed = np.mean([[not one.low <= one.value <= one.high for one in each.measures] for each in found], 0)
        assert np.all((missed > 0.01) & (missed < 0.09)) and abs(missed.mean() - 0.05) < 0.02
        standings = np.sort([each.rank_correlation.standing for each in found])
        assert np.abs(standings - np.arange(600) / 600).max() < 0.12  # uniform, as the rank of one of many is


def to_array(map_: AttentionMap | Attribution) -> np.ndarray:
    return map_.weights if isinstance(map_, AttentionMap) else map_.values


def test_one_side_by_a_loop(bank: Bank) -> None:
    (a, b), *_ = pairs(1)
    found, others_of = core.agreement(to_array(a), b, bank), bank.unpack("saliency")
    alone = np.array([measures_with(views(to_array(a).astype(float)), views(one)[None])[:, 0] for one in others_of]).T
    for measure, values in zip(found.measures, alone, strict=True):
        order = np.sort(values)
        if len(np.unique(order)) == 100:  # the ends lie at ranks 2.525 and 98.475 of 101
            assert measure.low == pytest.approx(order[1] + 0.525 * (order[2] - order[1]))
            assert measure.high == pytest.approx(order[97] + 0.475 * (order[98] - order[97]))
        assert abs(measure.standing - np.mean(values < measure.value)) < 0.03
    assert found.unrelated == 100


def test_the_order_of_the_two_does_not_matter(bank: Bank) -> None:
    for a, b in pairs(5, 3):
        one, two = core.agreement(a, b, bank), core.agreement(b, a, bank)
        for first, second in zip(one.measures, two.measures, strict=True):
            numbers = (first.value, first.low, first.high, first.standing)
            assert numbers == pytest.approx((second.value, second.low, second.high, second.standing), abs=1e-9)


def test_what_agrees_is_related_unless_a_center_blob_does_as_well(bank: Bank) -> None:
    far = np.zeros(GRID)
    far[:3, 5:] = 1 + np.random.default_rng(0).random((3, 3))
    found = core.agreement(attention(far), saliency(far), bank)
    assert all(one.related and one.value == pytest.approx(1) and one.standing == 1 for one in found.measures)
    down, across = np.indices(GRID) / 7 - 0.5
    center = np.exp(-(down**2 + across**2) / 0.125)
    found = core.agreement(attention(center), saliency(center), bank)
    assert not any(one.related for one in found.measures if one.value <= one.blob)
    assert found.overlap.value > found.overlap.high or not found.overlap.related


def test_a_blank_map_has_no_verdict(bank: Bank) -> None:
    (a, b), *_ = pairs(1)
    for pair in ((a, saliency(np.zeros(GRID))), (attention(np.full(GRID, 0.5)), b)):
        found = core.agreement(*pair, bank)
        assert found.flat and found.unrelated == 0
        assert all(one.high is one.low is one.standing is one.related is None for one in found.measures)


def test_with_few_maps_no_range_is_stated(bank: Bank) -> None:
    (a, b), *_ = pairs(1)
    few = Bank("m", bank.pictures[: FEWEST_MAPS - 1]).having("saliency", made(FEWEST_MAPS - 1, 2))
    found = core.agreement(a, b, few)
    assert found.unrelated == 0 and found.rank_correlation.high is None and not found.flat
    blank = made(60, 2)
    blank[FEWEST_MAPS - 1 :] = 0  # blank maps are no maps of others
    assert core.agreement(a, b, Bank("m", bank.pictures[:60]).having("saliency", blank)).unrelated == 0
    assert core.agreement(a, b, Bank("m", bank.pictures[:60]).having("saliency", made(60, 2))).unrelated == 60


def test_maps_of_other_weights_or_settings_have_no_range(bank: Bank) -> None:
    (a, b), *_ = pairs(1)
    assert core.agreement(attention(a.weights, "other"), saliency(b.values, "other"), bank).unrelated == 0
    assert bank.find(Attribution(b.values, GRID, None, "saliency", 0, 1, "m")) is None  # one class against another
    known = bank.having("grad-cam", made(100, 3), {"stage": "stage4"})
    for stage, name in (("stage4", "grad-cam"), ("stage1", None)):
        one = Attribution(b.values, GRID, None, "grad-cam", model="m", parameters=(("stage", stage),))
        assert known.find(one) == name


def test_a_picture_is_no_other_of_its_own(bank: Bank) -> None:
    without = bank.without(bank.pictures[7] + "0" * 48)
    assert len(without.pictures) == 99 and len(without.maps["saliency"]) == len(without.spreads["saliency"]) == 99
    assert np.array_equal(without.maps["saliency"], np.delete(bank.maps["saliency"], 7, 0))
    assert bank.without("f" * 64) is bank


def test_what_is_kept_of_a_map_gives_its_agreement() -> None:
    draw = np.random.default_rng(0)
    gates = 1 - 10.0 ** draw.uniform(-7, -2, (50, 16, 16))  # nearly open everywhere, and different in the last digits
    kept = Bank("m", ("",) * 50).having("attention/gate", gates).having("saliency", made(50, 1))
    for name, maps in (("attention/gate", gates), ("saliency", made(50, 1))):
        assert kept.maps[name].dtype == np.uint8
        for one, again in zip(maps, kept.unpack(name), strict=True):
            first, second = views((one / one.max()).astype(np.float32).astype(float)), views(again)
            alike = measures_with(first, second[None])[:, 0]
            assert min(alike[0], alike[2]) > 0.9 and alike[1] > (0.9 if is_attention(name) else 0.7)


def test_a_file_gives_the_bank_again(bank: Bank, tmp_path: Path) -> None:
    known = bank.having("feature-ablation", made(100, 5), {"segments": 50}).standing_in("lime", "feature-ablation")
    banks.write_bank(known, tmp_path / "bank.npz")
    again = banks.open_bank(tmp_path / "bank.npz")
    assert (again.checksum, again.pictures, again.settings, again.made) == (
        known.checksum, known.pictures, known.settings, known.made)  # fmt: skip
    for name in known.maps:
        assert np.array_equal(again.unpack(name), known.unpack(name))
    (tmp_path / "no.npz").write_bytes(b"PK no")
    with pytest.raises(core.InvalidInput, match="is not a bank"):
        banks.open_bank(tmp_path / "no.npz")


# What is shipped

SHIPPED = [card.slug for card in zoo.stored()]


def test_every_shipped_model_has_its_bank() -> None:
    size, known = 0, set()
    for card in zoo.stored():
        path = banks.bank_path(card.facts["checksum"], shipped=True)
        found, size = find_bank(card.facts["checksum"]), size + path.stat().st_size
        known.add(path.name)
        assert found.checksum == card.facts["checksum"] and len(set(found.pictures)) >= 100
        assert {"saliency", "input-x-gradient", "grad-cam"} <= set(found.maps)
        classifier = core.load(card.slug, "cpu")
        taps = {f"attention/{name}" for name, tap in classifier.taps.items() if tap.kind != Kind.CHANNEL}
        assert taps == {name for name in found.maps if is_attention(name)} - {"attention/rollout"}
    assert size <= 3_000_000 and {one.name for one in (zoo.zoo_folder() / "banks").iterdir()} == known


def test_a_card_that_was_copied_lends_its_bank_to_no_other_weights(picture: Picture) -> None:
    shipped, other = core.load("scenes/cbam", "cpu"), core.load("scenes-tag/cbam", "cpu")
    adopted = core.adopt(other.module, shipped.card, "cpu")
    assert adopted.checksum not in (shipped.checksum, "") and find_bank(adopted.checksum) is None
    panel = core.panel(adopted, picture)
    found = core.agreement(attended(panel), panel.attributions["saliency"])
    assert found.unrelated == 0 and found.rank_correlation.high is None


def rates(slug: str, count: int, pairs: int, methods: tuple[str, ...]) -> np.ndarray:
    """False positives of a model: (methods, 3)."""
    classifier = core.load(slug, "cpu")
    seen = [core.panel(classifier, one) for one in others(classifier, count)]
    first = [attended(one) for one in seen]
    return np.array([outside(first, [one.attributions[name] for one in seen], pairs) for name in methods])


@pytest.mark.parametrize(("slug", "name"), [("scenes/cbam", "grad-cam"), ("scenes/plain", "saliency")])
def test_false_positives_of_a_shipped_model(slug: str, name: str) -> None:
    found = rates(slug, 40, 400, (name,))
    assert np.all((found > 0.005) & (found < 0.1))


@pytest.mark.slow
def test_false_positives_of_all_shipped_models() -> None:
    every = [slug for slug in SHIPPED if not slug.startswith("imagenette") or find_folder()]
    found = np.array([rates(slug, 60, 1000, METHODS) for slug in every])
    assert np.all(np.abs(found.mean((0, 1)) - 0.05) <= 0.01), found.mean((0, 1))
    assert np.all(np.abs(found - 0.05) <= 0.04), [
        (every[i], METHODS[j], k, found[i, j, k]) for i, j, k in np.argwhere(np.abs(found - 0.05) > 0.04)]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("slug", ["scenes/self-attention", "scenes/transformer"])
def test_false_positives_of_pinned_patches_heads_and_other_settings(slug: str) -> None:
    """They have no maps of their kind in the bank: the other map's kind of other pictures is their reference."""
    classifier = core.load(slug, "cpu")
    pictures = others(classifier, 50)
    seen = [core.panel(classifier, one) for one in pictures]
    last = [attended(one) for one in seen]
    pinned = [to_grid(one, head=1, query=one.grid[1] * one.grid[0] // 2) for one in last]
    stage = list(classifier.stages)[1]
    for first, second in (
        (pinned, [one.attributions["saliency"] for one in seen]),
        (last, [one.stages[stage] for one in seen]),
        (last, [core.attribute(classifier, one, "input-x-gradient", target=0) for one in pictures]),
    ):
        found = outside(first, second, 1000)
        assert np.all((found > 0.005) & (found < 0.1)), found
