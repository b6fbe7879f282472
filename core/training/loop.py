"""The training loop: one epoch after another, validated, averaged, and resumed from a checkpoint."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader

from core.data.datasets import Dataset, Split, hold
from core.device import reduced_precision
from core.distributed import Processes
from core.training.augmentation import Pictures, vary_color
from core.training.losses import choose_loss
from core.training.optimizers import SCHEDULES, Optimizers
from core.training.recipe import Recipe
from core.types import InvalidInput

Tensors = list[Tensor] | tuple[Tensor, ...]
Batch = tuple[Tensor, Tensor, Tensor]
Batches = Callable[[Iterable[Batch], int], Iterable[Batch]]
"""Wraps the loader of an epoch (from 0), to show how far it is."""


def running_average(decay: float) -> Callable[[Tensors, Tensors, Tensor | int], None]:
    """An exponential average that soon drops the first weights: the decay of step t is at most (1 + t) / (10 + t)."""

    def update(averaged: Tensors, current: Tensors, count: Tensor | int) -> None:
        t = float(count)
        get_ema_multi_avg_fn(min(decay, (1 + t) / (10 + t)))(averaged, current, count)

    return update


@torch.inference_mode()
def accuracy(model: nn.Module, split: Split, normalize: nn.Module, device: torch.device, batch: int = 128) -> float:
    """The fraction of a split, squares as the model sees them, whose most likely class is the true one."""
    model.eval()
    right = 0
    for start in range(0, len(split), batch):
        y = torch.from_numpy(split.labels[start : start + batch])
        x = torch.from_numpy(np.stack([split.read(start + i) for i in range(len(y))])).permute(0, 3, 1, 2)
        logits = model(normalize(x.to(device).float() / 255)).cpu()
        right += int(((logits.argmax(1) == y) & logits.isfinite().all(1)).sum())
    return right / len(split)


def finite(model: nn.Module) -> bool:
    """Whether every weight is a finite number."""
    return bool(torch.stack([weight.detach().float().sum() for weight in model.parameters()]).isfinite().all())


def is_solved(history: list[dict[str, Any]], epochs: int | None) -> bool:
    """Whether the last so many epochs made no mistake on the validation pictures; False for None."""
    return epochs is not None and len(history) >= epochs and all(line["accuracy"] == 1 for line in history[-epochs:])


def find_checkpoint(path: Path, recipe: Recipe, about: str) -> dict[str, Any] | None:
    """What the last finished epoch of the same run left, or None."""
    if not path.exists():
        return None
    saved = torch.load(path, map_location="cpu", weights_only=True)
    try:
        same = Recipe.parse(saved["recipe"]) == recipe
    except ValueError:  # a recipe of another version
        return None
    return saved if same and saved.get("about", about) == about else None


def write_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write all of it or nothing: a run may be killed here too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(state, path.with_suffix(".part"))
    path.with_suffix(".part").replace(path)


def train(
    model: nn.Module,
    data: Dataset,
    recipe: Recipe,
    *,
    prepare: Callable[[np.ndarray], np.ndarray],
    normalize: nn.Module,
    processes: Processes,
    checkpoint: Path,
    about: str = "",
    solved: int | None = None,
    report: Callable[[dict[str, Any]], None] = lambda line: None,
    batches: Batches = lambda loader, epoch: loader,
) -> tuple[nn.Module, list[dict[str, Any]]]:
    """Train ``model`` in place of its weights and return their average, with one line of history for each epoch.

    ``prepare`` makes the validation square (h, w, 3) -> (size, size, 3) uint8, ``normalize`` the model's input from
    0..1. The ``checkpoint`` is written after each epoch; a run that finds one of the same recipe goes on from it, if
    that is ``about`` the same: what else decides a run, such as its data. All that is random is drawn for the recipe's
    seed, the epoch and the picture, so that on one thread a run which was killed ends with the same bits as another.
    The training ends early after ``solved`` epochs in a row without a mistake on the validation pictures.

    Raises:
        InvalidInput: a weight is not finite after a step.
    """
    device = processes.device
    model = model.to(device).to(memory_format=torch.channels_last)
    optimizers = Optimizers(model, recipe)
    mean = AveragedModel(model, multi_avg_fn=running_average(recipe.average), use_buffers=True)
    history: list[dict[str, Any]] = []
    saved = processes.share(lambda: find_checkpoint(checkpoint, recipe, about))
    if saved:
        model.load_state_dict(saved["model"])
        mean.load_state_dict(saved["mean"])
        optimizers.load_state_dict(saved["optimizers"])
        history = saved["history"]
    if len(history) == recipe.epochs:
        return mean.module.eval(), history
    joined, rate = processes.join(model), SCHEDULES[recipe.schedule]
    loss_of = choose_loss(recipe, data.training.labels, len(data.classes), device)
    if processes.first:
        squares = hold(Split(data.validation.labels, lambda i: prepare(data.validation.read(i))))
    for epoch in range(len(history), recipe.epochs):
        if processes.share(lambda: is_solved(history, solved)):
            break
        started = time.monotonic()
        torch.manual_seed(recipe.draw(epoch))  # for what a model itself draws
        shown = data.training.up_to(recipe.level(epoch))
        mine = [shown[one].tolist() for one in processes.batches(len(shown), recipe.batch, recipe.draw(epoch))]
        pictures = Pictures(data.training, recipe, epoch)
        loader = DataLoader(pictures, batch_sampler=mine, num_workers=processes.workers, prefetch_factor=6)
        model.train()
        total = 0.0
        for step, (x, y, chance) in enumerate(batches(loader, epoch) if processes.first else loader):
            x = normalize(vary_color(x.to(device).float() / 255, recipe.color, chance.to(device)))
            with reduced_precision(device):
                logits = joined(x.contiguous(memory_format=torch.channels_last))
            loss = loss_of(logits.float(), y.to(device))
            loss.backward()
            optimizers.step(rate((epoch + step / len(mine)) / recipe.epochs, recipe.rate))
            if not finite(model):  # in all processes at once: they have the same weights
                raise InvalidInput(
                    "Training diverged in epoch {epoch} (loss {loss:.3g}): the weights are not "
                    "finite. Choose a lower learning rate and start again; earlier epochs are kept.",
                    epoch=epoch + 1,
                    loss=loss.item(),
                )
            mean.update_parameters(model)
            total += loss.item()
        if not processes.first:
            continue
        line = {
            "epoch": epoch + 1,
            "loss": round(total / len(mine), 4),
            "accuracy": accuracy(mean.module, squares, normalize, device),
            "size": recipe.size(epoch),
            "seconds": round(time.monotonic() - started, 1),
        }
        history.append(line)
        report(line)
        state = {"recipe": repr(recipe), "about": about, "model": model.state_dict(), "mean": mean.state_dict()}
        write_checkpoint(checkpoint, {**state, "optimizers": optimizers.state_dict(), "history": history})
    return mean.module.eval(), history
