"""The losses against sums written out by hand, and what weights for rare classes do."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from core.training.losses import balanced, choose_loss
from tests.core.small_runs import TINY

COUNTS = (6, 3, 1)
LABELS = np.repeat(np.arange(3), COUNTS)
LOGITS = torch.randn((5, 3), generator=torch.Generator().manual_seed(0)) * 2
TRUTH = [0, 1, 2, 2, 0]


@pytest.mark.parametrize("weights", ["none", "balanced"])
@pytest.mark.parametrize("loss", ["cross-entropy", "squared-error"])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_a_loss_is_the_sum_that_its_definition_says(loss: str, weights: str, smoothing: float) -> None:
    one = replace(TINY, loss=loss, class_weights=weights, smoothing=smoothing)
    found = choose_loss(one, LABELS, 3, torch.device("cpu"))(LOGITS, torch.tensor(TRUTH))
    w = [10 / (3 * count) for count in COUNTS] if weights == "balanced" else [1.0] * 3
    total = weight = 0.0
    for row, y in zip(LOGITS.tolist(), TRUTH, strict=True):
        p = [math.exp(v) / sum(map(math.exp, row)) for v in row]
        t = [(1 - smoothing) * (c == y) + smoothing / 3 for c in range(3)]
        if loss == "squared-error":
            total += w[y] * sum((a - b) ** 2 for a, b in zip(p, t, strict=True))
        else:  # PyTorch weighs each class's own term, so that the smoothed share of a class has that class's weight
            total -= sum(w[c] * t[c] * math.log(p[c]) for c in range(3))
        weight += w[y]
    assert float(found) == pytest.approx(total / weight, rel=1e-5)


def test_balanced_weights_give_each_class_the_same_say() -> None:
    weights = balanced(LABELS, 3)
    assert [float(weights[c]) * COUNTS[c] for c in range(3)] == pytest.approx([10 / 3] * 3)
    assert sum(float(weights[y]) for y in LABELS) == pytest.approx(10)
    assert torch.isfinite(balanced(LABELS, 4)).all()


def test_a_sure_right_answer_costs_nothing_and_a_sure_wrong_one_two() -> None:
    loss = choose_loss(replace(TINY, loss="squared-error", smoothing=0.0), LABELS, 3, torch.device("cpu"))
    sure = torch.tensor([[60.0, 0, 0]])
    assert float(loss(sure, torch.tensor([0]))) == pytest.approx(0) and float(loss(sure, torch.tensor([1]))) == 2
