"""The layout of the maps of a model's taps, found in one pass and the same for every picture."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from core.attention.reduction import heads
from core.attention.rollout import obstacle
from core.attention.tap import listen
from core.attribution.memoize import memoize
from core.classifier import Classifier, to_map
from core.messages import Message
from core.models.architecture import blank


@dataclass(frozen=True)
class TapLayout:
    """The number of ``heads`` of each tap whose map lies on the picture, by name in order; 0 for a map without heads.

    Weights of mixed heads are left out, because they are not shares of attention. ``unrolled`` is the reason why the
    maps have no rollout; None if they have one.
    """

    heads: dict[str, int]
    unrolled: Message | None

    @property
    def stacked(self) -> bool:
        """Whether the maps have a rollout: several layers over the same patches."""
        return self.unrolled is None


@memoize
def tap_layout(classifier: Classifier) -> TapLayout:
    """Return the layout of the maps of a classifier's taps."""
    with torch.no_grad(), listen() as records:
        classifier.module(blank(classifier.module, classifier.card.size))
    maps = [to_map(name, records[tap]) for name, tap in classifier.taps.items() if tap in records]
    return TapLayout(
        {one.tap: heads(one) for one in maps if one.kind.on_picture and not one.kind.signed}, obstacle(maps)
    )


def spatial_taps(classifier: Classifier) -> tuple[str, ...]:
    """Return the taps whose maps lie on the picture."""
    return tuple(tap_layout(classifier).heads)
