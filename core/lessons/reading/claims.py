"""Read and check a claim of a lesson."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.checking import brief
from core.lessons.measuring.measures import MEASURES, Measure
from core.lessons.pack import Bound, Claim
from core.lessons.reading.model_checks import unfit_bound, unfit_claim
from core.lessons.reading.questions import Wrong
from core.lessons.reading.references import unknown
from core.lessons.reading.toml_values import misformed
from core.messages import Message


def find_measure(table: Mapping[str, Any]) -> Measure | None:
    """The measure that a claim's table names; None if it does not exist."""
    kind = table.get("measure")
    return MEASURES.get(kind) if isinstance(kind, str) else None


def read_claim(name: str, table: Mapping[str, Any], wrong: Wrong, *, fits: bool = True) -> Claim | None:
    """The claim of that ``name``; None and a problem if its measure or its bound is invalid."""
    measure = find_measure(table)
    if measure is None:
        given = brief(table.get("measure"))
        wrong(
            "measure",
            Message("There is no measure {given}. Choose one of: {measures}.", given=given, measures=list(MEASURES)),
        )
        return None
    settings = {key: value for key, value in table.items() if key in measure.settings}
    for key in measure.needed:
        if key not in settings:
            wrong("", Message("The measure {measure} needs '{key}'. Add it.", measure=measure.slug, key=key))
    if measure.one_of and len(settings.keys() & {*measure.one_of}) != 1:
        wrong(
            "",
            Message(
                "The measure {measure} needs exactly one of these: {keys}.",
                measure=measure.slug,
                keys=list(measure.one_of),
            ),
        )
    if "way" not in settings and settings.keys() & {"tap", "parts_off"} and "way" in measure.settings:
        wrong("", Message("The measure {measure} needs '{key}'. Add it.", measure=measure.slug, key="way"))
    for key, value in settings.items() if fits else ():
        if why := unknown(key, value) or unfit_claim(key, settings):
            wrong(key, why)
    stated = table.get("bound")
    bound = Bound.parse(stated)
    if bound is None:
        wrong(
            "bound",
            Message("The bound must look like '<= 0.1', '>= 0.5' or '== car', not {given}.", given=brief(stated)),
        )
        return None
    if fits and (why := unfit_bound(measure.slug, bound.value, settings, stated)):
        wrong("bound", why)
    above = table.get("above", [])
    return Claim(name, measure.slug, settings, bound, tuple(above) if misformed("above", above) is None else ())
