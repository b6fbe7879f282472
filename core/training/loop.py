"""The training loop: one epoch after another, validated, averaged, and resumed from a checkpoint."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader, TensorDataset
from torchvision.transforms import v2

from core.data.datasets import Dataset, Split
from core.device import reduced_precision
from core.training.augmentation import Pictures, vary_colour
from core.training.optimisers import Optimisers, one_cycle
from core.training.recipe import Recipe


def running_average(decay: float) -> Callable[[list[Tensor], list[Tensor], Tensor], None]:
    """An exponential average that forgets the first weights soon: the decay of step t is at most (1 + t) / (10 + t)."""

    def update(averaged: list[Tensor], current: list[Tensor], count: Tensor) -> None:
        t = float(count)
        get_ema_multi_avg_fn(min(decay, (1 + t) / (10 + t)))(averaged, current, count)

    return update


def squares(split: Split, prepare: Callable[[np.ndarray], np.ndarray]) -> TensorDataset:
    """A split as the model sees it: pictures (n, 3, size, size) uint8 and labels (n,)."""
    pixels = np.stack([prepare(split.read(i)) for i in range(len(split))])
    return TensorDataset(torch.from_numpy(pixels).permute(0, 3, 1, 2), torch.from_numpy(split.labels))


@torch.inference_mode()
def accuracy(model: nn.Module, pictures: TensorDataset, normalise: nn.Module, device: torch.device) -> float:
    """The fraction of pictures whose likeliest class is the true one."""
    model.eval()
    right = 0
    for x, y in DataLoader(pictures, batch_size=128):
        right += int((model(normalise(x.to(device).float() / 255)).argmax(1).cpu() == y).sum())
    return right / len(pictures)


def train(
    model: nn.Module,
    data: Dataset,
    recipe: Recipe,
    *,
    prepare: Callable[[np.ndarray], np.ndarray],
    normalise: nn.Module,
    device: torch.device,
    checkpoint: Path,
    about: str = "",
    report: Callable[[dict], None] = lambda line: None,
    batches: Callable[[Iterator, int], Iterator] = lambda loader, epoch: loader,
) -> tuple[nn.Module, list[dict]]:
    """Train ``model`` in place of its weights and return their average, with one line of history for each epoch.

    ``prepare`` makes the validation square (h, w, 3) -> (size, size, 3) uint8, ``normalise`` the model's input from
    0..1. The ``checkpoint`` is written after each epoch; a run that finds one of the same recipe goes on from it, if
    that is ``about`` the same: what else decides a run, such as its data.
    """
    torch.manual_seed(recipe.seed)
    model = model.to(device, memory_format=torch.channels_last)
    optimisers = Optimisers(model, recipe)
    mean = AveragedModel(model, multi_avg_fn=running_average(recipe.average), use_buffers=True)
    pictures = Pictures(data.training, recipe.size(0), recipe)
    validation = squares(data.validation, prepare)
    history: list[dict] = []
    if checkpoint.exists():
        saved = torch.load(checkpoint, map_location=device, weights_only=True)
        if saved["recipe"] == repr(recipe) and saved.get("about", about) == about:
            model.load_state_dict(saved["model"])
            mean.load_state_dict(saved["mean"])
            optimisers.load_state_dict(saved["optimisers"])
            history = saved["history"]
    erase = v2.RandomErasing(recipe.erase, scale=(0.02, 0.2))
    steps = len(pictures) // recipe.batch
    for epoch in range(len(history), recipe.epochs):
        started = time.monotonic()
        torch.manual_seed(recipe.seed * 1000 + epoch)  # a resumed epoch draws what it would have drawn
        pictures.resize(recipe.size(epoch))
        loader = DataLoader(pictures, recipe.batch, shuffle=True, drop_last=True, num_workers=1, prefetch_factor=6)
        model.train()
        total = 0.0
        for step, (x, y) in enumerate(batches(loader, epoch)):
            x = vary_colour(x.to(device).float() / 255, recipe.colour)
            x = erase(normalise(x)).contiguous(memory_format=torch.channels_last)
            with reduced_precision(device):
                logits = model(x)
            loss = F.cross_entropy(logits.float(), y.to(device), label_smoothing=recipe.smoothing)
            loss.backward()
            optimisers.step(one_cycle((epoch + step / steps) / recipe.epochs, recipe.rate))
            mean.update_parameters(model)
            total += loss.item()
        line = {
            "epoch": epoch + 1,
            "loss": round(total / steps, 4),
            "accuracy": accuracy(mean.module, validation, normalise, device),
            "size": recipe.size(epoch),
            "seconds": round(time.monotonic() - started, 1),
        }
        history.append(line)
        report(line)
        state = {
            "recipe": repr(recipe),
            "about": about,
            "model": model.state_dict(),
            "mean": mean.state_dict(),
            "optimisers": optimisers.state_dict(),
            "history": history,
        }
        checkpoint.parent.mkdir(parents=True, exist_ok=True)
        torch.save(state, checkpoint.with_suffix(".part"))
        checkpoint.with_suffix(".part").replace(checkpoint)
    return mean.module.eval(), history
