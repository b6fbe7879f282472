"""Taps in models of others: timm, transformers, torch's own transformer blocks, and custom models."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import timm
import torch
import transformers
from torch import Tensor, nn
from torch.nn import functional as F

import core
from core.attention.rollout import can_roll
from core.attention.tap import listen, steer
from core.kinds import Kind
from core.types import ModelCard, Picture
from tests.conftest import redraw

NAMES = tuple("abcde")
TIMM = {
    "test_vit": ("pairwise", ("class",), 6),
    "test_vit2": ("pairwise", ("register",), 8),
    "test_efficientnet": ("channel", (), 2),
    "test_byobnet": ("channel", (), 4),
    "test_nfnet": ("channel", (), 4),
}


def card(size: int = 64, classes: tuple[str, ...] = NAMES) -> ModelCard:
    return ModelCard("own/x", "x", "transformer", classes, size=size)


def hugging(implementation: str) -> nn.Module:
    config = transformers.ViTConfig(hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
                                    image_size=64, num_labels=5)  # fmt: skip
    config._attn_implementation = implementation
    return transformers.ViTForImageClassification(config)


class Encoder(nn.Module):
    """Torch's own encoder behind a patch embedding and a class token, as in many tutorials."""

    def __init__(self, batch_first: bool = True, read: Callable[[Tensor], Tensor] | None = None):
        super().__init__()
        self.patch, self.read = nn.Conv2d(3, 16, 16, 16), read or (lambda y: y[:, 0])
        self.token, self.place = nn.Parameter(torch.zeros(1, 1, 16)), nn.Parameter(torch.zeros(1, 17, 16))
        layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=batch_first)
        self.encoder, self.head = nn.TransformerEncoder(layer, 2), nn.Linear(16, 5)
        self.first = batch_first

    def forward(self, x: Tensor) -> Tensor:
        y = self.patch(x).flatten(2).transpose(1, 2)
        y = torch.cat((self.token.expand(len(y), -1, -1), y), 1) + self.place
        y = self.encoder(y) if self.first else self.encoder(y.transpose(0, 1)).transpose(0, 1)
        return self.head(self.read(y))


def fused(value: bool) -> nn.Module:
    module = timm.create_model("test_vit", num_classes=5, img_size=64)
    for part in module.modules():
        if hasattr(part, "fused_attn"):
            part.fused_attn = value
    return module


MADE: dict[str, Callable[[], nn.Module]] = {
    "torch's encoder": Encoder,
    "torch's encoder, tokens first": lambda: Encoder(batch_first=False),
    "timm, fused": lambda: fused(True),
    "timm, written out": lambda: fused(False),
    "transformers, sdpa": lambda: hugging("sdpa"),
    "transformers, eager": lambda: hugging("eager"),
}


def logits(module: nn.Module, x: Tensor) -> Tensor:
    y = module.eval()(x)
    return y if isinstance(y, Tensor) else y.logits


@pytest.mark.parametrize("name", MADE)
def test_native_and_fused_attention_is_seen(name: str, picture: Picture) -> None:
    """Frozen, in eval mode, without gradients: where torch would take its fastest kernels."""
    module = redraw(MADE[name](), 0).eval()
    found = core.adopt(module, card())
    x = found.prepare(picture)
    with torch.no_grad():
        expected = logits(module, x.contiguous())[0].numpy()
    reading = core.read(found, picture)
    np.testing.assert_allclose(reading.logits, expected, atol=1e-5 * np.ptp(expected))
    assert len(reading.maps) == len(found.taps) == (6 if "timm" in name else 2)
    for one in reading.maps:
        assert one.kind == Kind.PAIRWISE and one.prefix == ("class",) and one.grid == (4, 4)
        np.testing.assert_allclose(one.weights.sum(-1), 1, atol=1e-5)
        assert np.ptp(one.weights) > 1e-3
    assert can_roll(reading.maps) and core.rollout_map(reading.maps).grid == (4, 4)
    assert np.isfinite(core.attribute(found, picture, "gradient-x-attention", 1).values).all()
    assert found.stages and all(stage.arrange for stage in found.stages.values())


@pytest.mark.parametrize("name", MADE)
def test_one_head_switched_off_is_the_edit_by_hand(name: str, picture: Picture) -> None:
    """The value projection of the second head set to zero in the last block gives the same logits."""
    module = redraw(MADE[name](), 0).eval()
    found = core.adopt(module, card())
    x, tap = found.prepare(picture), list(found.taps)[-1]

    def without(_: object, weights: Tensor) -> Tensor:
        return weights * torch.tensor([1.0, 0.0]).view(1, 2, 1, 1)

    with torch.no_grad(), steer(found.module, {tap: without}):
        steered = found.module(x)[0]
    weights, bias = values_of(module)
    width = len(weights) // 2
    with torch.no_grad():
        weights[width:], bias[width:] = 0, 0
        edited, usual = logits(module, x.contiguous())[0], found.module(x)[0]
    assert (steered - edited).abs().max() < 1e-5 * np.ptp(edited.numpy())
    assert (usual - edited).abs().max() > 1e-2 * np.ptp(edited.numpy())


def values_of(module: nn.Module) -> tuple[Tensor, Tensor]:
    """The rows of the last block's projection that give values, and their bias."""
    parameters = dict(module.named_parameters())
    names = [name for name in parameters if any(part in name for part in ("in_proj", "qkv", "value", "v_proj"))]
    weight, bias = (parameters[[name for name in names if name.endswith(end)][-1]].data for end in ("weight", "bias"))
    if len(weight) == weight.shape[1]:  # of values alone
        return weight, bias
    return weight[-len(weight) // 3 :], bias[-len(bias) // 3 :]


@pytest.mark.parametrize("name", TIMM)
def test_timms_small_models(name: str, picture: Picture) -> None:
    module = redraw(timm.create_model(name, num_classes=5), 0).eval()
    keys = module.state_dict().keys()
    found = core.adopt(module)
    kind, prefix, count = TIMM[name]
    assert found.module.state_dict().keys() == keys and len(found.taps) == count
    with torch.no_grad():
        expected = module(found.prepare(picture))[0].numpy()
    reading = core.read(found, picture)
    np.testing.assert_allclose(reading.logits, expected, atol=1e-5 * np.ptp(expected))
    assert {(one.kind, one.prefix) for one in reading.maps} == {(kind, prefix)}
    assert found.stages


def test_nothing_is_written_out_while_no_one_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fused function is called by the module's own code, until someone listens."""
    found = core.adopt(redraw(fused(True), 0), card())
    x, calls = torch.zeros(1, 3, 64, 64), []
    real = F.scaled_dot_product_attention

    def counting(*given: object, **named: object) -> Tensor:
        calls.append(1)
        return real(*given, **named)

    monkeypatch.setattr(F, "scaled_dot_product_attention", counting)
    with torch.no_grad():
        found.module(x)
        assert len(calls) == 6
        with listen() as records:
            found.module(x)
    assert len(records) == 6


class Right(nn.Module):
    """Attention in windows of 4 × 4 cells that is planted: each cell attends to its right neighbor in the window."""

    def __init__(self, shift: int):
        super().__init__()
        self.patch, self.head, self.shift = nn.Conv2d(3, 8, 8, 8), nn.Linear(8, 5), shift
        self.qkv = nn.Linear(8, 24)
        planted = torch.full((16, 16), -20.0)
        for cell in range(16):
            planted[cell, cell + 1 if cell % 4 < 3 else cell] = 20.0
        self.register_buffer("planted", planted)

    def attend(self, windows: Tensor) -> Tensor:
        query, key, value = self.qkv(windows).chunk(3, -1)
        scores = 1e-3 * query @ key.transpose(-1, -2) + self.planted
        return scores.softmax(-1) @ value

    def forward(self, x: Tensor) -> Tensor:
        y = self.patch(x).permute(0, 2, 3, 1)  # (b, 8, 8, c)
        y = torch.roll(y, (-self.shift, -self.shift), (1, 2))
        windows = y.view(len(y), 2, 4, 2, 4, 8).permute(0, 1, 3, 2, 4, 5).reshape(-1, 16, 8)
        windows = self.attend(windows)
        y = windows.view(len(y), 2, 2, 4, 4, 8).permute(0, 1, 3, 2, 4, 5).reshape(len(y), 8, 8, 8)
        return self.head(torch.roll(y, (self.shift, self.shift), (1, 2)).mean((1, 2)))


@pytest.mark.parametrize("shift", [0, 2])
def test_planted_windows_lie_on_the_right_cells(shift: int, picture: Picture) -> None:
    found = core.adopt(redraw(Right(shift), 0), card())
    (one,) = core.read(found, picture).maps
    assert one.kind == Kind.WINDOWED and one.grid == (8, 8)
    for row in range(8):
        for column in range(8):
            last = (column - shift) % 4 == 3
            expected = np.zeros((8, 8))
            expected[row, column if last else (column + 1) % 8] = 1
            np.testing.assert_allclose(core.to_grid(one, query=8 * row + column), expected, atol=1e-6)


class Between(nn.Module):
    """Attention between channels, which has no place on the picture."""

    def __init__(self) -> None:
        super().__init__()
        self.patch, self.qkv, self.head = nn.Conv2d(3, 16, 16, 16), nn.Linear(16, 48), nn.Linear(16, 5)

    def forward(self, x: Tensor) -> Tensor:
        y = self.patch(x).flatten(2).transpose(1, 2)
        query, key, value = self.qkv(y).transpose(1, 2).chunk(3, 1)  # (b, c, n)
        return self.head((F.scaled_dot_product_attention(query, key, value)).mean(-1))


def test_attention_between_channels_is_not_drawn_as_patches(picture: Picture) -> None:
    found = core.adopt(redraw(Between(), 0), card())
    assert not found.taps and any("compares channels" in note for note in found.notes)
    assert core.read(found, picture).predicted in range(5)
