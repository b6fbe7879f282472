"""The measured claims of lessons: the values in their texts, and whether they are within their bounds.

The values are kept in ``claims.json`` in the lesson's folder, with the checksums of the models that they were measured
on. A claim holds clearly if the whole interval of its value is within the bound (``margins``), and one claim is clearly
larger than another if the whole interval of their difference is above zero.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace

from core.files import put, to_json
from core.lessons.margins import Ends, ends, least_difference
from core.lessons.measuring.attention import family_checksum
from core.lessons.measuring.measures import MEASURES, Measured
from core.lessons.pack import CHOICE, Claim, Lesson, Step
from core.models import zoo
from core.types import InvalidInput, Progress

FILE = "claims.json"


@dataclass(frozen=True)
class Kept:
    """A claim with its measured value, and the checksum of the model that it was measured on."""

    claim: Claim
    measured: Measured
    model: str

    @property
    def holds(self) -> bool:
        """Whether the value is within its bound."""
        return self.claim.bound.holds(self.measured.value)

    @property
    def ends(self) -> Ends | None:
        """Both ends of the value's interval; None for a name."""
        value = self.measured.value
        if isinstance(value, str):
            return None
        share = MEASURES[self.claim.measure].share
        return ends(value, self.measured.error, self.measured.pictures, share=share)

    @property
    def clearly(self) -> bool:
        """Whether the whole interval of the value is within the bound."""
        bound, found = self.claim.bound, self.ends
        if found is None or isinstance(bound.value, str) or bound.sign == "==":
            return self.holds
        return found[1] <= bound.value if bound.sign == "<=" else found[0] >= bound.value


@dataclass(frozen=True)
class Comparison:
    """Two measured claims, of which the first is stated to be ``larger``."""

    larger: Kept
    smaller: Kept

    @property
    def difference(self) -> float:
        """The difference of both values."""
        return float(self.larger.measured.value) - float(self.smaller.measured.value)

    @property
    def least(self) -> float:
        """The lower end of the difference's interval."""
        ends_of = [one.ends or (0.0, 0.0) for one in (self.larger, self.smaller)]
        values = [float(one.measured.value) for one in (self.larger, self.smaller)]
        return least_difference(values[0], ends_of[0], values[1], ends_of[1])


def comparisons(lesson: Lesson, found: Mapping[str, Kept]) -> Iterator[Comparison]:
    """Every comparison of measured claims that a lesson states."""
    for claim in lesson.claims:
        for other in claim.above:
            if claim.name in found and other in found:
                yield Comparison(found[claim.name], found[other])


def checksums(claims: Iterable[Claim]) -> dict[str, str]:
    """The checksums of the weights that claims are about, by their names; "" for a missing model.

    A claim that counts models has the checksums of all models of the family.
    """
    cards = {card.slug: card for card in zoo.stored()}
    found = {}
    for claim in claims:
        card = cards.get(str(claim.settings["model"]))
        if card is None:
            found[claim.name] = ""
        elif claim.measure == "solved":
            found[claim.name] = family_checksum(card.family, cards.values())
        else:
            found[claim.name] = str(card.facts.get("checksum", ""))
    return found


def measure(lesson: Lesson, progress: Progress | None = None) -> dict[str, Kept]:
    """Measure every claim of a lesson.

    Raises:
        InvalidInput: a claim cannot be measured; the message names it.
    """
    found, models = {}, checksums(lesson.claims)
    for number, claim in enumerate(lesson.claims):
        try:
            value = _take(claim)
        except InvalidInput as error:
            raise InvalidInput(
                "The claim {claim} of the lesson {lesson} cannot be measured. {reason}",
                claim=claim.name,
                lesson=lesson.name,
                reason=error.message,
            ) from error
        found[claim.name] = Kept(claim, value, models[claim.name])
        if progress:
            progress(number + 1, len(lesson.claims))
    return found


def _take(claim: Claim) -> Measured:
    """The measured value of a claim.

    Raises:
        InvalidInput: it cannot be measured, for example because the model's pictures have no cue.
    """
    try:
        return MEASURES[claim.measure].take(claim.settings)
    except InvalidInput:  # InvalidInput is a ValueError, too
        raise
    except (LookupError, ValueError, StopIteration) as error:
        raise InvalidInput(
            "The measure {measure} does not support the model {model} with these settings. Choose another model.",
            measure=claim.measure,
            model=str(claim.settings.get("model", "")),
        ) from error


def store(lesson: Lesson, found: Mapping[str, Kept]) -> None:
    """Write the measured values into the lesson's folder."""
    data = {name: {**asdict(one.measured), "model": one.model} for name, one in found.items()}
    put(lesson.folder / FILE, (to_json(data, indent=1) + "\n").encode())


def stored(lesson: Lesson) -> dict[str, Kept]:
    """The stored values, without those of new claims and of models that were trained again."""
    path = lesson.folder / FILE
    try:
        data = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    except (OSError, ValueError):
        return {}
    return dict(_readable(lesson, data if isinstance(data, dict) else {}))


def with_answers(lesson: Lesson) -> Lesson:
    """The lesson with the measured answers of its choices without an ``answer``."""
    found = stored(lesson)

    def answered(step: Step) -> Step:
        exercise = step.exercise
        if exercise is None or exercise.kind != CHOICE or exercise.answer or exercise.claim not in found:
            return step
        return replace(step, exercise=replace(exercise, answer=(str(found[exercise.claim].measured.value),)))

    return replace(lesson, steps=tuple(map(answered, lesson.steps)))


def _readable(lesson: Lesson, data: Mapping[str, object]) -> Iterator[tuple[str, Kept]]:
    models = checksums(lesson.claims)
    for claim in lesson.claims:
        entry = data.get(claim.name)
        if not isinstance(entry, dict) or not models[claim.name] or entry.get("model") != models[claim.name]:
            continue
        value, error, pictures = entry.get("value"), entry.get("error"), entry.get("pictures")
        if isinstance(value, int | float | str) and isinstance(error, int | float) and isinstance(pictures, int):
            yield claim.name, Kept(claim, Measured(value, float(error), pictures), str(entry["model"]))
