"""Ground truth for attention: the share of each map on the cue, the steps and the answer of a task's picture.

    share = Σ of the map on the mask / Σ of the map          pointing game: does its largest weight lie on the mask?

Both are defined in ``localization``; a random map has the mask's share of the picture in each, on average. The maps of
an attention layer follow from the axes of its kind. Self-attention has two maps: the row of the class token (or the
mean over queries), and the mean row of the cells of the answer. Glimpses have one map for each step. Any other kind has
the mean over its parts. Channel weights have no position in the picture; ``cue_reaction`` shows which of them react to
the cue.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.attention.reduction import has_rows, to_grid
from core.classifier import Classifier, read, takes_classifier
from core.evaluation.cases import Case
from core.evaluation.grids import overlaps
from core.evaluation.intervals import interval
from core.evaluation.localization import Localization, localize
from core.evaluation.sources import ATTENTION_PREFIX, map_source
from core.tasks import ANSWER, ROLES
from core.types import AttentionMap, Progress

EVERYTHING = "everything"
"""The role of everything that matters: cue, steps and answer together."""
AT_REST, ROW = "", "row"
"""The parts of an attention map: the whole map, and the row of the cells of the answer."""


@dataclass(frozen=True, eq=False)
class AttentionView:
    """One map of an attention layer: ``values`` (h, w) of the whole map, a glimpse, or the row of the answer.

    ``part`` is "" for the whole, "row" for the answer's row, else what the kind calls its parts; ``number`` counts
    these from 0.
    """

    part: str
    number: int
    values: np.ndarray


@dataclass(frozen=True)
class RoleShare:
    """The share of the maps of one source on a role: means over ``pictures``, with 95 % intervals.

    ``source`` is a method, "attention/" and a tap, or a reference; ``part`` and ``number`` are those of its
    ``AttentionView``. ``chance`` is the mask's mean share of the picture, for the share as for the pointing game.
    """

    source: str
    part: str
    number: int
    role: str
    share: float
    low: float
    high: float
    pointing: float
    pointing_low: float
    pointing_high: float
    chance: float
    pictures: int


def cover(mask: np.ndarray, grid: tuple[int, int]) -> np.ndarray:
    """Return the share of each cell of a ``grid`` (h, w) that a mask (H, W) covers: (h, w), 0 to 1."""
    return overlaps(mask.shape[0], grid[0]) @ np.asarray(mask, float) @ overlaps(mask.shape[1], grid[1]).T


def attention_views(attention: AttentionMap, answer: np.ndarray | None = None) -> tuple[AttentionView, ...]:
    """Return the maps (h, w) of an attention layer; none if its weights have no position in the picture.

    ``answer`` is the mask (H, W) of the object that has the answer: the row is the mean of those of its cells, each
    weighted by the part of it that the mask covers.
    """
    kind = attention.kind
    if not kind.on_picture:
        return ()
    if kind.growing:
        return tuple(AttentionView(kind.part, number, one) for number, one in enumerate(attention.weights))
    views = (AttentionView(AT_REST, 0, to_grid(attention)),)
    if answer is None or not kind.compares or not has_rows(attention):
        return views
    covered = cover(answer, attention.grid).ravel()
    cells = np.flatnonzero(covered)
    if not len(cells):
        return views
    rows = np.stack([to_grid(attention, query=int(cell)) for cell in cells])
    row = np.tensordot(covered[cells] / covered[cells].sum(), rows, 1)
    return (*views, AttentionView(ROW, 0, row.astype(np.float32)))


def masks_by_role(masks: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The masks of a drawn picture by role, those that it has, and everything that matters at the end."""
    found = {role: masks[role] for role in ROLES if role in masks}
    return {**found, EVERYTHING: np.logical_or.reduce(list(found.values()))}


def attention_truth(
    attention: AttentionMap, masks: Mapping[str, np.ndarray]
) -> tuple[tuple[AttentionView, dict[str, Localization]], ...]:
    """Localize each map of an attention layer on each mask (H, W) of a task's picture, by role.

    ``masks`` are those of ``core.tasks.draw``; "everything" is added. Channel weights have no map: ().
    """
    roles = masks_by_role(masks)
    views = attention_views(attention, masks.get(ANSWER))
    return tuple((view, {role: localize(view.values, mask) for role, mask in roles.items()}) for view in views)


@takes_classifier
def role_shares(
    classifier: Classifier, cases: Sequence[Case], names: Sequence[str], *, progress: Progress | None = None
) -> tuple[RoleShare, ...]:
    """Measure the share of the maps of each source on each role over the pictures of a task, in the order of ``names``.

    ``cases`` are those of ``find_cases`` for a model of a task; ``names`` are sources as ``map_source`` knows them.
    ``progress(done, total)`` counts maps, and is called within them.

    Raises:
        InvalidInput: there is no such source, or the model does not support it.
        Stopped: ``progress`` raised it.
    """
    done, total = 0, len(names) * len(cases)

    def report_progress(*_: int) -> None:
        if progress:
            progress(done, total)

    rows: list[RoleShare] = []
    for name in names:
        found: dict[tuple[str, int], dict[str, list[Localization]]] = {}
        for case in cases:
            roles = {place.removesuffix("-") or EVERYTHING: mask for place, mask in case.masks.items()}
            for view in _views(classifier, case, name, roles.get(ANSWER), report_progress):
                of_role = found.setdefault((view.part, view.number), {})
                for role, mask in roles.items():
                    of_role.setdefault(role, []).append(localize(view.values, mask))
            done += 1
            report_progress()
        rows += [
            _mean(name, *part, role, values) for part, of_role in found.items() for role, values in of_role.items()
        ]
    return tuple(rows)


def _views(
    classifier: Classifier, case: Case, name: str, answer: np.ndarray | None, report: Progress
) -> tuple[AttentionView, ...]:
    """The maps of a source on a picture."""
    if name.startswith(ATTENTION_PREFIX):
        tap = name.removeprefix(ATTENTION_PREFIX)
        for one in read(classifier, case.picture).maps:
            if one.tap == tap:
                return attention_views(one, answer)
    return (AttentionView(AT_REST, 0, map_source(classifier, name)(classifier, case.picture, case.target, report)),)


def _mean(source: str, part: str, number: int, role: str, found: Sequence[Localization]) -> RoleShare:
    shares, points = [one.mass for one in found], [one.pointing for one in found]
    chance = float(np.mean([one.chance for one in found]))
    return RoleShare(
        source,
        part,
        number,
        role,
        float(np.mean(shares)),
        *interval(shares, 0.0, 1.0),
        float(np.mean(points)),
        *interval(points, 0.0, 1.0),
        chance,
        len(found),
    )
