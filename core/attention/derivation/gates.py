"""Derivation of gates: σ of a sum of terms, for one channel, one position, or one channel at one position."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from torch import Tensor, nn

from core.attention.cbam import ChannelGate, PositionGate
from core.attention.derivation.terms import (
    MAXIMUM,
    MEAN,
    NEIGHBORS,
    OFFSET,
    PLANE,
    PLANES,
    UNIT,
    UNITS,
    Derivation,
    Place,
    Term,
    TermTable,
    cell_of,
    derive_weight,
    exact,
    grid_of,
    largest,
    part_of,
    sigmoid,
    source,
)
from core.attention.feature_gate import FeatureGate
from core.attention.spatial_gate import SpatialGate
from core.attention.squeeze_excitation import SqueezeExcitation


def bottleneck(
    summaries: Mapping[str, np.ndarray], module: SqueezeExcitation | ChannelGate | FeatureGate, channel: int
) -> tuple[list[Term], float]:
    """Return the terms W₂ⱼ hⱼ of one channel's pre-activation, and the pre-activation, with b₂ once per summary.

    h is the sum of relu(W₁ v + b₁) over the summaries v (c,).
    """
    squeeze, excite = exact(module.squeeze.weight), exact(module.excite.weight)
    squeeze, excite = squeeze.reshape(len(squeeze), -1), excite.reshape(len(excite), -1)
    hidden = sum(np.maximum(squeeze @ one + exact(module.squeeze.bias), 0) for one in summaries.values())
    terms = excite[channel] * hidden
    rows = [Term(UNIT, (j,), (float(hidden[j]), float(excite[channel, j]), float(terms[j]))) for j in range(len(terms))]
    return rows, float(terms.sum() + len(summaries) * exact(module.excite.bias)[channel])


def channel_weight(
    summaries: Mapping[str, np.ndarray],
    module: SqueezeExcitation | ChannelGate | FeatureGate,
    channel: int,
    equation: str,
) -> Derivation:
    """Derive the weight of one channel after a bottleneck."""
    rows, score = bottleneck(summaries, module, channel)
    bias = len(summaries) * float(exact(module.excite.bias)[channel])
    weight = sigmoid(score)
    totals = (("Σ W₂ⱼ hⱼ", score - bias), ("b₂", bias), ("z", score), ("σ(z)", weight))
    table = largest(UNITS, ("hⱼ", "W₂ⱼ", "W₂ⱼ hⱼ"), rows, by=2)
    return Derivation(weight, equation, (table,), totals, source(type(module).forward))


@derive_weight.register
def _squeeze_excitation(module: SqueezeExcitation, x: Tensor, place: Place) -> Derivation:
    values = exact(x[0])
    channel = part_of(place, len(values))
    return channel_weight(
        {MEAN: values.mean((1, 2))}, module, channel, "a = σ(z),  z = W₂ h + b₂,  h = relu(W₁ mean x)"
    )


@derive_weight.register
def _channel_gate(module: ChannelGate, x: Tensor, place: Place) -> Derivation:
    values = exact(x[0])
    summaries = {MEAN: values.mean((1, 2)), MAXIMUM: values.max((1, 2))}
    equation = "a = σ(z),  z = W₂ h + 2 b₂,  h = relu(W₁ mean x) + relu(W₁ max x)"
    return channel_weight(summaries, module, part_of(place, len(values)), equation)


@derive_weight.register
def _feature_gate(module: FeatureGate, x: Tensor, place: Place) -> Derivation:
    values = exact(x[0])
    row, column = cell_of(place, grid_of(x))
    equation = "a = σ(z),  z = W₂ h + b₂,  h = relu(W₁ x)"
    return channel_weight({MEAN: values[:, row, column]}, module, part_of(place, len(values)), equation)


def position_weight(
    planes: np.ndarray, kernel: nn.Conv2d, cell: tuple[int, int], names: Sequence[str]
) -> tuple[list[Term], list[Term], float]:
    """The terms of a convolution at one cell: for each offset of its window with the sum over planes, and by plane."""
    weight, (row, column) = exact(kernel.weight)[0], cell
    reach = weight.shape[-1] // 2
    padded = np.pad(planes, ((0, 0), (reach, reach), (reach, reach)))
    products = padded[:, row : row + 2 * reach + 1, column : column + 2 * reach + 1] * weight
    offsets = [
        Term(OFFSET, (down - reach, right - reach), (float(products[:, down, right].sum()),))
        for down, right in np.ndindex(products.shape[1:])
    ]
    by_plane = [Term(PLANE, (name,), (float(products[i].sum()),)) for i, name in enumerate(names)]
    return offsets, by_plane, float(products.sum())


def position_gate(
    planes: np.ndarray, kernel: nn.Conv2d, place: Place, equation: str, code: str, names: Sequence[str] = ()
) -> Derivation:
    """Derive the weight of one position after a convolution of ``planes`` (c, h, w)."""
    offsets, by_plane, total = position_weight(
        planes, kernel, cell_of(place, (planes.shape[1], planes.shape[2])), names
    )
    bias = float(exact(kernel.bias)[0])
    score, weight = total + bias, sigmoid(total + bias)
    tables = [TermTable(PLANES, ("Σ w·v",), tuple(by_plane))] if names else []
    tables.append(largest(NEIGHBORS, ("Σ w·v",), offsets, by=0))
    totals = (("Σ w·v", total), ("b", bias), ("z", score), ("σ(z)", weight))
    return Derivation(weight, equation, tuple(tables), totals, code)


@derive_weight.register
def _position_gate(module: PositionGate, x: Tensor, place: Place) -> Derivation:
    values = exact(x[0])
    planes = np.stack((values.mean(0), values.max(0)))
    equation = "a = σ(z),  z = conv₇ₓ₇[mean x, max x] + b"
    return position_gate(planes, module.score, place, equation, source(type(module).forward), (MEAN, MAXIMUM))


@derive_weight.register
def _spatial_gate(module: SpatialGate, x: Tensor, place: Place) -> Derivation:
    values, squeeze = exact(x[0]), exact(module.squeeze.weight)[:, :, 0, 0]
    hidden = np.maximum(np.tensordot(squeeze, values, 1) + exact(module.squeeze.bias)[:, None, None], 0)
    equation = "a = σ(z),  z = conv₃ₓ₃ h + b,  h = relu(W₁ x)"
    return position_gate(hidden, module.score, place, equation, source(type(module).forward))
