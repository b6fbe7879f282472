"""One picture of a run: its maps, the comparison of two classes, and the effect of erasing."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np

import core
from app.runtime import results
from app.runtime.mistakes import runs
from app.runtime.mistakes.runs import Opened
from core import Attribution, Classifier, InvalidInput, Measure, Picture
from core.attribution import Method
from core.evaluation import Group, furthest_maps, group_maps, mean_map
from core.evaluation import nearest_features as nearest_of
from core.images import encode_jpeg
from core.reporting import paint, paint_map
from core.types import Progress

SIDE = 400
"""Pixels of a drawn map; of a tile with one a part of that."""
TILE = 144
VEIL = 0.6
"""How much of a map's strength a tile has: so small a picture must still be seen under it."""
SHARE, DRAWS = 0.2, 5
"""How much of a picture is erased, and how many times as much of it at random."""


@dataclass(frozen=True, eq=False)
class Pair:
    """The attribution of the first class, of the second, and of their difference."""

    first: Attribution
    second: Attribution
    difference: Attribution


@dataclass(frozen=True, eq=False)
class Erased:
    """The ``picture`` without the part that a map points at, and the probabilities (k,) of three readings.

    ``random`` is the mean of ``DRAWS`` readings without as large a part at random.
    """

    picture: Picture
    before: np.ndarray
    after: np.ndarray
    random: np.ndarray


def drawn(
    picture: Picture, values: np.ndarray | None, signed: bool = False, top: float | None = None, side: int = SIDE
) -> bytes:
    """A JPEG of the picture with a map over it, see ``paint``."""
    return encode_jpeg(paint(picture, values, signed=signed, top=top, side=side), longest=side)


def drawn_map(values: np.ndarray) -> bytes:
    """A JPEG of a map by itself."""
    return encode_jpeg(paint_map(values, side=SIDE), longest=SIDE, quality=95)


def tiles(opened: Opened, places: Sequence[int], name: str | None) -> list[bytes | None]:
    """A small JPEG of each picture with one of the run's maps, or none; None for one that can no longer be read."""

    def one(place: int) -> bytes | None:
        def draw_case() -> bytes:
            picture = opened.run.picture(int(opened.table["number"].iloc[place]))
            plain = paint(picture, None, side=TILE)
            if name is None:
                return encode_jpeg(plain, longest=TILE)
            laid = paint(picture, runs.array(opened, name, np.array([place]))[0], side=TILE)
            return encode_jpeg((VEIL * laid + (1 - VEIL) * plain).astype(np.uint8), longest=TILE)

        try:
            return results.store().get(("overlaid", *opened.key, name, place), draw_case)
        except InvalidInput:
            return None

    return [one(int(place)) for place in places]


def unrelated(opened: Opened, place: int) -> Measure | None:
    """The rank correlation of a picture's stored maps, with its range over the run's other pictures."""
    if not all(opened.run.keeps(name) for name in ("attention", "cam")):
        return None

    def measure_agreement() -> Measure:
        first, second = (runs.array(opened, name, np.array([place]))[0] for name in ("attention", "cam"))
        bank = results.store().get(("bank", *opened.key), opened.run.bank)
        others = bank and bank.without(opened.table["sha256"].iloc[place])
        return core.agreement(*opened.run.named(first, second), others).rank_correlation

    return results.store().get(("unrelated", *opened.key, place), measure_agreement)


def pair_key(model: Classifier, picture: Picture, method: Method, classes: tuple[int, int]) -> tuple:
    """The key of a pair."""
    return results.key_of(model, picture, "pair", method.slug, classes)


def find_pair(key: tuple) -> Pair | None:
    """A pair that was computed before, or None."""
    return results.find_result(key)


def pair(
    model: Classifier,
    picture: Picture,
    method: Method,
    classes: tuple[int, int],
    owner: Hashable = None,
    tick: Progress | None = None,
) -> Pair:
    """Two classes' attributions by one method, and their difference, computed on the model's worker."""
    first, second = classes

    def attribute_pair(progress: Progress) -> Pair:
        def attribute(step: int, target: int, contrast: int | None = None) -> Attribution:
            def report(done: int, total: int) -> None:
                progress(step * total + done, 3 * total)

            return core.attribute(model, picture, method.slug, target, contrast=contrast, progress=report)

        return Pair(attribute(0, first), attribute(1, second), attribute(2, first, second))

    return results.compute_job(pair_key(model, picture, method, classes), model, attribute_pair, owner, tick)


def erased(model: Classifier, picture: Picture, values: np.ndarray, name: str) -> Erased:
    """What is left of the answer without the fifth of the picture that a map (h, w) points at; ``name`` shows which."""

    def erase_region() -> Erased:
        without = core.erase(model, picture, values, SHARE)
        others = [core.erase(model, picture, values, SHARE, which="random", seed=seed) for seed in range(DRAWS)]
        before, after, *random = (core.read(model, one).probabilities for one in (picture, without, *others))
        return Erased(without, before, after, np.mean(random, 0))

    return results.compute_quick(results.key_of(model, picture, "erased", name), model, erase_region)


def mean(opened: Opened, places: np.ndarray, name: str, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The mean (h, w) of the maps at those places of the table, and the places of the ``count`` furthest from it."""

    def find_mean() -> tuple[np.ndarray, np.ndarray]:
        maps = runs.array(opened, name, places)
        return mean_map(maps), places[furthest_maps(maps, count)]

    return results.store().get(("mean", *opened.key, name, _digest(places), count), find_mean)


def groups_key(opened: Opened, places: np.ndarray, name: str, clustering: str) -> tuple:
    """The key of groups."""
    return ("groups", *opened.key, name, clustering, _digest(places))


def find_groups(key: tuple) -> tuple[Group, ...] | None:
    """Groups that were found before, or None."""
    return results.find_result(key)


def groups(opened: Opened, places: np.ndarray, name: str, clustering: str) -> tuple[Group, ...]:
    """Groups of similar maps; their members are indices into ``places``."""
    key = groups_key(opened, places, name, clustering)
    return results.store().get(key, lambda: group_maps(runs.array(opened, name, places), clustering=clustering))


def nearest(opened: Opened, place: int, name: str, count: int) -> np.ndarray:
    """The places of the ``count`` correctly classified pictures of a class that are most like the one at a place.

    Raises:
        InvalidInput: the run kept no features.
    """
    of_class = (opened.table["true"] == name).to_numpy() & (runs.correctness(opened.table) == 1)
    among = np.setdiff1d(np.flatnonzero(of_class), place)
    own = runs.array(opened, "features", np.array([place]))[0]
    return among[nearest_of(runs.array(opened, "features", among), own, np.ones(len(among), bool), count)]


def _digest(places: np.ndarray) -> str:
    return sha256(np.ascontiguousarray(places).tobytes()).hexdigest()
