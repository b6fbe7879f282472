"""The short-sighted backbone: what each cell sees, where attention sits, and how little a border tells of itself."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from core.attention import MECHANISMS, Mechanism, mechanism
from core.attention.tap import taps
from core.models.networks.short_sighted import DEPTH, RECEPTIVE_FIELD, STRIDE, ShortSighted, short_sighted
from core.scenes.grounds import GROUNDS, VARIANTS
from core.tasks import Layout, draw_pixels
from tests.conftest import redraw

SIZE, SIDE, CLASSES = 128, 8, 5
WIDTHS = (8, 8, 8, 16)
of_each_mechanism = pytest.mark.parametrize("one", MECHANISMS, ids=lambda one: one.slug)


TAPS: dict[str, list[str]] = {
    "plain": [],
    "squeeze-excitation": ["stage3.attention"],
    "feature-gate": ["stage3.attention"],
    "spatial-gate": ["stage3.attention"],
    "cbam": ["stage3.attention.channel", "stage3.attention.spatial"],
    "attention-pooling": ["pool"],
    "self-attention": ["stage4.block1.0"],
    "recurrent": ["pool.1"],
    "transformer": [f"block{number}.attention" for number in range(1, DEPTH + 1)],
}


def trunk(module: nn.Module) -> nn.Module:
    """What leads the picture to the cells, before any attention."""
    if isinstance(module, ShortSighted):
        return nn.Sequential(module.stem, module.stage1, module.stage2, module.stage3.block1)
    return module.stem


def linear(module: nn.Module) -> nn.Module:
    """The module in double precision with drawn weights, without rectifiers: a pixel that can matter does."""
    for parent in list(module.modules()):
        for name, child in parent.named_children():
            if isinstance(child, nn.ReLU):
                setattr(parent, name, nn.Identity())
    return redraw(module, seed=4).double().eval().requires_grad_(False)


def seen(cells: nn.Module, row: int, column: int) -> np.ndarray:
    """The pixels that can change a cell, (SIZE, SIZE) bool."""
    x = torch.randn(1, 3, SIZE, SIZE, dtype=torch.float64, generator=torch.Generator().manual_seed(1)).requires_grad_()
    cells(x)[0, :, row, column].sum().backward()
    return (x.grad[0].abs().sum(0) > 0).numpy()


def square(row: int, column: int) -> np.ndarray:
    """The receptive field, centered on its cell, as far as it lies in the picture."""
    found = np.zeros((SIZE, SIZE), bool)
    edges = [
        (STRIDE * at + (STRIDE - RECEPTIVE_FIELD) // 2, STRIDE * at + (STRIDE + RECEPTIVE_FIELD) // 2)
        for at in (row, column)
    ]
    (top, bottom), (left, right) = edges
    found[max(0, top) : bottom, max(0, left) : right] = True
    return found


# What a cell sees


def test_each_cell_sees_its_square_and_nothing_else() -> None:
    cells = trunk(linear(short_sighted(mechanism("plain"), CLASSES, WIDTHS)))
    assert SIDE * STRIDE == SIZE and square(3, 4).sum() == RECEPTIVE_FIELD**2
    for row, column in np.ndindex(SIDE, SIDE):
        assert np.array_equal(seen(cells, row, column), square(row, column))


@of_each_mechanism
def test_every_mechanism_has_the_same_field_before_its_attention(one: Mechanism) -> None:
    cells = trunk(linear(short_sighted(one, CLASSES, WIDTHS)))
    for row, column in ((0, 0), (3, 4), (7, 2)):
        assert np.array_equal(seen(cells, row, column), square(row, column))


def test_without_attention_the_last_stage_sees_no_farther_and_a_gate_brings_all_together() -> None:
    for slug, far in (
        ("plain", False),
        ("feature-gate", False),
        ("squeeze-excitation", True),
        ("self-attention", True),
    ):
        module = linear(short_sighted(mechanism(slug), CLASSES, WIDTHS))
        cells = nn.Sequential(module.stem, module.stage1, module.stage2, module.stage3, module.stage4)
        assert np.array_equal(seen(cells, 3, 4), np.ones((SIZE, SIZE), bool) if far else square(3, 4))


def test_cells_do_not_know_where_they_are() -> None:
    """A picture that is moved by a cell has its cells moved by one, but for those that see the border."""
    cells = redraw(trunk(short_sighted(mechanism("transformer"), CLASSES, WIDTHS)), seed=5).double().eval()
    x = torch.randn(1, 3, SIZE, SIZE, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        before, after = cells(x), cells(x.roll((STRIDE, STRIDE), (2, 3)))
    assert torch.allclose(before[..., 1:-2, 1:-2], after[..., 2:-1, 2:-1], atol=1e-12)
    assert before.std(dim=(2, 3)).max() > 0.01


# Where attention sits


@of_each_mechanism
def test_stages_have_their_grids_and_mechanisms_their_taps(one: Mechanism) -> None:
    module = short_sighted(one, CLASSES, WIDTHS).eval()
    assert list(taps(module)) == TAPS[one.slug]
    assert module(torch.zeros(2, 3, SIZE, SIZE)).shape == (2, CLASSES)
    if isinstance(module, ShortSighted):
        shapes, x = [], torch.zeros(1, 3, SIZE, SIZE)
        for stage in (module.stem, module.stage1, module.stage2, module.stage3, module.stage4):
            x = stage(x)
            shapes.append(tuple(x.shape[1:]))
        assert shapes == [(8, 32, 32), (8, 16, 16), (8, 16, 16), (8, 8, 8), (16, 8, 8)]
    else:
        assert module.stem(torch.zeros(1, 3, SIZE, SIZE)).shape == (1, 8, 8, 8) and len(module.blocks) == DEPTH


def test_positions_are_given_to_who_cannot_know_them_alone() -> None:
    coded = {
        one.slug
        for one in MECHANISMS
        if any(type(part).__name__ == "Positions" for part in short_sighted(one, CLASSES, WIDTHS).modules())
    }
    assert coded == {one.slug for one in MECHANISMS if one.positions}


# Borders


@cache
def grounds() -> Tensor:
    """Every ground, drawn a cell larger on each side than a picture: (n, 3, SIZE + 2 STRIDE, ...)."""
    drawn = [draw_pixels(Layout(number, (), "", ()), SIZE + 2 * STRIDE) for number in range(len(GROUNDS) * VARIANTS)]
    return torch.tensor(np.stack(drawn)).permute(0, 3, 1, 2).float() / 64 - 2


def features(padding: str | None, seed: int) -> Tensor:
    """The cells (n, SIDE, SIDE, 2 c) of all grounds and their squares, by a fresh model.

    None for the padding is what lies there in truth.
    """
    torch.manual_seed(seed)
    cells = trunk(short_sighted(mechanism("plain"), CLASSES, (16, 32, 64, 64))).eval()
    for part in cells.modules():
        if isinstance(part, nn.Conv2d) and part.padding != (0, 0):
            part.padding_mode = padding or part.padding_mode
            part._reversed_padding_repeated_twice = [1, 1, 1, 1]
    x = grounds() if padding is None else grounds()[..., STRIDE:-STRIDE, STRIDE:-STRIDE]
    with torch.no_grad():
        found = cells(x).permute(0, 2, 3, 1)
    found = torch.cat((found, found.square()), -1)  # so that a difference in spread tells as well
    return found[:, 1:-1, 1:-1] if padding is None else found


def leak(padding: str | None, seed: int) -> float:
    """How often a linear classifier tells cells of the border from others, on grounds that it was not trained on.

    Both kinds count the same, so that chance is a half.
    """
    found = features(padding, seed)
    border = torch.ones(SIDE, SIDE, dtype=torch.bool)
    border[1:-1, 1:-1] = False
    order = torch.randperm(len(found), generator=torch.Generator().manual_seed(seed))
    (train, labels), (test, truth) = (
        (found[part].flatten(0, 2), border.expand(len(part), -1, -1).flatten()) for part in order.chunk(2)
    )
    mean, spread = train.mean(0), train.std(0) + 1e-4
    share = border.float().mean()
    classify = nn.Linear(train.shape[1], 1)
    nn.init.zeros_(classify.weight)
    optimizer = torch.optim.LBFGS(classify.parameters(), max_iter=40)

    def loss() -> Tensor:
        optimizer.zero_grad()
        weights = torch.where(labels, 0.5 / share, 0.5 / (1 - share))
        scores = classify((train - mean) / spread)[:, 0]
        value = (
            binary_cross_entropy_with_logits(scores, labels.float(), weights) + 1e-3 * classify.weight.square().sum()
        )
        value.backward()
        return value

    optimizer.step(loss)
    with torch.no_grad():
        answers = classify((test - mean) / spread)[:, 0] > 0
    return float(np.mean([(answers[truth == kind] == kind).float().mean() for kind in (True, False)]))


def test_a_border_hardly_tells_itself() -> None:
    """A repeated border is as good as the truth beyond it, where zeros tell nearly every time."""
    found = {padding: np.mean([leak(padding, seed) for seed in range(2)]) for padding in (None, "replicate", "zeros")}
    print({str(padding): round(float(share), 3) for padding, share in found.items()})
    assert abs(found[None] - 0.5) < 0.04
    assert abs(found["replicate"] - 0.5) < 0.04 and found["zeros"] > 0.9
