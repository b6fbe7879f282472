"""Models whose attention was changed by their owners: a block that is not torchvision's own keeps its answers."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations, prune
from torchvision.models.vision_transformer import EncoderBlock
from torchvision.ops.misc import SqueezeExcitation

import core
from core.types import Picture
from tests.core.guarded_models import card, check_logits, vit
from tests.core.small_models import small


class OwnBlock(EncoderBlock):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) * 0.5


class Sharper(nn.MultiheadAttention):
    def forward(self, query: Tensor, key: Tensor, value: Tensor, **named: object) -> tuple:
        return super().forward(4 * query, key, value, **named)


class Masked(nn.MultiheadAttention):
    def forward(self, query: Tensor, key: Tensor, value: Tensor, **named: object) -> tuple:
        n = query.shape[1]
        return super().forward(query, key, value, attn_mask=torch.ones(n, n).triu(1).bool(), **named)


class LowRank(nn.Module):
    """A linear layer with a learned addition, as LoRA wraps it."""

    def __init__(self, inner: nn.Linear):
        super().__init__()
        self.inner = inner
        self.add = nn.Linear(inner.in_features, inner.out_features, bias=False)

    @property
    def weight(self) -> Tensor:
        return self.inner.weight

    @property
    def bias(self) -> Tensor:
        return self.inner.bias

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x) + self.add(x)


def attention(block: EncoderBlock, **settings: object) -> None:
    block.self_attention = nn.MultiheadAttention(16, 2, **{"batch_first": True} | settings)
    for parameter in block.self_attention.parameters():
        nn.init.normal_(parameter, 0, 0.3)
    block.self_attention.eval()


def closure(block: nn.Module) -> None:
    before = block.forward
    block.forward = lambda x: before(x) * 0.5


def bound(block: EncoderBlock) -> None:
    def half(self: EncoderBlock, x: Tensor) -> Tensor:
        return EncoderBlock.forward(self, x) * 0.5

    block.forward = half.__get__(block)


def become(part: str, kind: type) -> Callable[[EncoderBlock], None]:
    return lambda block: setattr(block.get_submodule(part), "__class__", kind)


CHANGED = {
    "hook": lambda block: block.register_forward_hook(lambda _, i, o: o * 0.5),
    "hook with names": lambda block: block.register_forward_hook(lambda _, i, k, o: o * 0.5, with_kwargs=True),
    "hook before": lambda block: block.register_forward_pre_hook(lambda _, i: (i[0] * 0.5,)),
    "hook of the attention": lambda block: block.self_attention.register_forward_hook(lambda _, i, o: (2 * o[0], None)),
    "hook before the attention": lambda block: block.self_attention.register_forward_pre_hook(
        lambda _, i, k: ((2 * i[0], *i[1:]), k), with_kwargs=True
    ),
    "hook that never runs": lambda block: block.self_attention.out_proj.register_forward_hook(lambda _, i, o: 9 * o),
    "hook of the gradient": lambda block: block.register_full_backward_hook(lambda _, i, o: (2 * i[0],)),
    "keys for no token": lambda block: attention(block, add_bias_kv=True),
    "a zero key": lambda block: attention(block, add_zero_attn=True),
    "own attention": become("self_attention", Sharper),
    "masked attention": become("self_attention", Masked),
    "own block": become("", OwnBlock),
    "patched by a closure": closure,
    "patched by a method": bound,
    "low rank": lambda block: setattr(block.self_attention, "out_proj", LowRank(block.self_attention.out_proj)),
    "parametrized": lambda block: parametrizations.weight_norm(block.self_attention, "in_proj_weight"),
    "pruned": lambda block: prune.l1_unstructured(block.self_attention, "in_proj_weight", 0.5),
    "dropout replaced": lambda block: setattr(block, "dropout", nn.Tanh()),
}
UNMAPPED = ("keys for no token", "a zero key", "masked attention")
HARMLESS = {
    "own norm": lambda block: setattr(block, "ln_1", nn.Identity()),
    "own mlp": lambda block: setattr(block, "mlp", LowRank(nn.Linear(16, 16))),
    "hook in the mlp": lambda block: block.mlp.register_forward_hook(lambda _, i, o: o * 0.5),
    "pruned mlp": lambda block: prune.l1_unstructured(block.mlp[0], "weight", 0.5),
    "weight norm": lambda block: torch.nn.utils.weight_norm(block.mlp[0]),
    "spectral norm": lambda block: parametrizations.spectral_norm(block.mlp[0]),
    "attribute": lambda block: setattr(block, "extra", {"note": 1}),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", CHANGED)
def test_a_changed_block_keeps_its_answers_and_says_why_it_has_no_map(name: str, picture: Picture) -> None:
    module = vit()
    first, *_ = module.encoder.layers
    CHANGED[name](first)
    module.eval()
    expected = {key: value.clone() for key, value in module.state_dict().items()}
    classifier = core.adopt(module, card(), "cpu")
    check_logits(classifier, module, picture)
    assert len(classifier.taps) == len(core.read(classifier, picture).maps) == 3 - len(classifier.notes)
    assert bool(classifier.notes) == (name in UNMAPPED)  # the others are tapped where they run, not replaced
    for note in classifier.notes:
        assert note.startswith("No attention map of encoder.layers.encoder_layer_0") and note.endswith(".")
    assert module.encoder.layers[0] is first and isinstance(first, EncoderBlock)
    assert all(torch.equal(value, expected[key]) for key, value in module.state_dict().items())


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", HARMLESS)
def test_a_change_that_an_equivalent_follows_keeps_the_map(name: str, picture: Picture) -> None:
    module = vit()
    for block in module.encoder.layers:
        HARMLESS[name](block)
    module.eval()
    classifier = core.adopt(module, card(), "cpu")
    check_logits(classifier, module, picture)
    assert len(classifier.taps) == 3 and classifier.notes == ()


def test_attention_across_the_batch_is_run_one_picture_at_a_time(picture: Picture) -> None:
    """An encoder block whose attention takes the batch for the sequence."""
    module = vit()
    attention(module.encoder.layers[0], batch_first=False)
    classifier = core.adopt(module, card(), "cpu")
    check_logits(classifier, module, picture)
    assert classifier.alone and len(classifier.taps) == 2 and len(classifier.notes) == 2


CHANGES = {
    "swin": ("features.1.0.attn", "qkv"),
    "swin-v2": ("features.1.0.attn", "cpb_mlp"),
    "maxvit": ("blocks.0.layers.0.layers.window_attention", "attn_layer.1"),
}


@pytest.mark.parametrize("family", CHANGES)
@pytest.mark.parametrize("what", ["block", "part", "class", "method"])
def test_changed_windows_keep_their_answers(family: str, what: str, picture: Picture) -> None:
    module, size = small(family)
    module = deepcopy(module)
    path, part = CHANGES[family]
    block = module.get_submodule(path)
    if what == "block":
        block.register_forward_hook(lambda _, i, o: o * 0.5)
    elif what == "part":
        block.get_submodule(part).register_forward_hook(lambda _, i, o: o * 0.5)
    elif what == "class":
        kind = type(block)
        block.__class__ = type("Own", (kind,), {"forward": lambda self, x: kind.forward(self, x) * 2})
    else:
        closure(block)
    with torch.no_grad():
        k = module(torch.zeros(1, 3, size, size)).shape[1]
    mine = card(classes=tuple(map(str, range(k))), size=size)
    whole = core.adopt(small(family)[0], mine, "cpu")
    classifier = core.adopt(module, mine, "cpu")
    check_logits(classifier, module, picture)
    assert set(whole.taps) == set(classifier.taps) and not classifier.notes
    (theirs,), (ours,) = (
        [one for one in core.read(found, picture).maps if one.tap == path] for found in (whole, classifier)
    )
    assert theirs.kind == ours.kind and theirs.grid == ours.grid and theirs.weights.shape == ours.weights.shape
    assert np.array_equal(theirs.cells, ours.cells)


def test_a_hooked_gate_keeps_its_answers(picture: Picture) -> None:
    module, size = small("efficientnet")
    module = deepcopy(module)
    first, second, *_ = (part for part in module.modules() if type(part) is SqueezeExcitation)
    first.register_forward_hook(lambda _, i, o: o / 2)
    second.fc1.register_forward_hook(lambda _, i, o: o / 2)
    with torch.no_grad():
        k = module(torch.zeros(1, 3, size, size)).shape[1]
    classifier = core.adopt(module, card(classes=tuple(map(str, range(k))), size=size), "cpu")
    check_logits(classifier, module, picture)
    assert len(classifier.taps) == 15 and len(classifier.notes) == 1
