"""What a model outputs is stated next to its prediction, unless it is a logit for each of several classes."""

from __future__ import annotations

import numpy as np
import pytest

import core
from app.views.explore import prediction
from app.views.explore.tests import outcome
from app.widgets import models
from app.words import word
from tests.core.model_heads import Head, Last, card, picture


@pytest.mark.parametrize(
    ("classes", "last", "told"),
    [
        (("a", "b", "c"), lambda z: z, []),
        (("a", "b", "c"), lambda z: z.softmax(1), ["outputs.probabilities"]),
        (("a", "b", "c"), lambda z: z.sigmoid(), ["outputs.independent", "outputs.probabilities"]),
    ],
)
def test_several_outputs(classes, last, told):
    classifier = core.adopt(Head(3, Last(last)), card(classes), "cpu")
    assert models.outputs(classifier) == " ".join(map(word, told))


def test_one_output():
    for classes, name, other in ((["tumor"], "tumor", "not tumor"), (["benign", "malignant"], "malignant", "benign")):
        classifier = core.adopt(Head(1), card(classes), "cpu")
        assert models.outputs(classifier) == word("outputs.single", name=name, other=other)


def test_independent_classes_may_all_be_unlikely():
    assert prediction.confidence(0.4, 3, independent=True) == word("answer.none")
    assert prediction.confidence(0.4, 3) == word("answer.unsure", count=3)


def test_a_probability_is_not_called_a_logit():
    class OneSubject:
        """As much of a subject as the sentence needs."""

        classifier = core.adopt(Head(3, Last(lambda z: z.softmax(1))), card(), "cpu")

    before, after = (core.read(OneSubject.classifier, picture(seed)) for seed in (0, 4))
    assert np.abs(after.logits - before.logits).max() > outcome.SAME
    said = outcome.score_sentence(OneSubject, int(np.abs(after.logits - before.logits).argmax()), before, after)
    assert "logit" not in said and "probability" in said
