"""Every method with few steps or samples, for tests that go through all of them, and a gradient by hand."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import Tensor

from core.attribution import method, methods
from core.classifier import Classifier, Question

FEW = {"segments": 10, "samples": 100}
QUICK: dict[str, dict[str, object]] = {
    "integrated-gradients": {"steps": 12},
    "smoothgrad": {"samples": 10},
    "vargrad": {"samples": 10},
    "gradient-shap": {"points": 3},
    "occlusion": {"stride": 16, "window": 16},
    "feature-ablation": {"segments": 10},
    "kernel-shap": FEW,
    "lime": FEW,
    "layer-integrated-gradients": {"steps": 10},
}
"""The parameters that make a long method quick; a method that is not here takes one or two passes."""

COMPLETE = ("integrated-gradients", "gradient-shap", "deeplift", "lrp", "kernel-shap", "layer-integrated-gradients")
"""The methods that claim to add up to a score, and say how nearly they do."""


def offered(classifier: Classifier) -> list[str]:
    """The slugs of the methods that fit a classifier."""
    return [one.slug for one in methods(classifier)]


def tried(classifier: Classifier) -> list[str]:
    """Those that are offered; the ones that only run the model forwards on two kinds of models."""
    forwards = classifier.card.mechanism in ("cbam", "transformer")
    return [slug for slug in offered(classifier) if method(slug).gradient or forwards]


def count_pictures(classifier: Classifier, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A list that grows by the size of each batch that reaches the last layer."""
    seen: list[int] = []
    last, forward = classifier.module.classify, classifier.module.classify.forward
    monkeypatch.setitem(vars(last), "forward", lambda y: (seen.append(len(y)), forward(y))[1])
    return seen


def silent(done: int, total: int) -> None:
    """The progress that nobody watches."""


def double(classifier: Classifier) -> Classifier:
    """A copy in float64, where a second derivation can be compared closely."""
    return Classifier(classifier.card, copy.deepcopy(classifier.module).double(), classifier.device)


def compute(classifier: Classifier, slug: str, x: Tensor, target: Question, **parameters: object) -> np.ndarray:
    """A method's values for a prepared picture, in the dtype of the picture."""
    chosen = method(slug)
    settled = chosen.settle(classifier, QUICK.get(slug, {}) | parameters)
    return chosen.compute(classifier, x, target, silent, **settled)[0].numpy()


def gradient(classifier: Classifier, x: Tensor, target: int) -> Tensor:
    """∂F/∂x by hand, for one picture."""
    x = x.clone().requires_grad_()
    return torch.autograd.grad(classifier.module(x)[0, target], x)[0][0]
