"""The checks of one map, each where it must pass, where it must fail, and where it cannot be asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

import core
from core.evaluation.checks import beats, differs, gap, rows
from core.evaluation.randomization import map_correlation, reinitialize
from core.types import Attribution, InvalidInput, Picture, Stopped
from tests.core.attentive_models import adopted

SLUGS = ("rows", "complete", "target", "weights", "blob", "edges")


@pytest.mark.parametrize("family", ["vit", "swin", "maxvit"])
def test_rows_of_a_softmax_sum_to_one(picture: Picture, family: str) -> None:
    classifier = adopted(family)
    for one in core.read(classifier, picture).maps:
        found = rows(classifier, one)
        if one.kind == "channel":
            assert (found.passed, found.value) == (None, None)
            continue
        sums = [sum(map(float, row)) for row in one.weights.reshape(-1, one.weights.shape[-1])]
        assert found.passed and found.value == pytest.approx(max(abs(total - 1) for total in sums), abs=1e-6)
        broken = one.weights.copy()
        broken[(0,) * broken.ndim] += 0.01
        assert not rows(classifier, replace(one, weights=broken)).passed


@pytest.mark.parametrize(("slug", "asked"), [("attention-pooling", True), ("recurrent", True), ("spatial-gate", False)])
def test_rows_of_pooling_and_glimpses_do_and_a_gates_are_not_checked(
    tiny: Callable, picture: Picture, slug: str, asked: bool
) -> None:
    own = core.read(tiny(slug), picture).maps[0]
    assert rows(tiny(slug), own).passed is (True if asked else None)
    assert rows(tiny(slug), replace(own, weights=2 * own.weights)).passed is (False if asked else None)


def test_a_rollouts_rows_sum_to_one_and_an_attribution_has_none(tiny: Callable, picture: Picture) -> None:
    classifier = tiny("transformer")
    assert rows(classifier, core.rollout_map(core.read(classifier, picture).maps)).passed
    assert rows(classifier, core.attribute(classifier, picture, "saliency")).passed is None


def test_completeness_is_the_gap() -> None:
    for value, passed in ((0.049, True), (0.051, False), (None, None)):
        found = gap(Attribution(np.ones((2, 2)), (2, 2), value))
        assert (found.slug, found.passed, found.value) == ("complete", passed, value)


def test_two_maps_differ_below_a_limit_and_a_uniform_one_cannot_be_checked() -> None:
    one = np.random.default_rng(2).normal(size=(8, 8))
    assert not differs("target", one, one, 0.95).passed and differs("target", one, -one, 0.95, signed=True).passed
    for pair in ((np.zeros((8, 8)), one), (one, np.zeros((8, 8)))):
        found = differs("weights", *pair, 0.5)
        assert found.passed is None and found.value is None


@pytest.mark.parametrize("value", [0.0, 0.3, -2.0])
def test_a_map_that_is_the_same_everywhere_has_no_verdict(tiny: Callable, picture: Picture, value: float) -> None:
    """Its cells are taken in an order drawn at random, which beats a blob now and then."""
    classifier = tiny("cbam")
    even = np.full((8, 8), value) * (1 + 1e-8 * np.random.default_rng(0).normal(size=(8, 8)))  # but for rounding
    own = replace(core.attribute(classifier, picture, "grad-cam"), values=even.astype(np.float32))
    found = {one.slug: one for one in core.check(classifier, picture, own)}
    assert tuple(found) == SLUGS
    assert all((one.passed, one.value) == (None, None) for one in found.values())
    one = beats(classifier, picture, np.eye(8), 3, lambda done, total: None)
    assert {two.slug: two.passed is None for two in one} == {"blob": False, "edges": False}


def test_the_checks_of_an_attribution(tiny: Callable, picture: Picture) -> None:
    classifier = tiny("cbam")
    reading = core.read(classifier, picture)
    own = core.attribute(classifier, picture, "integrated-gradients", "elm", steps=20)
    found = {one.slug: one for one in core.check(classifier, picture, own, seed=5, steps=20)}
    assert tuple(found) == SLUGS and found["rows"].passed is None
    assert found["complete"].value == own.gap and found["complete"].passed == (own.gap <= 0.05)
    other = next(int(place) for place in reading.logits.argsort()[::-1] if place != 3)
    second = core.attribute(classifier, picture, "integrated-gradients", other, steps=20)
    random = core.attribute(reinitialize(classifier, 5), picture, "integrated-gradients", "elm", steps=20)
    assert found["target"].value == pytest.approx(map_correlation(own.values, second.values, signed=True), abs=1e-3)
    assert found["weights"].value == pytest.approx(map_correlation(own.values, random.values), abs=1e-3)
    curves = core.faithfulness(classifier, picture, own)
    for slug in ("blob", "edges"):
        ahead = curves.map.gain - getattr(curves, slug).gain
        assert found[slug].value == pytest.approx(ahead, abs=1e-4) and found[slug].passed == (ahead > 0)


def test_attention_does_not_change_with_the_target(tiny: Callable, picture: Picture) -> None:
    for slug in ("spatial-gate", "self-attention"):
        own = core.read(tiny(slug), picture).maps[-1]
        found = {one.slug: one for one in core.check(tiny(slug), picture, own)}
        assert found["target"].passed is False and found["target"].value == pytest.approx(1)
        random = core.to_grid(core.read(reinitialize(tiny(slug)), picture).maps[-1])
        value = map_correlation(core.to_grid(own), random)
        assert found["complete"].passed is None
        assert found["weights"].passed is (None if value is None else value < 0.5)
        assert (value is None) == (random.min() == random.max()) == (slug == "spatial-gate")


def test_a_head_and_a_pinned_patch_are_checked_as_they_are_shown(tiny: Callable, picture: Picture) -> None:
    classifier = tiny("transformer")
    own = core.read(classifier, picture).maps[-1]
    random = core.read(reinitialize(classifier), picture).maps[-1]
    values = {}
    for part in ({}, {"head": 1}, {"head": 1, "query": 5}):
        found = {one.slug: one for one in core.check(classifier, picture, own, **part)}
        shown, drawn = core.to_grid(own, **part), core.to_grid(random, **part)
        assert found["weights"].value == pytest.approx(map_correlation(shown, drawn), abs=1e-6)
        curves = core.faithfulness(classifier, picture, shown)
        assert found["blob"].value == pytest.approx(curves.map.gain - curves.blob.gain, abs=1e-6)
        assert found["rows"].passed and found["target"].value == pytest.approx(1)
        values[tuple(part)] = found["weights"].value
    assert len(set(values.values())) == 3


def test_it_reports_its_progress_and_ends_when_stopped(tiny: Callable, picture: Picture) -> None:
    calls: list[tuple[int, int]] = []
    own = core.attribute(tiny("plain"), picture, "saliency")
    core.check(tiny("plain"), picture, own, progress=lambda *call: calls.append(call))
    done, totals = zip(*calls, strict=True)
    assert list(done) == sorted(done) and set(done) == {0, 1, 2, 3} and set(totals) == {3}

    def stop(done: int, total: int) -> None:
        raise Stopped("enough")

    with pytest.raises(Stopped):
        core.check(tiny("plain"), picture, own, progress=stop)


def test_mistakes(tiny: Callable, picture: Picture) -> None:
    channels = core.read(tiny("cbam"), picture).maps[0]
    two = Attribution(np.ones((4, 4)), (4, 4), None, "saliency", 1, contrast=2)
    wrong = {"takes an Attribution": np.ones((4, 4)), "of one class": two, "weights channels": channels}
    for words, map_ in wrong.items():
        with pytest.raises(InvalidInput, match=words):
            core.check(tiny("cbam"), picture, map_)
    own = core.read(tiny("transformer"), picture).maps[0]
    for words, part in (("a head must be a whole number from 0 to", {"head": 99}), ("not steps", {"steps": 9})):
        with pytest.raises(InvalidInput, match=words):
            core.check(tiny("transformer"), picture, own, **part)
