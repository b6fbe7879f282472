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
    one.add_argument("--attention", default=WAYS[0], choices=WAYS, help="what stands in brackets (default: uniform)")
    one = add("explain", explain)
    one.add_argument("picture", nargs="?", help="a JPEG, PNG or WebP file")
    one.add_argument("--model", help=f"default: {MODEL}, or the recorded one")
    one.add_argument("--method", default="grad-cam", choices=[method.slug for method in METHODS])
    one.add_argument("--target", help="a class name; the predicted class if not given")
    one.add_argument("--out", help="store the maps in this .npz file")
    one.add_argument("--record", metavar="FILE", help="record the view with all its numbers in this .json file")
    one.add_argument("--replay", metavar="FILE", help="instead: compute a recorded view (JSON or HTML) again, compare")
    add_scan(add("scan", scan))
    one = add("train", train)
    one.add_argument("models", nargs="+", metavar="FAMILY/MECHANISM")
    add_data(one)
    one.add_argument(
        "--start",
        help="a model of the zoo whose weights to start from, or none (default: the usual one of a task's models)",
    )
    one.add_argument(
        "--seeds", type=int, default=1, help="number of training seeds, for the spread; the first model is kept"
    )
    add_recipe(one)
    one = add("evaluate", evaluate)
    one.add_argument("model", metavar="FAMILY/MECHANISM")
    add_data(one)
    one.add_argument("--store", action="store_true", help="store the result in the model's card")
    one = add("study", study)
    one.add_argument("model", metavar="TASK/MECHANISM")
    one.add_argument("--pictures", type=int, nargs="+", default=SIZES, help="numbers of training pictures to try")
    one.add_argument(
        "--full-reach", type=int, metavar="TIMES", help="instead: plain, whole picture in view, TIMES the epochs"
    )
    one.add_argument("--out", help="the file of studies (default: the zoo's tasks.json)")
    one = add("benchmark", benchmark)
    one.add_argument("models", nargs="*", metavar="MODEL", help="models of the zoo (default: all that are stored)")
    one.add_argument("--sources", nargs="+", help="methods, attention/TAP, random, blob, edges (default: all that fit)")
    one.add_argument("--pictures", type=int, default=PICTURES, help="number of validation pictures for each model")
    one.add_argument("--seed", type=int, default=0, help="the seed of the pictures and of the random weights")
    one.add_argument("--data", help="the folder of the photographs (default: FOVEA_DATA)")
    one.add_argument("--out", help="the file of the table (default: the zoo's benchmark.json)")
    one = add("bank", bank)
    one.add_argument("models", nargs="*", metavar="MODEL", help="models (default: all of the zoo)")
    one.add_argument("--sources", nargs="+", help="methods, attention/TAP (default: all that fit)")
    one.add_argument("--pictures", type=int, default=BANKED, help="number of pictures, drawn from the data")
    one.add_argument("--data", help="a folder, zip, CSV, family of scenes or task (default: the model's own family)")
    one.add_argument("--out", help="the file (default: where the app looks for it)")
    one = add("lessons", lessons)
    one.add_argument(
        "folders",
        nargs="*",
        metavar="FOLDER",
        help="folders of lessons (default: all there are); the word check measures their claims again",
    )
    one.add_argument("--measure", action="store_true", help="measure what they claim again, and keep it")
    one.add_argument("--worksheets", metavar="OUT", help="write worksheets and keys to print into this folder")
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
