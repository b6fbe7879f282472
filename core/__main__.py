"""The command line: ``python -m core models | explain | train | evaluate``; each takes --device and --json."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Callable, Iterator

import numpy as np
from tqdm import tqdm

import core
from core.attribution import METHODS
from core.data.datasets import open_dataset
from core.evaluation.accuracy import evaluate
from core.training import recipe, train_model


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


def models(options: argparse.Namespace) -> None:
    """List the models of the shelf with their accuracy, and what is left of it without their attention."""
    rows = core.cards()
    head = f"{'model':32}{'accuracy':>10}{'uniform':>10}{'shuffled':>10}{'off':>10}{'pictures':>10}"
    lines = [head]
    for card in rows:
        left = "".join(
            f"{percent(card.ablation[k]) if k in card.ablation else '':>10}" for k in ("uniform", "shuffled", "off")
        )
        lines.append(f"{card.slug:32}{percent(card.accuracy):>10}{left}{card.pictures:>10}")
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


def train(options: argparse.Namespace) -> None:
    """Train a model and put it on the shelf: weights and card."""
    family = options.model.split("/")[0]
    chosen = recipe(
        family, started=options.start is not None, epochs=options.epochs, seed=options.seed, rate=options.rate
    )
    data = open_dataset(family, options.data)

    def batches(loader: Iterator, epoch: int) -> Iterator:
        return tqdm(loader, f"epoch {epoch + 1}/{chosen.epochs}", leave=False, unit="batch", file=sys.stderr)

    def report(line: dict) -> None:
        text = f"epoch {line['epoch']:3}  loss {line['loss']:.3f}  validation {percent(line['accuracy'])}"
        print(f"{text}  {line['size']} px  {line['seconds']} s", file=sys.stderr, flush=True)

    words = ["train", options.model]
    for name in ("start", "epochs", "seed", "rate"):
        value = getattr(options, name)
        words += [f"--{name}", str(value)] if value is not None else []
    words += ["--data", "DIR"] if options.data else []
    card = train_model(
        options.model,
        data,
        chosen,
        device=options.device,
        start=options.start,
        command=f"python -m core {shlex.join(words)}",
        report=report,
        batches=batches,
        progress=bar("measuring"),
    )
    show(card.to_json(), f"{card.slug}: {percent(card.accuracy)} of {card.pictures} pictures", options)


def evaluate_model(options: argparse.Namespace) -> None:
    """Measure a stored model again: accuracy, and with its attention uniform, shuffled and off."""
    classifier = core.load(options.model, options.device)
    data = open_dataset(classifier.card.family, options.data)
    if data.classes != classifier.card.classes:
        raise core.InvalidInput(f"{options.model} knows other classes than {data.name} holds.")
    found = evaluate(classifier, data.validation, progress=bar("measuring"))
    text = "\n".join(f"{name:12}{percent(value):>8}" for name, value in found.items())
    show({"model": options.model, "pictures": len(data.validation), **found}, text, options)


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

    add("models", models)
    one = add("explain", explain)
    one.add_argument("picture", help="a JPEG, PNG or WebP file")
    one.add_argument("--model", default="imagenette/cbam")
    one.add_argument("--method", default="grad-cam", choices=[method.slug for method in METHODS])
    one.add_argument("--target", help="a class name; the predicted class if not given")
    one.add_argument("--out", help="keep the maps in this .npz file")
    one = add("train", train)
    one.add_argument("model", metavar="FAMILY/MECHANISM")
    one.add_argument("--data", help="a folder with train/ and val/ (default: FOVEA_DATA); scenes are drawn")
    one.add_argument("--start", help="a model of the shelf whose weights to start from")
    one.add_argument("--epochs", type=int)
    one.add_argument("--seed", type=int)
    one.add_argument("--rate", type=float, help="peak learning rate")
    one = add("evaluate", evaluate_model)
    one.add_argument("model", metavar="FAMILY/MECHANISM")
    one.add_argument("--data", help="a folder with train/ and val/ (default: FOVEA_DATA); scenes are drawn")
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
        print("Stopped; the same command goes on from the last finished epoch.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
