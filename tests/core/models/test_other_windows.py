"""Windows whose queries are not their keys: wider windows of keys, pooled queries, every second cell."""

from __future__ import annotations

import numpy as np
import pytest
import timm
import torch
from timm.layers.halo_attn import HaloAttn
from torch import Tensor, nn

import core
from core import Kind, ModelCard, Picture
from core.models.seam.resolving import on_lattice
from tests.conftest import redraw

LABELS = tuple("abcde")


def card() -> ModelCard:
    return ModelCard("own/x", "x", "self-attention", LABELS, size=64)


class Haloed(nn.Module):
    """8 × 8 cells in blocks of 4 × 4, whose keys reach one cell further on each side."""

    def __init__(self, stride: int = 1):
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 8, 8)
        self.attention = HaloAttn(16, feat_size=(8, 8), num_heads=2, block_size=4, halo_size=1, stride=stride)
        self.head = nn.Linear(16, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.attention(self.stem(x)).mean((2, 3)))


def weights_in(module: nn.Module, x: Tensor, monkeypatch: pytest.MonkeyPatch) -> Tensor:
    """The weights of the only softmax of a module."""
    found: list[Tensor] = []
    own = Tensor.softmax

    def softmax(*args: object, **kwargs: object) -> Tensor:
        found.append(own(*args, **kwargs))
        return found[-1]

    with monkeypatch.context() as patch, torch.no_grad():
        patch.setattr(Tensor, "softmax", softmax)
        module(x)
    (only,) = found
    return only


@pytest.mark.parametrize("stride", [1, 2])
def test_a_halo_of_keys_lies_on_the_right_cells(stride: int, picture: Picture, monkeypatch: pytest.MonkeyPatch) -> None:
    module = redraw(Haloed(stride), 0).eval()
    found = core.adopt(module, card(), "cpu")
    (map_,) = core.read(found, picture).maps
    weights = weights_in(module, found.prepare(picture), monkeypatch)  # (heads, blocks, queries, keys)
    assert map_.kind == Kind.KEY_WINDOWS and map_.grid == (8, 8) and weights.shape[:2] == (2, 4)
    for head in (None, 0, 1):
        own = (weights.mean(0) if head is None else weights[head]).mean(1).unflatten(1, (6, 6))
        expected = np.zeros((8, 8))
        for block, row, column in np.ndindex(4, 6, 6):
            y, x = 4 * (block // 2) + row - 1, 4 * (block % 2) + column - 1
            if 0 <= y < 8 and 0 <= x < 8:
                expected[y, x] += float(own[block, row, column]) / 4
        np.testing.assert_allclose(core.to_grid(map_, head), expected, rtol=1e-4)


def test_a_halo_is_switched_off_painted_and_shuffled(picture: Picture) -> None:
    module = redraw(Haloed(), 0).eval()
    found = core.adopt(module, card(), "cpu")
    before = core.read(found, picture)
    (map_,) = before.maps
    off = core.intervene(found, picture, {map_.tap: core.OFF})
    with torch.no_grad():
        expected = module.head(torch.zeros(1, 16))  # nothing passes round the attention
    np.testing.assert_allclose(off.logits, expected[0].numpy(), atol=1e-5)
    painted = np.zeros((8, 8), np.float32)
    painted[3, 3] = 1  # of all four windows
    changed = core.intervene(found, picture, {map_.tap: painted})
    np.testing.assert_allclose(core.to_grid(changed.maps[0]), painted, atol=1e-6)
    same = core.intervene(found, picture, {map_.tap: map_})
    np.testing.assert_allclose(same.logits, before.logits, atol=1e-5)
    assert np.abs(core.intervene(found, picture, {map_.tap: core.UNIFORM}).logits - before.logits).max() > 1e-5
    for method in ("gradient-x-attention", "attention"):
        assert core.attribute(found, picture, method, tap=map_.tap).values.shape == (8, 8)


def test_hieras_pooled_queries_attend_to_the_cells_that_its_tokens_come_from(picture: Picture) -> None:
    """Its tokens are in an order of their own. Without attention, each depends on the picture around its cell."""
    module = timm.create_model("hiera_tiny_224", img_size=64, embed_dim=16, stages=(1, 1, 1, 1), num_classes=5)
    module = redraw(module, 0).eval()
    found = core.adopt(module, card(), "cpu")
    maps = {one.tap: one for one in core.read(found, picture).maps}
    assert len(maps) == 4 and [one.kind == Kind.KEY_WINDOWS for one in maps.values()] == [False, True, True, True]
    kept: dict[str, Tensor] = {}
    for name in maps:
        part = module.get_submodule(name)
        part.register_forward_pre_hook(lambda _, x, name=name: kept.update({name: x[0]}))
        nn.init.zeros_(part.proj.weight)
    x = found.prepare(picture).requires_grad_()
    module(x)
    for name, map_ in maps.items():
        windows = map_.cells
        for window, key in [(0, 0), (0, windows.shape[1] - 1), (len(windows) - 1, 1), (len(windows) // 2, 2)]:
            token = kept[name][0, key * len(windows) + window]
            (slope,) = torch.autograd.grad(token.square().sum(), x, retain_graph=True)
            near = nn.functional.adaptive_avg_pool2d(slope.abs().sum(1), map_.grid)
            assert int(near.argmax()) == windows[window, key], (name, window, key)


class EverySecond(nn.Module):
    """Tokens of 8 × 8 cells of which every second one is left; the keys of bright ones are large."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.head, self.tokens = nn.Conv2d(3, 4, 8, 8), nn.Linear(4, 5), nn.Identity()
        nn.init.constant_(self.stem.weight, 1 / 100)
        nn.init.zeros_(self.stem.bias)

    def forward(self, x: Tensor) -> Tensor:
        y = self.stem(x).permute(0, 2, 3, 1)[:, ::2, ::2].flatten(1, 2)
        weights = (y.abs() @ y.transpose(1, 2) * 10).softmax(-1)
        return self.head((weights @ y).mean(1))


@pytest.mark.parametrize("cell", [(0, 0), (1, 2), (3, 1)])
def test_every_second_cell_is_a_cell_of_a_coarser_grid(cell: tuple[int, int]) -> None:
    module = redraw_head(EverySecond()).eval()
    found = core.adopt(module, card(), "cpu")
    bright = np.zeros((64, 64, 3), np.float32)
    bright[16 * cell[0] : 16 * cell[0] + 8, 16 * cell[1] : 16 * cell[1] + 8] = 1
    (map_,) = core.read(found, core.open_image(bright, name="bright")).maps
    assert map_.kind == Kind.PAIRWISE and map_.grid == (4, 4)
    shown = core.to_grid(map_)
    assert np.unravel_index(shown.argmax(), (4, 4)) == cell and shown.max() > 0.9


def redraw_head(module: nn.Module) -> nn.Module:
    torch.manual_seed(0)
    module.head.reset_parameters()
    return module


def test_a_lattice_covers_its_grid_at_one_distance() -> None:
    def plane(rows: list[int], columns: list[int]) -> Tensor:
        return torch.tensor([[1.0 + 7 * row + column for row in rows for column in columns]])

    cells, grid = on_lattice(plane([0, 2, 4, 6], [1, 4, 6][:2]), (7, 7))
    assert grid == (4, 2) and cells.flatten().tolist() == list(range(8))
    whole, grid = on_lattice(plane([*range(7)], [*range(7)]), (7, 7))
    assert grid == (7, 7) and whole.flatten().tolist() == list(range(49))
    for rows, columns in (
        ([0, 2, 5], [0, 2, 4, 6]),
        ([0, 2], [0, 2, 4, 6]),
        ([3], [0, 2, 4, 6]),
        ([2, 4, 6], [0, 3, 6]),
    ):
        own = plane(rows, columns)
        assert on_lattice(own, (7, 7))[1] == (7, 7) and torch.equal(on_lattice(own, (7, 7))[0], own - 1)
    padded = torch.tensor([[0.0, 1, 3, 5, 7]])
    assert on_lattice(padded, (7, 7))[1] == (7, 7)
