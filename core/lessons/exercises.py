"""The question of a step, read from its table and checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from core.checking import brief
from core.lessons.known import METHOD_NAMES, as_number, one_of, unknown
from core.lessons.pack import CHOICE, KINDS, NAME, NUMBER, POINT, RANK, Claim, Exercise
from core.messages import Message

MOST_OPTIONS = 5
ATTENTION, PREDICTION = "attention", "prediction"

Wrong = Callable[[str, Message], None]
"""Adds a problem, from a key and a sentence."""


def read_exercise(table: Mapping[str, Any], claims: Mapping[str, Claim], wrong: Wrong) -> Exercise | None:
    """The question; ``claims`` are those of the lesson, by name. None for a kind that is unknown."""
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
    if not isinstance(claim, str) or (claim and claim not in claims):
        shown = claim if isinstance(claim, str) else brief(claim)
        wrong("claim", Message("There is no claim '{claim}'. Add it as [[claim]].", claim=shown))
        claim = ""
    elif kind == NUMBER and not claim:
        wrong("kind", Message("A number needs a claim, which measures the answer."))
    elif claim:
        _check_claim(kind, options, answers, claims[claim], wrong)
    against = table.get("against", "")
    if kind == POINT and not against:
        wrong("kind", Message("A point needs 'against', the map whose largest values are the answer."))
    elif kind == POINT and (why := one_of((ATTENTION, *METHOD_NAMES))(str(against))):
        wrong("against", why)
    found = {key: as_number(table[key]) for key in ("share", "low", "high") if key in table}
    if "share" in found and (why := unknown("share", table["share"])):
        wrong("share", why)
    low, high = found.get("low", Exercise.low), found.get("high", Exercise.high)
    if not low < high:
        wrong(
            "low" if "low" in table else "high",
            Message("'{low}' must be a number less than '{high}'.", low="low", high="high"),
        )
    return Exercise(
        kind=kind,
        options=tuple(options) if fits else (),
        answer=tuple(map(str, answers)),
        claim=claim,
        against=str(against),
        **found,
        unit=str(table.get("unit", "")),
        final=table.get("final") is True,
    )


def _check_claim(kind: str, options: Any, answers: tuple[Any, ...], claim: Claim, wrong: Wrong) -> None:
    """Whether a claim measures the answer of a question."""
    right = claim.bound.value
    if kind == NUMBER and claim.measure == PREDICTION:
        wrong(
            "claim",
            Message("The claim '{claim}' measures a class. A number needs one with a number.", claim=claim.name),
        )
    elif (
        kind == CHOICE
        and claim.measure == PREDICTION
        and right in options
        and answers[:1] != (right,)
        and len(answers) == 1
        and answers[0] in options
    ):
        wrong(
            "answer",
            Message(
                "The answer is '{answer}', but the claim '{claim}' states '{right}'. Make them agree.",
                answer=", ".join(map(str, answers)),
                claim=claim.name,
                right=right,
            ),
        )
