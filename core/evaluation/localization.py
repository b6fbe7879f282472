"""Localization: does a map lie where the evidence is, in pictures of which that is known?

    mass = Σ of the map on the mask / Σ of the map          pointing game: does its largest value lie on the mask?

The pointing game is that of Zhang et al., "Top-down neural attention by excitation backprop", IJCV 2018, without their
tolerance of 15 pixels. Evidence is what supports the class: negative values of a signed map count as zero, and so
does what is no more than rounding beside the map's largest value, whichever sign that has. The scale is the map's own:
how large its values must be to mean something differs from method to method, and a map is judged alike whatever it is
multiplied by. A map without any evidence is blank: it lies nowhere, so not beside the mask either. Where a mask covers
a cell of a coarse map in part, the cell lies on it by that part; cells that tie for the largest value share the point.
So a map that is the mask has 1 in both, and one that is random has the mask's share of the picture.

Scenes come with their mask. Photographs are made to have one: four pictures of four classes in one, and what explains a
class has to lie in its quadrant. Böhle, Fritz, Schiele, "Convolutional dynamic alignment networks for interpretable
classifications", CVPR 2021, call it the grid pointing game; ours shrinks each picture to a quadrant of the model's own
square, because not every model takes a larger one. A map that is the same for all classes has a quarter, on average.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.classifier import Classifier
from core.evaluation.agreement import Map, to_values
from core.evaluation.grids import ROUNDING, overlaps
from core.images import open_image, square
from core.types import InvalidInput, Picture


@dataclass(frozen=True)
class Localization:
    """The ``mass`` of a map on a mask and its ``pointing``, 0 to 1 each; ``chance`` is the mask's share of the picture.

    Of a ``blank`` map both are 0, on every mask.
    """

    mass: float
    pointing: float
    chance: float
    blank: bool = False


def evidence(map_: Map) -> np.ndarray:
    """The positive evidence in a map: its values (h, w) that are positive by more than rounding, else zeros.

    Raises:
        InvalidInput: it is no finite (h, w) array.
    """
    values = to_values(map_)
    return np.where(values > ROUNDING * np.abs(values).max(), values, 0.0)


def localize(map_: Map, mask: np.ndarray) -> Localization:
    """How far a map lies on a mask (H, W) over the model's square, of whichever resolution: True, or 1, on it.

    An AttentionMap enters as ``to_grid`` reduces it.

    Raises:
        InvalidInput: a map that is no finite (h, w) array, or a mask that is not one of 0 and 1.
    """
    positive, mask = evidence(map_), np.asarray(mask)
    if mask.ndim != 2 or not mask.size or not np.isin(mask, (0, 1)).all():
        raise InvalidInput(
            "A mask must be a boolean array of shape (h, w), not {dtype} of shape {shape}.",
            dtype=mask.dtype,
            shape=mask.shape,
        )
    # Which part of each cell of the map lies on the mask.
    covered = overlaps(mask.shape[0], positive.shape[0]) @ mask @ overlaps(mask.shape[1], positive.shape[1]).T
    chance, total = float(mask.mean()), positive.sum()
    if not total > 0:
        return Localization(0.0, 0.0, chance, blank=True)
    peak = covered[positive == positive.max()].mean()
    return Localization(float((positive * covered).sum() / total), float(peak), chance)


def tile(classifier: Classifier, pictures: Sequence[Picture]) -> Picture:
    """Four pictures in one, as the model sees them: upper left, upper right, lower left, lower right.

    Raises:
        InvalidInput: not four pictures.
    """
    if len(pictures) != 4 or not all(isinstance(one, Picture) for one in pictures):
        raise InvalidInput("tile takes four pictures. Make them with open_image(path, bytes or array).")
    parts = [square(one, classifier.card.size // 2, classifier.fill) for one in pictures]
    whole = np.concatenate([np.concatenate(parts[:2], 1), np.concatenate(parts[2:], 1)])
    return open_image(whole, (0, 0, *whole.shape[:2]), " + ".join(one.name for one in pictures))


def quadrant(place: int) -> np.ndarray:
    """The mask (2, 2) of one of the four pictures of ``tile``, 0 to 3."""
    if place not in range(4):
        raise InvalidInput("Choose a quadrant from 0 to 3, not {place}.", place=place)
    return np.arange(4).reshape(2, 2) == place
