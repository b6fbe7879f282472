"""The numbers of a view, by name, which are recorded and computed again by a replay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from core.attention import ROLLOUT, rollout_map, to_grid
from core.attribution import attribute, method
from core.classifier import Classifier, read
from core.evaluation.agreement import agreement
from core.evaluation.bank import Bank, find_bank
from core.evaluation.checks import Check, check
from core.evaluation.intervention import OFF, SHUFFLED, UNIFORM, intervene
from core.types import AttentionMap, Attribution, InvalidInput, Picture, Progress, Reading

Number = float | None | np.ndarray
"""A number, None where it is undefined, or an array of float32."""

SEED = 0
"""The seed of shuffled attention."""
ATTENTION, ATTRIBUTION = "attention", "attribution"
"""The maps that can be checked."""
Checked = Sequence[Check] | None
NOTHING: Mapping[str, Checked] = MappingProxyType({})


@dataclass(frozen=True)
class Question:
    """The content of a view: a class that a ``method`` with ``parameters`` explains, next to an attention map.

    ``target`` is the index of the class, and ``contrast`` that of a second one, or None. ``tap`` is the attention map,
    "rollout", or "" for none; of one ``head`` and from one ``query`` (a cell, counted row by row), or None.
    """

    method: str
    target: int
    contrast: int | None = None
    parameters: tuple[tuple[str, int | float | str], ...] = ()
    tap: str = ""
    head: int | None = None
    query: int | None = None


def measure_view(
    classifier: Classifier,
    picture: Picture,
    question: Question,
    *,
    found: Attribution | None = None,
    checks: Mapping[str, Checked] = NOTHING,
    own: str = "",
    seed: int = SEED,
    progress: Progress | None = None,
) -> dict[str, Number]:
    """The numbers of a view by name.

    ``logits`` and ``probabilities`` (k,); ``attribution`` (h, w) and its completeness ``gap``; ``attention`` (h, w);
    their ``agreement.*``; the target's probability with the attention changed, ``intervention.*``; and the values of
    the sanity checks of the maps named in ``checks``, ``check.attention.*`` and ``check.attribution.*``. ``found`` is
    the attribution, and the values of ``checks`` are the results of ``core.check``, where they were computed before.
    ``own`` is the checksum of the picture's file, by which its own maps are left out of the bank; by default that of
    the ``picture``. ``seed`` is that of the random order of shuffled attention.

    Raises:
        InvalidInput: the model has no such class, method, tap, head or query.
        Stopped: ``progress`` raised it.
    """
    reading = read(classifier, picture)
    given: dict[str, Any] = method(question.method).settle(classifier, dict(question.parameters))
    if found is None:
        requested = question.method, question.target
        found = attribute(classifier, picture, *requested, contrast=question.contrast, progress=progress, **given)
    attended = _attention(reading, question)
    numbers: dict[str, Number] = {"logits": reading.logits, "probabilities": reading.probabilities}
    numbers |= {"attribution": found.values, "gap": found.gap}
    if attended is not None:
        map_, part = attended
        grid = to_grid(map_, **part)
        bank = find_bank(classifier.checksum)
        compared = map_ if not part else grid
        numbers |= {"attention": grid, **_agreement(compared, found, bank and bank.without(own or picture.sha256))}
    numbers |= _interventions(classifier, picture, reading, question, seed)
    if ATTENTION in checks and attended is not None:
        done = checks[ATTENTION] or check(classifier, picture, map_, question.target, progress=progress, **part)
        numbers |= {f"check.{ATTENTION}.{one.slug}": one.value for one in done}
    if ATTRIBUTION in checks and found.contrast is None:
        done = checks[ATTRIBUTION] or check(classifier, picture, found, progress=progress, **given)
        numbers |= {f"check.{ATTRIBUTION}.{one.slug}": one.value for one in done}
    return numbers


def _attention(reading: Reading, question: Question) -> tuple[AttentionMap, dict[str, int]] | None:
    """The map of the question, and the part of it that is shown; None where it names none."""
    if not question.tap:
        return None
    part = {"head": question.head, "query": question.query}
    chosen = {name: value for name, value in part.items() if value is not None}
    if question.tap == ROLLOUT:
        return rollout_map(reading.maps), chosen
    for one in reading.maps:
        if one.tap == question.tap:
            return one, chosen
    raise InvalidInput(
        "The model has no attention map '{tap}'. It has: {taps}.",
        tap=question.tap,
        taps=[one.tap for one in reading.maps],
    )


def _agreement(attended: AttentionMap | np.ndarray, found: Attribution, bank: Bank | None) -> dict[str, Number]:
    """The three measures of agreement, each with its reference values."""
    compared, numbers = agreement(attended, found, bank), dict[str, Number]()
    for name in ("rank_correlation", "top_overlap", "overlap"):
        one = getattr(compared, name)
        numbers |= {f"agreement.{name}": one.value, f"agreement.{name}.center_blob": one.blob}
        if one.low is not None:
            numbers |= {f"agreement.{name}.low": one.low, f"agreement.{name}.high": one.high}
    return numbers


def _interventions(
    classifier: Classifier, picture: Picture, reading: Reading, question: Question, seed: int
) -> dict[str, Number]:
    """Return the target's probability with the shown attention changed, or all attention if no single tap is shown."""
    taps = [one.tap for one in reading.maps if question.tap in ("", ROLLOUT, one.tap)]
    if not taps:
        return {}
    changes = {"uniform": UNIFORM, "shuffled": SHUFFLED(seed), "off": OFF}
    changed = {way: intervene(classifier, picture, dict.fromkeys(taps, change)) for way, change in changes.items()}
    return {f"intervention.{way}": float(one.probabilities[question.target]) for way, one in changed.items()}
