"""Measures of spatial gates, of the similarity of maps, of glimpses that follow the cue, and of solved tasks."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from core.attention.reduction import to_grid
from core.classifier import Classifier, read
from core.data import open_sample
from core.data.samples import task_layout
from core.evaluation.agreement import rank_correlations
from core.evaluation.attention_truth import attention_views, cover
from core.evaluation.localization import localize
from core.lessons.measuring.altered_pictures import map_of
from core.lessons.measuring.cues import pairs
from core.lessons.measuring.shared import Measured, Settings, mean, model_of, pictures_of, tap_of
from core.models import zoo
from core.tasks import ANSWER, draw
from core.types import InvalidInput, ModelCard

ELSEWHERE, EVERYWHERE, LOWEST = "elsewhere", "everywhere", "lowest"
"""The regions of a task's picture that do not matter, the whole picture, and the cell with the lowest weight."""
SOLVED = 0.9
"""The lowest accuracy at which a task counts as solved."""
PLAIN = "plain"


def gate_level(settings: Settings) -> Measured:
    """The mean weight of a spatial gate (``tap``) over the region with a ``role`` in a task's picture.

    "elsewhere" is everything that does not matter, "everywhere" the whole picture, "lowest" the cell with the smallest
    weight. A cell counts by its covered part.
    """
    classifier, role, values = model_of(settings), str(settings["role"]), []
    tap = tap_of(classifier, settings)
    for case in pictures_of(classifier, settings):
        found = next(one for one in read(classifier, case.picture).maps if one.tap == tap)
        weights = to_grid(found).astype(np.float64)
        if role == LOWEST:
            values.append(float(weights.min()))
            continue
        masks = {ELSEWHERE: ~case.masks[""], EVERYWHERE: np.ones_like(case.masks[""])}
        part = cover(masks[role] if role in masks else case.masks[f"{role}-"], weights.shape)
        values.append(float((weights * part).sum() / part.sum()))
    return mean(values)


def map_correlation(settings: Settings) -> Measured:
    """The mean rank correlation of a ``map`` with an ``other`` one, as on the page Explore.

    Each is a method, an attention map, or a reference that does not depend on the model, such as the center blob.
    """
    classifier, values = model_of(settings), []
    for case in pictures_of(classifier, settings):
        first, second = (map_of(classifier, case, str(settings[key]))[None] for key in ("map", "other"))
        values.append(float(rank_correlations(first, second)[0]))
    return mean(values)


def attention_moves(settings: Settings) -> Measured:
    """How much the share of the attention on an object grows when another cue makes this object the answer.

    ``part`` is the number of a glimpse from 1, or "" for an attention without glimpses.
    """
    classifier, part, values = model_of(settings), str(settings.get("part", "")), []
    for one, other in pairs(classifier, settings):
        mask = draw(task_layout(other), classifier.card.size).masks[ANSWER]
        before, after = (_share_on(classifier, slug, mask, part) for slug in (one, other))
        values.append(after - before)
    return mean(values)


def _share_on(classifier: Classifier, slug: str, mask: np.ndarray, part: str) -> float:
    """The share of the last attention map, or of one glimpse of it, that lies on a mask (H, W)."""
    for view in attention_views(read(classifier, open_sample(slug)).maps[-1]):
        if part in ("", str(view.number + 1)):
            return localize(view.values, mask).mass
    raise InvalidInput(
        "{model} has no attention map over the picture. Choose a model that has one.",
        model=classifier.card.slug,
    )


def solved(settings: Settings) -> Measured:
    """The share of attention mechanisms whose model of the family of ``model`` solves its task.

    All existing models are counted, so it has no error.

    Raises:
        InvalidInput: there is no model with attention in this family.
    """
    family = zoo.find_card(str(settings["model"])).family
    found = [card.accuracy for card in zoo.stored() if card.family == family and card.mechanism != PLAIN]
    if not found:
        raise InvalidInput("There is no model with attention for {family}. Choose another model.", family=family)
    return Measured(sum((one or 0.0) >= SOLVED for one in found) / len(found), 0.0, len(found))


def family_checksum(family: str, cards: Iterable[ModelCard]) -> str:
    """The checksums of all models of a family: ``solved`` depends on each of them."""
    return " ".join(str(card.facts.get("checksum", ""))[:12] for card in cards if card.family == family)
