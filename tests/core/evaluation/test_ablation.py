"""The list of the effect of each part of the attention, against one intervention after another."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import core
from core.attention import MECHANISMS
from core.attribution import batches
from core.attribution.batches import Pace
from core.classifier import Classifier
from core.evaluation import ablation
from core.types import InvalidInput, Picture, Stopped
from tests.core.attentive_models import adopted

ATTENTIVE = [one.slug for one in MECHANISMS if one.slug != "plain"]
PARTS = {
    "squeeze-excitation": {"tap": 2, "channel": 16 + 16},
    "feature-gate": {"tap": 2, "channel": 16 + 16},
    "spatial-gate": {"tap": 2},
    "cbam": {"tap": 4, "channel": 16 + 16},
    "attention-pooling": {"tap": 1},
    "self-attention": {"tap": 2, "head": 2 * 4},
    "recurrent": {"tap": 1, "glimpse": 4},
    "transformer": {"tap": 6, "head": 6 * 4},
}


@pytest.fixture
def in_fives(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of five, so that one holds parts of several taps and the last is shorter."""
    monkeypatch.setattr(batches, "probe", lambda *_: Pace(5, 1e-3))
    monkeypatch.setattr(batches, "_paces", type(batches._paces)())


def check_one_by_one(classifier: Classifier, picture: Picture, found: tuple, target: int) -> None:
    own = core.read(classifier, picture)
    for one in found:
        change = core.OFF if one.part == "tap" else core.off(**{one.part: one.numbers})
        steered = core.intervene(classifier, picture, {one.tap: change})
        assert one.loss == pytest.approx(own.logits[target] - steered.logits[target], abs=1e-4)
        assert one.probability == pytest.approx(steered.probabilities[target], abs=1e-4)
        assert (one.target, one.predicted) == (target, steered.predicted)
        assert one.changed == (steered.predicted != own.predicted)


@pytest.mark.parametrize("slug", ATTENTIVE)
@pytest.mark.usefixtures("in_fives")
def test_every_part_is_there_once_and_costs_what_its_intervention_costs(
    tiny: Callable, picture: Picture, slug: str
) -> None:
    classifier = tiny(slug)
    found = core.ablate(classifier, picture, "oak")
    counts = {part: sum(one.part == part for one in found) for part in {one.part for one in found}}
    assert counts == PARTS[slug] and len({(one.tap, one.part, one.numbers) for one in found}) == len(found)
    assert {one.tap for one in found} == set(classifier.taps)
    losses = [one.loss for one in found]
    assert (losses == sorted(losses, reverse=True) and len(set(losses)) > 1) or slug == "attention-pooling"
    check_one_by_one(classifier, picture, found, 8)


@pytest.mark.usefixtures("in_fives")
def test_windows_have_heads_that_are_switched_off(picture: Picture) -> None:
    classifier = adopted("swin")
    found = core.ablate(classifier, picture)
    assert [sum(one.part == part for one in found) for part in ("tap", "head")] == [4, 2 + 2 + 4 + 4]
    check_one_by_one(classifier, picture, found, core.read(classifier, picture).predicted)


def test_many_channels_go_off_together(tiny: Callable, picture: Picture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ablation, "MOST", 9)
    classifier = tiny("cbam")
    found = [one for one in core.ablate(classifier, picture) if one.part == "channel"]
    for tap in ("stage3.attention.channel", "stage4.attention.channel"):
        groups = sorted(one.numbers for one in found if one.tap == tap)
        assert groups == [tuple(range(first, first + 4)) for first in range(0, 16, 4)]
    check_one_by_one(classifier, picture, tuple(found), core.read(classifier, picture).predicted)


def test_no_attention_no_list_and_nothing_stays_behind(tiny: Callable, picture: Picture) -> None:
    assert core.ablate(tiny("plain"), picture) == ()
    before = core.read(tiny("cbam"), picture)
    core.ablate(tiny("cbam"), picture)
    after = core.read(tiny("cbam"), picture)
    assert np.array_equal(before.logits, after.logits)
    assert all(np.array_equal(a.weights, b.weights) for a, b in zip(before.maps, after.maps, strict=True))


@pytest.mark.usefixtures("in_fives")
def test_it_reports_its_progress_and_ends_when_stopped(tiny: Callable, picture: Picture) -> None:
    calls: list[tuple[int, int]] = []
    core.ablate(tiny("self-attention"), picture, progress=lambda *call: calls.append(call))
    assert calls == [(5, 10), (10, 10)]

    def stop(done: int, total: int) -> None:
        raise Stopped("enough")

    with pytest.raises(Stopped):
        core.ablate(tiny("self-attention"), picture, progress=stop)


def test_mistakes(tiny: Callable, picture: Picture) -> None:
    with pytest.raises(InvalidInput, match="has no class 'cat'"):
        core.ablate(tiny("cbam"), picture, "cat")
    with pytest.raises(InvalidInput, match="takes a Picture"):
        core.ablate(tiny("cbam"), picture.pixels)
