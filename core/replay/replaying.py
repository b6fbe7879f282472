"""Compute a recorded view again, and compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core import checking
from core.attribution import fixed_batches
from core.classifier import Classifier
from core.data import open_sample
from core.loading import load
from core.messages import Message
from core.replay.measuring import ATTENTION, ATTRIBUTION, SEED, Number, measure_view
from core.replay.naming import title_of
from core.replay.recording import FILE, Record, describe_bank, describe_machine, describe_model
from core.types import InvalidInput, Picture, Progress

TOLERANCE = 1e-4
"""The largest difference that another number of threads or another processor may cause."""

PREPROCESSING: tuple[str, ...] = (
    Message("architecture"),
    Message("size"),
    Message("resize"),
    Message("interpolation"),
    Message("mean"),
    Message("std"),
    Message("output"),
)
"""The entries of a card about the input and the outputs of the model."""


MACHINE: tuple[str, ...] = (Message("system"), Message("device"), Message("threads"))
"""The properties of the machine that may affect a number."""


@dataclass(frozen=True)
class Difference:
    """The difference of a number from the recorded one: 0 if no bit differs, None if they are not comparable.

    For a single number the size of the difference, for an array its largest one as a share of the largest recorded
    value.
    """

    name: str
    value: float | None

    @property
    def title(self) -> str:
        """The displayed name of the number."""
        return title_of(self.name)

    @property
    def within(self) -> bool:
        """Whether it is at most ``TOLERANCE``."""
        return self.value is not None and self.value <= TOLERANCE


@dataclass(frozen=True)
class Replayed:
    """The comparison: a ``Difference`` for every number, and a sentence for each part that has ``changed`` since."""

    differences: tuple[Difference, ...]
    changed: tuple[str, ...]

    @property
    def identical(self) -> bool:
        """Whether no bit of any number differs."""
        return all(one.value == 0 for one in self.differences)

    @property
    def same(self) -> bool:
        """Whether every number is within ``TOLERANCE`` of the recorded one."""
        return all(one.within for one in self.differences)

    @property
    def verdict(self) -> str:
        """The result in a sentence."""
        count = len(self.differences)
        if self.identical:
            return Message("All {count} numbers are the same as recorded, to the last bit.", count=count)
        if self.same:
            most = max(one.value or 0.0 for one in self.differences)
            return Message(
                "All {count} numbers are the same as recorded, within {tolerance} of the largest value; the "
                "largest difference is {most:.1e}.",
                count=count,
                tolerance=TOLERANCE,
                most=most,
            )
        others = [one.title for one in self.differences if not one.within]
        return Message(
            "{different} of {count} numbers differ from the recorded ones: {names}.",
            different=len(others),
            count=count,
            names=others,
        )


@checking.takes(Record, Message("Open one with core.open_record(path)."))
def replay(
    view: Record, classifier: Classifier | None = None, *, device: str = "auto", progress: Progress | None = None
) -> Replayed:
    """Compute the numbers of a recorded view again, with its model or with that ``classifier``, and compare.

    Raises:
        InvalidInput: the model is missing, has other classes, or has no such method, tap, head or query.
        Stopped: ``progress`` raised it.
    """
    facts = view.facts
    classifier = classifier or recorded_model(view, device)
    if list(classifier.card.classes) != facts["model"]["classes"]:
        raise InvalidInput(
            "{model} has other classes than the recorded model. Choose the model that the view was recorded with.",
            model=classifier.card.slug,
        )
    picture, own = original(view), facts["picture"]["sha256"]
    sizes = {name: size for name, size in _table(facts.get("batches")).items() if type(size) is int}
    stated, seed = facts.get("checks"), facts.get("shuffle_seed", SEED)
    seed = seed if type(seed) is int and 0 <= seed < 2**32 else SEED
    checks = [one for one in (ATTENTION, ATTRIBUTION) if isinstance(stated, list) and one in stated]

    def job() -> dict[str, Number]:
        with fixed_batches(sizes):
            wanted = dict.fromkeys(checks)
            return measure_view(
                classifier, picture, view.question, checks=wanted, own=own, seed=seed, progress=progress
            )

    numbers = classifier.run(job)
    names = [*view.numbers, *(name for name in numbers if name not in view.numbers)]
    both = view.numbers.keys() & numbers.keys()
    differences = [
        Difference(name, distance(view.numbers[name], numbers[name]) if name in both else None) for name in names
    ]
    return Replayed(tuple(differences), tuple(changes(facts, classifier)))


def recorded_model(view: Record, device: str = "auto") -> Classifier:
    """The model that a view was recorded with, by its name; a path in a record is never opened.

    Raises:
        InvalidInput: the model was in a file, is not here, or cannot be downloaded.
    """
    slug = view.facts["model"]["slug"]
    if slug.startswith(FILE):
        raise InvalidInput(
            "The recorded model was in the file {name}. Give the model itself: --model file:PATH.",
            name=slug.removeprefix(FILE)[:200],
        )
    return load(slug, device)


def original(view: Record) -> Picture:
    """Return the sample picture, so that its own maps are left out of the bank, or else the recorded picture."""
    sample = view.facts["picture"].get("sample")
    if not isinstance(sample, str) or not sample:
        return view.picture
    try:
        found = open_sample(sample)
    except InvalidInput:
        return view.picture
    same = np.array_equal(found.pixels, view.picture.pixels)
    return replace(found, box=view.picture.box, centered=view.picture.centered) if same else view.picture


def distance(recorded: Number, now: Number) -> float | None:
    """How far two numbers or arrays are from each other; see ``Difference``."""
    if recorded is None or now is None:
        return 0.0 if recorded is now else None
    one, other = np.asarray(recorded), np.asarray(now)
    if one.shape != other.shape:
        return None
    most = float(np.abs(one.astype(np.float64) - other).max(initial=0.0))
    largest = float(np.abs(one).max(initial=0.0)) if one.ndim else 1.0
    if most == 0 and not np.array_equal(np.signbit(one), np.signbit(other)):
        return float(np.finfo(np.float64).tiny)  # zeros of different sign have different bits
    return most if largest == 0 else most / largest


def changes(facts: Mapping[str, Any], classifier: Classifier) -> Sequence[str]:
    """Return a sentence for each property of the model, the machine and the libraries that has changed."""
    now, present = describe_model(classifier), describe_machine(classifier.device)
    recorded, machine, slug = facts["model"], _table(facts.get("machine")), classifier.card.slug
    libraries, installed = _table(machine.get("libraries")), present["libraries"]
    measure = "weights" if isinstance(recorded.get("weights"), str) else "checksum"  # missing in older records
    weights = [Message("The weights of {model} have changed.", model=slug)] if recorded[measure] != now[measure] else []
    pairs: list[tuple[str, Any, Any]] = [(Message("model"), recorded["slug"], now["slug"])]
    pairs += [(name, recorded.get(name), now[name]) for name in PREPROCESSING]
    pairs += [(name, libraries.get(name), installed.get(name)) for name in dict.fromkeys([*libraries, *installed])]
    pairs += [(name, machine.get(name), present[name]) for name in MACHINE]
    pairs.append((Message("maps of other pictures"), facts.get("bank"), describe_bank(classifier)))
    return weights + [
        Message("{name}: recorded with {then}, now {now}.", name=name, then=_text(then), now=_text(value))
        for name, then, value in pairs
        if then != value
    ]


def _table(value: Any) -> Mapping[str, Any]:
    """Return a table from a file; empty if it is not a table."""
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    """A value of a file as a short text."""
    return Message("not stated") if value is None else str(value)[:80]
