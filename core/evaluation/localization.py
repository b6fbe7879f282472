"""Localization: the share of a map inside the known region of the evidence, and the pointing game.

    mass = Σ of the map on the mask / Σ of the map          pointing game: is its largest value on the mask?

The pointing game is that of Zhang et al., "Top-down neural attention by excitation backprop", IJCV 2018, without their
tolerance of 15 pixels. Evidence supports the class: negative values of a signed map count as zero, and so do values
within rounding of the map's largest absolute value. The result does not depend on the scale of the map, which differs
from method to method. A map without any evidence is blank: mass and pointing are 0. If a mask covers a part of a cell
of a coarse map, that part of the cell counts; cells that tie for the largest value share the point. So the mask itself
has 1 in both, and a random map has the share of the mask in the picture.

Scenes have a mask. Photographs get one: four pictures of four classes are tiled, and the explanation of a class must be
in its quadrant. Böhle, Fritz, Schiele, "Convolutional dynamic alignment networks for interpretable
classifications", CVPR 2021, call it the grid pointing game; here, each picture is reduced to a quadrant of the model's
square, because not every model accepts larger inputs. A map that is the same for all classes has a quarter, on average.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.classifier import Classifier, takes_classifier
from core.evaluation.agreement import Map, to_values
from core.evaluation.grids import ROUNDING, overlaps
from core.images import open_image, square
from core.types import InvalidInput, Picture


@dataclass(frozen=True)
class Localization:
    """The ``mass`` of a map on a mask and its ``pointing``, 0 to 1 each; ``chance`` is the mask's share of the picture.

    Both are 0 for a ``blank`` map.
    """

    mass: float
    pointing: float
    chance: float
    blank: bool = False


def evidence(map_: Map) -> np.ndarray:
    """The positive evidence in a map: its values (h, w) that are positive by more than rounding, else zeros.

    Raises:
        InvalidInput: it is not a finite (h, w) array.
    """
    values = to_values(map_)
    return np.where(values > ROUNDING * np.abs(values).max(), values, 0.0)


def localize(map_: Map, mask: np.ndarray) -> Localization:
    """Compare a map with a mask (H, W) over the model's square, of any resolution: True, or 1, inside.

    An AttentionMap is reduced by ``to_grid``.

    Raises:
        InvalidInput: a map that is not a finite (h, w) array, or a mask with other values than 0 and 1.
    """
    positive, mask = evidence(map_), np.asarray(mask)
    if mask.ndim != 2 or not mask.size or not np.isin(mask, (0, 1)).all():
        raise InvalidInput(
            "A mask must be a boolean array of shape (h, w), not {dtype} of shape {shape}.",
            dtype=mask.dtype,
            shape=mask.shape,
        )
    # The share of each cell of the map that is on the mask.
    covered = overlaps(mask.shape[0], positive.shape[0]) @ mask @ overlaps(mask.shape[1], positive.shape[1]).T
    chance, total = float(mask.mean()), positive.sum()
    if not total > 0:
        return Localization(0.0, 0.0, chance, blank=True)
    peak = covered[positive == positive.max()].mean()
    return Localization(float((positive * covered).sum() / total), float(peak), chance)


@takes_classifier
def tile(classifier: Classifier, pictures: Sequence[Picture]) -> Picture:
    """Four pictures in one, each as cropped for the model: upper left, upper right, lower left, lower right.

    Raises:
        InvalidInput: not four pictures.
    """
    if len(pictures) != 4 or not all(isinstance(one, Picture) for one in pictures):
        raise InvalidInput("tile takes four pictures. Create them with open_image(path, bytes or array).")
    parts = [square(one, classifier.card.size // 2, classifier.fill) for one in pictures]
    whole = np.concatenate([np.concatenate(parts[:2], 1), np.concatenate(parts[2:], 1)])
    return open_image(whole, (0, 0, *whole.shape[:2]), " + ".join(one.name for one in pictures))


def quadrant(place: int) -> np.ndarray:
    """The mask (2, 2) of one of the four pictures of ``tile``, 0 to 3."""
    if place not in range(4):
        raise InvalidInput("Choose a quadrant from 0 to 3, not {place}.", place=place)
    return np.arange(4).reshape(2, 2) == place
