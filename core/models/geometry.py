"""Test whether the output of a module lines up with the picture: where the picture changes, the output must change.

Each corner of a picture is changed a little, by ``CHANGE`` of its standard deviation. On a grid (b, c, h, w) that lines
up with the picture, the change is in the same corner. With E the squared change in the first or the last part of the
grid along an axis, summed over channels,

    ½ log E_last / E_first  =  a + b_own · place + b_other · place along the other axis          place −1 or 1

is fitted over all corners of ``PICTURES`` pictures. The grid lines up with the picture if b_own is above ``LEAST``,
above ``SURE`` standard errors and above ``AXES`` · |b_other|, along both axes. That holds for local features with any
receptive field, and for patches that attend to each other; not for attention scores, channel × channel, mirrored or
transposed maps, spectra, or tokens that were mixed. Measured on random weights at 96 px: torchvision's CNNs 0.2 to 5.2,
attention scores of 2 × 2 to 10 × 10 patches never both axes.

A shift of the picture by one cell would test the same, but brings in new content, which changes all cells of small
grids (AlexNet and Inception then fit better without a shift).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Key = TypeVar("Key", bound=Hashable)

PICTURES = 4
PART = 3  # a corner is a third of the picture along both axes
CHANGE = 0.1
LEAST, SURE, AXES = 0.05, 4.0, 2.0
FLOOR = 1e-4  # of the mean change, added everywhere: otherwise a change in a single corner has no logarithm
MOST = 1 << 18  # numbers of a grid that are used; of more, only some channels


class Place(NamedTuple):
    """A ``module``, and how to make the grid (b, c, h, w) under test from its inputs and its output."""

    module: nn.Module
    grid: Callable[[tuple[Any, ...], Any], Tensor]


def on_picture(module: Callable[[Tensor], Any], x: Tensor, places: Mapping[Key, Place]) -> dict[Key, float]:
    """The places whose grid lines up with the picture, each with the lesser b_own of both axes.

    ``x`` (1, 3, size, size) is any picture that the module takes.
    """
    if not places:
        return {}
    found: dict[Key, list[Tensor]] = {key: [] for key in places}
    clear: dict[Key, float] = {}
    size = x.shape[-1]
    drawn, change = textures(2 * PICTURES, size).to(x).split(PICTURES)
    for number, (picture, other) in enumerate(zip(drawn, CHANGE * change, strict=True)):
        before = grids(module, picture[None], places, number)
        for down in (-1, 1):
            for right in (-1, 1):
                moved, corner = picture.clone(), (slice(None), part(size, down), part(size, right))
                moved[corner] += other[corner]
                after = grids(module, moved[None], places, number)
                for key in before.keys() & after.keys():
                    if before[key].shape == after[key].shape:
                        found[key].append(torch.tensor([down, right, *shares(after[key] - before[key])]))
        clear = {key: value for key, rows in found.items() if (value := clearness(rows, number + 1)) > 0}
        if len(clear) == len(places):  # two pictures are usually enough
            break
    return clear


def textures(count: int, size: int) -> Tensor:
    """Noise (count, 3, size, size) at all scales from a pixel to half the picture, with mean 0 and deviation 1."""
    draw, total, cell = torch.Generator().manual_seed(0), torch.zeros(count, 3, size, size, dtype=torch.float32), 1
    while 2 * cell <= size:
        side = -(-size // cell)
        noise = torch.randn(count, 3, side, side, generator=draw, dtype=torch.float32)
        total += F.interpolate(noise, (size, size), mode="bilinear")
        cell *= 2
    return (total - total.mean()) / total.std()


def part(length: int, end: int) -> slice:
    """The first or the last part of an axis: a third, or half of two cells."""
    count = max(1, length // PART)
    return slice(0, count) if end < 0 else slice(length - count, length)


def grids(module: Callable[[Tensor], Any], x: Tensor, places: Mapping[Key, Place], seed: int) -> dict[Key, Tensor]:
    """The grids (c, h, w) of all places for one picture, without those that cannot be made."""
    kept: dict[Key, Tensor] = {}

    def keep(key: Key, inputs: tuple[Any, ...], y: Any) -> None:
        try:
            grid = places[key].grid(inputs, y)[0].detach()
        except (RuntimeError, IndexError, TypeError, AttributeError):  # an unexpected shape
            return
        if grid.ndim != 3 or min(grid.shape[1:]) < 2:
            return
        kept[key] = grid[:: -(-grid.numel() // MOST)].double().clone()

    with torch.no_grad(), fixed(x.device, seed), hooks(places, keep):
        module(x)
    return kept


@contextmanager
def hooks(places: Mapping[Key, Place], keep: Callable[[Key, tuple[Any, ...], Any], None]) -> Iterator[None]:
    """Call ``keep`` after every run of the modules."""
    handles = [
        place.module.register_forward_hook(lambda _, inputs, y, key=key: keep(key, inputs, y))
        for key, place in places.items()
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def fixed(device: torch.device, seed: int) -> Iterator[None]:
    """The same random numbers each time, for models that use some."""
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield


def shares(change: Tensor) -> tuple[float, float]:
    """½ log E_last / E_first of the change (c, h, w) of a grid, along the height and the width; 0 for no change."""
    energy = change.square().sum(0)
    energy = energy + FLOOR * energy.mean()
    if not (energy > 0).all() or not energy.isfinite().all():
        return 0.0, 0.0

    def along(axis: int) -> float:
        line = energy.sum(1 - axis)
        first, last = (line[part(len(line), end)].sum() for end in (-1, 1))
        return float((last / first).log() / 2)

    return along(0), along(1)


def clearness(rows: list[Tensor], pictures: int) -> float:
    """The lesser b_own of both axes, from rows (down, right, share along height, along width); 0 if it is not clear."""
    if len(rows) < 4 * max(2, pictures):
        return 0.0
    places, found = torch.stack(rows).double().split(2, 1)
    design = torch.cat((places, torch.ones(len(rows), 1, dtype=torch.float64)), 1)
    fit = design.T @ found / len(rows)  # corners are balanced, so that the columns are orthogonal
    errors = ((found - design @ fit).square().sum(0) / (len(rows) - 3) / len(rows)).sqrt()
    own, other = fit[[0, 1], [0, 1]], fit[[1, 0], [0, 1]].abs()
    clear = (own > LEAST) & (own > SURE * errors) & (own > AXES * other)
    return float(own.min()) if clear.all() else 0.0
