"""The samples: each that is offered opens, and those with a shortcut differ from the ordinary scene in that alone."""

from __future__ import annotations

import numpy as np
import pytest

import core
from core import scenes
from core.data import samples
from core.data.samples import CONTRADICTED, SCENE_SIDE, open_sample, swaps, unswapped
from core.scenes.shortcuts import HOMES
from core.tasks import TASKS
from core.types import InvalidInput


@pytest.fixture(autouse=True)
def drawn_once() -> None:
    """Here scenes are drawn every time."""


@pytest.mark.parametrize("family", ["scenes", "scenes-tag", "scenes-place", "imagenette", "torchvision", "own"])
def test_each_sample_that_is_offered_opens_once(family: str) -> None:
    offered = samples.list_samples(family)
    slugs = [one.slug for one in offered]
    assert len(slugs) == len(set(slugs)) > 5 and "photo/hopper" in slugs
    assert slugs[0].startswith("scenes") == family.startswith("scenes")  # what it was trained on comes first
    for one in offered:
        picture = open_sample(one.slug)
        assert picture.name == one.slug and min(picture.pixels.shape[:2]) > 100


@pytest.mark.parametrize("card", [one for one in core.cards() if one.family == "imagenette"], ids=lambda one: one.slug)
def test_the_first_photograph_is_one_its_models_know(card: core.ModelCard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "folder_samples", lambda: ())  # as on a machine without Imagenette
    first = open_sample(samples.list_samples(card.family)[0].slug)
    answer = core.read(core.load(card.slug, "cpu"), first)
    assert card.classes[answer.predicted] == "church" and answer.probabilities.max() > 0.85


def test_a_tag_changes_a_corner_and_nothing_else() -> None:
    for seed, other in CONTRADICTED:
        plain, own, wrong = (
            open_sample(slug).pixels for slug in (f"scenes/{seed}", f"scenes-tag/{seed}", f"scenes-tag/{seed}/{other}")
        )
        place = scenes.draw(seed, SCENE_SIDE, tag=scenes.OBJECTS.index(other)).tag_mask
        for one in (own, wrong):
            changed = (one != plain).any(2)
            assert changed.any() and not (changed & ~grown(place)).any()
        assert (own != wrong).any()
        assert np.array_equal(own, open_sample(f"scenes-tag/{seed}/{scenes.plan(seed).object}").pixels)


def grown(mask: np.ndarray, by: int = 3) -> np.ndarray:
    """The mask with a few pixels round it: the soft edge of what it covers."""
    return np.logical_or.reduce([np.roll(mask, (r, c), (0, 1)) for r in range(-by, by + 1) for c in range(-by, by + 1)])


def test_a_place_is_the_one_that_tells_the_class() -> None:
    for seed, other in CONTRADICTED:
        object = scenes.plan(seed).object
        for slug, place in ((f"scenes-place/{seed}", HOMES[object]), (f"scenes-place/{seed}/{other}", HOMES[other])):
            drawn = scenes.draw(seed, SCENE_SIDE, background=place)
            assert drawn.object == object and np.array_equal(open_sample(slug).pixels, drawn.pixels)


def test_the_three_pictures_of_a_scene_differ_in_what_they_show() -> None:
    for family in ("scenes-tag", "scenes-place"):
        offered = samples.shortcut_samples(family)
        threes = [offered[start : start + 3] for start in range(0, len(offered), 3)]
        assert len(threes) == len(CONTRADICTED)
        for three in threes:
            assert len({one.truth for one in three}) == 1 and len({one.title for one in three}) == 3
        assert len({open_sample(one.slug).sha256 for one in threes[0]}) == 3


@pytest.mark.parametrize(
    "slug", ["", "scenes", "scenes-tag/", "scenes-tag/x", "scenes-tag/24/unicorn", "scenes-place/-1", "scenes/²", "a/1"]
)
def test_a_wrong_sample_is_one_sentence(slug: str) -> None:
    with pytest.raises(InvalidInput, match=r"^[^\n]+\.$"):
        open_sample(slug)


@pytest.mark.parametrize("family", [one.slug for one in TASKS])
def test_swaps_differ_in_the_cue_and_lead_to_every_answer(family: str) -> None:
    every = swaps(f"{family}/7")
    own = samples.task_layout(f"{family}/7")
    assert [one.answer for one in every] == list(own.answers) and every[0].slug == f"{family}/7"
    for one in every:
        layout = samples.task_layout(one.slug)
        assert layout.answer == one.answer == samples.sample_truth(one.slug)
        assert unswapped(one.slug) == every[0].slug and swaps(one.slug) == every
        assert layout.ground == own.ground
    pictures = [open_sample(one.slug).pixels for one in every[:2]]
    changed = (pictures[0] != pictures[1]).any(2).mean()
    assert 0 < changed < 0.25, "most of the picture stays"


def test_a_cue_has_a_name_of_its_own_where_it_differs() -> None:
    assert {one.cue for one in swaps("tasks-sun-or-moon/3")} == {"sun", "moon"}
    assert {one.cue for one in swaps("tasks-same-row/3")} == {""}


def test_nothing_else_has_swaps() -> None:
    assert swaps("scenes/42") == swaps("photo/hopper") == () and unswapped("scenes-tag/42/boat") == "scenes-tag/42/boat"
    with pytest.raises(InvalidInput):
        swaps("tasks-marked/one")
