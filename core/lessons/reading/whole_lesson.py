"""Checks that need all parts of a lesson: its time, its comparisons, and its final question."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from core.lessons.measuring.shared import NAMED, PREDICTION
from core.lessons.pack import CHOICE, POINT, Claim, Exercise, Step
from core.messages import Message

SLACK = 2
"""The tolerance in minutes between the sum of the steps and the stated length."""
ATTENTION, ATTRIBUTION, TESTS = "attention", "attribution", "tests"

Found = tuple[str, int, str, Message]
"""A problem: the section of the file, its number, a key, and the message."""


def time_problems(steps: Sequence[Step], minutes: int) -> Iterator[Found]:
    """Check that the steps take as long as the lesson states."""
    total = sum(step.seconds for step in steps)
    if not steps:
        yield "", -1, "", Message("The lesson has no steps. Add [[step]].")
    elif abs(total / 60 - minutes) > SLACK:
        yield (
            "",
            0,
            "minutes",
            Message(
                "The steps take {total:.0f} minutes together, but the lesson states {minutes}. Make them agree.",
                total=total / 60,
                minutes=minutes,
            ),
        )


def comparison_problems(claims: Sequence[Claim], tables: Sequence[Mapping[str, Any]]) -> Iterator[Found]:
    """Check that the claims in ``above`` are other claims with numbers."""
    known = {claim.name: claim for claim in claims}
    numbers = {claim.name for claim in claims if claim.measure not in NAMED}
    for number, table in enumerate(tables):
        claim = known.get(str(table.get("id")))
        for other in claim.above if claim else ():
            if claim is not None and (other == claim.name or not {other, claim.name} <= numbers):
                yield (
                    "claim",
                    number,
                    "above",
                    Message("'above' must name other claims with numbers, not '{claim}'.", claim=other),
                )


def reveal_problems(steps: Sequence[Step]) -> Iterator[Found]:
    """Check that a step reveals the map on which a point was predicted."""
    for number, step in enumerate(steps):
        exercise = step.exercise
        if step.hide and not step.reveal and exercise and not exercise.claim and exercise.kind == POINT:
            yield (
                "step",
                number,
                "",
                Message("The step '{step}' requests a prediction but reveals nothing. Add reveal.", step=step.name),
            )


def final_problems(steps: Sequence[Step], claims: Mapping[str, Claim]) -> Iterator[Found]:
    """Check that the single final question lets the learner predict the model on a picture that no other step shows."""
    finals = [(number, step) for number, step in enumerate(steps) if step.exercise and step.exercise.final]
    if steps and len(finals) != 1:
        yield (
            "step",
            finals[1][0] if finals else len(steps) - 1,
            "",
            Message("A lesson has one final question, not {count}. Mark it with final = true.", count=len(finals)),
        )
    for number, step in finals:
        exercise = step.exercise
        if exercise is None:
            continue
        if not _predicts(step, exercise, claims):
            yield (
                "step.ask",
                number,
                "",
                Message(
                    "The final question must predict the model on a picture: a choice whose claim, {measures}, is "
                    "about the model and the sample of the step, or a point.",
                    measures=list(NAMED),
                ),
            )
        elif step.hide and (missing := _shown(step, exercise, claims)):
            yield (
                "step",
                number,
                "hide",
                Message("The final question must hide what answers it. Add '{hidden}' to hide.", hidden=missing),
            )
        if _picture(step.state.get("sample", "")) in _others(steps, step):
            yield (
                "step",
                number,
                "",
                Message("The final question must show a picture that no other step shows. Choose another sample."),
            )


def _predicts(step: Step, exercise: Exercise, claims: Mapping[str, Claim]) -> bool:
    """Whether a question is about what the model does with the picture of its step."""
    if exercise.kind == POINT:
        return bool(step.state.get("sample"))
    claim = claims.get(exercise.claim)
    if exercise.kind != CHOICE or claim is None or claim.measure not in NAMED:
        return False
    return all(str(claim.settings.get(key)) == step.state.get(key) for key in ("model", "sample"))


def _shown(step: Step, exercise: Exercise, claims: Mapping[str, Claim]) -> str:
    """What the step must hide but does not; empty if it hides everything that answers its question."""
    if exercise.kind == POINT:
        needed = ATTENTION if exercise.against == ATTENTION else ATTRIBUTION
    else:
        claim = claims[exercise.claim]
        bare = "to" in claim.settings or (claim.measure == PREDICTION and "way" not in claim.settings)
        needed = PREDICTION if bare else TESTS
    covered = {needed, PREDICTION} if needed != PREDICTION else {PREDICTION}
    return "" if covered & set(step.hide) else needed


def _others(steps: Sequence[Step], final: Step) -> set[str]:
    """The pictures that the other steps show."""
    return {_picture(table.get("sample", "")) for one in steps if one is not final for table in (one.state, one.reveal)}


def _picture(sample: str) -> str:
    """The picture behind a sample, without a changed cue or shortcut."""
    return "/".join(sample.split("/")[:2])
