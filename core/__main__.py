"""The command line: ``python -m core models | explain | train | evaluate | league``; each takes --device and --json."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Callable, Iterator
from dataclasses import Field, asdict, fields

import numpy as np
from tqdm import tqdm

import core
from core.attribution import METHODS
from core.data.datasets import NAMES, Dataset, open_dataset
from core.evaluation.accuracy import measure
from core.evaluation.league import PICTURES, Row, compete, shipped
from core.models import shelf
from core.training import RECIPES, Recipe, recipe, train_model


def bar(words: str) -> Callable[[int, int], None]:
    """A progress callable that draws a bar on standard error."""
    lines: list[tqdm] = []  # opened at the first batch: a mistake before it is one sentence and nothing else

    def progress(done: int, total: int) -> None:
        if not lines:
            lines.append(tqdm(desc=words, total=total, unit="picture", leave=False, file=sys.stderr))
        lines[0].update(done - lines[0].n)
        if done >= total:
            lines[0].close()

    return progress


def percent(value: float | None) -> str:
    """A fraction as people read it."""
    return "not measured" if value is None else f"{100 * value:.1f} %"


def show(answer: dict | list, text: str, options: argparse.Namespace) -> None:
    """Print an answer as JSON or as text."""
    print(json.dumps(answer, ensure_ascii=False, indent=1) if options.json else text)


def remark(card: core.ModelCard) -> str:
    """What only some models have: the accuracy where a shortcut says nothing, and the spread over seeds."""
    apart, seeds = card.facts.get("independent"), card.facts.get("seeds")
    text = f"  {percent(apart['accuracy'])} without its shortcut" if apart else ""
    if seeds:
        text += f"  {100 * seeds['mean']:.1f} ± {100 * seeds['std']:.1f} % over {len(seeds['seeds'])} seeds"
    return text


def models(options: argparse.Namespace) -> None:
    """List the models of the shelf with their accuracy, and what is left of it without their attention."""
    rows = core.cards()
    head = f"{'model':32}{'accuracy':>10}{'uniform':>10}{'shuffled':>10}{'off':>10}{'pictures':>10}"
    lines = [head]
    for card in rows:
        left = "".join(
            f"{percent(card.ablation[k]) if k in card.ablation else '':>10}" for k in ("uniform", "shuffled", "off")
        )
        lines.append(f"{card.slug:32}{percent(card.accuracy):>10}{left}{card.pictures:>10}{remark(card)}")
    show([card.to_json() for card in rows], "\n".join(lines), options)


def explain(options: argparse.Namespace) -> None:
    """Read one picture with a model and attribute its answer; --out keeps the maps as NPZ."""
    classifier = core.load(options.model, options.device)
    picture = core.open_image(options.picture)
    reading = core.read(classifier, picture)
    found = core.attribute(classifier, picture, options.method, options.target)
    best = reading.probabilities.argsort()[::-1][:5]
    answer = {
        "model": classifier.card.slug,
        "device": str(classifier.device),
        "target": classifier.card.classes[found.target],
        "gap": found.gap,
        "classes": {classifier.card.classes[i]: float(reading.probabilities[i]) for i in best},
        "maps": {one.tap: list(one.weights.shape) for one in reading.maps},
    }
    if options.out:
        maps = {one.tap: one.weights for one in reading.maps}
        try:
            np.savez_compressed(options.out, attribution=found.values, probabilities=reading.probabilities, **maps)
        except OSError as error:
            raise core.InvalidInput(f"{options.out} cannot be written: {error.strerror}.") from error
    rows = [f"{name:24}{percent(value):>8}" for name, value in answer["classes"].items()]
    maps = [f"{name:28}{' × '.join(map(str, shape))}" for name, shape in answer["maps"].items()]
    gap = "" if found.gap is None else f", completeness gap {percent(found.gap)}"
    asked = f"{options.method} for {answer['target']}{gap}"
    show(answer, "\n".join([*rows, "", *maps, *[""] * bool(maps), asked]), options)


def option(part: Field) -> str:
    """The option of the command line that is a part of the recipe."""
    return "--" + part.name.replace("_", "-")


def sizes(text: str) -> tuple[tuple[float, int], ...]:
    """Shares of the epochs with their sides, from "0.4:96,0.6:128"."""
    pairs = (one.split(":") for one in text.split(","))
    return tuple((float(share), int(side)) for share, side in pairs)


def add_recipe(one: argparse.ArgumentParser) -> None:
    """An option for each part of a recipe."""
    for part in fields(Recipe):
        words = {"default": None, "help": part.metadata["words"]}
        if isinstance(part.default, bool):
            one.add_argument(option(part), action=argparse.BooleanOptionalAction, **words)
        elif isinstance(part.default, tuple):
            one.add_argument(option(part), type=sizes, metavar="SHARE:SIDE,...", **words)
        else:
            one.add_argument(option(part), type=type(part.default), choices=part.metadata["of"] or None, **words)


def command(options: argparse.Namespace) -> str:
    """The words that train the same model again, whichever machine the data lie on."""
    words = ["python", "-m", "core", "train", options.model]
    if options.data:
        words += ["--data", options.data if options.data in NAMES else "DIR"]
    words += ["--start", options.start] if options.start else []
    words += ["--seeds", str(options.seeds)] if options.seeds > 1 else []
    for part in fields(Recipe):
        value = getattr(options, part.name)
        if isinstance(value, bool):
            words.append(option(part) if value else option(part).replace("--", "--no-", 1))
        elif isinstance(value, tuple):
            words += [option(part), ",".join(f"{share}:{side}" for share, side in value)]
        elif value is not None:
            words += [option(part), str(value)]
    return shlex.join(words)


def open_data(family: str, options: argparse.Namespace) -> Dataset:
    """The data set that is asked for; what is worth knowing of it goes to standard error."""
    data = open_dataset(family, options.data, download=options.download)
    if data.note:
        print(data.note, file=sys.stderr)
    return data


def train(options: argparse.Namespace) -> None:
    """Train a model and put it on the shelf: weights and card. Under torchrun, with all its processes."""
    family = options.model.split("/")[0]
    parts = {part.name: getattr(options, part.name) for part in fields(Recipe)}
    data = open_data(family, options)
    chosen = recipe(family if family in RECIPES else data.name, started=options.start is not None, **parts)

    def batches(loader: Iterator, epoch: int) -> Iterator:
        return tqdm(loader, f"epoch {epoch + 1}/{chosen.epochs}", leave=False, unit="batch", file=sys.stderr)

    def report(line: dict) -> None:
        text = f"epoch {line['epoch']:3}  loss {line['loss']:.3f}  validation {percent(line['accuracy'])}"
        print(f"{text}  {line['size']} px  {line['seconds']} s", file=sys.stderr, flush=True)

    card = train_model(
        options.model,
        data,
        chosen,
        device=options.device,
        start=options.start,
        seeds=options.seeds,
        command=command(options),
        report=report,
        batches=batches,
        progress=bar("measuring"),
    )
    if card:
        text = f"{card.slug}: {percent(card.accuracy)} of {card.pictures} pictures{remark(card)}"
        show(card.to_json(), text, options)


def evaluate(options: argparse.Namespace) -> None:
    """Measure a model again: accuracy, and with its attention uniform, shuffled and off; --store keeps it."""
    classifier = core.load(options.model, options.device)
    data = open_data(classifier.card.family, options)
    if data.classes != classifier.card.classes:
        raise core.InvalidInput(f"{options.model} knows other classes than {data.name} holds.")
    if options.store and not shelf.weights_file(classifier.card).exists():
        raise core.InvalidInput(f"{options.model} is not on the shelf, so there is no card to keep this in.")
    card = measure(classifier, data, bar("measuring"))
    if options.store:
        shelf.store_card(card)
    found = {"accuracy": card.accuracy, **card.ablation}
    facts = {name: card.facts[name] for name in ("independent", "confusion") if name in card.facts}
    rows = found | ({"independent": facts["independent"]["accuracy"]} if "independent" in facts else {})
    text = "\n".join(f"{name:12}{percent(value):>8}" for name, value in rows.items())
    show({"model": options.model, "pictures": card.pictures, **found, **facts}, text, options)


def league(options: argparse.Namespace) -> None:
    """Measure the methods and attention maps of models, and keep the table; what is in it already is not made again."""
    rows: list[Row] = []
    for slug in options.models or [card.slug for card in shelf.stored()]:
        rows += compete(
            core.load(slug, options.device),
            options.out or shipped(),
            sources=options.sources,
            pictures=options.pictures,
            seed=options.seed,
            data=options.data,
            progress=bar(slug),
        )
    lines = [f"{'model':28}{'source':36}{'measure':14}{'mean':>7}  {'95 % interval':17}pictures"]
    for row in rows:
        spread = f"{row.low:.3f} to {row.high:.3f}"
        lines.append(f"{row.model:28}{row.source:36}{row.measure:14}{row.mean:7.3f}  {spread:17}{row.pictures:>8}")
    show([asdict(row) for row in rows], "\n".join(lines), options)


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    whole = argparse.ArgumentParser(
        prog="python -m core", description="Where a classifier looks, and what its gradients say."
    )
    commands = whole.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, run: Callable[[argparse.Namespace], None]) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=run.__doc__, description=run.__doc__)
        one.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:N or mps")
        one.add_argument("--json", action="store_true", help="print JSON")
        one.set_defaults(run=run)
        return one

    def add_data(one: argparse.ArgumentParser) -> None:
        words = f"a folder with train/ and val/ (default: FOVEA_DATA), or one of {', '.join(NAMES)}"
        one.add_argument("--data", help=words)
        one.add_argument("--download", action="store_true", help="fetch Imagenette or CIFAR where it is not there")

    add("models", models)
    one = add("explain", explain)
    one.add_argument("picture", help="a JPEG, PNG or WebP file")
    one.add_argument("--model", default="imagenette/cbam")
    one.add_argument("--method", default="grad-cam", choices=[method.slug for method in METHODS])
    one.add_argument("--target", help="a class name; the predicted class if not given")
    one.add_argument("--out", help="keep the maps in this .npz file")
    one = add("train", train)
    one.add_argument("model", metavar="FAMILY/MECHANISM")
    add_data(one)
    one.add_argument("--start", help="a model of the shelf whose weights to start from")
    one.add_argument("--seeds", type=int, default=1, help="train with so many seeds, for the spread; the first is kept")
    add_recipe(one.add_argument_group("recipe", "what differs from the family's own recipe"))
    one = add("evaluate", evaluate)
    one.add_argument("model", metavar="FAMILY/MECHANISM")
    add_data(one)
    one.add_argument("--store", action="store_true", help="keep what is measured in the model's card")
    one = add("league", league)
    one.add_argument("models", nargs="*", metavar="MODEL", help="models of the shelf (default: all that lie here)")
    one.add_argument("--sources", nargs="+", help="methods, attention/TAP, random, blob, edges (default: all that fit)")
    one.add_argument("--pictures", type=int, default=PICTURES, help="of validation, for each model")
    one.add_argument("--seed", type=int, default=0, help="draws the pictures and the weights that know nothing")
    one.add_argument("--data", help="the folder of the photographs (default: FOVEA_DATA)")
    one.add_argument("--out", help="the file of the table (default: the shelf's league.json)")
    return whole


def main(arguments: list[str] | None = None) -> int:
    """Run the command; a caller's mistake is one sentence on standard error and the exit status 2."""
    options = parser().parse_args(arguments)
    try:
        options.run(options)
    except core.InvalidInput as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped; the same command goes on from the last finished epoch, or source.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
