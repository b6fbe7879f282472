"""Attention that is known by construction, in the layouts of timm and transformers: its map lies on the right cells.

Every token is a unit vector of its own, and the query of a token is the key of the token that it is to attend to. In
windows, the learned bias of relative positions alone decides: every cell attends to its right neighbor.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import timm
import torch
import transformers
from torch import Tensor, nn

import core
from core import Kind, ModelCard, Picture
from core.attention.reduction import share_off_grid
from tests.conftest import redraw

WIDTH, CELLS, SIDE = 64, 16, 4
LABELS = {"id2label": dict(enumerate("abcde"))}
SMALL = {"hidden_size": WIDTH, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 64} | LABELS
FAINT = 1e-4
"""What the picture adds to the tokens: enough for an answer that depends on it."""


def card() -> ModelCard:
    return ModelCard("own/x", "x", "transformer", tuple("abcde"), size=64)


def next_of(names: tuple[str, ...]) -> list[int]:
    """The token that each attends to: a patch to the next one, patch 3 to the last prefix token, others to patch 5."""
    first = len(names)
    targets = [first + 5] * first + [first + (cell + 1) % CELLS for cell in range(CELLS)]
    targets[first + 3] = first - 1
    return targets


def query_weight(targets: list[int]) -> Tensor:
    """The projection that turns each token's unit vector into the one of its target, much longer."""
    weight = torch.zeros(WIDTH, WIDTH)
    for token, target in enumerate(targets):
        weight[target, token] = 8.0
    return weight


def vectors(first: int, count: int) -> Tensor:
    return 8 * torch.eye(WIDTH)[first : first + count]


@torch.no_grad()
def vit_of_timm(registers: int) -> tuple[nn.Module, tuple[str, ...]]:
    names = ("class", *["register"] * registers)
    module = redraw(
        timm.create_model(
            "vit_tiny_patch16_224",
            img_size=64,
            embed_dim=WIDTH,
            depth=1,
            num_heads=1,
            reg_tokens=registers,
            no_embed_class=True,
            num_classes=5,
        ),
        0,
    ).eval()
    module.cls_token.copy_(vectors(0, 1)[None])
    if registers:
        module.reg_token.copy_(vectors(1, registers)[None])
    module.pos_embed.copy_(vectors(len(names), CELLS)[None])
    module.patch_embed.proj.weight.mul_(FAINT)
    module.patch_embed.proj.bias.zero_()
    block = module.blocks[0]
    plain_norm(block.norm1)
    block.attn.qkv.weight[:WIDTH] = query_weight(next_of(names))
    block.attn.qkv.weight[WIDTH : 2 * WIDTH] = torch.eye(WIDTH)
    block.attn.qkv.bias.zero_()
    return module, names


@torch.no_grad()
def vit_of_transformers(kind: str) -> tuple[nn.Module, tuple[str, ...]]:
    names = {"ViT": ("class",), "DeiT": ("class", "distillation"), "Dinov2WithRegisters": ("class", *["register"] * 4)}[
        kind
    ]
    config = getattr(transformers, f"{kind}Config")(image_size=64, patch_size=16, **SMALL)
    made = f"{kind}ForImageClassification" + ("WithTeacher" if kind == "DeiT" else "")
    module = redraw(getattr(transformers, made)(config), 0).eval()
    parameters = dict(module.named_parameters())

    def find(end: str) -> Tensor:
        return next(one for name, one in parameters.items() if name.endswith(end))

    find("cls_token").zero_()
    if kind == "DeiT":
        find("distillation_token").zero_()
        find("position_embeddings").copy_(vectors(0, 2 + CELLS)[None])
    else:
        others = len(names) - 1
        find("position_embeddings").copy_(torch.cat([vectors(0, 1), vectors(1 + others, CELLS)])[None])
        if others:
            find("register_tokens").copy_(vectors(1, others)[None])
    find("projection.weight").mul_(FAINT)
    find("projection.bias").zero_()
    plain_norm(next(one for name, one in module.named_modules() if name.endswith(("layernorm_before", "norm1"))))
    attention = {name.split(".")[-1]: one for name, one in module.named_modules() if isinstance(one, nn.Linear)}
    query, key = ((attention.get(one) or attention[f"{one[0]}_proj"]) for one in ("query", "key"))
    query.weight.copy_(query_weight(next_of(names)))
    key.weight.copy_(torch.eye(WIDTH))
    query.bias.zero_()
    key.bias.zero_()
    return module, names


def plain_norm(norm: nn.Module) -> None:
    """A layer norm as it is made."""
    norm.weight.fill_(1.0)
    norm.bias.zero_()


MADE: dict[str, Callable[[], tuple[nn.Module, tuple[str, ...]]]] = {
    "timm": lambda: vit_of_timm(0),
    "timm with registers": lambda: vit_of_timm(3),
    **{kind: lambda kind=kind: vit_of_transformers(kind) for kind in ("ViT", "DeiT", "Dinov2WithRegisters")},
}


@pytest.mark.parametrize("name", MADE)
def test_planted_attention_lies_on_the_right_cells_whatever_tokens_come_first(name: str, picture: Picture) -> None:
    module, names = MADE[name]()
    found = core.adopt(module, card(), "cpu")
    (one,) = core.read(found, picture).maps
    assert one.kind == Kind.PAIRWISE and one.prefix == names and one.grid == (SIDE, SIDE)
    for cell in range(CELLS):
        expected = np.zeros(CELLS)
        if cell != 3:  # its attention goes to a token that no map shows
            expected[(cell + 1) % CELLS] = 1
        np.testing.assert_allclose(core.to_grid(one, query=cell).ravel(), expected, atol=1e-4)
    np.testing.assert_allclose(core.to_grid(one).ravel(), np.eye(CELLS)[5], atol=1e-4)
    assert share_off_grid(one) == pytest.approx(0, abs=1e-4)


@torch.no_grad()
def windows_of(library: str) -> nn.Module:
    if library == "timm":
        settings = {
            "img_size": 64,
            "patch_size": 8,
            "window_size": 4,
            "embed_dim": 16,
            "depths": (2,),
            "num_heads": (2,),
        }
        module = redraw(timm.create_model("swin_tiny_patch4_window7_224", num_classes=5, **settings), 0)
        qkv = [one.attn.qkv for one in module.layers[0].blocks]
    else:
        settings = {
            "image_size": 64,
            "patch_size": 8,
            "window_size": 4,
            "embed_dim": 16,
            "depths": [2],
            "num_heads": [2],
        }
        module = redraw(transformers.SwinForImageClassification(transformers.SwinConfig(**settings, **LABELS)), 0)
        named = dict(module.named_modules())
        qkv = [one for name, one in named.items() if name.endswith((".query", ".key", ".q_proj", ".k_proj"))]
    for one in qkv:
        rows = 32 if library == "timm" else len(one.weight)  # queries and keys; their values stay
        one.weight[:rows].mul_(1e-3)
        one.bias[:rows].zero_()
    for name, table in module.named_parameters():
        if name.endswith("relative_position_bias_table"):
            table.zero_()
            table[(0 + 3) * 7 + (-1 + 3)] = 30.0  # of a query and the key one column to its right
    return module.eval()


@pytest.mark.parametrize("library", ["timm", "transformers"])
def test_planted_windows_lie_on_the_right_cells(library: str, picture: Picture) -> None:
    """Windows of 4 × 4 on 8 × 8 cells, shifted by 2 in the second layer."""
    maps = core.read(core.adopt(windows_of(library), card(), "cpu"), picture).maps
    assert [one.kind for one in maps] == [Kind.WINDOWED] * 2 and {one.grid for one in maps} == {(8, 8)}
    for one, edges in zip(maps, ({3, 7}, {1, 5, 7}), strict=True):
        for row in range(8):
            for column in range(8):
                row_of = core.to_grid(one, query=8 * row + column)
                assert row_of.sum() == pytest.approx(1, abs=1e-4)
                if column not in edges:  # the last columns of windows have no right neighbor in them
                    assert row_of[row, column + 1] == pytest.approx(1, abs=1e-4)
                else:
                    assert column == 7 or row_of[row, column + 1] < 1e-4
