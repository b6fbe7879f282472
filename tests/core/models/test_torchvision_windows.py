"""The maps of Swin and MaxViT lie on the right cells: attention known by construction, and torchvision's own output."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torchvision.models.maxvit import PartitionAttentionLayer
from torchvision.models.swin_transformer import ShiftedWindowAttention, ShiftedWindowAttentionV2

from core.attention.reduction import to_grid
from core.attention.tap import listen
from core.classifier import to_map
from core.models.torchvision_taps import adapt
from core.types import AttentionMap
from tests.conftest import redraw
from tests.core.small_models import SWINS


def meets(grid: tuple[int, int], window: tuple[int, int], shift: tuple[int, int], a: int, b: int) -> bool:
    """Whether two cells see each other in torchvision's shifted windows: told for each axis by the picture alone.

    Shifted windows begin ``shift`` cells into the picture; what lies before that makes windows of its own.
    """

    def part(axis: int, cell: int) -> int:
        place = divmod(cell, grid[1])[axis]
        whole = -(-grid[axis] // window[axis]) * window[axis]
        return (place - shift[axis]) // window[axis] if window[axis] < whole else 0

    return all(part(axis, a) == part(axis, b) for axis in (0, 1))


def swin(window: tuple[int, int], shift: tuple[int, int], channels: int = 2, heads: int = 1) -> ShiftedWindowAttention:
    return ShiftedWindowAttention(channels, list(window), list(shift), heads).requires_grad_(False)


def seen(ours: nn.Module, x: Tensor) -> tuple[Tensor, AttentionMap]:
    """What the module gives out and the map of its one tap."""
    with torch.no_grad(), listen() as records:
        y = ours(x)
    (record,) = records.values()
    return y, to_map("made", record)


def to_square(attention: AttentionMap, head: int) -> np.ndarray:
    """The weights of one head as the dense square (cells, cells), written out by loops; the padding's are left out."""
    count = attention.grid[0] * attention.grid[1]
    square = np.zeros((count, count))
    for window, cells in enumerate(attention.cells):
        for i, query in enumerate(cells):
            for j, key in enumerate(cells):
                if query >= 0 and key >= 0:
                    square[query, key] += attention.weights[window, head, i, j]
    return square


@pytest.mark.parametrize(("grid", "window", "shift"), SWINS)
def test_swin_looks_at_the_marked_cell(grid: tuple, window: tuple, shift: tuple) -> None:
    """Keys are 1 at one cell and 0 elsewhere, queries are 30: a token that can see that cell sees no other."""
    theirs = swin(window, shift)
    for weight in theirs.parameters():
        weight.zero_()
    theirs.qkv.bias[0] = 30.0
    theirs.qkv.weight[2, 0] = 1.0  # the key's first channel is the picture's first
    ours, count = adapt(nn.Sequential(deepcopy(theirs))), grid[0] * grid[1]
    for marked in range(0, count, 5):
        x = torch.zeros(1, *grid, 2)
        x[0, marked // grid[1], marked % grid[1], 0] = 1
        attention = seen(ours, x)[1]
        assert attention.grid == grid
        for query in range(count):
            row = to_grid(attention, query=query).ravel()
            if meets(grid, window, shift, query, marked):
                assert row[marked] > 0.999 and np.delete(row, marked).max(initial=0) < 1e-3
            else:
                others = [cell for cell in range(count) if meets(grid, window, shift, query, cell)]
                assert row[marked] < 1e-30 and np.ptp(row[others]) < 1e-6 and row[others].min() > 0
                assert np.delete(row, others).max(initial=0) < 1e-6


@pytest.mark.parametrize("version", [ShiftedWindowAttention, ShiftedWindowAttentionV2])
@pytest.mark.parametrize(("grid", "window", "shift"), SWINS)
def test_swins_map_in_place_yields_torchvisions_own_output(
    grid: tuple, window: tuple, shift: tuple, version: type[nn.Module]
) -> None:
    """Drawn weights: values laid out over the picture, multiplied by the dense map, are what torchvision gives out."""
    heads, channels = 2, 8
    theirs = redraw(version(channels, list(window), list(shift), heads), 5).requires_grad_(False)
    theirs.qkv.bias[2 * channels :] = 0  # so that the padding, which has no place on the picture, brings nothing
    x = torch.randn(1, *grid, channels, generator=torch.Generator().manual_seed(1))
    y, attention = seen(adapt(nn.Sequential(deepcopy(theirs))), x)
    values = x.reshape(-1, channels) @ theirs.qkv.weight[2 * channels :].T
    gathered = np.concatenate([to_square(attention, h) @ values[:, 4 * h : 4 * h + 4].numpy() for h in range(heads)], 1)
    expected = theirs.proj(torch.from_numpy(gathered).float()).view_as(x)
    torch.testing.assert_close(theirs(x), expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(y, expected, rtol=1e-4, atol=1e-5)


def test_padding_has_no_cell() -> None:
    attention = seen(adapt(nn.Sequential(swin((4, 4), (2, 2)))), torch.zeros(1, 7, 10, 2))[1]
    assert attention.cells.shape == (6, 16) and (attention.cells < 0).sum() == 8 * 12 - 70
    assert sorted(attention.cells[attention.cells >= 0]) == list(range(70))


def maxvit(kind: str) -> PartitionAttentionLayer:
    """Eight channels in two heads on 12 × 12 cells, in windows of 4 × 4, with nothing behind the attention."""
    drop = {"attention_dropout": 0.0, "mlp_dropout": 0.0, "p_stochastic_dropout": 0.0}
    layer = PartitionAttentionLayer(8, 4, 4, kind, (12, 12), 2, nn.GELU, nn.LayerNorm, **drop)
    redraw(layer, 6).eval().requires_grad_(False)
    for weight in (layer.mlp_layer[3].weight, layer.mlp_layer[3].bias):
        weight.zero_()
    return layer


def partners(kind: str, cell: int) -> list[int]:
    """The cells that a cell of 12 × 12 meets: its 4 × 4 block, or every third cell of the whole grid."""
    row, column = divmod(cell, 12)
    if kind == "window":
        rows, columns = ([4 * (place // 4) + step for step in range(4)] for place in (row, column))
    else:
        rows, columns = ([place % 3 + 3 * step for step in range(4)] for place in (row, column))
    return [12 * r + c for r in rows for c in columns]


@pytest.mark.parametrize("kind", ["window", "grid"])
def test_maxvit_looks_at_the_marked_cell(kind: str) -> None:
    layer = maxvit(kind)
    norm, attention = layer.attn_layer[0], layer.attn_layer[1]
    for weight in (*attention.parameters(), norm.bias):
        weight.zero_()
    norm.weight.fill_(1)
    attention.to_qkv.bias[:8] = 30.0
    attention.to_qkv.weight[8:16, 0] = 1.0  # every head's key is the first channel
    ours = adapt(nn.Sequential(layer))
    for marked in range(0, 144, 7):
        x = torch.zeros(1, 8, 12, 12)
        x[0, 0, marked // 12, marked % 12] = 1
        found = seen(ours, x)[1]
        assert found.grid == (12, 12)
        for query in range(144):
            row, seen_by = to_grid(found, query=query).ravel(), partners(kind, query)
            if marked in seen_by:
                assert row[marked] > 0.999
            else:
                assert np.allclose(row[seen_by], 1 / 16) and np.delete(row, seen_by).max() == 0


@pytest.mark.parametrize("kind", ["window", "grid"])
def test_maxvits_map_in_place_yields_torchvisions_own_output(kind: str) -> None:
    theirs = maxvit(kind)
    x = torch.randn(1, 8, 12, 12, generator=torch.Generator().manual_seed(1))
    y, attention = seen(adapt(nn.Sequential(deepcopy(theirs))), x)
    norm, inner, _ = theirs.attn_layer
    values = (norm(x.flatten(2)[0].T) @ inner.to_qkv.weight[16:].T + inner.to_qkv.bias[16:]).numpy()
    gathered = np.concatenate([to_square(attention, h) @ values[:, 4 * h : 4 * h + 4] for h in range(2)], 1)
    expected = x + inner.merge(torch.from_numpy(gathered).float()).T.view_as(x)
    torch.testing.assert_close(theirs(x), expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(y, expected, rtol=1e-4, atol=1e-5)
