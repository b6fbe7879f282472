"""Other kinds of attention in foreign models: pooling by one score a cell, gates over branches, and what has no map."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from timm.layers import SelectiveKernel, SplitAttn
from torch import Tensor, nn

import core
from core.attention.tap import steer
from core.kinds import Kind
from core.types import ModelCard, Picture
from tests.conftest import redraw

CARD = ModelCard("own/x", "x", "plain", tuple("abcde"), size=32)


class Pooled(nn.Module):
    """Attention pooling: one score for each cell, and the mean of the cells weighted by its softmax."""

    def __init__(self, product: bool):
        super().__init__()
        self.patch, self.score, self.head = nn.Conv2d(3, 16, 4, 4), nn.Conv2d(16, 1, 1), nn.Linear(16, 5)
        self.product = product

    def pool(self, y: Tensor) -> Tensor:
        weights = self.score(y).flatten(2).softmax(-1)  # (b, 1, n)
        if self.product:
            return (y.flatten(2) @ weights.transpose(1, 2))[..., 0]
        return (y.flatten(2) * weights).sum(-1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.pool(self.patch(x)))


@pytest.mark.parametrize("product", [True, False], ids=["matrix product", "weighted sum"])
def test_pooling_by_one_score_a_cell_has_a_map(product: bool, picture: Picture) -> None:
    module = redraw(Pooled(product), 0).eval()
    found = core.adopt(module, CARD)
    reading = core.read(found, picture)
    (one,) = reading.maps
    with torch.no_grad():
        expected = module.score(module.patch(found.prepare(picture)))[0, 0].flatten().softmax(0).view(8, 8)
    assert one.grid == (8, 8) and one.weights.sum() == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(core.to_grid(one), expected, atol=1e-6)


class Branched(nn.Module):
    """A gate of timm behind one convolution."""

    def __init__(self, gate: nn.Module):
        super().__init__()
        self.patch, self.gate, self.head = nn.Conv2d(3, 16, 4, 4), gate, nn.Linear(16, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.gate(self.patch(x)).mean((2, 3)))


GATES = {
    "selective kernel": (lambda: SelectiveKernel(16, 16), 2, "attn"),
    "split attention": (lambda: SplitAttn(16, 16, radix=2), 2, "rsoftmax"),
    "split attention of one": (lambda: SplitAttn(16, 16, radix=1), 1, "rsoftmax"),
}


@pytest.mark.parametrize("name", GATES)
def test_gates_over_branches_are_channels_of_each_branch(name: str, picture: Picture) -> None:
    make, branches, part = GATES[name]
    module = redraw(Branched(make()), 0).eval()
    found = core.adopt(module, CARD)
    x = found.prepare(picture)
    (one,) = core.read(found, picture).maps
    assert one.kind == Kind.CHANNEL and one.weights.shape == (16 * branches,)
    if branches > 1:
        np.testing.assert_allclose(one.weights.reshape(branches, 16).sum(0), 1, atol=1e-5)
    (tap,) = found.taps.values()
    assert tap.off == 1 / branches  # without attention each branch counts as much as the others

    def first_off(_: object, weights: Tensor) -> Tensor:
        return torch.cat((0 * weights[:, :1], weights[:, 1:]), 1)

    with torch.no_grad():
        usual = module(x)
        with steer(found.module, {next(iter(found.taps)): first_off}):
            steered = found.module(x)
        handle = getattr(module.gate, part).register_forward_hook(
            lambda _, __, y: first_off(None, y.flatten(1)).reshape(y.shape)
        )
        edited = module(x)
        handle.remove()
    assert (steered - edited).abs().max() < 1e-5 * np.ptp(edited.numpy())
    assert (usual - edited).abs().max() > 1e-3 * np.ptp(edited.numpy())


class Factorized(nn.Module):
    """Keys with a softmax over the cells, multiplied with the values before any query: no weights between positions."""

    def __init__(self) -> None:
        super().__init__()
        self.patch, self.qkv, self.head = nn.Conv2d(3, 16, 4, 4), nn.Linear(16, 48), nn.Linear(16, 5)

    def mix(self, y: Tensor) -> Tensor:
        query, key, value = self.qkv(y).chunk(3, -1)
        return query @ (key.softmax(1).transpose(1, 2) @ value)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.mix(self.patch(x).flatten(2).transpose(1, 2)).mean(1))


def test_a_softmax_that_compares_no_positions_is_stated(picture: Picture) -> None:
    found = core.adopt(redraw(Factorized(), 0), CARD)
    assert not found.taps and any("its softmax does not compare positions" in str(note) for note in found.notes)
    assert core.read(found, picture).predicted in range(5)


def test_the_softmax_of_the_answer_is_no_attention() -> None:
    module = nn.Sequential(nn.Conv2d(3, 8, 4, 4), nn.Flatten(), nn.Linear(8 * 64, 5), nn.Softmax(1))
    found = core.adopt(redraw(module, 0), CARD)
    assert not found.taps and not any("attention" in str(note) for note in found.notes)


class Mixed(nn.Module):
    """Two averages of the picture, mixed by a softmax of parameters, and rows of the batch compared by a softmax."""

    def __init__(self) -> None:
        super().__init__()
        self.share, self.head = nn.Parameter(torch.zeros(2)), nn.Linear(6, 5)

    def forward(self, x: Tensor) -> Tensor:
        first, second = self.share.softmax(0)
        y = torch.cat((first * x.mean((2, 3)), second * x.amax((2, 3))), 1)
        return self.head(y + 1e-9 * (y @ y.T).softmax(-1) @ y).softmax(-1)


def test_a_softmax_of_parameters_is_silent_and_one_of_the_model_itself_has_its_name() -> None:
    found = core.adopt(redraw(Mixed(), 0), CARD)
    notes = [str(note) for note in found.notes if "attention map" in str(note)]
    assert notes == ["No attention map of Mixed (2): it is not known what its softmax compares."]


def test_a_model_with_other_classes_than_its_configuration_names_is_reported() -> None:
    transformers = pytest.importorskip("transformers")
    config = transformers.PvtConfig(
        image_size=32, hidden_sizes=[16, 32, 80, 64], depths=[1, 1, 1, 1], id2label={0: "a", 1: "b"}, num_labels=7
    )
    config.id2label = {0: "a", 1: "b"}
    with pytest.raises(core.InvalidInput, match="has 7 outputs, but its card names 2 classes"):
        core.adopt(transformers.PvtForImageClassification(config))
