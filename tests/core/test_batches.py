"""The size of a batch, found on a clock that the test winds."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from torch import Tensor

from core.attribution import batches
from core.attribution.batches import pace, probe
from core.classifier import Classifier


@pytest.mark.parametrize(
    "cost, size",
    [
        (lambda n: 1e-3 * n, 1),  # nothing gained
        (lambda n: 1e-2 + 1e-4 * n, 16),  # as large as a processor is given
        (lambda n: 1e-2 + 1e-3 * n if n < 8 else 1.0, 4),  # a cliff
        (lambda n: 0.2 + 0.05 * n, 2),  # a batch of four would already be too long for a Stop
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


def test_the_pace_is_found_once(linear: Classifier, monkeypatch: pytest.MonkeyPatch) -> None:
    found = pace(linear, gradient=True)
    monkeypatch.setattr(batches, "probe", lambda *_: pytest.fail("probed twice"))
    assert pace(linear, gradient=True) is found and 1 <= found.size <= 16
