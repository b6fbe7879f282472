"""``study``: learning curves of a mechanism on a task, or the plain model with a full receptive field."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

import core
from core.commands.printing import percent, print_answer
from core.data.datasets import open_dataset
from core.files import put, to_json
from core.models import zoo
from core.tasks import task
from core.training import recipe
from core.training.loop import Batch
from core.training.studies import full_reach, learning_curve

FILE = "tasks.json"
SIZES = (400, 1200, 4000, 12_000)
"""Numbers of training pictures of a learning curve."""


def study(options: argparse.Namespace) -> None:
    """Train a task's model on fewer pictures, or its plain model with a receptive field of the whole picture."""
    name, _, mechanism = options.model.partition("/")
    data, chosen = open_dataset(task(name).slug), recipe(name)
    if options.full_reach and mechanism != "plain":
        raise core.InvalidInput(
            "Only the plain model of a task can be trained with a receptive field of the whole picture. Name it, "
            "such as tasks-same-row/plain."
        )
    if options.full_reach:
        chosen = replace(chosen, epochs=chosen.epochs * options.full_reach)

    def batches(loader: Iterable[Batch], epoch: int) -> Iterable[Batch]:
        return tqdm(loader, f"epoch {epoch + 1}", leave=False, unit="batch", file=sys.stderr)

    if options.full_reach:
        share, epochs = full_reach(name, data, chosen, device=options.device, batches=batches)
        facts = {"accuracy": share, "epochs": epochs, "pictures": len(data.validation)}
        keep(Path(options.out or zoo.zoo_folder() / FILE), "full_reach", name, facts)
        print_answer(facts, f"{options.model} with a receptive field of the whole picture: {percent(share)}", options)
        return
    points = learning_curve(options.model, data, chosen, options.pictures, device=options.device, batches=batches)
    keep(Path(options.out or zoo.zoo_folder() / FILE), "learning_curves", name, {mechanism: points})
    text = "\n".join(f"{pictures:>7,} training pictures  {percent(share):>8}" for pictures, share in points)
    print_answer({"model": options.model, "points": points}, text, options)


def keep(path: Path, study: str, name: str, facts: dict[str, Any]) -> None:
    """Add the results for a task to the file of studies."""
    stored = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    of_study = stored.setdefault(study, {})
    of_study[name] = {**of_study.get(name, {}), **facts}
    path.parent.mkdir(parents=True, exist_ok=True)
    put(path, (to_json(stored, indent=1) + "\n").encode())
