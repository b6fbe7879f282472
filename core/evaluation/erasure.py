"""Erase a part of the picture: the cells with the largest values of a map, the smallest, or random ones.

The model's square is divided into ``CELLS`` × ``CELLS`` cells, the same for every map, so that fine and coarse maps
remove pieces of one size (regions on a grid, as in Samek et al., "Evaluating the visualization of what a deep neural
network has learned", TNNLS 2017). They are filled with gray (the classifier's mean color), the blurred picture, or
their surroundings: each pixel is the mean of its neighbors, with weights 2 for direct and 1 for diagonal ones, solved
as one linear system. This is the imputation of Rong et al., "A consistent and efficient evaluation strategy for
attribution methods" (ROAD), ICML 2022, without its noise; of the three fills, it leaves the fewest traces of the erased
region.
"""

from __future__ import annotations

from numbers import Real

import numpy as np
import torch
from torch import Tensor

from core import checking
from core.attribution.baseline import absent
from core.classifier import Classifier, takes_classifier
from core.evaluation.agreement import Map, to_values
from core.evaluation.grids import pool
from core.images import open_image, to_picture
from core.types import InvalidInput, Picture

CELLS = 16
"""Cells per side; a model of smaller pictures has one per pixel."""
FILLS = {"gray": "mean-color", "blur": "blurred", "surroundings": None}
"""The fills of erased cells, with the corresponding baseline of attribution."""
WHICH = ("most", "random", "least")
NEIGHBORS = {(dy, dx): 1 / 6 if 0 in (dy, dx) else 1 / 12 for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dy or dx}
"""The weight of each neighbor of a pixel in its mean."""


@takes_classifier
def erase(
    classifier: Classifier,
    picture: Picture,
    map_: Map,
    share: float = 0.2,
    *,
    which: str = "most",
    fill: str = "gray",
    seed: int = 0,
) -> Picture:
    """The model's square as a new picture, without a ``share`` (0 to 1) of its cells.

    ``which`` cells: those with the largest values ("most"), the smallest ("least"), or "random" ones, by ``seed``. In a
    signed map, "most" is the strongest evidence for the class and "least" the strongest evidence against it. ``fill``
    is "gray", "blur" or "surroundings". The result is a picture like any other.

    Raises:
        InvalidInput: a map that is not a finite (h, w) array, a share or seed out of range, or no such cells or fill.
    """
    checking.picture(picture, "erase")
    seed = checking.whole(seed, 0, None, "The seed")
    for given, known in ((which, WHICH), (fill, tuple(FILLS))):
        if given not in known:
            raise InvalidInput(
                "'{given}' is not a valid choice. Choose one of: {known}.", known=list(known), given=given
            )
    if not isinstance(share, Real) or not 0 <= share <= 1:
        raise InvalidInput("The share to erase must be a number from 0 to 1, not {given}.", given=checking.brief(share))
    side, size = cells(classifier), classifier.card.size
    order = rank(map_, side, seed) if which != "random" else np.random.default_rng(seed).permutation(side * side)
    order = order[::-1] if which == "least" else order
    gone = reach(order, round(share * len(order)), side, size)
    pixels = classifier.square(picture)
    if fill == "surroundings" and not gone.all():
        filled = fill_in(pixels, gone)
    else:  # if all cells are erased, there are no surroundings
        filled = painted(classifier, picture, FILLS[fill] or FILLS["gray"])
    return open_image(np.where(gone[:, :, None], filled, pixels), (0, 0, size, size), picture.name)


def cells(classifier: Classifier) -> int:
    """The cells per side of the model's square."""
    return min(CELLS, classifier.card.size)


def rank(map_: Map, side: int, seed: int = 0) -> np.ndarray:
    """The cells of a map, counted row by row, the largest value first: (side²,) int. Ties in a seeded random order.

    A finer map is averaged over each cell, a coarser one is interpolated.
    """
    array = to_values(map_)
    if min(array.shape) >= side:
        array = pool(array, (side, side))
    else:
        array = to_picture(array, (0.0, 0.0, float(side), float(side)), (side, side), smooth=True)
    return np.lexsort((np.random.default_rng(seed).permutation(side * side), -array.ravel()))


def reach(order: np.ndarray, count: int, side: int, size: int) -> np.ndarray:
    """The pixels (size, size) of the first ``count`` cells of an order; a pixel belongs to the cell of its center."""
    chosen = np.zeros(side * side, bool)
    chosen[order[:count]] = True
    place = (2 * np.arange(size) + 1) * side // (2 * size)
    return chosen.reshape(side, side)[np.ix_(place, place)]


def painted(classifier: Classifier, picture: Picture, baseline: str) -> np.ndarray:
    """A baseline of the picture as pixels (size, size, 3) uint8."""

    def erase_pixels() -> Tensor:
        mean, std = classifier.moments
        return (absent(classifier, classifier.prepare(picture), baseline)[0] * std + mean).permute(1, 2, 0).cpu()

    return torch.round(255 * classifier.run(erase_pixels)).clamp(0, 255).byte().numpy()


def fill_in(pixels: np.ndarray, gone: np.ndarray) -> np.ndarray:
    """The pixels (h, w, 3) uint8 with those that are ``gone`` (h, w) replaced by the weighted mean of their neighbors.

    Neighbors that are gone count with their new values; there are none beyond the border. At least one pixel must
    remain.
    """
    from scipy.sparse import coo_array, diags_array
    from scipy.sparse.linalg import spsolve

    if not gone.any():
        return pixels
    height, width = gone.shape
    down, across = np.nonzero(gone)
    number = np.cumsum(gone).reshape(gone.shape) - 1  # the index of each unknown
    total, known = np.zeros(len(down)), np.zeros((len(down), 3))
    unknown = coo_array((len(down), len(down)))
    for (dy, dx), weight in NEIGHBORS.items():
        y, x = down + dy, across + dx
        here = np.flatnonzero((y >= 0) & (y < height) & (x >= 0) & (x < width))
        y, x = y[here], x[here]
        also = gone[y, x]
        total[here] += weight
        known[here] += np.where(also, 0, weight)[:, None] * pixels[y, x]
        unknown = unknown + coo_array((weight * also, (here, np.where(also, number[y, x], 0))), unknown.shape)
    filled = pixels.copy()
    filled[gone] = np.rint(spsolve((diags_array(total) - unknown).tocsc(), known)).clip(0, 255)
    return filled
