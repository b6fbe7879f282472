"""Compute one batch of a scan: predictions, the attention map, Grad-CAM of the last stage, and their agreement.

One forward pass without a graph up to the last stage, and the gradient only from there on: little more than a plain
forward pass. Agreement is the rank correlation, as in ``agreement``, of the last map over the picture with Grad-CAM of
the last stage, for the predicted class; undefined for a constant map.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize

from core.attention.reduction import to_grid
from core.attention.tap import Record, listen
from core.attribution.cam import class_activations, detach_at
from core.attribution.differentiable import differentiable
from core.classifier import Classifier
from core.evaluation.agreement import rank_correlations
from core.evaluation.grids import is_constant, pool
from core.memory import is_full, spare
from core.models.answers import answered, log_probabilities
from core.types import AttentionMap

TOP = 5
ALL = 100
"""The most classes for which all probabilities are stored; for more, only the most likely ones."""
SIDE = 16  # the most cells per side of a stored map
FEATURES = 256  # longer features are projected to this length
ANSWER, MAPS = "the model's answer was not finite", "the model's maps were not finite"
LARGEST = {"cpu": 16}  # pictures of 128 px in a batch; large batches are slower on most processors
LARGEST_ELSEWHERE = 64


@dataclass(frozen=True, eq=False)
class Inferences:
    """The results for b pictures.

    ``top`` (b, t) class indices, the most likely first, and their ``probabilities`` (b, t); ``answers`` (b, k) those of
    all classes, if there are at most ``ALL``; ``losses`` (b,) of the true class, NaN without one; ``attention`` and
    ``cam`` (b, h, w) with at most ``SIDE`` cells per side, the latter divided by its peak; ``features`` (b, c), the
    last stage's means over the picture, scaled to length one; ``agreement`` (b,). Anything that the model lacks, or
    that was not requested, is None. ``reasons`` (b,) state why a picture has no valid result, else None.
    """

    top: np.ndarray
    probabilities: np.ndarray
    losses: np.ndarray
    answers: np.ndarray | None = None
    attention: np.ndarray | None = None
    cam: np.ndarray | None = None
    features: np.ndarray | None = None
    agreement: np.ndarray | None = None
    reasons: tuple[str | None, ...] = ()

    def followed_by(self, other: Inferences) -> Inferences:
        """The results for these pictures and then for those of another one."""
        values = {one.name: (getattr(self, one.name), getattr(other, one.name)) for one in fields(self)}
        joined = {name: np.concatenate(pair) for name, pair in values.items() if isinstance(pair[0], np.ndarray)}
        return replace(self, **joined, reasons=self.reasons + other.reasons)

    def only(self, chosen: np.ndarray) -> Inferences:
        """The results of the ``chosen`` pictures, (b,) bool."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        kept = {name: one[chosen] for name, one in values.items() if isinstance(one, np.ndarray)}
        return replace(self, **kept, reasons=(None,) * int(chosen.sum()))


def batch_size(classifier: Classifier) -> int:
    """The number of pictures in a batch: always the same for a model and a kind of device.

    It is not probed, because the last digits of a result depend on it, and scans must be reproducible.
    """
    if classifier.alone:
        return 1
    largest = LARGEST.get(classifier.device.type, LARGEST_ELSEWHERE)
    return max(1, min(largest, int(largest * (128 / classifier.card.size) ** 2)))


def last_map(classifier: Classifier) -> str | None:
    """The last tap with a map over the picture, before heads are mixed."""
    taps = reversed(classifier.taps.items())
    return next((name for name, tap in taps if tap.kind.on_picture and not tap.kind.signed), None)


def infer(classifier: Classifier, squares: np.ndarray, labels: np.ndarray, agreement: bool = True) -> Inferences:
    """Run a model on squares (b, size, size, 3) uint8 with class indices ``labels`` (b,), -1 for none.

    Without ``agreement`` there is no Grad-CAM and no gradient. To be called on the classifier's worker.
    """
    tap, stages = last_map(classifier), list(classifier.stages.values())
    stage = stages[-1] if stages else None
    agreement = agreement and stage is not None and differentiable(classifier)  # runs the model, so first
    with torch.no_grad():
        x = classifier.normalize(squares)
        wanted = [classifier.taps[tap]] if tap else []
        watched: AbstractContextManager[list[Tensor]] = detach_at(stage) if stage else nullcontext([])
        cam = None
        with torch.set_grad_enabled(agreement), listen(wanted) as records, watched as kept:
            scores = classifier.scores(x)
            if agreement and stage is not None:
                (gradients,) = torch.autograd.grad(scores.gather(1, scores.argmax(1, keepdim=True)).sum(), kept[0])
                cam = class_activations(stage, kept[0].detach(), gradients)
        features = summarize(stage.arrange(kept[0].detach())) if stage else None
        scores = scores.detach().float()
        best = scores.topk(min(TOP, scores.shape[1])).indices  # by score, because probabilities near 1 may tie
        shares, logs = classifier.probabilities(scores), log_probabilities(scores, classifier.card)
        truth = torch.from_numpy(labels).to(scores.device)
        losses = -logs.gather(1, truth.clamp(min=0)[:, None])[:, 0].masked_fill(truth < 0, torch.nan)
        fine = to_numpy(answered(scores, classifier.card))
    record = records.get(classifier.taps[tap]) if tap else None
    maps = to_maps(tap, record) if tap and record else None
    cams = None if cam is None else to_numpy(cam)
    whole = np.all([fine, *(np.isfinite(one).all((1, 2)) for one in (maps, cams) if one is not None)], 0)
    return Inferences(
        to_numpy(best),
        to_numpy(shares.gather(1, best)),
        to_numpy(losses),
        to_numpy(shares) if shares.shape[1] <= ALL else None,
        None if maps is None else small(maps),
        None if cams is None else small(cams / np.maximum(cams.max((1, 2), keepdims=True), 1e-30)),
        None if features is None else to_numpy(features),
        None if cams is None or maps is None else agreements(maps, cams),
        tuple(None if good else MAPS if known else ANSWER for known, good in zip(fine, whole, strict=True)),
    )


def infer_in_parts(
    classifier: Classifier, squares: np.ndarray, labels: np.ndarray, agreement: bool = True
) -> Inferences:
    """As ``infer``, called on any thread: in halves if the memory of the device is too small, and then on the CPU."""
    try:
        return classifier.run(lambda: infer(classifier, squares, labels, agreement))
    except RuntimeError as error:
        if not is_full(error) or len(squares) == 1:
            return infer_in_parts(spare(classifier, error), squares, labels, agreement)
    half = len(squares) // 2
    first = infer_in_parts(classifier, squares[:half], labels[:half], agreement)
    return first.followed_by(infer_in_parts(classifier, squares[half:], labels[half:], agreement))


def agreements(maps: np.ndarray, cams: np.ndarray) -> np.ndarray:
    """The rank correlation (b,) of maps and cams (b, h, w); NaN if one is constant or not finite."""
    return np.where(is_constant(maps, 0.0) | is_constant(cams, 0.0), np.nan, rank_correlations(maps, cams))


def to_numpy(tensor: Tensor) -> np.ndarray:
    """A tensor on the CPU; float32 if it has fractions."""
    return (tensor.float() if tensor.is_floating_point() else tensor).cpu().numpy()


def to_maps(name: str, record: Record) -> np.ndarray:
    """The maps (b, h, w) of all pictures of a record, each reduced by ``to_grid``."""
    weights = to_numpy(record.weights.detach())
    cells = None if record.cells is None else record.cells.cpu().numpy()
    tap, grid = record.tap, record.grid
    maps = (AttentionMap(name, tap.kind, one, grid, cells, tap.prefix, tap.suffix) for one in weights)
    return np.stack([to_grid(one) for one in maps])


def small(maps: np.ndarray) -> np.ndarray:
    """Maps (b, h, w) pooled to at most ``SIDE`` cells per side."""
    return pool(maps, (min(maps.shape[1], SIDE), min(maps.shape[2], SIDE)))


def summarize(features: Tensor) -> Tensor:
    """The means (b, c) of feature maps (b, c, h, w) over the picture, as vectors of length one; zeros stay zero.

    More than ``FEATURES`` are projected at random to that many, which nearly preserves distances (Johnson and
    Lindenstrauss, 1984); the projection is always the same.
    """
    means = features.float().mean((2, 3))
    if means.shape[1] > FEATURES:
        seeded = torch.Generator().manual_seed(0)
        draw = torch.randn(means.shape[1], FEATURES, generator=seeded, dtype=torch.float32)
        means = means @ draw.to(means.device)
    return normalize(means)
