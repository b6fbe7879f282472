"""The loss: cross-entropy or squared error of the probabilities, with class weights.

The squared error is the score of Brier ("Verification of forecasts expressed in terms of probability", 1950): of the
softmax, not of the logits as with Hui and Belkin (ICLR 2021). It is a proper score, so that the probabilities which
Fovea shows keep their meaning; a model that was fitted to logits of 0 and 1 would call a sure answer of ten 23 %.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from core.training.recipe import Recipe

Loss = Callable[[Tensor, Tensor], Tensor]
"""Logits (b, k) and labels (b,) -> a scalar."""


def balanced(labels: np.ndarray, classes: int) -> Tensor:
    """n / (k · n_c) for each class c: (k,). King and Zeng, "Logistic regression in rare events data", 2001.

    A class without pictures, which no weight can help, has that of a class with one.
    """
    counts = np.bincount(labels, minlength=classes)
    return torch.tensor(len(labels) / (classes * counts.clip(1)), dtype=torch.float32)


def squared_error(logits: Tensor, y: Tensor, weights: Tensor | None = None, smoothing: float = 0.0) -> Tensor:
    """Σ_c (softmax(logits)_c − t_c)², t one-hot and smoothed; the mean over pictures, weighed by their class."""
    classes = logits.shape[1]
    truth = F.one_hot(y, classes) * (1 - smoothing) + smoothing / classes
    errors = (logits.softmax(1) - truth).square().sum(1)
    return errors.mean() if weights is None else (errors * weights[y]).sum() / weights[y].sum()


def choose_loss(recipe: Recipe, labels: np.ndarray, classes: int, device: torch.device) -> Loss:
    """The loss that a recipe names, for training pictures with these ``labels`` (n,)."""
    weights = balanced(labels, classes).to(device) if recipe.class_weights == "balanced" else None
    if recipe.loss == "squared-error":
        return lambda logits, y: squared_error(logits, y, weights, recipe.smoothing)
    return lambda logits, y: F.cross_entropy(logits, y, weights, label_smoothing=recipe.smoothing)
