"""The question of a step, read from its table and checked."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from core.checking import brief
from core.lessons.pack import CHOICE, KINDS, NAME, NUMBER, POINT, RANK, Exercise
from core.messages import Message

MOST_OPTIONS = 5

Wrong = Callable[[str, Message], None]
"""Adds a problem, from a key and a sentence."""


def read_exercise(table: Mapping[str, Any], claims: Collection[str], wrong: Wrong) -> Exercise | None:
    """The question; ``claims`` are the names of the lesson's claims. None for a kind that is unknown."""
    kind, options = table.get("kind"), table.get("options", [])
    if kind not in KINDS:
        wrong("kind", Message("There is no kind {given}. Possible are: {kinds}.", given=brief(kind), kinds=list(KINDS)))
        return None
    answer = table.get("answer", [])
    answers = tuple(answer if isinstance(answer, list) else [answer])
    fits = isinstance(options, list) and all(isinstance(one, str) and NAME.fullmatch(one) for one in options)
    if kind in (CHOICE, RANK) and not (fits and 2 <= len(set(options)) == len(options) <= MOST_OPTIONS):
        wrong("options", Message("A {kind} needs two to five different options, as names.", kind=kind))
        options = []
    if kind == CHOICE and (len(answers) != 1 or answers[0] not in options):
        wrong("answer", Message("The answer '{answer}' is not among the options.", answer=", ".join(map(str, answers))))
    if kind == RANK and sorted(map(str, answers)) != sorted(options):
        wrong("answer", Message("The answer of a rank must be all its options, in the right order."))
    claim = table.get("claim", "")
    if claim and claim not in claims:
        wrong("claim", Message("There is no claim '{claim}'. Add it as [[claim]].", claim=claim))
    if kind == NUMBER and not claim:
        wrong("kind", Message("A number needs a claim, which measures the answer."))
    if kind == POINT and not table.get("against"):
        wrong("kind", Message("A point needs 'against', the map whose largest values are the answer."))
    return Exercise(
        kind=kind,
        options=tuple(options),
        answer=tuple(map(str, answers)),
        claim=str(claim),
        against=str(table.get("against", "")),
        **{key: float(table[key]) for key in ("share", "low", "high") if isinstance(table.get(key), int | float)},
        unit=str(table.get("unit", "")),
        final=table.get("final") is True,
    )
