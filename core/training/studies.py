"""Studies of a task: fewer training pictures, and a plain model with a receptive field of the whole picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from core.classifier import Classifier
from core.data.datasets import Dataset, Split, hold
from core.distributed import Processes, gather
from core.evaluation.accuracy import evaluate
from core.families import SMALL_WIDTHS
from core.training.loop import Batches
from core.training.recipe import Recipe
from core.training.run import draw_card, fit, rounded
from core.types import FOVEA, InvalidInput, ModelCard

Report = Callable[[dict[str, Any]], None]
FULL_REACH_WIDTHS = SMALL_WIDTHS
SOLVED = 10
"""After so many epochs in a row without a mistake, more epochs of a full receptive field show nothing new."""


def first_pictures(split: Split, count: int) -> Split:
    """The first pictures of a split.

    Raises:
        InvalidInput: it has fewer.
    """
    if not 1 <= count <= len(split):
        raise InvalidInput(
            "There are only {there:,} training pictures, not {count:,}. Choose a number from 1 to {there:,}.",
            there=len(split),
            count=count,
        )
    return replace(split, labels=split.labels[:count], levels=None if split.levels is None else split.levels[:count])


def learning_curve(
    slug: str,
    data: Dataset,
    recipe: Recipe,
    sizes: Sequence[int],
    *,
    device: str = "auto",
    cache: Path = Path(".cache/training"),
    report: Report = lambda line: None,
    batches: Batches = lambda loader, epoch: loader,
) -> list[tuple[int, float]]:
    """The validation accuracy of ``family/mechanism`` after training on the first so many pictures, fewest first.

    Each training takes as many steps as one on all pictures, from fresh weights.

    Raises:
        InvalidInput: there are not so many pictures, or no such mechanism.
    """
    found = []
    with gather(device) as processes:
        for size in sorted(sizes):
            some = replace(data, training=first_pictures(data.training, size))
            longer = replace(recipe, epochs=round(recipe.epochs * len(data.training) / size))
            card = draw_card(slug, some, longer)
            share, _ = _train(card, some, longer, processes, cache / f"{size}-pictures", report, batches)
            found.append((size, share))
    return found


def full_reach(
    task: str,
    data: Dataset,
    recipe: Recipe,
    *,
    device: str = "auto",
    cache: Path = Path(".cache/training"),
    report: Report = lambda line: None,
    batches: Batches = lambda loader, epoch: loader,
) -> tuple[float, int]:
    """A plain model of the task whose receptive field is the whole picture: its validation accuracy, and its epochs.

    It is the residual backbone, with as many channels as for scenes. It is trained for the epochs of the recipe, or
    until ten of them in a row made no mistake on the validation pictures.
    """
    card = replace(draw_card(f"{task}/plain", data, recipe), architecture=FOVEA, widths=FULL_REACH_WIDTHS)
    with gather(device) as processes:
        return _train(card, data, recipe, processes, cache / "full-reach", report, batches, SOLVED)


def _train(
    card: ModelCard,
    data: Dataset,
    recipe: Recipe,
    processes: Processes,
    cache: Path,
    report: Report,
    batches: Batches,
    solved: int | None = None,
) -> tuple[float, int]:
    data = replace(data, training=hold(data.training), validation=hold(data.validation))
    module, history = fit(card, data, recipe, processes, None, cache, report, batches, solved)
    return _accuracy(module, card, data, processes.device), len(history)


def _accuracy(module: nn.Module, card: ModelCard, data: Dataset, device: torch.device) -> float:
    return evaluate(Classifier(card, rounded(module), device), data.validation, steers={}).accuracy
