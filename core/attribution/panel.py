"""The panel: all results that one forward and one backward pass give.

The reading with its attention maps, saliency, input × gradient, and Grad-CAM of every stage share these passes: the
gradients with respect to the outputs of the stages and to the pixels are computed together. Several classes share the
forward pass. If only Grad-CAM is needed, the backward pass ends at its stage.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from core import checking
from core.attention.tap import listen
from core.attribution.cam import GRAD_CAM, STAGE, class_activation
from core.attribution.differentiable import differentiable
from core.attribution.gradient import INPUT_X_GRADIENT, SALIENCY, leaf
from core.classifier import Classifier, Target, outputs, takes_classifier, target_score, to_reading
from core.types import Attribution, InvalidInput, Panel, Picture, Reading, frozen

STEP_SCORES = "step_scores"
"""The key of a recurrent model's logits after each step; no stage has this name."""


@takes_classifier
def panel(classifier: Classifier, picture: Picture, target: Target = None) -> Panel:
    """Compute the reading of a picture, and saliency, input × gradient and Grad-CAM of each stage for one class.

    ``target`` is a class name or index, None the predicted class. For a model without a gradient only the reading is
    returned. The results equal those of ``read`` and ``attribute`` up to rounding, at the cost of one forward and one
    backward pass.

    Raises:
        InvalidInput: no picture, no such class, or no finite output or map.
    """
    return panels(classifier, picture, [target])[0]


@takes_classifier
def panels(
    classifier: Classifier, picture: Picture, targets: Sequence[Target] | None = None, *, top: int = 5
) -> tuple[Panel, ...]:
    """Compute the panels of several classes with one forward pass, and one backward pass for each class.

    ``targets`` are class names or indices, or None for the predicted class; by default the ``top`` most likely classes,
    the most likely first.

    Raises:
        InvalidInput: no picture, no such class, or a result that is not finite.
    """
    checking.picture(picture, "panel")
    if isinstance(targets, str) or (targets is not None and not isinstance(targets, Sequence)):
        raise InvalidInput("panels takes a list of classes. For one class use panel.")
    top = checking.whole(top, 1, None, "The number of most likely classes")
    for one in targets or ():
        if one is not None:
            classifier.target(one, np.empty(0))

    def compute_panels() -> tuple[Panel, ...]:
        x, logits, kept, reading = forward(classifier, picture)
        stages, names = classifier.stages, list(classifier.stages)
        wanted = np.argsort(-reading.logits, kind="stable")[:top].tolist() if targets is None else targets
        indices = [classifier.target(one, reading.logits) for one in wanted]
        with torch.enable_grad():
            scores = [target_score(logits, index) for index in indices]
        found: list[Panel] = []
        requested = [x, *(kept[name] for name in names)]
        if not all(one.requires_grad for one in (*scores, *requested)):
            return without_maps(reading, indices)
        for index, score in zip(indices, scores, strict=True):
            more = len(found) + 1 < len(scores)
            gradient, *gradients = torch.autograd.grad(score, requested, retain_graph=more, allow_unused=True)
            if gradient is None or not (gradient.any() or differentiable(classifier)):
                return without_maps(reading, indices)
            pixels = {
                SALIENCY.slug: gradient[0].abs().amax(0),
                INPUT_X_GRADIENT.slug: (gradient[0] * x.detach()[0]).sum(0),
            }
            maps = {
                name: class_activation(stages[name], kept[name].detach(), one)
                for name, one in zip(names, gradients, strict=True)
            }
            found.append(to_panel(classifier, reading, index, pixels, maps))
        return tuple(found)

    return classifier.run(compute_panels)


@takes_classifier
def grad_cam_panel(classifier: Classifier, picture: Picture, target: Target = None) -> Panel:
    """Compute the reading and Grad-CAM of the default stage for one class: a faster ``panel``.

    The backward pass ends at the stage, so other stages and methods on pixels are missing. For a model without a
    gradient or without a stage, only the reading is returned.

    Raises:
        InvalidInput: no picture, no such class, or no finite output or map.
    """
    checking.picture(picture, "grad_cam_panel")
    if target is not None:
        classifier.target(target, np.empty(0))

    def compute_panel() -> Panel:
        _, logits, kept, reading = forward(classifier, picture)
        index = classifier.target(target, reading.logits)
        if not GRAD_CAM.usable(classifier):
            return without_maps(reading, [index])[0]
        name = str(STAGE.initial(classifier))
        with torch.enable_grad():
            (gradient,) = torch.autograd.grad(target_score(logits, index), kept[name])
        values = class_activation(classifier.stages[name], kept[name].detach(), gradient)
        return to_panel(classifier, reading, index, {}, {name: values})

    return classifier.run(compute_panel)


def forward(classifier: Classifier, picture: Picture) -> tuple[Tensor, Tensor, dict[str, Tensor], Reading]:
    """Run the forward pass of a panel, in a job of the worker.

    The prepared picture (1, 3, size, size), the logits (1, classes), the output of each stage by name, all with their
    graph, and the reading.
    """
    stages, names = classifier.stages, list(classifier.stages)
    watched = {name: stage.module for name, stage in stages.items()}
    if classifier.step_classifier is not None:
        watched[STEP_SCORES] = classifier.step_classifier
    x = leaf(classifier.prepare(picture).to(memory_format=torch.channels_last))
    with torch.enable_grad():
        with listen() as records, outputs(watched) as kept:
            logits = classifier.scores(x)
        step_scores = kept.pop(STEP_SCORES, None)
        last = stages[names[-1]].arrange(kept[names[-1]]) if names else x
        reading = to_reading(classifier, logits, records, last, step_scores, picture.name)
    return x, logits, kept, reading


def without_maps(reading: Reading, targets: Sequence[int]) -> tuple[Panel, ...]:
    """Return the panels of a model without a gradient: the reading only."""
    return tuple(Panel(reading, target, {}, {}) for target in targets)


def to_panel(
    classifier: Classifier, reading: Reading, target: int, pixels: dict[str, Tensor], maps: dict[str, Tensor]
) -> Panel:
    """Build the frozen panel of one class: maps on ``pixels`` (size, size) by method, and Grad-CAM (h, w) by stage."""

    def keep(slug: str, values: Tensor, **parameters: str) -> Attribution:
        if not bool(values.isfinite().all()):
            raise InvalidInput(
                "The gradients of {model} are not finite for this picture. Check the weights of the model.",
                model=classifier.card.slug,
            )
        shown, given = frozen(values.float().cpu().numpy()), tuple(parameters.items())
        grid = (values.shape[0], values.shape[1])
        return Attribution(shown, grid, None, slug, target, None, classifier.checksum, given)

    stages = {name: keep(GRAD_CAM.slug, values, stage=name) for name, values in maps.items()}
    attributions = {slug: keep(slug, values) for slug, values in pixels.items()}
    if stages:
        attributions[GRAD_CAM.slug] = stages[str(STAGE.initial(classifier))]
    return Panel(reading, target, attributions, stages)
