"""Variation of training pictures: within its bounds, each part off where the recipe says so, the same for a seed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from core.data.datasets import Split
from core.images import BASELINE, open_image, square
from core.training import RECIPES
from core.training.augmentation import Pictures, variation, vary_color
from tests.core.small_runs import TINY, made

STILL = replace(TINY, crop=1.0, flip=False, erase=0.0, sizes=((1.0, 48),))


def augmented(count: int = 40, **parts: object) -> np.ndarray:
    """One picture of noise in so many epochs, (count, 48, 48, 3), and as it is at the end."""
    split = made(5, 1)
    one = replace(STILL, **parts)
    return np.stack([Pictures(split, one, epoch)[4][0].permute(1, 2, 0).numpy() for epoch in range(count)])


def test_a_view_is_decided_by_seed_epoch_and_picture_alone() -> None:
    split, one = made(12, 1), replace(TINY, rotate=20.0)
    before = torch.random.get_rng_state()
    expected = [Pictures(split, one, 1)[i] for i in range(12)]
    assert torch.equal(before, torch.random.get_rng_state())  # nothing else is drawn otherwise
    for workers in (0, 2):
        torch.manual_seed(workers)
        loader = DataLoader(Pictures(split, one, 1), batch_sampler=[[7, 2, 9], [0, 7]], num_workers=workers)
        for (x, y, chance), indices in zip(loader, loader.batch_sampler, strict=True):
            for k, i in enumerate(indices):
                assert torch.equal(x[k], expected[i][0]) and torch.equal(chance[k], expected[i][2]) and y[k] == i % 3
    for other in (Pictures(split, one, 2)[4], Pictures(split, replace(one, seed=5), 1)[4], expected[7]):
        assert not torch.equal(other[2], expected[4][2])
    assert not torch.equal(Pictures(split, replace(one, sizes=((1.0, 48),)), 0)[4][0], expected[4][0])


def test_pictures_have_the_size_of_the_epoch() -> None:
    shapes = [Pictures(made(3, 1), TINY, epoch)[0][0] for epoch in (0, 1)]
    assert [one.shape for one in shapes] == [(3, 32, 32), (3, 48, 48)] and shapes[0].dtype == torch.uint8


def test_with_everything_off_a_picture_is_the_models_own_square() -> None:
    y, x = np.mgrid[:70, :90]  # smooth, for torchvision rounds the place of the crop to a pixel
    pixels = np.stack([2 * y, 2 * x, 255 - y - x], 2).astype(np.uint8)
    split = Split(np.zeros(1, int), lambda i: pixels)
    one = Pictures(split, STILL)[0][0].permute(1, 2, 0).numpy()
    expected = square(open_image(pixels), 48)
    assert np.abs(one.astype(int) - expected).max() <= 4 and one.std() > 20
    assert (augmented(8) == made(5, 1).read(4)).all()


def test_flips_mirror_half_of_the_views() -> None:
    plain, found = made(5, 1).read(4), augmented(60, flip=True)
    mirrored = [np.array_equal(one, plain[:, ::-1]) for one in found]
    assert 18 <= sum(mirrored) <= 42 and all((one == plain).all() for one in found[~np.array(mirrored)])


def test_erasing_fills_a_rectangle_with_the_mean_color_as_often_as_stated() -> None:
    plain, found = made(5, 1).read(4), augmented(80, erase=0.5)
    changed = (found != plain).any(3)
    erased = changed.any((1, 2))
    assert 25 <= erased.sum() <= 55
    for one, mask in zip(found[erased], changed[erased], strict=True):
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        box = one[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        assert (box == BASELINE).all() and box.size // 3 <= 0.25 * 48 * 48


def test_moved_pictures_repeat_their_border() -> None:
    plain, found = made(5, 1).read(4), augmented(60, shift=3)
    framed = np.pad(plain, ((3, 3), (3, 3), (0, 0)), mode="edge")
    places = []
    for one in found:
        fits = [(y, x) for y in range(7) for x in range(7) if (framed[y : y + 48, x : x + 48] == one).all()]
        places += fits[:1]
    assert len(places) == 60 and {y for y, _ in places} == {x for _, x in places} == set(range(7))


def test_turns_stay_within_their_angle() -> None:
    """Where a bright dot lands tells the angle."""
    pixels = np.zeros((48, 48, 3), np.uint8)
    pixels[22:26, 42:46] = 255
    split, one = Split(np.zeros(1, int), lambda i: pixels), replace(STILL, rotate=30.0)
    angles = []
    for epoch in range(40):
        found = Pictures(split, one, epoch)[0][0].min(0).values.numpy()
        bright = np.where(found > 150, found - 110.0, 0)
        y, x = ((bright * axis).sum() / bright.sum() for axis in np.mgrid[:48, :48] - 23.5)
        angles.append(np.degrees(np.arctan2(-y, x)))
    assert max(map(abs, angles)) <= 31 and max(angles) > 15 and min(angles) < -15


def test_the_recipe_of_tags_never_cuts_one_off() -> None:
    pixels = np.zeros((128, 128, 3), np.uint8)
    for row, column in ((4, 4), (4, 114), (114, 4), (114, 114)):
        pixels[row : row + 10, column : column + 10] = 255
    split = Split(np.zeros(1, int), lambda i: pixels)
    shares = {}
    for family in ("scenes-tag", "scenes"):
        found = [Pictures(split, RECIPES[family], epoch)[0][0][0] for epoch in range(6)]
        corners = [one.unfold(0, len(one) // 2, len(one) // 2).unfold(1, len(one) // 2, len(one) // 2) for one in found]
        shares[family] = min(float((corner > 128).float().mean((2, 3)).min()) * 64**2 / 100 for corner in corners)
    assert shares["scenes-tag"] > 0.8 and shares["scenes"] < 0.5


def test_colors_vary_by_brightness_contrast_and_saturation() -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.rand((2, 3, 4, 5), generator=generator) * 0.4 + 0.3
    drawn = torch.rand((2, 3), generator=generator)
    torch.testing.assert_close(vary_color(x, 0.0, drawn), x)
    found = vary_color(x, 0.2, drawn)
    for b in range(2):
        bright, contrast, saturation = (1 + 0.2 * (2 * float(one) - 1) for one in drawn[b])
        pixels = [[float(x[b, c, i, j]) * bright for c in range(3)] for i in range(4) for j in range(5)]
        mean = sum(map(sum, pixels)) / 60
        pixels = [[(v - mean) * contrast + mean for v in one] for one in pixels]
        pixels = [[(v - sum(one) / 3) * saturation + sum(one) / 3 for v in one] for one in pixels]
        assert found[b].permute(1, 2, 0).reshape(20, 3).tolist() == [pytest.approx(one, abs=1e-5) for one in pixels]


def test_a_switch_leaves_its_part_out() -> None:
    names = [type(step).__name__ for step in variation(48, STILL).transforms]
    assert names == ["Resize", "CenterCrop"]
    names = [type(step).__name__ for step in variation(48, replace(TINY, shift=2, rotate=5.0)).transforms]
    assert names == ["RandomResizedCrop", "RandomCrop", "RandomHorizontalFlip", "RandomRotation", "RandomErasing"]
