"""Between two batches of a long job short ones run on the same model, and neither sees the other: no bit differs."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pytest

import core
from core.attribution import method
from core.classifier import Classifier
from core.device import worker
from core.types import Picture, Progress
from tests.conftest import build_tiny
from tests.core.quick_methods import QUICK, tried

MECHANISMS = ("plain", "squeeze-excitation", "cbam", "self-attention", "attention-pooling", "recurrent", "transformer")
METHODS = [(slug, name) for slug in MECHANISMS for name in tried(build_tiny(slug))]
HOOKED = {"grad-cam", "guided-backpropagation", "guided-grad-cam", "deconvolution", "deeplift", "lrp"}
"""They set hooks on the model or change its gradients, in one or two passes in which nobody else may use it."""
OFTEN = 4
"""At the first so many calls of a progress short jobs come, and at every tenth."""


def numbers(found: Any) -> list[np.ndarray]:
    """Every number of a result, in order."""
    if is_dataclass(found):
        return [one for field in fields(found) for one in numbers(getattr(found, field.name))]
    if isinstance(found, dict):
        return [one for value in found.values() for one in numbers(value)]
    if isinstance(found, tuple | list):
        return [one for value in found for one in numbers(value)]
    return [np.asarray(found)] if isinstance(found, np.ndarray | float | int) else []


def same(a: Any, b: Any) -> bool:
    pairs = zip(numbers(a), numbers(b), strict=True)
    return bool(numbers(a)) and all(np.array_equal(one, other, equal_nan=True) for one, other in pairs)


class Guest:
    """Short jobs of another user, on the same model, at whatever moment the long one gives way."""

    def __init__(self, classifier: Classifier, picture: Picture):
        self.classifier, self.picture = classifier, picture
        self.visits: list[Any] = []
        self.later: list[Future] = []
        self.calls = 0

    def visit(self) -> Any:
        reading = core.read(self.classifier, self.picture)
        found = [reading, core.attribute(self.classifier, self.picture, "saliency", 2)]
        if reading.maps:
            found.append(core.intervene(self.classifier, self.picture, {reading.maps[-1].tap: core.UNIFORM}))
        return found

    def come(self, done: int, total: int) -> None:
        """A progress at which they come."""
        self.calls += 1
        if self.calls <= OFTEN or self.calls % 10 == 0:
            line = worker(self.classifier.device)
            future = line.submit(self.visit)
            line.give_way()
            if future.done():  # not within a pass with hooks: then they run afterward
                self.visits.append(future.result())
            else:
                self.later.append(future)

    def hold(self, long: Callable[[Progress], Any]) -> Any:
        return worker(self.classifier.device).submit(lambda: long(self.come), long=True).result()


def check(classifier: Classifier, picture: Picture, long: Callable[[Progress], Any]) -> int:
    """Nothing differs; how often others came between its batches."""
    guest = Guest(classifier, picture)
    undisturbed, alone = guest.visit(), long(lambda done, total: None)
    assert same(guest.hold(long), alone), "the long job"
    visits = [*guest.visits, *(one.result() for one in guest.later)]
    assert visits and all(same(one, undisturbed) for one in visits), "the short ones"
    return len(guest.visits)


@pytest.mark.parametrize(("slug", "name"), METHODS)
def test_a_method_gives_way_between_its_batches(slug: str, name: str, picture: Picture) -> None:
    classifier, settings = build_tiny(slug), QUICK.get(method(name).slug, {})
    came = check(
        classifier, picture, lambda tick: core.attribute(classifier, picture, name, 1, progress=tick, **settings)
    )
    assert came or name in HOOKED


def test_one_pass_with_hooks_gives_no_way() -> None:
    assert {name for _, name in METHODS} >= HOOKED and not HOOKED & QUICK.keys(), "they take a moment each"


LONG: dict[str, Callable[[Classifier, Picture, np.ndarray, Progress], Any]] = {
    "ablations": lambda model, picture, values, tick: core.ablate(model, picture, 1, progress=tick),
    "curves": lambda model, picture, values, tick: core.faithfulness(model, picture, values, 1, progress=tick),
    "checks": lambda model, picture, values, tick: core.check(
        model, picture, core.attribute(model, picture, "grad-cam", 1), 1, progress=tick
    ),
    "randomization": lambda model, picture, values, tick: core.randomize(model, picture, "saliency", 1, progress=tick),
}


@pytest.mark.parametrize("name", LONG)
@pytest.mark.parametrize("slug", ["cbam", "self-attention", "recurrent"])
def test_a_test_gives_way_between_its_parts(slug: str, name: str, picture: Picture) -> None:
    classifier = build_tiny(slug)
    values = core.read(classifier, picture).energy
    assert check(classifier, picture, lambda tick: LONG[name](classifier, picture, values, tick))
