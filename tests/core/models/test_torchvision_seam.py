"""torchvision's models at the seam give torchvision's own logits; what their taps let through is what is multiplied."""

from __future__ import annotations

from copy import deepcopy

import pytest
import torch
from torch import Tensor, nn
from torchvision import models

from core.attention.tap import listen, steer, switched_off, taps, uniform
from core.models.libraries import torchvision_models
from core.models.torchvision_taps import adapt, equivalents
from core.models.torchvision_taps.vision_transformer import square_grid
from core.types import Kind
from tests.core.small_models import SMALL, enliven, pictures, small, spread

KINDS = {
    "resnet": {},
    "convnext": {},
    "mobilenet": {Kind.CHANNEL: 9},
    "efficientnet": {Kind.CHANNEL: 16},
    "regnet": {Kind.CHANNEL: 16},
    "densenet": {},
    "vit": {Kind.PAIRWISE: 3},
    "swin": {Kind.WINDOWED: 4},
    "swin-v2": {Kind.WINDOWED: 4},
    "maxvit": {Kind.CHANNEL: 3, Kind.WINDOWED: 6},
}


def brought(family: str) -> tuple[nn.Module, nn.Module, Tensor]:
    """torchvision's model, ours of the same weights, and pictures."""
    theirs, size = small(family)
    return theirs, adapt(deepcopy(theirs)), pictures(size)


def check_same_logits(theirs: nn.Module, ours: nn.Module, x: Tensor) -> None:
    with torch.no_grad():
        expected = theirs(x)
        assert spread(expected) >= 1
        fused = ours(x)
        with listen():
            written_out = ours(x)
    for found in (fused, written_out):
        assert (found - expected).abs().max().item() < 1e-4 * spread(expected)


@pytest.mark.parametrize("family", SMALL)
def test_the_logits_are_torchvisions_own(family: str) -> None:
    check_same_logits(*brought(family))


@pytest.mark.slow
@pytest.mark.parametrize("name", torchvision_models.LISTED)
def test_the_logits_of_the_whole_model_are_torchvisions_own(name: str) -> None:
    theirs = enliven(models.get_model(name, weights=None), 224)
    ours = torchvision_models.build(name, 1000, 224).eval()
    ours.load_state_dict(theirs.state_dict())
    check_same_logits(theirs, ours, pictures(224, count=3))


@pytest.mark.parametrize("family", SMALL)
def test_state_dicts_go_both_ways(family: str) -> None:
    theirs, ours, _ = brought(family)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    fresh = SMALL[family][0]()
    fresh.load_state_dict(ours.state_dict())
    again = adapt(SMALL[family][0]())
    again.load_state_dict(theirs.state_dict())
    for one in (fresh, again):
        found, expected = one.state_dict().values(), theirs.state_dict().values()
        assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))


@pytest.mark.parametrize("family", SMALL)
def test_every_attention_is_brought_to_the_seam(family: str) -> None:
    theirs, ours, _ = brought(family)
    replaced = [child for child in theirs.modules() if type(child) in equivalents()]
    kinds = [tap.kind for tap in taps(ours).values()]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == KINDS[family] and len(kinds) == len(replaced)
    assert not any(type(child) in equivalents() for child in ours.modules())
    assert not any(getattr(child, "inplace", False) for child in ours.modules())


@pytest.mark.parametrize("family", [family for family, kinds in KINDS.items() if kinds])
def test_what_a_tap_lets_through(family: str) -> None:
    _, ours, x = brought(family)
    x = x.requires_grad_()
    with listen() as records:
        logits = ours(x)
    assert set(records) == set(taps(ours).values())
    for tap, record in records.items():
        weights, cells = record.weights, record.grid[0] * record.grid[1]
        assert weights.shape[0] == len(x) and weights.std() > 0
        if tap.kind == Kind.CHANNEL:
            assert weights.ndim == 2 and weights.min() >= 0 and weights.max() <= 1 and not tap.softmax
            continue
        assert tap.softmax and (weights.sum(-1) - 1).abs().max() < 1e-5 and weights.min() >= 0
        if tap.kind == Kind.PAIRWISE:
            assert weights.shape[2:] == (cells + 1, cells + 1) and record.cells is None
        else:
            assert weights.shape[1] == record.cells.shape[0]
            assert weights.shape[3:] == (record.cells.shape[1],) * 2
    slopes = torch.autograd.grad(logits[:, 3].sum(), [record.weights for record in records.values()])
    assert all(slope.abs().max() > 0 for slope in slopes)


@pytest.mark.parametrize("family", [family for family, kinds in KINDS.items() if kinds])
def test_steering_an_attention_moves_the_answer(family: str) -> None:
    _, ours, x = brought(family)
    with torch.no_grad():
        own = ours(x)
        for function in (uniform, switched_off):
            with steer(ours, dict.fromkeys(taps(ours), function)):
                assert (ours(x) - own).abs().max() > 0.01 * spread(own)
        with steer(ours, dict.fromkeys(taps(ours), lambda tap, weights: weights)):
            assert (ours(x) - own).abs().max() < 1e-4 * spread(own)


def test_a_heads_attention_by_a_loop() -> None:
    """The first block of ViT once more: each token, head and channel by itself, in float64."""
    theirs, _size = small("vit")
    block, ours = deepcopy(theirs).double().encoder.layers[0], adapt(deepcopy(theirs)).double().encoder.layers[0]
    tokens = torch.randn(1, 17, 32, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    with listen() as records:
        found = ours(tokens)
    x = block.ln_1(tokens)[0]
    weight, bias = block.self_attention.in_proj_weight, block.self_attention.in_proj_bias
    gathered = torch.zeros(17, 32, dtype=torch.float64)
    for head in range(4):
        query, key, value = (
            torch.stack([weight[rows] @ token + bias[rows] for token in x])
            for rows in (slice(32 * part + 8 * head, 32 * part + 8 * head + 8) for part in range(3))
        )
        for i in range(17):
            powers = torch.stack([(query[i] @ key[j] / 8**0.5).exp() for j in range(17)])
            torch.testing.assert_close(records[ours.tap].weights[0, head, i], powers / powers.sum())
            gathered[i, 8 * head : 8 * head + 8] = (powers / powers.sum()) @ value
    y = tokens + block.self_attention.out_proj(gathered)
    torch.testing.assert_close(found, y + block.mlp(block.ln_2(y)))


def test_patches_of_any_number_get_a_grid() -> None:
    assert [square_grid(n) for n in (196, 16, 4, 7)] == [(14, 14), (4, 4), (2, 2), (1, 7)]
