"""``train`` and ``evaluate``: train a model for the zoo, and measure it again."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Iterable
from dataclasses import Field, dataclass, fields, replace
from typing import Any

from tqdm import tqdm

import core
from core.commands.printing import bar, percent, print_answer, remark
from core.data.datasets import NAMES, Dataset, hold, open_dataset
from core.evaluation.accuracy import measure_card
from core.models import zoo
from core.training import RECIPES, Recipe, draw_card, recipe, train_model, usual_start
from core.training.loop import Batch

FRESH = "none"
"""The value of ``--start`` for random initial weights."""


def option(part: Field[Any]) -> str:
    """The command-line option for a part of the recipe."""
    return "--" + part.name.replace("_", "-")


def shares(text: str) -> tuple[tuple[float, int], ...]:
    """Shares of the epochs, each with a number, from "0.4:96,0.6:128"."""
    try:
        pairs = [one.split(":") for one in text.split(",")]
        return tuple((float(share), int(number)) for share, number in pairs)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a list such as 0.4:96,0.6:128") from None


def add_recipe(parser: argparse.ArgumentParser) -> None:
    """An option for each part of a recipe."""
    one = parser.add_argument_group("recipe", "changes to the recipe of the family")
    for part in fields(Recipe):
        words = {"default": None, "help": part.metadata["words"]}
        if isinstance(part.default, bool):
            one.add_argument(option(part), action=argparse.BooleanOptionalAction, **words)
        elif isinstance(part.default, tuple):
            one.add_argument(option(part), type=shares, metavar="SHARE:NUMBER,...", **words)
        else:
            one.add_argument(option(part), type=type(part.default), choices=part.metadata["of"] or None, **words)


def command(model: str, options: argparse.Namespace) -> str:
    """The command that trains the same model again, without the location of the data."""
    words = ["python", "-m", "core", "train", model]
    if options.data:
        words += ["--data", options.data if options.data in NAMES else "DIR"]
    words += ["--start", options.start] if options.start else []
    words += ["--seeds", str(options.seeds)] if options.seeds > 1 else []
    for part in fields(Recipe):
        value = getattr(options, part.name)
        if isinstance(value, bool):
            words.append(option(part) if value else option(part).replace("--", "--no-", 1))
        elif isinstance(value, tuple):
            words += [option(part), ",".join(f"{share}:{number}" for share, number in value)]
        elif value is not None:
            words += [option(part), str(value)]
    return shlex.join(words)


def open_data(family: str, options: argparse.Namespace) -> Dataset:
    """The data set of the options; notes on it go to standard error."""
    data = open_dataset(family, options.data, download=options.download)
    if data.note:
        print(data.note, file=sys.stderr)
    return data


def train(options: argparse.Namespace) -> None:
    """Train models and put them into the zoo: weights and card. Under torchrun, with all its processes."""
    families = {family: open_data(family, options) for family in dict.fromkeys(map(family_of, options.models))}
    plans = [make_plan(model, families[family_of(model)], options) for model in options.models]
    for one in plans:  # invalid arguments raise an error before the pictures are drawn
        draw_card(one.model, families[family_of(one.model)], one.recipe)
    # The pictures of a family are read or drawn once for all its models.
    held = {
        family: replace(data, training=hold(data.training), validation=hold(data.validation))
        for family, data in families.items()
    }
    for one in plans:
        train_one(one, held[family_of(one.model)], options)


def family_of(model: str) -> str:
    """The family in a model's name."""
    return model.split("/")[0]


@dataclass(frozen=True)
class Plan:
    """A training plan: the recipe, and the model ``start`` whose weights are the initial weights, if any."""

    model: str
    start: str | None
    recipe: Recipe


def make_plan(model: str, data: Dataset, options: argparse.Namespace) -> Plan:
    """Return the start and the recipe of a model from the options, with defaults for the rest."""
    family = family_of(model)
    parts = {part.name: getattr(options, part.name) for part in fields(Recipe)}
    start, usual = options.start, usual_start(model)
    if start is None and usual is not None:
        start = usual.model
        parts["epochs"] = parts["epochs"] or usual.epochs
        parts["rate"] = parts["rate"] or recipe(family).rate
        parts["curriculum"] = parts["curriculum"] or usual.curriculum or None
    start = None if start == FRESH else start
    return Plan(model, start, recipe(family if family in RECIPES else data.name, started=start is not None, **parts))


def train_one(plan: Plan, data: Dataset, options: argparse.Namespace) -> None:
    """Train one model on its family's data."""

    def batches(loader: Iterable[Batch], epoch: int) -> Iterable[Batch]:
        return tqdm(loader, f"epoch {epoch + 1}/{plan.recipe.epochs}", leave=False, unit="batch", file=sys.stderr)

    def report(line: dict[str, Any]) -> None:
        text = f"epoch {line['epoch']:3}  loss {line['loss']:.3f}  validation {percent(line['accuracy'])}"
        print(f"{text}  {line['size']} px  {line['seconds']} s", file=sys.stderr, flush=True)

    card = train_model(
        plan.model,
        data,
        plan.recipe,
        device=options.device,
        start=plan.start,
        seeds=options.seeds,
        command=command(plan.model, options),
        report=report,
        batches=batches,
        progress=bar("measuring"),
    )
    if card:
        text = f"{card.slug}: {percent(card.accuracy)} of {card.pictures} pictures{remark(card)}"
        print_answer(card.to_json(), text, options)


def evaluate(options: argparse.Namespace) -> None:
    """Measure a model again, also with its attention uniform, shuffled and off; --store writes the card."""
    classifier = core.load(options.model, options.device)
    data = open_data(classifier.card.family, options)
    if data.classes != classifier.card.classes:
        raise core.InvalidInput(
            "The classes of {model} differ from those of {data}. Give the data set that the model was trained on.",
            model=options.model,
            data=data.name,
        )
    if options.store and not zoo.weights_file(classifier.card).exists():
        raise core.InvalidInput(
            "{model} is not in the model zoo, so there is no card to store the result in. Leave out --store.",
            model=options.model,
        )
    card = measure_card(classifier, data, bar("measuring"))
    if options.store:
        zoo.store_card(card)
    found = {"accuracy": card.accuracy, **card.ablation}
    facts: dict[str, Any] = {name: card.facts[name] for name in ("independent", "confusion") if name in card.facts}
    rows = found | ({"independent": facts["independent"]["accuracy"]} if "independent" in facts else {})
    text = "\n".join(f"{name:12}{percent(value):>8}" for name, value in rows.items())
    print_answer({"model": options.model, "pictures": card.pictures, **found, **facts}, text, options)
