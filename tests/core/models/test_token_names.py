"""The names of tokens that no output depends on are those of their parameters; those of the last stage hold for all."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import timm
import torch
from timm.layers import AttentionPool2d, RotAttentionPool2d
from torch import Tensor, nn

import core
from core.images import open_image
from core.models.seam.token_parameters import KINDS, kinds_by_parameters
from core.models.seam.tokens import with_names
from core.types import ModelCard, Picture
from tests.benchmarks.coverage_models import of_transformers
from tests.conftest import redraw


def of_timm(name: str, size: int = 64, **changes: object) -> Callable[[], nn.Module]:
    small = {"depth": 2, "embed_dim": 48, "num_heads": 2} | changes
    return lambda: timm.create_model(name, num_classes=5, img_size=size, **small)


REGISTERS = ("register",) * 4
MODELS: dict[str, tuple[Callable[[], nn.Module], tuple[str, ...]]] = {
    "DeiT": (lambda: of_transformers("DeiT"), ("class", "distillation")),  # its second head is not read
    "Beit": (lambda: of_transformers("Beit"), ("unread-class",)),
    "Dinov2WithRegisters": (lambda: of_transformers("Dinov2WithRegisters"), ("class", *REGISTERS)),
    "timm's BEiT": (of_timm("beit_base_patch16_224"), ("unread-class",)),
    "timm's DINOv3": (of_timm("vit_small_patch16_dinov3"), ("unread-class", *REGISTERS)),
    "timm's distilled DeiT": (of_timm("deit_tiny_distilled_patch16_224"), ("class", "distillation")),
    "timm's distilled PiT": (
        lambda: timm.create_model("pit_ti_distilled_224", num_classes=5, depth=(1, 1, 1), base_dims=(8, 8, 8)),
        ("class", "distillation"),
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_every_layer_has_the_names_of_its_tokens(name: str, picture: Picture) -> None:
    make, expected = MODELS[name]
    module = redraw(make(), 0).eval()
    weights = {key: one.clone() for key, one in module.state_dict().items()}
    found = core.adopt(module, None, "cpu")
    maps = core.read(found, picture).maps
    assert len(maps) > 1 and {(one.prefix, one.suffix) for one in maps} == {(expected, ())}
    assert all(torch.equal(one, weights[key]) for key, one in module.state_dict().items())
    if "class" not in expected:  # nothing reads it: the mean over the patches is shown
        rows = maps[-1].weights.mean(0)[len(expected) :, len(expected) :].mean(0)
        np.testing.assert_allclose(core.to_grid(maps[-1]).ravel(), rows, rtol=1e-5)


POOLS = (partial(AttentionPool2d, feat_size=8), partial(RotAttentionPool2d, ref_feat_size=8))


class Pooled(nn.Module):
    """A stem with the attention pooling of a CLIP ResNet: each token has a row, and that of the mean token is read."""

    def __init__(self, pool: Callable[..., nn.Module]) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 16, 8, 8)
        self.pool = pool(16, out_features=8, num_heads=2)
        self.head = nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.pool(self.stem(x)))


@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("pool", POOLS)
def test_the_token_of_an_attention_pooling_that_is_read_is_no_register(
    pool: Callable[..., nn.Module], fused: bool, picture: Picture
) -> None:
    card = ModelCard("own/pooled", "pooled", "transformer", tuple("abcde"), size=64)
    module = redraw(Pooled(pool), 0).eval()
    module.pool.fused_attn = fused
    (found,) = core.read(core.adopt(module, card, "cpu"), picture).maps
    assert found.prefix == ("class",) and found.weights.shape == (2, 65, 65)
    row = found.weights[:, 0, 1:].mean(0).reshape(8, 8)
    np.testing.assert_allclose(core.to_grid(found), row, rtol=1e-5)


class Named(nn.Module):
    """Tokens of parameters on both sides of the patches; the mean of the patches is read."""

    def __init__(self) -> None:
        super().__init__()
        self.patch, self.head = nn.Conv2d(3, 16, 8, 8), nn.Linear(16, 5)
        self.attention = nn.MultiheadAttention(16, 2, batch_first=True)
        self.cls_token, self.regs = nn.Parameter(torch.zeros(1, 2, 16)), nn.Parameter(torch.zeros(1, 1, 16))
        self.extra = nn.Parameter(torch.zeros(1, 1, 16))

    def forward(self, x: Tensor) -> Tensor:
        y = self.patch(x).flatten(2).transpose(1, 2)
        cls, regs, extra = (one.expand(len(x), -1, -1) for one in (self.cls_token, self.regs, self.extra))
        y = torch.cat((extra, regs, y, cls), 1)
        y = y + self.attention(y, y, y)[0]
        return self.head(y[:, 2:-2].mean(1))


def test_positions_are_those_of_the_parameters() -> None:
    module = redraw(Named(), 0).eval()
    x = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    found = kinds_by_parameters(module, module, x, module.attention, 20)
    assert found == {1: "register", 18: "unread-class"}
    assert with_names(("register",) * 4, found, (2, 2), 20) == ("register", "register", "unread-class", "register")
    assert with_names(("class",) + ("register",) * 3, found, (2, 2), 20)[0] == "class"
    assert kinds_by_parameters(module, module, x, module.attention, 21) == {}
    maps = core.read(core.adopt(module, ModelCard("own/x", "x", "transformer", tuple("abcde"), size=32)), noise()).maps
    assert (maps[0].prefix, maps[0].suffix) == (("register", "register"), ("unread-class", "register"))


def noise() -> Picture:
    return open_image(np.random.default_rng(0).integers(0, 255, (32, 32, 3), np.uint8), name="noise")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("cls_token", "unread-class"), ("class_token", "unread-class"), ("class_embedding", "unread-class"),
        ("dist_token", "distillation"), ("distillation_token", "distillation"), ("reg_token", "register"),
        ("register_tokens", "register"), ("registers", "register"), ("storage_tokens", "register"),
        ("pos_embed", None), ("region_bias", None), ("distance", None), ("classifier", None), ("mask_token", None),
    ],
)  # fmt: skip
def test_names_of_parameters(name: str, kind: str | None) -> None:
    assert next((kind for kind, form in KINDS if form.match(name)), None) == kind
