"""``scan``: a table of a model's predictions over a data set, computed by all processes of torchrun."""

from __future__ import annotations

import argparse
import os
from dataclasses import asdict
from typing import Any

import core
from core.commands.printing import bar, counted, percent, print_answer
from core.data.datasets import DRAWN
from core.data.names import readable, shown
from core.data.pictures import PICTURES, SEED
from core.distributed import own_device
from core.evaluation.summary import accuracy_of, calibration_of

SHOWN = 20


def add_scan(one: argparse.ArgumentParser) -> None:
    """The options of ``scan``."""
    one.add_argument("--model", default="imagenette/cbam", help="the model to scan with (default: imagenette/cbam)")
    words = f"{', '.join(DRAWN)}, imagenette, a folder, a zip, or a CSV of paths and labels"
    one.add_argument("--data", required=True, help=words)
    one.add_argument("--out", required=True, help="the folder of the run; an unfinished scan there is continued")
    one.add_argument("--seed", type=int, default=SEED, help="seed of scenes and tasks (default: that of validation)")
    one.add_argument("--pictures", type=int, default=PICTURES, help="number of scenes or of a task's pictures")
    words = "the split to scan, or all (default: validation, or test if there is none)"
    one.add_argument("--split", help=words)
    words = "the column of a CSV file with the path, label or split, such as label=species; may be repeated"
    one.add_argument("--column", action="append", default=[], metavar="WHAT=HEADING", help=words)
    words = "measure that compares attention with Grad-CAM of the last stage; none is a little faster"
    one.add_argument("--agreement", default="rank-correlation", choices=("rank-correlation", "none"), help=words)
    words = "the class of the model for a label of the data, if their names differ; may be repeated"
    one.add_argument("--map", action="append", default=[], metavar="LABEL=CLASS", help=words)


def scan(options: argparse.Namespace) -> None:
    """Predict every picture of a data set and store the table. A stopped scan is resumed. Also under torchrun."""
    pairs = [pair.partition("=") for pair in options.map]
    if any(not equals for _, equals, _ in pairs):
        raise core.InvalidInput("Write --map LABEL=CLASS, or LABEL= for a label without a class.")
    columns = [column.partition("=") for column in options.column]
    if any(not equals for _, equals, _ in columns):
        raise core.InvalidInput("Write --column WHAT=HEADING, or label= for a table without labels.")
    first = os.environ.get("RANK", "0") == "0"
    core.scan(
        core.load(options.model, str(own_device(options.device))),
        options.data,
        options.out,
        seed=options.seed,
        pictures=options.pictures,
        split=options.split,
        columns={what: readable(shown(heading)) or None for what, _, heading in columns},
        mapping={readable(shown(label)): readable(shown(name)) or None for label, _, name in pairs},
        agreement=options.agreement != "none",
        progress=bar("scanning") if first else None,
    )
    if first:
        answer, text = summarize_run(core.open_run(options.out))
        print_answer(answer, text, options)


def summarize_run(run: core.Run) -> tuple[dict[str, Any], str]:
    """Return the main facts of a run, as data for JSON and as text."""
    run = run.snapshot()
    table, broken, unanswered, unmatched = run.table(), run.broken(), run.unanswered(), run.unmatched()
    known, taken = table[table["correct"].notna()], run.facts.get("taken", {})
    answer = {
        "model": run.facts["model"],
        "data": run.facts["data"],
        "taken": taken,
        "out": str(run.folder),
        "pictures": len(table),
        "labeled": len(known),
        "accuracy": None,
        "calibration_error": None,
        "agreement": None if table["agreement"].isna().all() else float(table["agreement"].mean()),
        "unmatched": unmatched,
        "unanswered": unanswered[["path", "reason"]].to_dict("records"),
        "broken": broken.drop(columns="number").to_dict("records"),
    }
    lines = [
        f"{run.facts['model']} on {run.facts['data']}: {counted(len(table))}, {len(known)} with a class of the model"
    ]
    if taken.get("split"):
        lines.append(f"split {taken['split']} of {', '.join(taken['splits'])}; --split chooses another one, or all")
    if taken.get("columns"):
        columns = ", ".join(f"{what} {heading!r}" for what, heading in taken["columns"].items() if heading)
        lines.append(f"columns: {columns}; --column chooses others")
    lines += [taken["note"]] * bool(taken.get("note"))
    if len(known):
        right, error = accuracy_of(known), calibration_of(known).error
        answer |= {"accuracy": asdict(right), "calibration_error": error}
        lines.append(f"accuracy {percent(right.value)}, 95 % interval {percent(right.low)} to {percent(right.high)}")
        lines.append(f"calibration error {percent(error)}")
    elif len(unanswered) and not len(table):
        lines.append("no accuracy: no picture has a finite output")
    else:
        lines.append("no accuracy: no label matches a class of the model; --map assigns a class to a label")
    if answer["agreement"] is not None:
        lines.append(f"mean rank correlation of attention and Grad-CAM {answer['agreement']:.2f}")
    lines += [f"label without a class of the model: {name} ({counted(count)})" for name, count in unmatched.items()]
    if len(unanswered):
        lines.append(f"{counted(len(unanswered))}: the model's output was not finite; not counted")
        lines += [f"not finite: {path}" for path in unanswered["path"].head(SHOWN)]
        lines += [f"... and {len(unanswered) - SHOWN} more"] * (len(unanswered) > SHOWN)
    lines += [f"unreadable: {row.path}: {row.reason}" for row in broken.head(SHOWN).itertuples()]
    lines += [f"... and {len(broken) - SHOWN} more"] * (len(broken) > SHOWN)
    lines.append(f"stored in {run.folder}; open this folder on the page Mistakes")
    return answer, "\n".join(lines)
