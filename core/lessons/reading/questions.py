"""Read and check the question of a step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from core.checking import brief
from core.lessons.measuring.measures import MEASURES
from core.lessons.measuring.shared import NAMED
from core.lessons.pack import CHOICE, KINDS, NAME, NUMBER, POINT, RANK, Claim, Exercise
from core.lessons.reading.references import METHOD_NAMES, as_number, one_of, unknown
from core.messages import Message

MOST_OPTIONS = 5
ATTENTION = "attention"
PERCENT = "%"

Wrong = Callable[[str, Message], None]
"""Add a problem, from a key and a message."""


def read_exercise(table: Mapping[str, Any], claims: Mapping[str, Claim | None], wrong: Wrong) -> Exercise | None:
    """The question; ``claims`` are those of the lesson, by name, None for one that could not be read.

    None if its kind is unknown or its options are missing, because then nothing else can be checked.
    """
    kind, options = table.get("kind"), table.get("options", [])
    if kind not in KINDS:
        wrong(
            "kind", Message("There is no kind {given}. Choose one of: {kinds}.", given=brief(kind), kinds=list(KINDS))
        )
        return None
    answer = table.get("answer", [])
    answers = tuple(answer if isinstance(answer, list) else [answer])
    fits = isinstance(options, list) and all(isinstance(one, str) and NAME.fullmatch(one) for one in options)
    if kind in (CHOICE, RANK) and not (fits and 2 <= len(set(options)) == len(options) <= MOST_OPTIONS):
        wrong("options", Message("A {kind} needs two to five different options, as names.", kind=kind))
        return None
    claim, unread = _find_claim(table, claims, wrong), table.get("claim", "") != ""
    named = claim is not None and claim.measure in NAMED
    final = table.get("final") is True
    if final and "answer" in table:
        wrong("answer", Message("The answer to the final question is measured. Remove 'answer'."))
    elif kind == CHOICE and not answers and unread and claim is None:
        pass  # the problem is reported for the claim
    elif kind == CHOICE and not (named and "answer" not in table) and (len(answers) != 1 or answers[0] not in options):
        wrong("answer", Message("The answer '{answer}' is not among the options.", answer=", ".join(map(str, answers))))
    if kind == RANK and sorted(map(str, answers)) != sorted(options):
        wrong("answer", Message("The answer of a rank must be all its options, in the right order."))
    if kind == NUMBER and claim is None and not unread:
        wrong("kind", Message("A number needs a claim, which measures the answer."))
    elif claim is not None and not (final and "answer" in table):
        _check_claim(kind, options, answers, claim, wrong)
    if kind == NUMBER and claim is not None and not named:
        _check_unit(table, claim, wrong)
    against = table.get("against", "")
    if kind == POINT and not against:
        wrong("kind", Message("A point needs 'against', the map whose largest values are the answer."))
    elif kind == POINT and (why := one_of((ATTENTION, *METHOD_NAMES))("against", str(against))):
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
        claim=claim.name if claim else "",
        against=str(against),
        **found,
        unit=str(table.get("unit", "")),
        final=final,
    )


def _find_claim(table: Mapping[str, Any], claims: Mapping[str, Claim | None], wrong: Wrong) -> Claim | None:
    """The claim that measures the answer; None if none is named."""
    name = table.get("claim", "")
    if isinstance(name, str) and (name in claims or not name):
        return claims.get(name)
    shown = name if isinstance(name, str) else brief(name)
    wrong("claim", Message("There is no claim '{claim}'. Add it as [[claim]].", claim=shown))
    return None


def _check_claim(kind: str, options: Any, answers: tuple[Any, ...], claim: Claim, wrong: Wrong) -> None:
    """Whether a claim measures the answer of a question."""
    right = claim.bound.value
    if kind == NUMBER and claim.measure in NAMED:
        wrong(
            "claim", Message("The claim '{claim}' measures a name. A number needs one with a number.", claim=claim.name)
        )
    elif kind != CHOICE or claim.measure not in NAMED:
        return
    elif not answers and right not in options:
        wrong(
            "options",
            Message(
                "The claim '{claim}' states '{right}', which is not among the options. Add it.",
                claim=claim.name,
                right=right,
            ),
        )
    elif right in options and len(answers) == 1 and answers[0] in options and answers[0] != right:
        wrong(
            "answer",
            Message(
                "The answer is '{answer}', but the claim '{claim}' states '{right}'. Make them agree.",
                answer=answers[0],
                claim=claim.name,
                right=right,
            ),
        )


def _check_unit(table: Mapping[str, Any], claim: Claim, wrong: Wrong) -> None:
    """Check that a number is in percent exactly if its claim is a share; otherwise no answer would be correct."""
    share = MEASURES[claim.measure].unit == PERCENT
    if share == (table.get("unit", "") == PERCENT):
        return
    sentence = Message("The claim '{claim}' measures a share. Set unit = '{unit}'.", claim=claim.name, unit=PERCENT)
    if not share:
        sentence = Message(
            "The claim '{claim}' does not measure a share. Remove unit = '{unit}'.", claim=claim.name, unit=PERCENT
        )
    wrong("unit" if "unit" in table else "claim", sentence)
