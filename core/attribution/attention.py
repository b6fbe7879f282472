"""Attention as an attribution method, so that it can be evaluated like other methods.

    attention map           W of one tap: unchanged, of one head, or the mean over heads
    rollout                 Π (mean over heads of W + I) / 2, of all layers, where all compare the same patches
    gradient × attention    one layer:   mean over heads of (W · ∂F/∂W)⁺
                            all layers:  R ← R + mean over heads of (W · ∂F/∂W)⁺ R, first layer first, R = I before it
                            attention pooling at the end, whose query is not a token: R ← mean over heads of (…)⁺ R

The first two do not depend on the class. The third keeps positive evidence for the class: Chefer, Gur, Wolf,
"Generic attention-model explainability for interpreting bi-modal and encoder-decoder transformers", ICCV 2021, eq. 5
and 6. A PAIRWISE map is reduced as by ``core.to_grid``: to the class token's row where there is a class token,
else to the mean over all patches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from core.attention.reduction import to_grid
from core.attention.rollout import SEVERAL, pools, rollout_map
from core.attention.tap import Record, gradients, listen
from core.attribution.batches import counted
from core.attribution.gradient import leaf
from core.attribution.layer import TAP
from core.attribution.method import Method, Parameter
from core.attribution.tap_layout import spatial_taps, tap_layout
from core.classifier import Classifier, Question, to_map
from core.types import AttentionMap, Progress

ALL, MEAN = "all layers", "mean"


def attention_maps(classifier: Classifier, x: Tensor, progress: Progress) -> tuple[AttentionMap, ...]:
    """Return every attention map of one forward pass, the same maps as in a reading."""
    with torch.no_grad(), listen() as records:
        classifier.module(x)
    progress(1, 1)
    return tuple(to_map(name, records[tap]) for name, tap in classifier.taps.items() if tap in records)


def attention(
    classifier: Classifier, x: Tensor, target: Question, progress: Progress, *, tap: str, head: str | int
) -> tuple[Tensor, None]:
    """Return the map (h, w) of the named tap."""
    (found,) = (one for one in attention_maps(classifier, x, progress) if one.tap == tap)
    return torch.tensor(to_grid(found, head=head if isinstance(head, int) else None)), None


def attention_rollout(classifier: Classifier, x: Tensor, target: Question, progress: Progress) -> tuple[Tensor, None]:
    """Return the rollout (h, w): the row of the class token, else the mean over the rows of all patches."""
    return torch.tensor(to_grid(rollout_map(attention_maps(classifier, x, progress)))), None


def gradient_x_attention(
    classifier: Classifier, x: Tensor, target: Question, progress: Progress, *, tap: str
) -> tuple[Tensor, None]:
    """Return the map (h, w) of the named tap, or of all layers together."""
    with torch.enable_grad(), listen() as records:
        score = counted(classifier, target, 1, progress)(leaf(x))
    named = [(name, records[place]) for name, place in classifier.taps.items() if place in records]
    wanted = [(name, one) for name, one in named if (one.tap.kind.compares_all if tap == ALL else name == tap)]
    found = gradients(score, [one for _, one in wanted])
    maps = [positive_products(name, one, gradient) for (name, one), gradient in zip(wanted, found, strict=True)]
    whole = maps[0] if tap != ALL else replace(maps[0], tap=ALL, weights=relevance(maps)[None])
    return torch.tensor(to_grid(whole)), None


def positive_products(name: str, record: Record, gradient: Tensor) -> AttentionMap:
    """Return a map with (W · ∂F/∂W)⁺ in place of its weights W."""
    product = (record.weights * gradient).clamp(min=0)
    return to_map(name, Record(record.tap, product, record.grid, record.cells))


def relevance(maps: Sequence[AttentionMap]) -> np.ndarray:
    """Return R (n, n), or (1, n) after attention pooling, from (W · ∂F/∂W)⁺ of all layers, the first layer first."""
    relevances = np.eye(maps[0].weights.shape[-1])
    for one in maps:
        product = one.weights.mean(0, dtype=np.float64) @ relevances
        relevances = product if pools(one) else relevances + product
    return relevances.astype(np.float32)


def heads(classifier: Classifier) -> tuple[str | int, ...]:
    """Return the heads to choose from: the mean over heads, then each head, counted from zero."""
    return (MEAN, *range(max(tap_layout(classifier).heads.values(), default=0)))


def layers(classifier: Classifier) -> tuple[str, ...]:
    """Return the taps to choose from; first "all layers", if their maps can be multiplied."""
    return (ALL, *spatial_taps(classifier)) if tap_layout(classifier).stacked else spatial_taps(classifier)


ATTENTION = Method(
    slug="attention",
    title="Attention map",
    summary="The attention map itself, used as an attribution. It is the same for every class.",
    equation="W",
    paper="Bahdanau, Cho, Bengio, ICLR 2015; doubted by Jain, Wallace, Attention is not explanation, NAACL 2019",
    signed=False,
    compute=attention,
    parameters=(TAP, Parameter("head", "Head", "One head, or the average over all heads.", MEAN,
                               choices=heads)),
    fits=lambda classifier: bool(spatial_taps(classifier)),
    gradient=False,
    ignores_class=True,
    needs="The model must have an attention map over the picture.",
    family="attention",
)  # fmt: skip

ATTENTION_ROLLOUT = Method(
    slug="rollout",
    title="Attention rollout",
    summary="The attention of all layers multiplied, with residual connections. It is the same for every class.",
    equation="Π over layers of (mean over heads of W + I) / 2",
    paper="Abnar, Zuidema, Quantifying attention flow in transformers, ACL 2020",
    signed=False,
    compute=attention_rollout,
    fits=lambda classifier: tap_layout(classifier).stacked,
    gradient=False,
    ignores_class=True,
    needs=SEVERAL,
    reason=lambda classifier: tap_layout(classifier).unrolled,
    family="attention",
)

GRADIENT_X_ATTENTION = Method(
    slug="gradient-x-attention",
    title="Gradient × attention",
    summary="The attention weights times the gradient of the score. Only positive evidence for the class is kept.",
    equation="R ← R + mean over heads of (W · ∂F/∂W)⁺ R",
    paper="Chefer, Gur, Wolf, Generic attention-model explainability, ICCV 2021",
    signed=False,
    compute=gradient_x_attention,
    parameters=(
        Parameter(
            name="tap",
            title="Attention",
            help="The attention map to use, or all layers together.",
            default=lambda classifier: ALL if tap_layout(classifier).stacked else spatial_taps(classifier)[-1],
            choices=layers,
        ),
    ),
    fits=lambda classifier: bool(spatial_taps(classifier)),
    one_sided=True,
    needs="The model must have an attention map over the picture.",
    family="attention",
)
