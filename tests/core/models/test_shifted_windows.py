"""Interventions in shifted windows: cells that may not attend to each other still do not, by plain loops."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torchvision.models.swin_transformer import ShiftedWindowAttention, ShiftedWindowAttentionV2

import core
from core.attention.tap import Record, Tap, listen, shuffled, steer, uniform, within
from core.models.torchvision_taps import adapt
from core.types import Kind, ModelCard, Picture
from tests.conftest import CLASSES, redraw
from tests.core.small_models import SWINS, small

VERSIONS = [ShiftedWindowAttention, ShiftedWindowAttentionV2]
SHIFTED = [one for one in SWINS if any(one[2])]


def pieces(grid: tuple, window: tuple, shift: tuple) -> np.ndarray:
    """The piece of the padded picture that each token of each window is of, (windows, n): by loops over both axes.

    Windows are laid over the picture rolled by the shift; what was rolled round an edge is another piece.
    """
    whole = [-(-length // side) * side for length, side in zip(grid, window, strict=True)]
    moved = [step if side < length else 0 for step, side, length in zip(shift, window, whole, strict=True)]
    found = []
    for top in range(0, whole[0], window[0]):
        for left in range(0, whole[1], window[1]):
            rolled = [
                2 * (top + i >= whole[0] - moved[0]) + (left + j >= whole[1] - moved[1])
                for i in range(window[0])
                for j in range(window[1])
            ]
            found.append(rolled)
    return np.array(found)


def made(version: type[nn.Module], window: tuple, shift: tuple, sharp: bool = False) -> nn.Module:
    theirs = redraw(version(8, list(window), list(shift), 2), 5).requires_grad_(False)
    if sharp:  # a softmax so steep that many allowed weights are zero as well
        theirs.qkv.weight[:16] *= 30
    return adapt(nn.Sequential(deepcopy(theirs)))


def heard(ours: nn.Module, x: Tensor, change: object) -> Record:
    with torch.no_grad(), steer(ours, {"0": change} if change else {}), listen() as records:
        ours(x)
    (record,) = records.values()
    return record


def picture_of(grid: tuple, count: int = 2) -> Tensor:
    return torch.randn(count, *grid, 8, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("grid", "window", "shift"), SWINS)
def test_uniform_is_one_over_the_keys_that_a_query_may_attend_to(
    grid: tuple, window: tuple, shift: tuple, version: type[nn.Module]
) -> None:
    ours, own = made(version, window, shift), pieces(grid, window, shift)
    weights = heard(ours, picture_of(grid), uniform).weights
    for number, piece in enumerate(own):
        for i in range(len(piece)):
            expected = [float(one == piece[i]) / (piece == piece[i]).sum() for one in piece]
            np.testing.assert_allclose(
                weights[:, number, :, i], np.broadcast_to(expected, (2, 2, len(piece))), rtol=1e-6
            )


@pytest.mark.parametrize("sharp", [False, True])
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("grid", "window", "shift"), SWINS)
def test_shuffled_permutes_the_weights_of_the_keys_that_a_query_may_attend_to(
    grid: tuple, window: tuple, shift: tuple, version: type[nn.Module], sharp: bool
) -> None:
    ours, own, x = made(version, window, shift, sharp), pieces(grid, window, shift), picture_of(grid)
    before, after = heard(ours, x, None).weights.numpy(), heard(ours, x, shuffled(3)).weights.numpy()
    assert np.array_equal(after, heard(ours, x, shuffled(3)).weights) and not np.array_equal(before, after)
    for number, piece in enumerate(own):
        for i in range(len(piece)):
            allowed = piece == piece[i]
            old, new = before[:, number, :, i], after[:, number, :, i]  # (picture, head, key)
            assert (new[..., ~allowed] == 0).all()
            old, new = old[..., allowed], new[..., allowed]
            assert np.array_equal(np.sort(new, -1), np.sort(old, -1))
            if not sharp:  # one order for both heads of a picture
                pairs = zip(old[0].tolist(), new[0].tolist(), strict=True)
                orders = [[row.index(value) for value in one] for row, one in pairs]
                assert orders[0] == orders[1]


def test_where_all_may_be_attended_to_the_order_is_the_same_as_without_a_mask() -> None:
    order = torch.tensor([3, 0, 2, 1])
    assert torch.equal(within(torch.ones(2, 4, 4, dtype=torch.bool), order), order.expand(2, 4, 4))
    allowed = torch.tensor([[[True, False, True, True]]])
    assert within(allowed, order).tolist() == [[[3, 1, 0, 2]]]


@pytest.mark.parametrize(("grid", "window", "shift"), SHIFTED)
def test_other_changes_do_not_cross_the_mask_either(grid: tuple, window: tuple, shift: tuple) -> None:
    ours, own, x = made(ShiftedWindowAttention, window, shift), pieces(grid, window, shift), picture_of(grid, 1)
    forbidden = own[:, :, None] != own[:, None]
    assert forbidden.any() == (tuple(grid) != tuple(window))
    for change in (lambda tap, weights: torch.ones_like(weights), core.OFF, core.off(head=1), shuffled(0), uniform):
        weights = heard(ours, x, change).weights[0].transpose(0, 1)
        assert (weights[:, torch.from_numpy(forbidden)] == 0).all()


@pytest.mark.parametrize("family", ["swin", "swin-v2"])
def test_painted_maps_and_other_maps_stay_within_their_pieces(family: str, picture: Picture) -> None:
    module, size = small(family)
    classifier = core.adopt(module, ModelCard("made/swin", "", "transformer", CLASSES, size=size), "cpu")
    maps = {one.tap: one for one in core.read(classifier, picture).maps}
    (plain, first), (shifted, second) = list(maps.items())[:2]
    own = pieces(second.grid, (4, 4), (2, 2))
    allowed = own[:, :, None] == own[:, None]
    painted = np.random.default_rng(0).random(second.grid).astype(np.float32)
    everywhere = np.append(painted, np.float32(0))[second.cells]
    expected = everywhere[:, None] * allowed
    expected = expected / np.maximum(expected.sum(-1, keepdims=True), 1e-30)  # nothing was painted on the padding
    found = core.intervene(classifier, picture, {shifted: painted}).maps[1].weights
    for head in range(found.shape[1]):
        np.testing.assert_allclose(found[:, head], expected, rtol=1e-5, atol=1e-7)
    # The map of the block before, whose windows are not shifted, has weights for every key of its windows.
    found = core.intervene(classifier, picture, {shifted: first}).maps[1].weights
    assert (found.transpose(1, 0, 2, 3)[:, ~allowed] == 0).all()
    np.testing.assert_allclose(found.sum(-1), 1, rtol=1e-5)
    part = first.weights * allowed[:, None]
    np.testing.assert_allclose(found, part / part.sum(-1, keepdims=True), rtol=1e-4, atol=1e-7)
    # Its own map, given back, is its own map, to the last digit.
    again = core.intervene(classifier, picture, {shifted: second})
    np.testing.assert_allclose(again.logits, core.read(classifier, picture).logits, rtol=1e-5, atol=1e-5)
    # A head that is off leaves the other as it is.
    found = core.intervene(classifier, picture, {shifted: core.off(head=1)}).maps[1].weights
    assert not found[:, 1].any() and np.allclose(found[:, 0], second.weights[:, 0])
    assert plain != shifted and np.abs(second.weights.transpose(1, 0, 2, 3)[:, ~allowed]).max() < 1e-30


def test_a_steer_gets_no_mask_after_it_ran() -> None:
    tap, weights = Tap(Kind.WINDOWED, softmax=True, off=0.0), torch.rand(1, 1, 1, 2, 2)
    module, mask = nn.Sequential(), torch.eye(2, dtype=torch.bool)[None]
    module.add_module("tap", tap)
    with steer(module, {"tap": uniform}):
        assert torch.equal(tap(weights, (1, 2), None, mask)[0, 0, 0], torch.eye(2))
        assert torch.equal(tap(weights, (1, 2))[0, 0, 0], torch.full((2, 2), 0.5))
    assert torch.equal(uniform(tap, weights), torch.full_like(weights, 0.5))
