"""Rollout of other libraries' models: of all layers or, with the reason, none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import timm
import torch

import core
from core import AttentionMap, InvalidInput, Kind, to_grid
from core.attention.rollout import SEVERAL, can_roll, obstacle, rollout, rollout_map
from core.attention.tap import listen
from core.attribution import method, methods
from core.models.limits import CHANNELS, GRIDS, no_attention, unmapped
from core.types import Picture
from tests.benchmarks.coverage_models import of_transformers
from tests.conftest import redraw
from tests.core.random_maps import softmaxed

GRID = (3, 3)
SIGLIP = {"img_size": 64, "patch_size": 16, "embed_dim": 32, "depth": 3, "num_heads": 2, "num_classes": 5}


def square(seed: int, **changes: object) -> AttentionMap:
    return replace(AttentionMap(f"layer{seed}", Kind.PAIRWISE, softmaxed(seed, 2, 9, 9), GRID), **changes)


POOL = AttentionMap("pool", Kind.PAIRWISE, softmaxed(7, 2, 1, 9), GRID)
WINDOWS = AttentionMap("windows", Kind.WINDOWED, softmaxed(8, 3, 2, 3, 3), GRID, np.arange(9).reshape(3, 3))
GATE = AttentionMap("gate", Kind.CHANNEL, np.ones(4, np.float32), GRID)
ALL = "Rollout multiplies the attention of all layers, but "
REFUSED: list[tuple[tuple[AttentionMap, ...], str]] = [
    ((square(1), POOL), SEVERAL),
    ((WINDOWS, square(1), square(2)), f"{ALL}windows compares patches only within windows."),
    ((square(1), POOL, square(2)), f"{ALL}pool has queries that are not its keys."),
    ((square(1), square(2), POOL, POOL), f"{ALL}pool has queries that are not its keys."),
    ((square(1), square(2), replace(POOL, prefix=("class",))), f"{ALL}pool has queries that are not its keys."),
    ((square(1), square(2), replace(POOL, grid=(1, 9))), f"{ALL}layer1 and pool compare different tokens."),
    ((square(1), square(2, prefix=("class",), grid=(2, 4))), f"{ALL}layer1 and layer2 compare different tokens."),
    ((square(1, unmapped="lost"), square(2)), f"{ALL}lost has no map."),
    (
        (square(1), square(2, tap="layer1.tap_2")),
        "Rollout multiplies one map for each layer, but layer1.tap_2 is not the only one of its module.",
    ),
    (
        (square(1), square(2), square(3, kind=Kind.MIXED)),
        "Rollout multiplies rows that sum to one, but those of layer3 do not.",
    ),
]


@pytest.mark.parametrize(("maps", "why"), REFUSED, ids=lambda one: one if isinstance(one, str) else "")
def test_where_a_layer_cannot_be_multiplied_there_is_none(maps: tuple[AttentionMap, ...], why: str) -> None:
    assert obstacle(maps) == why and not can_roll(maps)
    with pytest.raises(InvalidInput) as caught:
        rollout_map(maps)
    assert str(caught.value) == f"These maps have no rollout. {why}"


def test_pooling_at_the_end_is_the_last_row_by_hand() -> None:
    first, second = square(1), square(2)
    found = rollout_map((first, GATE, second, POOL))
    mean = [one.weights.mean(0, dtype=float) for one in (first, second, POOL)]
    expected = [
        sum(mean[2][0, i] * (mean[1][i, k] + (i == k)) / 2 * (mean[0][k, j] + (k == j)) / 2
            for i in range(9) for k in range(9))
        for j in range(9)
    ]  # fmt: skip
    assert found.weights.shape == (1, 1, 9) and sum(expected) == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(to_grid(found).ravel(), expected, rtol=1e-5)
    np.testing.assert_allclose(rollout((first, second, POOL))[0], expected, rtol=1e-5)


def test_rollout_and_gradients_of_a_model_with_attention_pooling(picture: Picture) -> None:
    """timm's SigLIP: every layer counts, the pooling head as the last row."""
    model = redraw(timm.create_model("vit_base_patch16_siglip_224", **SIGLIP), 1).eval()
    found = core.adopt(model, None, "cpu")
    maps = core.read(found, picture).maps
    assert [one.weights.shape[1] for one in maps] == [16, 16, 16, 1] and can_roll(maps)
    row = maps[-1].weights.mean(0)[0].astype(float)
    for one in reversed(maps[:-1]):
        row = (row @ one.weights.mean(0) + row) / 2
    np.testing.assert_allclose(core.attribute(found, picture, "rollout").values.ravel(), row, rtol=1e-4)
    x = found.prepare(picture)
    with torch.enable_grad(), listen() as records:
        score = found.module(x.requires_grad_())[0, 2]
    weights = [records[tap].weights for tap in found.taps.values()]
    slopes = torch.autograd.grad(score, weights)
    means = [(w * s).clamp(min=0)[0].mean(0).double() for w, s in zip(weights, slopes, strict=True)]
    expected = means[3] @ (torch.eye(16) + means[2]) @ (torch.eye(16) + means[1]) @ (torch.eye(16) + means[0])
    values = core.attribute(found, picture, "gradient-x-attention", 2).values
    np.testing.assert_allclose(values.ravel(), expected.detach()[0], rtol=1e-3)


def test_a_model_with_windows_is_refused_with_the_reason(picture: Picture) -> None:
    found = core.adopt(redraw(of_transformers("Swin"), 0).eval(), None, "cpu")
    assert method("rollout") not in methods(found)
    with pytest.raises(InvalidInput, match="does not work with own/.*compares patches only within windows"):
        core.attribute(found, picture, "rollout")
    assert str(method("rollout").lacking(found)) == str(obstacle(core.read(found, picture).maps))


def test_a_layer_without_a_map_is_known_by_the_notes(picture: Picture) -> None:
    assert unmapped([no_attention(["a", "b"], CHANNELS), no_attention(["c", "d", "e"], GRIDS)]) == "c"
    assert unmapped(["any text", no_attention(["a"], CHANNELS)]) == ""
    found = core.adopt(redraw(of_transformers("Levit"), 0).eval(), None, "cpu")
    lost = {one.unmapped for one in core.read(found, picture).maps}
    assert lost == {"levit.encoder.stages.2.layers.0.module"}


@pytest.mark.parametrize("kind", ["PvtV2", "Segformer"])
def test_keys_on_a_coarser_grid_are_refused(kind: str, picture: Picture) -> None:
    found = core.adopt(redraw(of_transformers(kind), 0).eval(), None, "cpu")
    with pytest.raises(InvalidInput, match=r"layers, but .*0.*attention has queries that are not its keys"):
        core.attribute(found, picture, "rollout")
