"""No shortcut: neither the colors of a picture nor its cue alone tell more than a guess, by a linear classifier.

The classifier is a softmax regression on standardized features, trained on pictures of other seeds.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from core import scenes
from core.tasks import TASKS, Layout, Task, draw_pixels, task
from tests.core.task_pictures import moved

SIDE, BINS, COARSE = 64, 4, 8
FEW, MANY = (300, 200), (1500, 1000)
"""Pictures to train on, and to measure on."""
DEVIATIONS = 3
WITH_CUE = tuple(one for one in TASKS if one.slug != "tasks-odd-one-out")
"""The cue of the odd one out is the color of its objects, so it is never alone."""

sizes = pytest.mark.parametrize("counts", [FEW, pytest.param(MANY, marks=pytest.mark.slow)], ids=["few", "many"])


def histogram(pixels: np.ndarray) -> np.ndarray:
    """How many pixels have each of BINS³ colors."""
    coarse = pixels.reshape(-1, 3).astype(int) * BINS // 256
    return np.bincount(coarse @ (BINS * BINS, BINS, 1), minlength=BINS**3)


def reduced(pixels: np.ndarray) -> np.ndarray:
    """The picture in few pixels, and its histogram: where something is, and of which color."""
    step = len(pixels) // COARSE
    small = pixels.reshape(COARSE, step, COARSE, step, 3).mean((1, 3))
    return np.concatenate([small.ravel(), histogram(pixels)])


def cue_alone(known: Task, seed: int) -> tuple[Layout, str]:
    """The cue on its ground, and the answer to which it leads."""
    own = known.compose(seed, None)
    cue = moved(own, known.compose(seed, own.answers[1]))
    return Layout(own.ground, tuple(cue), own.answer, own.answers), own.answer


def whole(known: Task, seed: int) -> tuple[Layout, str]:
    """The picture of a seed, and its answer."""
    own = known.compose(seed, None)
    return own, own.answer


def probe(
    known: Task,
    picture: Callable[[Task, int], tuple[Layout, str]],
    features: Callable[[np.ndarray], np.ndarray],
    counts: tuple[int, int],
) -> float:
    """The accuracy of a linear classifier on pictures of validation."""
    halves = []
    for split, count in zip(("train", "val"), counts, strict=True):
        pairs = [picture(known, seed) for seed in scenes.seeds(split, count)]
        seen = np.stack([features(draw_pixels(layout, SIDE)) for layout, _ in pairs])
        halves.append(
            (torch.tensor(seen, dtype=torch.float32), torch.tensor([known.classes.index(a) for _, a in pairs]))
        )
    (x, labels), (tested, truth) = halves
    mean, spread = x.mean(0), x.std(0) + 1e-3
    classify = torch.nn.Linear(x.shape[1], len(known.classes))
    torch.nn.init.zeros_(classify.weight)
    optimizer = torch.optim.LBFGS(classify.parameters(), max_iter=60)

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        value = cross_entropy(classify((x - mean) / spread), labels) + 0.02 * classify.weight.square().sum()
        value.backward()
        return value

    optimizer.step(loss)
    with torch.no_grad():
        return (classify((tested - mean) / spread).argmax(1) == truth).float().mean().item()


def most(chance: float, count: int) -> float:
    """What a guess of that accuracy reaches on so many pictures by luck."""
    return chance + DEVIATIONS * np.sqrt(chance * (1 - chance) / count)


@sizes
@pytest.mark.parametrize("known", TASKS, ids=lambda one: one.slug)
def test_the_colors_of_a_picture_show_no_more_than_which_answers_there_are(
    known: Task, counts: tuple[int, int]
) -> None:
    found = probe(known, whole, histogram, counts)
    print(f"{known.slug}: {found:.3f}, a guess among those there are {known.chance:.3f}")
    assert found <= most(known.chance, counts[1])


@sizes
@pytest.mark.parametrize("known", WITH_CUE, ids=lambda one: one.slug)
def test_the_cue_alone_tells_nothing(known: Task, counts: tuple[int, int]) -> None:
    found = probe(known, cue_alone, reduced, counts)
    print(f"{known.slug}: {found:.3f}, chance {1 / len(known.classes):.3f}")
    assert found <= most(1 / len(known.classes), counts[1])


def test_the_classifier_finds_what_is_there() -> None:
    """Which color the asked animal has is plain where the car is away and the sun shines."""

    def animal(known: Task, seed: int) -> tuple[Layout, str]:
        own = known.compose(seed, None)
        items = tuple(one for one in own.items if one.role == "answer")
        return Layout(own.ground, items, own.answer, own.answers), own.answer

    assert probe(task("tasks-sun-or-moon"), animal, histogram, FEW) > 0.9
