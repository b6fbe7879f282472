"""The derivation of a weight: equal to the weight that the model used, for every mechanism, and its terms add up."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch

import core
from core import Classifier, InvalidInput
from core.attention import MECHANISMS, Derivation
from core.attention.derivation import Place, derive_weight
from core.evaluation import can_derive
from core.images import open_image
from core.types import AttentionMap

OWN = [one.slug for one in MECHANISMS if one.slug != "plain"]


@pytest.fixture(scope="module")
def picture() -> core.Picture:
    """Noise, so that no two cells are the same."""
    return open_image(np.random.default_rng(0).integers(0, 255, (96, 96, 3), np.uint8))


def places(one: AttentionMap) -> list[tuple[int | None, tuple[int, int] | None]]:
    """A few parts and cells of a map."""
    generator = np.random.default_rng(1)
    parts = [None] if not one.kind.part else generator.integers(one.weights.shape[one.kind.part_axis], size=3).tolist()
    cells: list = (
        [None] if not one.kind.on_picture else [tuple(map(int, generator.integers(one.grid))) for _ in range(3)]
    )
    if "class" in one.prefix:
        cells.append(None)
    return [(part, cell) for part in parts for cell in cells]


def used(one: AttentionMap, part: int | None, cell: tuple[int, int] | None) -> float:
    """The weight that the model used: of a row the largest one."""
    weights = one.weights if part is None else one.weights.take(part, one.kind.part_axis)
    if one.kind.compares:
        at = 0 if cell is None else len(one.prefix) + cell[0] * one.grid[1] + cell[1]
        return float(weights[at].max())
    return float(weights if cell is None else weights[cell])


@pytest.mark.parametrize("slug", OWN)
def test_the_derived_weight_is_the_one_that_the_model_used(
    slug: str, tiny: Callable[[str], Classifier], picture: core.Picture
) -> None:
    classifier = tiny(slug)
    maps = core.read(classifier, picture).maps
    assert maps
    for one in maps:
        assert can_derive(classifier, one.tap)
        for part, cell in places(one):
            found = core.derive(classifier, picture, one.tap, part=part, cell=cell)
            assert found.weight == pytest.approx(used(one, part, cell), rel=1e-4, abs=1e-6)
            assert found.totals[-1][1] == found.weight
            assert "def forward" in found.code
            check_terms(found)


def check_terms(found: Derivation) -> None:
    """The terms that are listed, where none is left out, add up to what the totals say."""
    totals = dict(found.totals)
    for table in found.tables:
        assert not table.left_out or len(table.rows) == 8
        values = np.array([row.values for row in table.rows])
        if table.name in ("units", "planes", "neighbors") and not table.left_out:
            assert values[:, -1].sum() == pytest.approx(next(iter(totals.values())), abs=1e-9)
        if table.name == "units":
            assert values[:, 2] == pytest.approx(values[:, 0] * values[:, 1])
        if table.name == "keys":
            exponentials, weights = values[:, -2], values[:, -1]
            assert weights == pytest.approx(exponentials / totals["Σ exp(s − max s)"])
            assert (np.diff(weights) <= 0).all()
        if table.name == "product" and not table.left_out:
            assert values[:, 2].sum() == pytest.approx(found.tables[0].rows[0].values[0])
    if "z" in totals:
        assert found.weight == pytest.approx(1 / (1 + math.exp(-totals["z"])))


def test_a_gate_by_hand() -> None:
    """Two channels, one hidden unit: every number can be checked in the head."""
    module = core.attention.squeeze_excitation.SqueezeExcitation(2, reduction=2)
    with torch.no_grad():
        module.squeeze.weight.copy_(torch.tensor([[1.0, 2.0]]))
        module.squeeze.bias.copy_(torch.tensor([-1.0]))
        module.excite.weight.copy_(torch.tensor([[3.0], [0.0]]))
        module.excite.bias.copy_(torch.tensor([0.0, 1.0]))
    x = torch.stack([torch.full((2, 2), 1.0), torch.full((2, 2), 0.5)])[None]
    found = derive_weight(module, x, Place(part=0))
    assert found.tables[0].rows[0].values == (1.0, 3.0, 3.0)
    assert dict(found.totals) == {"Σ W₂ⱼ hⱼ": 3.0, "b₂": 0.0, "z": 3.0, "σ(z)": 1 / (1 + math.exp(-3))}


def test_what_there_is_not_is_one_sentence(tiny: Callable[[str], Classifier], picture: core.Picture) -> None:
    gate, compared = tiny("squeeze-excitation"), tiny("self-attention")
    tap = next(iter(gate.taps))
    for part in (None, -1, 10**6):
        with pytest.raises(InvalidInput, match="Choose a part from 0"):
            core.derive(gate, picture, tap, part=part)
    tap = next(iter(compared.taps))
    for cell in (None, (-1, 0), (0, 10**6)):
        with pytest.raises(InvalidInput, match="Choose a cell of the grid"):
            core.derive(compared, picture, tap, part=0, cell=cell)
    with pytest.raises(InvalidInput, match="has no tap 'gone'"):
        core.derive(compared, picture, "gone")
    with pytest.raises(InvalidInput, match="Fovea's own mechanisms only"):
        derive_weight(torch.nn.Identity(), torch.zeros(1, 1, 1, 1), Place())
