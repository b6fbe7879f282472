"""Each mechanism against loops over single numbers in float64, and its model with the attention taken out by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from itertools import product

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.attention import MECHANISMS, Mechanism, mechanism
from core.attention.tap import listen, steer, switched_off, taps
from core.models.backbone import Backbone
from core.types import InvalidInput, Kind

EVERY = [one.slug for one in MECHANISMS]
ATTENTIVE = [one.slug for one in MECHANISMS if one.gate or one.convolution]


def numbers(tensor: Tensor) -> np.ndarray:
    return tensor.detach().double().numpy()


def sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def convolve(x: np.ndarray, layer: nn.Conv2d) -> np.ndarray:
    """(c, h, w) -> (out, h, w), zeros around it, one product after another."""
    weight, bias = numbers(layer.weight), numbers(layer.bias)
    _, h, w = x.shape
    reach = weight.shape[2] // 2
    y = np.zeros((len(weight), h, w))
    for o, i, j in np.ndindex(y.shape):
        y[o, i, j] = bias[o]
        for c, down, right in np.ndindex(weight.shape[1:]):
            row, column = i + down - reach, j + right - reach
            if 0 <= row < h and 0 <= column < w:
                y[o, i, j] += weight[o, c, down, right] * x[c, row, column]
    return y


def multiply_position(x: np.ndarray, weights: np.ndarray) -> np.ndarray:
    y = np.zeros_like(x)
    for c, i, j in np.ndindex(x.shape):
        y[c, i, j] = x[c, i, j] * weights[i, j]
    return y


def multiply_channel(x: np.ndarray, weights: np.ndarray) -> np.ndarray:
    y = np.zeros_like(x)
    for c, i, j in np.ndindex(x.shape):
        y[c, i, j] = x[c, i, j] * weights[c]
    return y


def map_position(scores: np.ndarray) -> np.ndarray:
    return np.array([[sigmoid(score) for score in row] for row in scores])


def spatial_gate_maps(module: nn.Module, x: np.ndarray) -> list[np.ndarray]:
    hidden = convolve(x, module.squeeze)
    for place in np.ndindex(hidden.shape):
        hidden[place] = max(0.0, hidden[place])
    return [map_position(convolve(hidden, module.score)[0])]


def cbam_maps(module: nn.Module, x: np.ndarray) -> list[np.ndarray]:
    squeeze, excite = module.channel.squeeze, module.channel.excite
    first, first_bias = numbers(squeeze.weight), numbers(squeeze.bias)
    second, second_bias = numbers(excite.weight), numbers(excite.bias)
    scores = np.zeros(len(x))
    for summary in ([sum(one.flat) / one.size for one in x], [max(one.flat) for one in x]):
        hidden = [first_bias[r] + sum(first[r, c] * summary[c] for c in range(len(x))) for r in range(len(first))]
        for c in range(len(x)):
            scores[c] += second_bias[c] + sum(second[c, r] * max(0.0, hidden[r]) for r in range(len(hidden)))
    channel = np.array([sigmoid(score) for score in scores])
    y = multiply_channel(x, channel)
    summary = np.zeros((2, *x.shape[1:]))
    for i, j in np.ndindex(x.shape[1:]):
        summary[:, i, j] = sum(y[:, i, j]) / len(y), max(y[:, i, j])
    return [channel, map_position(convolve(summary, module.spatial.score)[0])]


def project(module: nn.Module, x: np.ndarray) -> np.ndarray:
    """Queries, keys and values (3, heads, d, h, w) of (c, h, w)."""
    weight = numbers(module.project.weight)[:, :, 0, 0]
    y = np.zeros((len(weight), *x.shape[1:]))
    for o, i, j in np.ndindex(y.shape):
        y[o, i, j] = sum(weight[o, c] * x[c, i, j] for c in range(len(x)))
    return y.reshape(3, module.heads, -1, *x.shape[1:])


def self_attention_maps(module: nn.Module, x: np.ndarray) -> list[np.ndarray]:
    query, key, _ = project(module, x)
    bias, side = numbers(module.bias), module.side
    cells = list(product(range(x.shape[1]), range(x.shape[2])))
    weights = np.zeros((module.heads, len(cells), len(cells)))
    for head, n, m in np.ndindex(weights.shape):
        (i, j), (k, l) = cells[n], cells[m]  # noqa: E741
        d = query.shape[1]
        product_ = sum(query[head, one, i, j] * key[head, one, k, l] for one in range(d))
        offset = (i - k + side - 1) * (2 * side - 1) + (j - l + side - 1)
        weights[head, n, m] = math.exp(product_ / math.sqrt(d) + bias[head, offset])
    for head, n in np.ndindex(weights.shape[:2]):
        weights[head, n] /= sum(weights[head, n])
    return [weights]


def self_attention_output(module: nn.Module, x: np.ndarray, maps: list[np.ndarray]) -> np.ndarray:
    value = project(module, x)[2]
    cells = list(product(range(x.shape[1]), range(x.shape[2])))
    y = np.zeros_like(value)
    for head, one in np.ndindex(value.shape[:2]):
        for n, (i, j) in enumerate(cells):
            y[head, one, i, j] = sum(maps[0][head, n, m] * value[head, one, k, l] for m, (k, l) in enumerate(cells))  # noqa: E741
    y = y.reshape(-1, *x.shape[1:])
    stride = module.pool.kernel_size if isinstance(module.pool, nn.AvgPool2d) else 1
    pooled = np.zeros((len(y), x.shape[1] // stride, x.shape[2] // stride))
    for c, i, j in np.ndindex(pooled.shape):
        block = y[c, i * stride : (i + 1) * stride, j * stride : (j + 1) * stride]
        pooled[c, i, j] = sum(block.flat) / stride**2
    return pooled


@dataclass(frozen=True)
class Reference:
    """A mechanism in loops: its maps in the order of its taps, and its output from given maps."""

    maps: Callable[[nn.Module, np.ndarray], list[np.ndarray]]
    output: Callable[[nn.Module, np.ndarray, list[np.ndarray]], np.ndarray]


REFERENCES = {
    "plain": Reference(lambda module, x: [], lambda module, x, maps: x),
    "spatial-gate": Reference(spatial_gate_maps, lambda module, x, maps: multiply_position(x, maps[0])),
    "cbam": Reference(cbam_maps, lambda module, x, maps: multiply_position(multiply_channel(x, maps[0]), maps[1])),
    "self-attention": Reference(self_attention_maps, self_attention_output),
}
TAPS = {
    "plain": (),
    "spatial-gate": ("stage3.attention", "stage4.attention"),
    "cbam": tuple(f"stage{n}.attention.{one}" for n in (3, 4) for one in ("channel", "spatial")),
    "self-attention": ("stage4.block1.first", "stage4.block1.second"),
}


def module_of(one: Mechanism, stride: int, generator: torch.Generator) -> nn.Module:
    """A mechanism's module for 16 channels and a grid of at most 4 x 4, in float64, every weight random."""
    module = one.gate(16) if one.gate else one.convolution(16, 8, 4, stride) if one.convolution else nn.Identity()
    for parameter in module.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator)
    return module.double()


def examples(one: Mechanism) -> list[tuple[str, int, tuple[int, int]]]:
    """Slug, stride and grid: in place of a convolution also a stride, and a grid smaller than the one built for."""
    others = [(2, (4, 4)), (1, (3, 3))] if one.convolution else [(1, (3, 5))]
    return [(one.slug, stride, grid) for stride, grid in [(1, (4, 4)), *others]]


def test_every_mechanism_has_a_reference_and_its_taps_are_known() -> None:
    assert len(set(EVERY)) == len(EVERY)
    assert set(EVERY) == set(REFERENCES) == set(TAPS)
    assert [mechanism(slug).slug for slug in EVERY] == EVERY
    assert all(one.title and one.summary and one.equation and one.paper for one in MECHANISMS)
    with pytest.raises(InvalidInput, match=r"^There is no mechanism 'none'; choose one of plain, [^.\n]+\.$"):
        mechanism("none")


@pytest.mark.parametrize(("slug", "stride", "grid"), sum(map(examples, MECHANISMS), []))
def test_a_mechanism_is_its_loops_and_multiplies_what_it_shows(slug: str, stride: int, grid: tuple[int, int]) -> None:
    generator = torch.Generator().manual_seed(3)
    module = module_of(mechanism(slug), stride, generator)
    x = torch.randn((2, 16, *grid), generator=generator, dtype=torch.float64)
    unheard = module(x)
    with listen() as records:
        y = module(x)
    shown = [records[tap] for tap in taps(module).values()]
    for b in range(len(x)):
        maps = REFERENCES[slug].maps(module, numbers(x[b]))
        assert len(shown) == len(maps)
        for record, expected in zip(shown, maps, strict=True):
            np.testing.assert_allclose(numbers(record.weights[b]), expected, rtol=0, atol=1e-12)
            assert record.grid == grid
        recorded = [numbers(record.weights[b]) for record in shown]
        expected = REFERENCES[slug].output(module, numbers(x[b]), recorded)
        np.testing.assert_allclose(numbers(y[b]), expected, rtol=0, atol=1e-11)
    np.testing.assert_allclose(numbers(unheard), numbers(y), rtol=0, atol=1e-11)


class Nothing(nn.Module):
    """What is left of a convolution that gathers nothing: zeros of its output's shape."""

    def __init__(self, out: int, stride: int):
        super().__init__()
        self.out, self.stride = out, stride

    def forward(self, x: Tensor) -> Tensor:
        return x.new_zeros(len(x), self.out, x.shape[2] // self.stride, x.shape[3] // self.stride)


def without_attention(module: Backbone, one: Mechanism) -> Backbone:
    """The same weights with every attention taken out by hand: no gate, and nothing from a convolution's place."""
    if one.convolution is None:
        plain = Backbone(mechanism("plain"), module.classify.out_features, size=64, widths=(8, 8, 16, 16))
        left = plain.load_state_dict(module.state_dict(), strict=False)
        assert not left.missing_keys and all(".attention." in key for key in left.unexpected_keys)
        return plain.eval()
    module = deepcopy(module)
    for block in module.stage4.children():
        if hasattr(block, "first"):
            out, stride = block.first_norm.num_features, 1 if isinstance(block.first.pool, nn.Identity) else 2
            block.first, block.second = Nothing(out, stride), Nothing(out, 1)
    return module


@pytest.fixture
def x() -> Tensor:
    return torch.randn((3, 3, 64, 64), generator=torch.Generator().manual_seed(4))


@pytest.mark.parametrize("slug", ATTENTIVE)
def test_switched_off_is_the_model_without_its_attention(tiny: Callable, x: Tensor, slug: str) -> None:
    classifier = tiny(slug)
    expected = without_attention(classifier.module, mechanism(slug))(x)
    with steer(classifier.module, dict.fromkeys(classifier.taps, switched_off)):
        off = classifier.module(x)
    torch.testing.assert_close(off, expected, rtol=1e-6, atol=1e-6)
    assert (classifier.module(x) - expected).abs().max() > 0.01  # attention does something in these models


@pytest.mark.parametrize("slug", EVERY)
def test_maps_have_the_shape_of_their_kind_and_a_softmax_sums_to_one(tiny: Callable, x: Tensor, slug: str) -> None:
    classifier = tiny(slug)
    assert tuple(classifier.taps) == TAPS[slug]
    with listen() as records:
        classifier.module(x)
    assert set(records) == set(classifier.taps.values())
    for tap, record in records.items():
        (h, w), shape = record.grid, tuple(record.weights.shape)
        assert shape[0] == len(x) and (record.weights >= 0).all() and (record.weights <= 1).all()
        if tap.kind == Kind.CHANNEL:
            assert len(shape) == 2
        elif tap.kind == Kind.PAIRWISE:
            assert shape[2:] == (h * w, h * w) and len(shape) == 4
        else:
            assert shape[-2:] == (h, w)
        if tap.softmax:
            cells = (-1,) if tap.kind in (Kind.PAIRWISE, Kind.WINDOWED) else (-2, -1)
            torch.testing.assert_close(record.weights.sum(cells), torch.ones(shape[: -len(cells)]), rtol=0, atol=1e-5)


@pytest.mark.parametrize("slug", ATTENTIVE)
def test_listening_changes_nothing_and_the_fused_kernel_runs_only_unwatched(
    tiny: Callable, x: Tensor, slug: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    classifier, calls, fused = tiny(slug), [], F.scaled_dot_product_attention
    monkeypatch.setattr(F, "scaled_dot_product_attention", lambda *a, **k: calls.append(1) or fused(*a, **k))
    expected = classifier.module(x)
    most = len(calls)
    assert most == sum(tap.kind == Kind.PAIRWISE for tap in classifier.taps.values())
    with listen():
        torch.testing.assert_close(classifier.module(x), expected, rtol=1e-5, atol=1e-5)
    assert len(calls) == most
    first = next(iter(classifier.taps))
    with steer(classifier.module, {first: lambda tap, weights: weights}):
        torch.testing.assert_close(classifier.module(x), expected, rtol=1e-5, atol=1e-5)
    assert len(calls) == max(most, 2 * most - 1)  # the other taps are nobody's business
