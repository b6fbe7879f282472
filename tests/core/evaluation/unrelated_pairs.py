"""Pairs of maps of different pictures, none of them in a bank: how often they fall outside of the range."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

import core
from core.classifier import Classifier
from core.data.pictures import open_collection
from core.evaluation.bank import find_bank
from core.types import AttentionMap, Attribution, Panel, Picture

METHODS = ("saliency", "input-x-gradient", "grad-cam")


def others(classifier: Classifier, count: int, seed: int = 13) -> list[Picture]:
    """Pictures of the model's own family that its bank does not hold."""
    known = open_collection(classifier.card.family, seed=seed, pictures=count)
    banked, found = set(find_bank(classifier.checksum).pictures), []
    for index in np.random.default_rng(seed).permutation(len(known)).tolist():
        picture = known.read(index)
        if picture.sha256[:16] not in banked:
            found.append(picture)
        if len(found) == count:
            break
    return found


def attended(seen: Panel) -> AttentionMap | np.ndarray:
    """The last attention map, or the activation energy of a model without one."""
    placed = [one for one in seen.reading.maps if one.kind != core.Kind.CHANNEL]
    return placed[-1] if placed else seen.reading.energy


def outside(
    firsts: Sequence[AttentionMap | np.ndarray], seconds: Sequence[Attribution], pairs: int, seed: int = 0
) -> np.ndarray:
    """How many of so many pairs of maps of different pictures lie outside of each measure's range: shares (3,)."""
    every = [(i, j) for i in range(len(firsts)) for j in range(len(seconds)) if i != j]
    drawn = np.random.default_rng(seed).permutation(len(every))
    counted = []
    for place in drawn:
        found = core.agreement(firsts[every[place][0]], seconds[every[place][1]])
        if not found.flat:  # a blank map has no verdict
            assert found.unrelated >= 40
            counted.append([not one.low <= one.value <= one.high for one in found.measures])
        if len(counted) == pairs:
            break
    assert len(counted) >= min(pairs, 200)
    return np.mean(counted, 0)
