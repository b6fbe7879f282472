"""Cached results of erasing, curves and checks; erasing and curves identify a map by its values."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from hashlib import sha256

import numpy as np

import core
from app.runtime import results
from app.runtime.results import compute_job, key_of
from core import AttentionMap, Attribution, Check, Classifier, Faithfulness, Picture
from core.evaluation import ATTENTION_PREFIX, check_seconds, curve_seconds
from core.types import Progress


@dataclass(frozen=True, eq=False)
class Erased:
    """The model's square with a part erased, (size, size, 3) uint8, and the probabilities (k,) for it."""

    pixels: np.ndarray
    probabilities: np.ndarray


def fingerprint(values: np.ndarray) -> str:
    """The key of a map."""
    return sha256(repr((values.shape, str(values.dtype))).encode() + np.ascontiguousarray(values).tobytes()).hexdigest()


def erased(
    model: Classifier, picture: Picture, values: np.ndarray, share: float, which: str, fill: str, seed: int
) -> Erased:
    """The picture without a share of its cells, as ``core.erase``, and the model's output for it: one forward pass."""

    def erase_region() -> Erased:
        left = core.erase(model, picture, values, share, which=which, fill=fill, seed=seed)
        return Erased(left.pixels, core.read(model, left).probabilities)  # its maps, of many megabytes, are not kept

    whose = "" if which == "random" else fingerprint(values)
    return results.compute_quick(key_of(model, picture, "erased", whose, share, which, fill, seed), model, erase_region)


def curves_key(model: Classifier, picture: Picture, values: np.ndarray, target: int, seed: int) -> tuple:
    """The key of the curves of a map."""
    return key_of(model, picture, "curves", fingerprint(values), target, seed)


def curves_seconds(model: Classifier) -> float:
    """About how long the curves of a map and of the references take; the first call for a model times it a moment."""
    return curve_seconds(model)


def curves(
    model: Classifier,
    picture: Picture,
    values: np.ndarray,
    target: int,
    seed: int,
    *,
    owner: Hashable = None,
    tick: Progress | None = None,
) -> Faithfulness:
    """The deletion and insertion curves of a map (h, w) for a class, and those of the references."""
    return compute_job(
        curves_key(model, picture, values, target, seed),
        model,
        lambda progress: core.faithfulness(model, picture, values, target, seed=seed, progress=progress),
        owner,
        tick,
    )


def checks_key(
    model: Classifier, picture: Picture, map_: Attribution | AttentionMap, target: int, parameters: dict
) -> tuple:
    """The key of the checks of a map."""
    name = map_.method if isinstance(map_, Attribution) else ATTENTION_PREFIX + map_.tap
    return key_of(model, picture, "checks", name, target, tuple(sorted(parameters.items())))


def checks_seconds(model: Classifier, map_: Attribution | AttentionMap, parameters: dict) -> float:
    """About how long the checks of a map take."""
    return check_seconds(model, map_, **(parameters if isinstance(map_, Attribution) else {}))


def checks(
    model: Classifier,
    picture: Picture,
    map_: Attribution | AttentionMap,
    target: int,
    parameters: dict,
    *,
    owner: Hashable = None,
    tick: Progress | None = None,
) -> tuple[Check, ...]:
    """The checks of a map for a class; ``parameters`` as ``core.check`` takes them."""
    return compute_job(
        checks_key(model, picture, map_, target, parameters),
        model,
        lambda progress: core.check(model, picture, map_, target, progress=progress, **parameters),
        owner,
        tick,
    )
