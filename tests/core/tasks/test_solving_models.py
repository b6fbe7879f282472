"""What models of tasks go by: they answer from what matters alone, guess without the cue, and follow it elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import pytest

import core
from core.models import zoo
from core.tasks import ROLES, Layout, Task, draw_pixels, find_task, task
from tests.core.task_pictures import of_roles, seeds, uncued

pytestmark = pytest.mark.slow
SOLVED, KEPT, COUNT, DEVIATIONS = 0.95, 0.95, 200, 3
STORED = [card for card in zoo.stored() if find_task(card.family)]
WITHOUT_CUE = ("tasks-odd-one-out",)
"""Their cue is the color of their objects, and cannot be taken away."""
COMPARED = ("tasks-sun-or-moon", "tasks-same-row")
"""Where attention has to bring distant parts together, which ``plain`` cannot."""


def slugs(wanted: Callable[[core.ModelCard], bool], why: str) -> list:
    """The stored models of that kind; one case that says why it skips where there is none."""
    found = [card.slug for card in STORED if wanted(card)]
    return found or [pytest.param("none", marks=pytest.mark.skip(f"No stored model {why}."))]


SOLVING = slugs(lambda card: (card.accuracy or 0) >= SOLVED, "solves a task")
CUED = slugs(
    lambda card: (card.accuracy or 0) >= SOLVED and card.family not in WITHOUT_CUE,
    "solves a task whose cue can be away",
)
PLAIN = slugs(lambda card: card.mechanism == "plain" and card.family in COMPARED, "without attention is of such a task")


def answers(slug: str, layouts: Sequence[Layout]) -> np.ndarray:
    """What a model names in each picture."""
    classifier = core.load(slug, "cpu")
    pictures = (core.open_image(draw_pixels(one)) for one in layouts)
    return np.array([classifier.card.classes[core.read(classifier, one).predicted] for one in pictures])


def known(slug: str) -> Task:
    return task(slug.split("/")[0])


@cache
def pairs(family: str) -> tuple[list[Layout], list[Layout]]:
    """Pictures of validation, and the same with another cue."""
    own = [task(family).compose(seed, None) for seed in seeds(COUNT)]
    return own, [task(family).compose(seed, one.answers[1]) for seed, one in zip(seeds(COUNT), own, strict=True)]


def luck(chance: float) -> float:
    return DEVIATIONS * np.sqrt(chance * (1 - chance) / COUNT)


@pytest.mark.parametrize("slug", SOLVING)
def test_the_answer_stays_where_all_that_does_not_matter_is_away(slug: str) -> None:
    own, _ = pairs(known(slug).slug)
    kept = np.mean(answers(slug, own) == answers(slug, [of_roles(one, *ROLES) for one in own]))
    print(f"{slug}: {kept:.1%} of the answers stay")
    assert kept >= KEPT


@pytest.mark.parametrize("slug", CUED)
def test_without_the_cue_a_guess_is_left(slug: str) -> None:
    right = np.array([one.answer for one in pairs(known(slug).slug)[0]])
    accuracy = np.mean(answers(slug, [uncued(known(slug), seed) for seed in seeds(COUNT)]) == right)
    print(f"{slug}: {accuracy:.1%} without the cue, a guess is {known(slug).chance:.1%}")
    assert accuracy <= known(slug).chance + luck(known(slug).chance)


@pytest.mark.parametrize("slug", SOLVING)
def test_another_cue_leads_to_the_other_answer(slug: str) -> None:
    _, other = pairs(known(slug).slug)
    followed = np.mean(answers(slug, other) == [one.answer for one in other])
    print(f"{slug}: {followed:.1%} follow the cue")
    assert followed >= KEPT


@pytest.mark.parametrize("slug", PLAIN)
def test_without_attention_another_cue_changes_the_answer_no_more_than_by_chance(slug: str) -> None:
    own, other = pairs(known(slug).slug)
    before, after = (answers(slug, some) == [one.answer for one in some] for some in (own, other))
    share = np.mean(before & after)
    print(f"{slug}: {share:.1%} follow the cue, a guess is {known(slug).chance:.1%}")
    assert share <= known(slug).chance + luck(known(slug).chance)
