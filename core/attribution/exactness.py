"""Whether a method that shares out the score is exact enough for a model: it is tried once, on pictures that are drawn.

DeepLIFT and LRP hold their promise, that what they hand out adds up, only where each layer keeps a rule. A product of
two activations, such as x · σ(x), keeps none. Rather than guessed from the layers, the gap is measured. No few pictures
can vouch for all others: a map whose own gap is larger tells so itself.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

from core.attribution.method import Compute
from core.attribution.once import once
from core.classifier import Classifier
from core.data import scenes
from core.images import open_image
from core.models.architecture import blank

EXACT = 0.05
"""The largest gap of a map that adds up."""
SCENES, SIDE = 24, 256
"""How many scenes of validation it is tried on, and the side that they are drawn with."""
AMISS = 2
"""So many of them may have a larger gap. Where a rule is broken it is four or more, on the models of the shelf."""


def tried(compute: Compute, **parameters: object) -> Callable[[Classifier], bool | None]:
    """Whether a method's maps of the predicted class add up for a classifier, on nearly all scenes; None: cannot run.

    What can run and is not exact enough is not offered, but does what it is told: its gap says so.
    """

    @once
    def find(classifier: Classifier) -> bool | None:
        def gap(seed: int) -> float:
            x = classifier.prepare(open_image(scenes.draw(seed, SIDE).pixels, name=f"scenes/{seed}"))
            x = x.to(blank(classifier.module, classifier.card.size).dtype)
            with torch.no_grad():
                target = int(classifier.module(x)[0].argmax())
            return compute(classifier, x, target, lambda done, total: None, **parameters)[1]

        amiss = 0
        try:
            for seed in scenes.seeds("val", SCENES):
                amiss += not gap(seed) <= EXACT  # not a number is not exact either
                if amiss > AMISS:
                    return False
        except torch.OutOfMemoryError:
            raise
        except Exception:  # whatever Captum raises of a module that it has no rule for, or that runs twice
            return None
        return True

    return find
