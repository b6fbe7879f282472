"""Attention that no output depends on has no map, with the reason; every other method works without it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import core
from core.attention.rollout import rollout
from core.attention.tap import gradients, listen
from core.types import ModelCard, Picture
from tests.benchmarks.coverage_models import of_transformers
from tests.conftest import redraw

CARD = ModelCard("own/x", "x", "transformer", tuple("abcde"), size=32)
WHY = "the model's output does not depend on it."


class Twice(nn.Module):
    """Attention over patches, twice; ``join`` makes the features out of both results."""

    def __init__(self, join: Callable[[Tensor, Tensor], Tensor], detached: bool = False):
        super().__init__()
        self.patch, self.head = nn.Conv2d(3, 16, 8, 8), nn.Linear(16, 5)
        self.first, self.second = (nn.MultiheadAttention(16, 2, batch_first=True) for _ in range(2))
        self.join, self.detached = join, detached

    def forward(self, x: Tensor) -> Tensor:
        y = self.patch(x).flatten(2).transpose(1, 2)
        first, second = self.first(y, y, y)[0], self.second(y, y, y)[0]
        return self.head(self.join(first, second.detach() if self.detached else second).mean(1))


JOINED: dict[str, tuple[Callable[[Tensor, Tensor], Tensor], bool, list[str]]] = {
    "both": (lambda a, b: a + b, False, ["first", "second"]),
    "the first": (lambda a, b: a, False, ["first"]),
    "the first, times zero": (lambda a, b: a + 0 * b, False, ["first", "second"]),  # there is a path
    "the second without a gradient": (lambda a, b: a + b, True, ["first", "second"]),
    "the first alone, detached": (lambda a, b: a, True, ["first"]),
}


@pytest.mark.parametrize("name", JOINED)
def test_attention_that_is_not_read_has_no_map(name: str, picture: Picture) -> None:
    join, detached, expected = JOINED[name]
    found = core.adopt(redraw(Twice(join, detached), 0), CARD)
    assert list(found.taps) == expected
    assert [one.tap for one in core.read(found, picture).maps] == expected
    notes = [str(note) for note in found.notes if WHY in str(note)]
    assert notes == ([] if len(expected) == 2 else [f"No attention map of second: {WHY}"])
    for tap in expected:
        assert np.isfinite(core.attribute(found, picture, "gradient-x-attention", tap=tap).values).all()


def test_the_gradient_of_what_is_not_read_is_zero() -> None:
    found = core.adopt(redraw(Twice(lambda a, b: a), 0), CARD)
    x = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(1), requires_grad=True)
    with listen() as records:
        score = found.module(x)[0, 0]
    first, second = gradients(score, list(records.values()))
    assert first.abs().max() > 0 and second.shape == first.shape and not second.any()


def test_siglips_unread_pooling_head_has_no_map(picture: Picture) -> None:
    module = redraw(of_transformers("Siglip"), 0).eval()
    found = core.adopt(module, None, "cpu")
    assert f"No attention map of vision_model.head.attention: {WHY}" in map(str, found.notes)
    maps = core.read(found, picture).maps
    assert len(maps) == 2 and all("head" not in one.tap for one in maps)
    for slug in ("gradient-x-attention", "rollout", "attention"):
        assert core.attribute(found, picture, slug).values.std() > 0
    rolled = core.attribute(found, picture, "rollout").values.ravel()
    np.testing.assert_allclose(rolled, rollout(maps).mean(0), rtol=1e-4)
