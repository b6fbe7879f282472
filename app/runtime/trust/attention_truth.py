"""Ground truth for the models of tasks: the shares of maps by role, and the reactions of channels to the cue."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np

import core
from app.runtime import results
from app.runtime.results import compute_job, key_of
from app.runtime.trust import sources
from core import Classifier, CueReaction, RoleShare
from core.attribution import pace
from core.evaluation import ATTENTION_PREFIX, AttentionView, Case, attention_views
from core.tasks import ANSWER, find_task
from core.types import Progress

PICTURES, SEED = 20, 0
PAIRS = 50
FAST = 0.5
"""Seconds that a map may take to be measured with the others."""
DRAWING = 0.01
"""Seconds that it takes to draw a picture."""


def measured_sources(model: Classifier) -> tuple[str, ...]:
    """The sources that are measured: attention first, then methods that are fast, and references."""
    names = [name for name in sources.fitting(model) if sources.seconds(model, name) <= FAST]
    return tuple(sorted(names, key=lambda name: not name.startswith(ATTENTION_PREFIX)))


def left_out(model: Classifier) -> tuple[str, ...]:
    """The sources that take too long."""
    return tuple(name for name in sources.fitting(model) if sources.seconds(model, name) > FAST)


def _key(model: Classifier, what: str, count: int) -> tuple:
    return (what, model.card.slug, str(model.device), model.card.facts.get("checksum"), count)


def shares_key(model: Classifier) -> tuple:
    """Return the cache key of the shares of a model."""
    return _key(model, "role shares", PICTURES)


def shares_seconds(model: Classifier) -> float:
    """About how long the shares take: the maps, and finding the pictures."""
    maps = sum(sources.seconds(model, name) for name in measured_sources(model))
    return PICTURES * (maps + 2 * (pace(model).seconds + DRAWING))


def shares(model: Classifier, owner: Hashable = None, tick: Progress | None = None) -> tuple[RoleShare, ...]:
    """The shares of every source on each role.

    Raises:
        InvalidInput: the model classifies fewer than two pictures correctly.
    """

    def measure_shares(progress: Progress) -> tuple[RoleShare, ...]:
        return core.role_shares(model, cases(model), measured_sources(model), progress=progress)

    return compute_job(shares_key(model), model, measure_shares, owner, tick)


def cases(model: Classifier) -> tuple[Case, ...]:
    """Return the pictures over which the shares are averaged."""
    return sources.examples(model, PICTURES, SEED)


def views(model: Classifier, case: Case, source: str) -> tuple[AttentionView, ...]:
    """The maps of an attention on one of the pictures."""
    tap = source.removeprefix(ATTENTION_PREFIX)
    key = key_of(model, case.picture, "views", tap)

    def made() -> tuple[AttentionView, ...]:
        found = next(one for one in core.read(model, case.picture).maps if one.tap == tap)
        return attention_views(found, case.masks.get(f"{ANSWER}-"))

    return results.store().get(key, made)


def map_of(model: Classifier, case: Case, row: RoleShare, owner: Hashable = None) -> np.ndarray:
    """The map (h, w) on one of the pictures that a row is about."""
    if not row.source.startswith(ATTENTION_PREFIX):
        return sources.map_of(model, case.picture, row.source, case.target, owner)
    found = views(model, case, row.source)
    return next((one for one in found if (one.part, one.number) == (row.part, row.number)), found[0]).values


def reactions_key(model: Classifier) -> tuple:
    """Return the cache key of the reactions of a model."""
    return _key(model, "cue reactions", PAIRS)


def reactions_seconds(model: Classifier) -> float:
    """About how long the reactions take: two forward passes a pair, and drawing its two pictures."""
    return 2 * PAIRS * (pace(model).seconds + DRAWING)


def reactions(model: Classifier, owner: Hashable = None, tick: Progress | None = None) -> tuple[CueReaction, ...]:
    """How each channel gate reacts to the cue of the model's task; none for other models."""
    task = find_task(model.card.family)
    if task is None:
        return ()
    return compute_job(
        reactions_key(model),
        model,
        lambda progress: core.cue_reactions(model, task, PAIRS, progress=progress),
        owner,
        tick,
    )
