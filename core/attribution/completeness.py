"""Test, on drawn scenes, whether a method that distributes the score is exact enough for a model.

DeepLIFT and LRP are complete (their values sum to the score) only where each layer keeps a rule. The gap is measured,
not guessed from the layers. A few pictures cannot stand for all others, so each map also states its own gap.

The test takes a while. So the card of a model in the zoo keeps the result of two dozen scenes, and a model whose card
has no result is tested on three.
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
"""The largest gap of a map that counts as complete, as a share of the score."""
SIDE = 256
"""The side of the validation scenes that are drawn, in pixels."""
SCENES, EXCEPTIONS = 24, 2
"""The number of scenes for a card, and how many of them may have a larger gap. On the models of the zoo, a broken rule
gives four or more."""
QUICK_SCENES = 3
"""The number of scenes where the card has no result. None of them may have a larger gap."""
FACT = "adds_up"
"""The key on a card: a verdict for the slug of each such method."""


def is_complete(
    classifier: Classifier, compute: Compute, tries: int = SCENES, amiss: int = EXCEPTIONS, **parameters: object
) -> bool | None:
    """Whether a method's gap on the predicted class is at most ``MAX_GAP``, for all but ``amiss`` of ``tries`` scenes.

    The gap is a share of the score, completeness as in Sundararajan et al., ICML 2017, axiom 3. A scene on which it is
    undefined, because the score hardly changes, is skipped; if it is undefined on all of them, the result is False.
    None if the method cannot run. To be called inside a job of the device's worker; lack of memory is raised.
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
            left -= found is not None and not found <= MAX_GAP  # NaN is not exact either
            if left < 0:
                return False
    except torch.OutOfMemoryError:
        raise
    except Exception:  # a module without a rule may raise anything
        return None
    return defined


def completeness_test(slug: str, compute: Compute, **parameters: object) -> Callable[[Classifier], bool | None]:
    """A test of whether a method's maps of the predicted class are complete for a classifier; None if it cannot run.

    A method that runs but is not exact enough is not offered. It can still be called; its gap states the error.
    """

    @memoize
    def find(classifier: Classifier) -> bool | None:
        card = classifier.card
        known = {} if is_own(card.slug) else card.facts.get(FACT, {})  # a copied card states facts about other weights
        return known[slug] if slug in known else is_complete(classifier, compute, QUICK_SCENES, 0, **parameters)

    return find
