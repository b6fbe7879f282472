"""Each mechanism against loops over single numbers in float64, and its model with the attention taken out by hand."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.attention import MECHANISMS, Mechanism, mechanism
from core.attention.tap import listen, replaced, steer, switched_off, taps
from core.models.networks.backbone import Backbone
from core.models.networks.transformer import Transformer
from core.models.zoo import build
from core.types import InvalidInput, Kind, ModelCard
from tests.core.attention.mechanism_loops import REFERENCES, numbers

EVERY = [one.slug for one in MECHANISMS]
ATTENTIVE = EVERY[1:]


TAPS = {
    "plain": (),
    **dict.fromkeys(("squeeze-excitation", "feature-gate", "spatial-gate"), ("stage3.attention", "stage4.attention")),
    "cbam": tuple(f"stage{n}.attention.{one}" for n in (3, 4) for one in ("channel", "spatial")),
    **dict.fromkeys(("attention-pooling", "recurrent"), ("pool",)),
    "self-attention": ("stage4.block1.first", "stage4.block1.second"),
    "transformer": tuple(f"block{n}.attention" for n in range(1, 7)),
}


def module_of(one: Mechanism, stride: int, generator: torch.Generator) -> nn.Module:
    """A mechanism's module for 16 channels and a grid of at most 4 x 4, in float64, every weight random."""
    make = one.gate or one.pool or one.block or (lambda channels: nn.Identity())
    module = one.convolution(16, 8, 4, stride) if one.convolution else make(16)
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
    with pytest.raises(InvalidInput, match=r"^There is no mechanism 'none'. Choose one of: plain, [^.\n]+\.$"):
        mechanism("none")


@pytest.mark.parametrize(("slug", "stride", "grid"), sum(map(examples, MECHANISMS), []))
def test_a_mechanism_is_its_loops_and_multiplies_what_it_shows(slug: str, stride: int, grid: tuple[int, int]) -> None:
    generator = torch.Generator().manual_seed(3)
    module = module_of(mechanism(slug), stride, generator)
    x = torch.randn((2, 16, *grid), generator=generator, dtype=torch.float64)
    given = (x,)
    if mechanism(slug).block:  # tokens, and the grid that all but the first lie on
        x = torch.randn((2, 1 + grid[0] * grid[1], 16), generator=generator, dtype=torch.float64)
        given = (x, grid)
    unheard = module(*given)
    with listen() as records:
        y = module(*given)
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


class Bias(nn.Module):
    """What is left of a transformer's attention without weights: the bias of its last layer."""

    def __init__(self, bias: Tensor):
        super().__init__()
        self.bias = bias

    def forward(self, x: Tensor, grid: tuple[int, int]) -> Tensor:
        return self.bias.expand_as(x)


class Unattentive(nn.Module):
    """A recurrent pooling whose every glimpse is the plain mean."""

    def __init__(self, module: nn.Module):
        super().__init__()
        self.start, self.cell, self.glimpses = module.start, module.cell, module.glimpses

    def forward(self, x: Tensor) -> Tensor:
        state = tuple(one.repeat(len(x), 1) for one in self.start)
        for _ in range(self.glimpses):
            state = self.cell(x.mean((2, 3)), state)
        return state[0]


def without_attention(module: nn.Module, one: Mechanism) -> nn.Module:
    """The same weights with every attention taken out by hand: no gate, plain means, nothing gathered."""
    if one.gate or one.slug == "attention-pooling":
        plain = Backbone(mechanism("plain"), module.classify.out_features, size=64, widths=(8, 8, 16, 16))
        left = plain.load_state_dict(module.state_dict(), strict=False)
        assert not left.missing_keys and all(".attention." in k or k.startswith("pool.") for k in left.unexpected_keys)
        return plain.eval()
    module = deepcopy(module)
    if one.slug == "recurrent":
        module.pool = Unattentive(module.pool)
    elif one.block:
        for name in module.blocks:
            block = module.get_submodule(name)
            block.attention = Bias(block.attention.gather.bias)
    else:
        for block in (child for child in module.stage4.children() if hasattr(child, "first")):
            out, stride = block.first_norm.num_features, 1 if isinstance(block.first.pool, nn.Identity) else 2
            block.first, block.second = Nothing(out, stride), Nothing(out, 1)
    return module


@pytest.mark.parametrize("slug", ATTENTIVE)
def test_switched_off_is_the_model_without_its_attention(tiny: Callable, x: Tensor, slug: str) -> None:
    classifier = tiny(slug)
    expected = without_attention(classifier.module, mechanism(slug))(x)
    with steer(classifier.module, dict.fromkeys(classifier.taps, switched_off)):
        off = classifier.module(x)
    torch.testing.assert_close(off, expected, rtol=1e-6, atol=1e-6)
    assert (classifier.module(x) - expected).abs().max() > 0.01  # attention does something in these models


def test_a_mechanism_states_the_kind_of_its_maps_over_the_picture(tiny: Callable) -> None:
    for one in MECHANISMS:
        found = {tap.kind for tap in tiny(one.slug).taps.values() if tap.kind.on_picture}
        assert found == ({one.kind} if one.kind else set()), one.slug


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
            tokens = h * w + (slug == "transformer")  # the class token is the first
            assert shape[2:] == (tokens, tokens) and len(shape) == 4
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


def test_a_film_is_steered_glimpse_by_glimpse(tiny: Callable, x: Tensor) -> None:
    """Given its own film, a recurrent model answers the same; given another one, the film that it shows is that."""
    module = tiny("recurrent").module
    with listen() as records:
        expected = module(x[:1])
    own = next(iter(records.values())).weights[0]
    with steer(module, {"pool": replaced(own)}):
        torch.testing.assert_close(module(x[:1]), expected)
    other = own.flip(0)
    with listen() as records, steer(module, {"pool": replaced(other)}):
        changed = module(x[:1])
    torch.testing.assert_close(next(iter(records.values())).weights[0], other)
    assert (changed - expected).abs().max() > 1e-4


def test_a_recurrent_model_answers_last_in_use_and_anywhere_in_training(tiny: Callable, x: Tensor) -> None:
    module = deepcopy(tiny("recurrent").module)
    kept = []
    module.classify.register_forward_hook(lambda _, __, y: kept.append(y))
    torch.testing.assert_close(module(x), kept[0][:, -1])
    module.train()
    torch.manual_seed(0)
    steps = set()
    for _ in range(20):
        logits = module(x)
        steps |= {int((kept[-1][b] - logits[b]).abs().sum(1).argmin()) for b in range(len(x))}
    assert steps == {0, 1, 2, 3}


def test_a_transformer_takes_smaller_pictures_and_lays_its_patches_out_row_by_row(x: Tensor) -> None:
    module = build(ModelCard("tiny/transformer", "", "transformer", ("a", "b"), size=64, widths=(8, 8, 16, 16))).eval()
    assert isinstance(module, Transformer) and list(module.stages()) == [f"block{n}" for n in range(1, 6)]
    assert module(x[..., :48, :48]).shape == (3, 2)
    tokens = torch.arange(2 * 10 * 5.0).view(2, 10, 5)
    laid = module.stages()["block1"].arrange(tokens)
    for b, c, i, j in np.ndindex(2, 5, 3, 3):
        assert laid[b, c, i, j] == tokens[b, 1 + 3 * i + j, c]
