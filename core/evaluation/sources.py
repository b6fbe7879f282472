"""Sources of maps by name, so that a map can be made again for another class, with other weights or for other pictures.

    saliency, grad-cam ...            a method of attribution
    attention/stage4.attention        the model's own map of that tap; attention/rollout its rollout
    random, blob, edges               references that do not depend on the model: noise, a center blob, Sobel edges

A method should be better than the references: photographs have their subject in the middle, and edges look like
explanations. The maps of the method ``attention`` are those of the taps, so it is a source, but not in the list of
``source_names``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from core import checking
from core.attention.reduction import to_grid
from core.attention.rollout import ROLLOUT, can_roll, rollout_map
from core.attribution import method, methods, quiet
from core.attribution.attention import ATTENTION as ATTENTION_METHOD
from core.attribution.method import Method
from core.classifier import Classifier, read
from core.evaluation.agreement import blob
from core.messages import Message
from core.types import InvalidInput, Picture, Progress

Source = Callable[[Classifier, Picture, int, Progress | None], np.ndarray]
"""``source(classifier, picture, target, progress)`` -> a map (h, w) over the model's square, raw and signed."""

ATTENTION_PREFIX = "attention/"
GRAY = (0.299, 0.587, 0.114)


def map_source(classifier: Classifier, name: str, **parameters: Any) -> Source:
    """The source of that name, for a classifier and for copies of it with other weights.

    ``parameters`` are those of a method. They are checked here, and so is whether the model supports the method, which
    may depend on its trained weights. An attention map takes the ``head`` and the ``query`` of ``to_grid``.

    Raises:
        InvalidInput: there is no such source or parameter, the model does not support the method, or, when the model
            runs, it has no such tap.
    """
    if not isinstance(name, str):
        raise InvalidInput(
            "Give the name of a method, an attention map or a reference, not {given}.", given=checking.brief(name)
        )
    if name in REFERENCES:
        return REFERENCES[name]
    if name.startswith(ATTENTION_PREFIX):
        if unknown := sorted(set(parameters) - {"head", "query"}):
            raise InvalidInput("An attention map has the parameters head and query, not {unknown}.", unknown=unknown)
        return partial(_attend, name.removeprefix(ATTENTION_PREFIX), parameters)
    chosen = method(name)
    return partial(_attribute, chosen, chosen.settle(classifier, parameters))


def source_names(classifier: Classifier) -> tuple[str, ...]:
    """Every source that a classifier supports: the methods, its attention maps over the picture, and the references."""
    made = [one.slug for one in methods(classifier) if one is not ATTENTION_METHOD]
    places = [name for name, tap in classifier.taps.items() if tap.kind.on_picture and not tap.kind.signed]
    return (*made, *(ATTENTION_PREFIX + name for name in places), *REFERENCES)


def _attribute(chosen: Method, parameters: dict[str, Any], classifier: Classifier, picture: Picture, target: int,
               progress: Progress | None = None) -> np.ndarray:  # fmt: skip
    def compute_map() -> np.ndarray:
        x = classifier.prepare(picture)
        values, _ = chosen.compute(classifier, x, target, progress or quiet, **parameters)
        return values.float().cpu().numpy()

    return classifier.run(compute_map)


def _attend(tap: str, part: dict[str, int | None], classifier: Classifier, picture: Picture, target: int,
            progress: Progress | None = None) -> np.ndarray:  # fmt: skip
    maps = {one.tap: one for one in read(classifier, picture).maps}
    if tap == ROLLOUT and can_roll(tuple(maps.values())):
        return to_grid(rollout_map(tuple(maps.values())), **part)
    if tap not in maps:
        raise InvalidInput(
            "{model} has no attention map '{tap}'. It has: {maps}.",
            model=classifier.card.slug,
            tap=tap,
            maps=list(maps) or [Message("none")],
        )
    return to_grid(maps[tap], **part)


def noise(classifier: Classifier, picture: Picture, target: int = 0, progress: Progress | None = None) -> np.ndarray:
    """A random map (size, size), always the same for one picture."""
    size = classifier.card.size
    return np.random.default_rng(int(picture.sha256[:15], 16)).random((size, size))


def center(classifier: Classifier, picture: Picture, target: int = 0, progress: Progress | None = None) -> np.ndarray:
    """A Gaussian at the center of the square (size, size), which does not depend on the picture."""
    return blob((classifier.card.size, classifier.card.size))


def edges(classifier: Classifier, picture: Picture, target: int = 0, progress: Progress | None = None) -> np.ndarray:
    """The length of Sobel's gradient of the gray square, (size, size); edge pixels are repeated."""
    gray = np.pad(classifier.square(picture) @ np.array(GRAY), 1, mode="edge")

    def steps(a: np.ndarray) -> np.ndarray:  # along the first axis, as the means
        return a[2:] - a[:-2]

    def means(a: np.ndarray) -> np.ndarray:
        return a[2:] + 2 * a[1:-1] + a[:-2]

    return np.hypot(means(steps(gray.T).T), means(steps(gray).T).T)


REFERENCES: dict[str, Source] = {"random": noise, "blob": center, "edges": edges}
