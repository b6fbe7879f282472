"""How far a gate varies, and when it is nearly constant."""

from __future__ import annotations

import numpy as np
import pytest

from core.attention import NEARLY_CONSTANT, is_nearly_constant, variation
from core.kinds import Kind
from core.types import AttentionMap


def gate(kind: Kind, weights: np.ndarray) -> AttentionMap:
    return AttentionMap("gate", kind, weights.astype(np.float32), (2, 2))


def test_variation_is_the_range_over_the_mean() -> None:
    assert variation(gate(Kind.SPATIAL, np.array([[0.5, 0.7], [0.6, 0.6]]))) == pytest.approx(0.2 / 0.6, rel=1e-5)
    assert variation(gate(Kind.FEATURE, np.array([[[0.2, 0.2]], [[0.8, 0.8]]]))) == pytest.approx(1.2, rel=1e-5)
    assert variation(gate(Kind.CHANNEL, np.zeros(5))) == 0
    assert variation(gate(Kind.CHANNEL, np.full(5, 0.3))) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("kind", [Kind.CHANNEL, Kind.SPATIAL, Kind.FEATURE])
@pytest.mark.parametrize(("share", "expected"), [(0.9, True), (1.1, False)])
def test_a_gate_is_nearly_constant_below_the_threshold(kind: Kind, share: float, expected: bool) -> None:
    half = share * NEARLY_CONSTANT / 2
    weights = np.array([1 - half, 1 + half, 1, 1]) * 0.7
    shape = {Kind.CHANNEL: (4,), Kind.SPATIAL: (2, 2), Kind.FEATURE: (1, 2, 2)}[kind]
    assert is_nearly_constant(gate(kind, weights.reshape(shape))) is expected


def test_what_compares_or_is_a_film_is_no_gate() -> None:
    even = np.full((2, 4, 4), 0.25, np.float32)
    assert not is_nearly_constant(AttentionMap("a", Kind.PAIRWISE, even, (2, 2)))
    assert not is_nearly_constant(AttentionMap("a", Kind.SEQUENCE, np.full((3, 2, 2), 0.25, np.float32), (2, 2)))
    assert is_nearly_constant(AttentionMap("a", Kind.SPATIAL, np.full((2, 2), 0.25, np.float32), (2, 2)))
