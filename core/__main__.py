"""The command line: ``python -m core models``, and so on; ``--help`` lists the commands."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable

import core
from core.attribution import METHODS
from core.commands.banking import bank
from core.commands.benchmarking import benchmark
from core.commands.lessons import lessons
from core.commands.printing import escape_unprintable
from core.commands.reading import MODEL, explain, models
from core.commands.scanning import add_scan, scan
from core.commands.studying import SIZES, study
from core.commands.tasks import tasks
from core.commands.training import add_recipe, evaluate, train
from core.data.datasets import NAMES
from core.evaluation.benchmark import PICTURES
from core.evaluation.collecting import PICTURES as BANKED
from core.evaluation.task_matrix import WAYS


def parser() -> argparse.ArgumentParser:
    """Build the parser of the command line."""
    whole = argparse.ArgumentParser(
        prog="python -m core", description="Attention maps and attributions of image classifiers."
    )
    commands = whole.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, run: Callable[[argparse.Namespace], int | None]) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=run.__doc__, description=run.__doc__)
        one.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:N or mps")
        one.add_argument("--json", action="store_true", help="print JSON")
        one.set_defaults(run=run)
        return one

    def add_data(one: argparse.ArgumentParser) -> None:
        words = f"a folder with train/ and val/ (default: FOVEA_DATA), or one of {', '.join(NAMES)}"
        one.add_argument("--data", help=words)
        one.add_argument("--download", action="store_true", help="download Imagenette or CIFAR if it is missing")

    add("models", models)
    one = add("tasks", tasks)
    one.add_argument("--attention", default=WAYS[0], choices=WAYS, help="the changed attention (default: uniform)")
    one = add("explain", explain)
    one.add_argument("picture", nargs="?", help="a JPEG, PNG or WebP file")
    one.add_argument("--model", help=f"a model (default: {MODEL}, or the recorded one)")
    slugs = [method.slug for method in METHODS]
    one.add_argument("--method", default="grad-cam", choices=slugs, help="attribution method (default: grad-cam)")
    one.add_argument("--target", help="the class to explain (default: the predicted class)")
    one.add_argument("--out", help="store the maps in this .npz file")
    one.add_argument("--record", metavar="FILE", help="record the view with all its numbers in this .json file")
    words = "compute a recorded view (JSON or HTML) again and list the differences"
    one.add_argument("--replay", metavar="FILE", help=words)
    add_scan(add("scan", scan))
    one = add("train", train)
    one.add_argument("models", nargs="+", metavar="FAMILY/MECHANISM")
    add_data(one)
    one.add_argument(
        "--start",
        help="start from the weights of this model of the zoo, or none (default: none, except for some tasks)",
    )
    one.add_argument(
        "--seeds", type=int, default=1, help="number of trainings with different seeds; the first model is kept"
    )
    add_recipe(one)
    one = add("evaluate", evaluate)
    one.add_argument("model", metavar="FAMILY/MECHANISM")
    add_data(one)
    one.add_argument("--store", action="store_true", help="store the result in the model's card")
    one = add("study", study)
    one.add_argument("model", metavar="TASK/MECHANISM")
    one.add_argument("--pictures", type=int, nargs="+", default=SIZES, help="numbers of training pictures to try")
    words = "train only the plain model, with a receptive field of the whole picture, at most TIMES the epochs"
    one.add_argument("--full-reach", type=int, metavar="TIMES", help=words)
    one.add_argument("--out", help="file for the results (default: tasks.json of the zoo)")
    one = add("benchmark", benchmark)
    one.add_argument("models", nargs="*", metavar="MODEL", help="models of the zoo (default: all with stored weights)")
    words = "methods, attention/TAP, random, blob or edges (default: all that the model supports)"
    one.add_argument("--sources", nargs="+", help=words)
    one.add_argument("--pictures", type=int, default=PICTURES, help="number of validation pictures for each model")
    one.add_argument("--seed", type=int, default=0, help="seed of the pictures and of the random weights")
    one.add_argument("--data", help="folder of the photographs (default: FOVEA_DATA)")
    one.add_argument("--out", help="file for the table (default: benchmark.json of the zoo)")
    one = add("bank", bank)
    one.add_argument("models", nargs="*", metavar="MODEL", help="models (default: all models of the zoo)")
    one.add_argument("--sources", nargs="+", help="methods or attention/TAP (default: all that the model supports)")
    one.add_argument("--pictures", type=int, default=BANKED, help="number of pictures, drawn at random from the data")
    one.add_argument("--data", help="a folder, zip, CSV, kind of scenes or task (default: that of the model's family)")
    one.add_argument("--out", help="file for the maps (default: the file that the app reads)")
    one = add("lessons", lessons)
    one.add_argument(
        "folders",
        nargs="*",
        metavar="FOLDER",
        help="folders of lessons (default: all lessons); the word check in front measures their claims again",
    )
    one.add_argument("--measure", action="store_true", help="measure the claims again and store the results")
    one.add_argument("--worksheets", metavar="OUT", help="write worksheets and teacher's keys into this folder")
    return whole


def main(arguments: list[str] | None = None) -> int:
    """Run a command; for invalid input, print one sentence to standard error and return the exit status 2."""
    for stream in (sys.stdout, sys.stderr):
        escape_unprintable(stream)
    options = parser().parse_args(arguments)
    try:
        status = options.run(options)
        sys.stdout.flush()
    except core.InvalidInput as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped; what was finished is kept, and the same command continues from there.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reading process closed the pipe, for example head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    return status or 0


if __name__ == "__main__":
    sys.exit(main())
