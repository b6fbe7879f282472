"""What lessons claim, measured: the values that stand in their words, and whether they keep their bounds.

The values are kept in ``claims.json`` in the lesson's folder, with the checksums of the models that they were measured
on. A bound is kept with a margin if the value lies ``MARGIN`` standard errors inside it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

from core.files import put, to_json
from core.lessons.measures import MEASURES, Measured
from core.lessons.pack import Claim, Lesson
from core.models import zoo
from core.types import InvalidInput, Progress

FILE = "claims.json"
MARGIN = 3.0


@dataclass(frozen=True)
class Kept:
    """A claim with its measured value, and the checksum of the model that it was measured on."""

    claim: Claim
    measured: Measured
    model: str

    @property
    def holds(self) -> bool:
        """Whether the value keeps its bound."""
        return self.claim.bound.holds(self.measured.value)

    @property
    def clearly(self) -> bool:
        """Whether it does so with a margin of three standard errors."""
        value, bound = self.measured.value, self.claim.bound
        if isinstance(value, str) or isinstance(bound.value, str) or bound.sign == "==":
            return self.holds
        room = bound.value - value if bound.sign == "<=" else value - bound.value
        return room >= MARGIN * self.measured.error


def checksum(claim: Claim) -> str:
    """The checksum of the weights that a claim is about."""
    return str(zoo.find_card(str(claim.settings["model"])).facts.get("checksum", ""))


def measure(lesson: Lesson, progress: Progress | None = None) -> dict[str, Kept]:
    """Measure every claim of a lesson.

    Raises:
        InvalidInput: a claim cannot be measured; the sentence names it.
    """
    found = {}
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
        found[claim.name] = Kept(claim, value, checksum(claim))
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
    except InvalidInput:  # which is a ValueError too
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
    """The values that were measured; without those of claims that are new, and of models that were trained again."""
    path = lesson.folder / FILE
    try:
        data = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    except (OSError, ValueError):
        return {}
    return dict(_readable(lesson, data if isinstance(data, dict) else {}))


def _readable(lesson: Lesson, data: Mapping[str, object]) -> Iterator[tuple[str, Kept]]:
    for claim in lesson.claims:
        entry = data.get(claim.name)
        if not isinstance(entry, dict) or entry.get("model") != checksum(claim):
            continue
        value, error, pictures = entry.get("value"), entry.get("error"), entry.get("pictures")
        if isinstance(value, int | float | str) and isinstance(error, int | float) and isinstance(pictures, int):
            yield claim.name, Kept(claim, Measured(value, float(error), pictures), str(entry["model"]))
