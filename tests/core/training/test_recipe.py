"""Recipes: the size of each epoch, what may be changed and within which bounds, and read back from their text."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import pytest

from core.__main__ import parser
from core.commands import training
from core.commands.training import command
from core.files import to_json
from core.models import zoo
from core.training import RECIPES, Recipe, recipe, usual_start
from core.types import InvalidInput
from tests.core.small_runs import TINY


def test_recipes_say_the_size_of_each_epoch_and_what_may_be_changed() -> None:
    for one in (*RECIPES.values(), TINY, replace(RECIPES["imagenette"], epochs=37)):
        sizes = [one.size(epoch) for epoch in range(one.epochs)]
        assert sizes == sorted(sizes) and sizes[-1] == one.sizes[-1][1] == max(side for _, side in one.sizes)
        for share, side in one.sizes:
            assert abs(sizes.count(side) - share * one.epochs) <= 1
        assert sum(share for share, _ in one.sizes) == pytest.approx(1) and json.loads(json.dumps(one.to_json()))
    assert recipe("imagenette") == RECIPES["imagenette"] == recipe("unheard-of")
    assert recipe("scenes", epochs=None, seed=7, rate=None) == replace(RECIPES["scenes"], seed=7)
    started = recipe("imagenette", started=True)
    assert 0 < started.epochs < RECIPES["imagenette"].epochs and 0 < started.rate < RECIPES["imagenette"].rate
    assert recipe("scenes", started=True, epochs=5, rate=1e-3) == replace(RECIPES["scenes"], epochs=5, rate=1e-3)


def test_a_recipe_is_read_back_from_its_text() -> None:
    for one in (*RECIPES.values(), TINY, Recipe(loss="squared-error", class_weights="balanced", schedule="cosine")):
        assert Recipe.parse(repr(one)) == one
    old = (
        "Recipe(epochs=4, batch=64, rate=0.004, decay=0.05, smoothing=0.1, average=0.998, crop=0.35, flip=True, "
        "color=0.3, erase=0.2, sizes=((0.4, 96), (0.35, 112), (0.25, 128)), seed=0, muon=True)"
    )
    assert Recipe.parse(old) == Recipe(epochs=4, rate=0.004)  # what was not known then is as it was then
    assert Recipe.parse("Recipe()") == Recipe() and (Recipe().rotate, Recipe().loss) == (0, "cross-entropy")
    for text in ("Recipe(magic=1)", "Recipe(epochs=open('x'))", "Recipe(", "17", ""):
        with pytest.raises(ValueError, match="no recipe of today"):
            Recipe.parse(text)


WRONG = [
    {"epochs": 0}, {"batch": 1}, {"rate": 0.0}, {"rate": 1.0}, {"rate": float("nan")}, {"crop": 0.0}, {"crop": 1.1},
    {"smoothing": 1.0}, {"average": 1.0}, {"seed": -1}, {"rotate": 181.0}, {"loss": "hinge"}, {"schedule": "step"},
    {"class_weights": "some"}, {"sizes": ()}, {"sizes": ((1.0, 40),)}, {"sizes": ((0.0, 48),)}, {"erase": 2.0},
]  # fmt: skip


@pytest.mark.parametrize("parts", WRONG, ids=str)
def test_a_part_out_of_its_bounds_is_one_sentence(parts: dict) -> None:
    name = next(iter(parts)).replace("_", " ").capitalize()
    told = "Each size needs" if "sizes" in parts else f"{name} must be"
    with pytest.raises(InvalidInput, match=rf"^{told} [^\n]+\.$"):
        recipe("scenes", **parts)


def test_every_part_says_what_it_is() -> None:
    assert all(part.metadata["words"] and "\n" not in part.metadata["words"] for part in fields(Recipe))


def test_draws_differ_for_seed_epoch_and_picture() -> None:
    recipes, indices = [replace(TINY, seed=seed) for seed in range(3)], (None, *range(9))
    drawn = [one.draw(epoch, index) for one in recipes for epoch in range(9) for index in indices]
    assert len(set(drawn)) == 270 and all(0 <= one < 1 << 63 for one in drawn)


def test_every_part_of_a_recipe_is_an_option_and_the_command_repeats_it() -> None:
    words = (
        "train made/cbam --data cifar10 --start tiny/plain --seeds 3 --epochs 4 --batch 16 --rate 0.01 --decay 0.1 "
        "--smoothing 0.2 --average 0.9 --crop 0.5 --no-flip --color 0.1 --erase 0.3 --sizes 0.25:32,0.75:48 --seed 7 "
        "--no-muon --shift 4 --rotate 10.0 --loss squared-error --schedule cosine --class-weights balanced "
        "--curriculum 0.25:1,0.75:3"
    )
    options = parser().parse_args(words.split())
    assert command(options.models[0], options) == f"python -m core {words}"
    parts = {part.name: getattr(options, part.name) for part in fields(Recipe)}
    assert None not in parts.values()
    sizes = ((0.25, 32), (0.75, 48))
    assert Recipe(**parts) == Recipe(4, 16, 0.01, 0.1, 0.2, 0.9, 0.5, False, 0.1, 0.3, sizes, 7, False, 4, 10.0,
                                     "squared-error", "cosine", "balanced", ((0.25, 1), (0.75, 3)))  # fmt: skip
    bare = parser().parse_args(["train", "made/cbam", "--data", "/some/where"])
    assert command(bare.models[0], bare) == "python -m core train made/cbam --data DIR"
    assert all(getattr(bare, part.name) is None for part in fields(Recipe))
    assert parser().parse_args(["train", "a/b", "--flip", "--seed", "2"]).seeds == 1


def test_a_model_of_a_task_starts_where_its_card_says() -> None:
    """Each shipped model was trained as the command without options trains it again."""
    cards = [card for card in zoo.stored() if card.family.startswith("tasks-")]
    assert len(cards) > 20
    for card in cards:
        usual, family = usual_start(card.slug), card.family
        start = None if usual is None else usual.model
        assert card.facts["start"] == start, card.slug
        chosen = recipe(family)
        if usual is not None:
            chosen = replace(chosen, epochs=usual.epochs, curriculum=usual.curriculum or chosen.curriculum)
        assert json.loads(to_json(chosen.to_json())) == card.facts["recipe"], card.slug


def test_the_options_have_the_last_word() -> None:
    kept = []
    for line in ("", "--start none", "--start tasks-marked/plain --epochs 3", "--epochs 4 --rate 0.001"):
        one = training.make_plan("tasks-same-row/cbam", None, parser().parse_args(["train", "x/y", *line.split()]))
        kept.append((one.recipe, one.start))
    (usual, where), (fresh, nowhere), (other, marked), (shorter, same) = kept
    assert (usual.epochs, usual.rate, where) == (10, 0.003, "tasks-same-row/plain")
    assert (fresh, nowhere) == (recipe("tasks-same-row"), None)
    assert (other.epochs, other.rate, marked) == (3, 0.0015, "tasks-marked/plain")
    assert (shorter.epochs, shorter.rate, same) == (4, 0.001, "tasks-same-row/plain")
