"""Test on synthetic scenes whether the completeness gap of a method is small enough for a model.

DeepLIFT and LRP are complete (their values sum to the score) only if there is an exact rule for each layer. The gap is
measured instead of derived from the layers. A few pictures do not represent all others, so each map also has its own
gap.

The test is slow. Therefore, the card of a model in the zoo stores the result for two dozen scenes, and a model without
a stored result is tested on three scenes.
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
"""The largest gap of a complete map, as a share of the score."""
SIDE = 256
"""The side of the scenes, in pixels."""
SCENES, EXCEPTIONS = 24, 2
"""The number of scenes for a card, and the number of them that may have a larger gap. On the models of the zoo, a
broken rule exceeds the gap on four or more."""
QUICK_SCENES = 3
"""The number of scenes if the card has no result. None of them may have a larger gap."""
FACT = "adds_up"
"""The key on a card for the results, by the slug of the method."""


def is_complete(
    classifier: Classifier, compute: Compute, tries: int = SCENES, amiss: int = EXCEPTIONS, **parameters: object
) -> bool | None:
    """Return whether the gap for the predicted class is at most ``MAX_GAP`` on all but ``amiss`` of ``tries`` scenes.

    The gap is a share of the score, completeness as in Sundararajan et al., ICML 2017, axiom 3. A scene on which it is
    undefined, because the score hardly changes, is skipped; if it is undefined on all of them, the result is False.
    None if the method cannot run. Call it inside a job of the device's worker; out-of-memory errors are raised.
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
            left -= found is not None and not found <= MAX_GAP  # also false for NaN
            if left < 0:
                return False
    except torch.OutOfMemoryError:
        raise
    except Exception:  # a module without a rule may raise anything
        return None
    return defined


def completeness_test(slug: str, compute: Compute, **parameters: object) -> Callable[[Classifier], bool | None]:
    """Return a test of whether a method is complete for a classifier; its result is None if the method cannot run.

    A method that runs but is not exact enough is not offered. It can still be called; the gap shows its error.
    """

    @memoize
    def find(classifier: Classifier) -> bool | None:
        card = classifier.card
        # the facts of a copied card are about other weights
        known = {} if is_own(card.slug) else card.facts.get(FACT, {})
        return known[slug] if slug in known else is_complete(classifier, compute, QUICK_SCENES, 0, **parameters)

    return find
