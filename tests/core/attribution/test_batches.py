"""The size of a batch, found on a clock that the test winds."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from core.attribution import batches
from core.attribution.batches import Pace, pace, probe
from core.classifier import Classifier
from core.types import ModelCard
from tests.conftest import redraw


@pytest.mark.parametrize(
    ("cost", "size"),
    [
        (lambda n: 1e-3 * n, 1),  # nothing gained
        (lambda n: 1e-2 + 1e-4 * n, 16),  # as large as a processor is given
        (lambda n: 1e-2 + 1e-3 * n if n < 8 else 1.0, 4),  # a cliff
        (lambda n: 0.1 + 0.15 * n, 4),  # a batch of 16 would be too long for a Stop
        (lambda n: 0.1 + 0.5 * n, 1),  # four already
    ],
)
@pytest.mark.parametrize("with_gradient", [False, True])
def test_probe(
    linear: Classifier, monkeypatch: pytest.MonkeyPatch, cost: Callable[[int], float], size: int, with_gradient: bool
) -> None:
    clock = [0.0]
    monkeypatch.setattr(batches.time, "perf_counter", lambda: clock[0])
    forward = linear.module.forward

    def slow(x: Tensor) -> Tensor:
        clock[0] += cost(len(x))
        return forward(x)

    monkeypatch.setattr(linear.module, "forward", slow)
    found = probe(linear, with_gradient)
    assert found.size == size and found.seconds == pytest.approx(cost(size) / size)


@pytest.mark.parametrize(
    ("side", "size", "with_gradient"), [(128, 16, True), (224, 4, True), (512, 1, True), (512, 16, False)]
)
def test_a_gradient_takes_fewer_large_pictures(
    monkeypatch: pytest.MonkeyPatch, side: int, size: int, with_gradient: bool
) -> None:
    """A model that takes as long for many pictures as for one."""
    times = itertools.count()
    monkeypatch.setattr(batches.time, "perf_counter", lambda: 0.06 * next(times))
    module = nn.Sequential(nn.AvgPool2d(side), nn.Flatten(), nn.Linear(3, 2)).requires_grad_(False)
    card = ModelCard("made/mean", "", "plain", ("dark", "light"), size=side)
    assert probe(Classifier(card, module, torch.device("cpu")), with_gradient).size == size


def test_what_is_left_over_goes_one_by_one() -> None:
    pace = batches.Pace(16, 0.01, 0.03)
    assert pace.total(32) == pytest.approx(0.32) and pace.total(34) == pytest.approx(0.32 + 0.06)
    assert pace.total(31) == pytest.approx(0.16 + 0.16), "never more than one batch more"
    assert batches.Pace(4, 0.01).total(7) == pytest.approx(0.07)


def test_an_estimate_learns_from_the_runs_before_it(linear: Classifier) -> None:
    assert batches.expect(linear, "a", 2.0) == 2.0
    batches.learn(linear, "a", 1.0, 0.1)
    assert batches.expect(linear, "a", 2.0) == 2.0, "a short run says nothing"
    batches.learn(linear, "a", 1.0, 3.0)
    assert batches.expect(linear, "a", 2.0) == 6.0 and batches.expect(linear, "b", 2.0) == 6.0
    batches.learn(linear, "b", 1.0, 0.5)
    assert batches.expect(linear, "a", 2.0) == 6.0 and batches.expect(linear, "b", 2.0) == 1.0
    batches.learn(linear, "a", 1.0, 900.0)
    assert batches.expect(linear, "a", 1.0) == batches.LARGEST_DRIFT


def test_the_pace_is_found_once(linear: Classifier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "probe", probe)  # in place of the pace that all tests go by
    found = pace(linear, gradient=True)
    monkeypatch.setattr(batches, "probe", lambda *_: pytest.fail("probed twice"))
    assert pace(linear, gradient=True) is found and 1 <= found.size <= 16


def test_classifiers_that_differ_only_in_their_weights_share_one_probe(
    tiny: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    def copied(one: Classifier, **changes: object) -> Classifier:
        return replace(one, module=redraw(deepcopy(one.module), 5), card=replace(one.card, **changes))

    probed: list[Classifier] = []
    monkeypatch.setattr(batches, "probe", lambda one, gradient: probed.append(one) or Pace(4, 0.01))
    first, other = tiny("cbam"), copied(tiny("self-attention"))
    first, second, wide = copied(first), copied(first), copied(first, widths=(8, 8, 16, 32))
    assert pace(first) is pace(second) and probed == [first]
    for one in (other, wide):
        pace(one)
    pace(second, gradient=True)
    assert probed == [first, other, wide, second], "other mechanisms, widths and passes take another time"
    made, again = copied(first, architecture="module"), copied(first, architecture="module")
    assert batches.computation(made) == batches.computation(again)
    again.module.register_buffer("more", torch.zeros(3))
    assert batches.computation(made) != batches.computation(again)
