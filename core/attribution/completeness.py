"""Whether a method that distributes the score is exact enough for a model: it is tried, on pictures that are drawn.

DeepLIFT and LRP are complete, their values sum to the score, only where each layer keeps a rule. Rather than
guessed from the layers, the gap is measured. No few pictures can vouch for all others: a map whose own gap is larger
tells so itself.

Trying takes a while. So the card of a model in the zoo keeps what two dozen scenes said, and a model whose card says
nothing of it is tried on three.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

from core import scenes
from core.attribution.memoize import memoize
from core.attribution.method import Compute
from core.classifier import Classifier
from core.images import open_image
from core.models.architecture import blank
from core.models.zoo import is_own

MAX_GAP = 0.05
"""The largest gap of a map that adds up, as a share of the score."""
SIDE = 256
"""The side that the scenes, of validation, are drawn with."""
SCENES, EXCEPTIONS = 24, 2
"""How many are tried for a card, and how many of them may have a larger gap: four or more have it where a rule is
broken, on the models of the zoo."""
QUICK_SCENES = 3
"""How many are tried where a card says nothing. None of them may have a larger gap."""
FACT = "adds_up"
"""What a card calls it: a verdict for the slug of each such method."""


def is_complete(
    classifier: Classifier, compute: Compute, tries: int = SCENES, amiss: int = EXCEPTIONS, **parameters: object
) -> bool | None:
    """Whether a method's gap on the predicted class is ``EXACT`` at most, but for ``amiss`` of so many drawn scenes.

    The gap is a share of the score, completeness as in Sundararajan et al., ICML 2017, axiom 3. A scene on which it is
    undefined, because the score hardly changes, says nothing; where all of them are such, nothing adds up. None where
    the method cannot run. It runs inside a job of the device's worker; lack of memory there is raised.
    """

    def gap(seed: int) -> float | None:
        x = classifier.prepare(open_image(scenes.draw(seed, SIDE).pixels, name=f"scenes/{seed}"))
        x = x.to(blank(classifier.module, classifier.card.size).dtype)
        with torch.no_grad():
            target = int(classifier.answer(x)[0].argmax())
        return compute(classifier, x, target, lambda done, total: None, **parameters)[1]

    left, defined = amiss, False
    try:
        for seed in scenes.seeds("val", tries):
            found = gap(seed)
            defined = defined or found is not None
            left -= found is not None and not found <= MAX_GAP  # not a number is not exact either
            if left < 0:
                return False
    except torch.OutOfMemoryError:
        raise
    except Exception:  # whatever a module raises that a method has no rule for
        return None
    return defined


def completeness_test(slug: str, compute: Compute, **parameters: object) -> Callable[[Classifier], bool | None]:
    """Whether a method's maps of the predicted class add up for a classifier; None: it cannot run.

    A method that runs but is not exact enough is not offered. It can still be called; its gap states the error.
    """

    @memoize
    def find(classifier: Classifier) -> bool | None:
        card = classifier.card
        known = {} if is_own(card.slug) else card.facts.get(FACT, {})  # a card that was copied speaks of other weights
        return known[slug] if slug in known else is_complete(classifier, compute, QUICK_SCENES, 0, **parameters)

    return find
