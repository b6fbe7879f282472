"""Tokens that are no patches: none, one, two or five of them, before the patches, behind them, or on both sides."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torchvision.models.vision_transformer import EncoderBlock, VisionTransformer

import core
from app import attention_maps, layers
from core.attention.reduction import class_token, has_rows, has_token, patches, rows, to_grid
from core.attention.rollout import can_roll, rollout, rollout_map
from core.attention.tap import Record, Tap
from core.attribution.layer import lay
from core.classifier import Classifier
from core.models.seam.tokens import layouts_of, name_tokens
from core.types import AttentionMap, InvalidInput, Kind, ModelCard, Picture
from tests.conftest import CLASSES, redraw
from tests.core.random_maps import softmaxed
from tests.core.small_models import small

GRID, CELLS = (3, 4), 12
LAYOUTS = {
    "none": ((), ()),
    "class": (("class",), ()),
    "distilled": (("class", "distillation"), ()),
    "registers": (("class", *["register"] * 4), ()),
    "a register alone": (("register",), ()),
    "class last": ((), ("class",)),
    "class first, registers last": (("class",), ("register", "register")),
}


def made(name: str, seed: int = 2, heads: int = 3) -> AttentionMap:
    prefix, suffix = LAYOUTS[name]
    n = CELLS + len(prefix) + len(suffix)
    return AttentionMap(f"tap{seed}", Kind.PAIRWISE, softmaxed(seed, heads, n, n), GRID, None, prefix, suffix)


@pytest.mark.parametrize("name", LAYOUTS)
def test_maps_are_of_patches_only(name: str) -> None:
    prefix, suffix = LAYOUTS[name]
    one, first, tokens = made(name), len(prefix), [*prefix, *[""] * CELLS, *suffix]
    token = tokens.index("class") if "class" in tokens else None
    assert class_token(one) == token and has_token(one) == (token is not None) and has_rows(one)
    assert patches(one) == slice(first, first + CELLS)
    own, cells = rows(one, 1)
    assert cells.tolist() == [list(range(CELLS))]
    for cell in range(CELLS):
        expected = [one.weights[1, first + cell, first + other] for other in range(CELLS)]
        np.testing.assert_allclose(own[0, cell], expected, rtol=1e-6)
        np.testing.assert_allclose(to_grid(one, 1, cell).ravel(), expected, rtol=1e-6)
    asked = [token] if token is not None else range(first, first + CELLS)
    expected = [sum(one.weights[1, i, first + j] for i in asked) / len(asked) for j in range(CELLS)]
    np.testing.assert_allclose(to_grid(one, 1).ravel(), expected, rtol=1e-5)


@pytest.mark.parametrize("name", LAYOUTS)
def test_rollout_starts_from_the_class_token_or_from_the_mean_of_the_patches(name: str) -> None:
    layers_ = [made(name, seed) for seed in (2, 3)]
    product, own = rollout(layers_), patches(layers_[0])
    token = class_token(layers_[0])
    expected = product[own, own].mean(0) if token is None else product[token, own]
    assert can_roll(layers_)
    np.testing.assert_allclose(to_grid(rollout_map(layers_)).ravel(), expected, rtol=1e-5)
    assert not can_roll([layers_[0], made("none" if name != "none" else "class")])


def test_tokens_that_do_not_add_up_are_reported() -> None:
    n = CELLS + 1
    odd = AttentionMap("tap", Kind.PAIRWISE, softmaxed(1, 2, n, n), GRID)
    for ask in (lambda: to_grid(odd), lambda: rows(odd)):
        with pytest.raises(InvalidInput):
            ask()


@pytest.mark.parametrize("name", LAYOUTS)
def test_what_patches_got_is_laid_on_their_cells(name: str) -> None:
    one = made(name)
    tap = Tap(Kind.PAIRWISE, softmax=True, off=0.0, prefix=one.prefix, suffix=one.suffix)
    values = torch.from_numpy(one.weights.copy())
    found = lay(values, Record(tap, values[None], GRID))
    np.testing.assert_allclose(found.ravel(), one.weights.sum((0, 1))[patches(one)], rtol=1e-5)


class Tokens(nn.Module):
    """torchvision's blocks in a custom model: ``before`` and ``behind`` the patches stand other tokens."""

    def __init__(self, before: int, behind: int, read: Callable[[Tensor], Tensor], cells: int = 4):
        super().__init__()
        self.patch, self.read = nn.Conv2d(3, 32, 8, 8), read
        self.before, self.behind, self.others = before, behind, nn.Parameter(torch.zeros(1, 9, 32))
        self.place = nn.Parameter(torch.zeros(1, cells**2, 32))
        self.blocks = nn.ModuleList(EncoderBlock(4, 32, 64, 0.0, 0.0) for _ in range(3))
        self.classify = nn.Linear(32, len(CLASSES))

    def forward(self, x: Tensor) -> Tensor:
        y = self.patch(x).flatten(2).transpose(1, 2) + self.place
        others = self.others.expand(len(y), -1, -1)
        y = torch.cat((others[:, : self.before], y, others[:, 9 - self.behind :]), 1)
        for block in self.blocks:
            y = block(y)
        return self.classify(self.read(y))


OWN: dict[str, tuple[int, int, Callable[[Tensor], Tensor], tuple, tuple]] = {
    "none": (0, 0, lambda y: y.mean(1), (), ()),
    "class": (1, 0, lambda y: y[:, 0], ("class",), ()),
    "distilled": (2, 0, lambda y: y[:, 0] + y[:, 1], ("class", "distillation"), ()),
    "registers": (5, 0, lambda y: y[:, 0], ("class", *["register"] * 4), ()),
    "a register alone": (1, 0, lambda y: y[:, 1:].mean(1), ("register",), ()),
    "class last": (0, 1, lambda y: y[:, -1], (), ("class",)),
    "class first, registers last": (1, 2, lambda y: y[:, 0], ("class",), ("register", "register")),
}


def adopted(name: str, cells: int = 4, seed: int = 3) -> Classifier:
    before, behind, read, _, _ = OWN[name]
    module = redraw(Tokens(before, behind, read, cells), seed)
    return core.adopt(module, ModelCard("made/own", "", "transformer", CLASSES, size=8 * cells), "cpu")


@pytest.mark.parametrize("name", OWN)
def test_what_the_tokens_of_a_users_model_are_is_found_out(name: str, picture: Picture) -> None:
    for cells in (3, 4):
        classifier = adopted(name, cells)
        reading = core.read(classifier, picture)
        assert len(reading.maps) == 3 and not classifier.silent
        for one in reading.maps:
            assert (one.prefix, one.suffix, one.grid) == (*OWN[name][3:], (cells, cells))
            assert to_grid(one).shape == (cells, cells)


@pytest.mark.parametrize("name", OWN)
def test_everything_works_with_any_tokens(name: str, picture: Picture) -> None:
    classifier = adopted(name)
    reading = core.read(classifier, picture)
    tap, n = reading.maps[1].tap, reading.maps[1].weights.shape[-1]
    for slug in ("attention", "rollout", "gradient-x-attention", "layer-gradient-x-activation"):
        found = core.attribute(classifier, picture, slug, 1)
        assert found.grid == (4, 4) and np.isfinite(found.values).all() and found.values.std() > 0
    painted = np.arange(16, dtype=np.float32).reshape(4, 4)
    steered = core.intervene(classifier, picture, {tap: painted}).maps[1]
    own = patches(steered)
    np.testing.assert_allclose(steered.weights[2, n - 1, own], painted.ravel() / painted.sum(), rtol=1e-5)
    assert not np.delete(steered.weights, range(n)[own], 2).any()
    for change in (core.UNIFORM, core.OFF, core.SHUFFLED(1), core.off(head=1)):
        assert core.intervene(classifier, picture, {tap: change}).maps[1].weights.shape == steered.weights.shape
    assert len(core.ablate(classifier, picture)) == 3 * 5
    choices = attention_maps.choices(reading)
    assert choices[-1].tap == "rollout"
    for one in layers.attention_layers(reading, choices[0], CLASSES):
        assert one.values.shape == (4, 4) and one.more.cells.shape == (1, 16)
    assert ("class token" in one.rest) == has_token(reading.maps[0])


def test_torchvisions_own_model_has_a_class_token_first(picture: Picture) -> None:
    module, size = small("vit")
    reading = core.read(
        core.adopt(module, ModelCard("made/vit", "", "transformer", CLASSES, size=size), "cpu"), picture
    )
    assert {(one.prefix, one.suffix, one.grid) for one in reading.maps} == {(("class",), (), (4, 4))}


class Registered(VisionTransformer):
    """torchvision's, with three registers behind the patches."""

    def forward(self, x: Tensor) -> Tensor:
        y = torch.cat((self.class_token.expand(len(x), -1, -1), self._process_input(x)), 1)
        y = torch.cat((y + self.encoder.pos_embedding, self.registers.expand(len(x), -1, -1)), 1)
        return self.heads(self.encoder.ln(self.encoder.layers(y))[:, 0])


def test_a_model_made_of_torchvisions_says_what_it_adds(picture: Picture) -> None:
    module = Registered(32, 8, 3, 4, 32, 64, num_classes=10)
    module.registers = nn.Parameter(torch.zeros(1, 3, 32))
    card = ModelCard("made/registers", "", "transformer", CLASSES, size=32)
    classifier = core.adopt(redraw(module, 4), card, "cpu")
    reading = core.read(classifier, picture)
    assert {(one.prefix, one.suffix, one.grid) for one in reading.maps} == {(("class",), ("register",) * 3, (4, 4))}
    assert [core.attribute(classifier, picture, "grad-cam", stage=one).grid for one in classifier.stages] == [
        (4, 4)
    ] * 2


def test_where_it_is_unknown_there_is_no_map_and_a_sentence(picture: Picture) -> None:
    class Mixed(Tokens):
        def forward(self, x: Tensor) -> Tensor:
            y = self.patch(x).flatten(2) @ self.mix  # every token is of the whole picture
            for block in self.blocks:
                y = block(y.transpose(1, 2)).transpose(1, 2)
            return self.classify(y.mean(2))

    module = Mixed(0, 0, lambda y: y)
    module.mix = nn.Parameter(torch.randn(16, 16))
    classifier = core.adopt(redraw(module, 5), ModelCard("made/mixed", "", "transformer", CLASSES, size=32), "cpu")
    assert core.read(classifier, picture).maps == () and len(classifier.silent) == 3
    assert any("which of its tokens are patches" in note for note in classifier.notes)


def test_layouts_and_names_by_hand() -> None:
    assert list(layouts_of(16)) == [(0, 0), (7, 0), (0, 7), (1, 6), (6, 1), (12, 0), (0, 12), (1, 11), (11, 1)]
    assert list(layouts_of(5)) == [(1, 0), (0, 1)]
    assert name_tokens([1, 0, 0, 0, 0], (1, 0)) == ("class",)
    assert name_tokens([0, 0, 0, 0, 0, 2], (1, 1)) == ("register", "class")
    assert name_tokens([1, 2, 0, 0, 0, 0], (2, 0)) == ("class", "distillation")
    assert name_tokens([1, 2, 0, 0, 3, 0], (2, 0)) == ("register", "register")
