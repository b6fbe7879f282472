"""What a model is measured by: right answers, what it takes for what, and what is left without its attention."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

import core
from core.attention.tap import shuffled, steer, switched_off, uniform
from core.classifier import Classifier
from core.data.datasets import Dataset, Split
from core.evaluation import accuracy
from core.evaluation.accuracy import evaluate, measure_card

STEERS = {"uniform": uniform, "shuffled": shuffled(0), "off": switched_off}


def noise(count: int) -> np.ndarray:
    """Coarse noise, (count, 64, 64, 3) uint8."""
    draw = np.random.default_rng(3)
    return draw.integers(0, 256, (count, 8, 8, 3), dtype=np.uint8).repeat(8, 1).repeat(8, 2)


@pytest.mark.parametrize("slug", ["spatial-gate", "cbam", "self-attention"])
def test_each_measurement_takes_the_attention_as_it_says(tiny: Callable, slug: str) -> None:
    classifier, pixels = tiny(slug), noise(40)
    x = torch.cat([classifier.prepare(core.open_image(one)) for one in pixels])
    answers = classifier.module(x).argmax(1).numpy()
    found = evaluate(classifier, Split(answers, pixels.__getitem__), batch=40)
    expected, logits = {}, {}
    for name, function in STEERS.items():
        with steer(classifier.module, dict.fromkeys(classifier.taps, function)):
            logits[name] = classifier.module(x)
            expected[name] = sum(map(int, logits[name].argmax(1).numpy() == answers)) / 40
    assert (found.accuracy, found.pictures, found.ablation) == (1.0, 40, expected)
    assert not torch.allclose(logits["uniform"], logits["off"])
    # a tiny self-attention has no shortcut: even or off it gives every picture the same class
    assert slug == "self-attention" or expected["uniform"] != expected["off"]


def test_the_confusion_counts_each_pair_of_true_and_predicted_class(tiny: Callable) -> None:
    classifier, pixels = tiny("plain"), noise(60)
    labels = np.random.default_rng(4).integers(0, 10, 60)
    expected = np.zeros((10, 10), int)
    for one, label in zip(pixels, labels, strict=True):
        expected[label, core.read(classifier, core.open_image(one)).predicted] += 1
    found = evaluate(classifier, Split(labels, pixels.__getitem__))
    assert np.array_equal(found.confusion, expected) and (found.confusion != found.confusion.T).any()
    assert found.accuracy == sum(expected[i, i] for i in range(10)) / 60 and found.ablation == {}


def test_a_measurement_in_batches_is_the_same_and_reports_its_progress(tiny: Callable) -> None:
    classifier, calls = tiny("cbam"), []
    pixels, labels = noise(15), np.arange(15) % 10
    split = Split(labels, pixels.__getitem__)
    found = evaluate(classifier, split, batch=4, progress=lambda done, total: calls.append((done, total)))
    whole = evaluate(classifier, split)
    assert np.array_equal(found.confusion, whole.confusion) and found.ablation.keys() == STEERS.keys()
    assert calls == [(4, 15), (8, 15), (12, 15), (15, 15)]
    assert found.ablation["off"] == whole.ablation["off"] and evaluate(classifier, split, steers={}).ablation == {}


def test_each_level_is_measured_on_its_own(tiny: Callable) -> None:
    classifier, pixels = tiny("plain"), noise(40)
    labels = np.array([core.read(classifier, core.open_image(one)).predicted for one in pixels])
    levels = 1 + np.arange(40) % 3
    labels[levels == 2] += 1  # all wrong
    labels[0] += 1
    found = evaluate(classifier, Split(labels % 10, pixels.__getitem__, levels), batch=7)
    assert found.levels == {1: pytest.approx(13 / 14), 2: 0.0, 3: 1.0}
    split = Split(labels % 10, pixels.__getitem__, levels)
    facts = measure_card(classifier, Dataset("noise", classifier.card.classes, split, split)).facts
    assert facts["levels"] == {str(level): share for level, share in found.levels.items()}
    assert evaluate(classifier, Split(labels, pixels.__getitem__)).levels == {}


def test_a_card_keeps_what_it_stated_but_for_what_is_measured(tiny: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    verdicts = {"lrp": True}
    monkeypatch.setattr(accuracy, "complete_methods", lambda classifier: verdicts)
    stale = {"seed": 1, "confusion": [], "independent": {}, "adds_up": {}}
    card = replace(tiny("plain").card, accuracy=0.1, ablation={"off": 1.0}, facts=stale)
    classifier = Classifier(card, tiny("plain").module, torch.device("cpu"))
    split = Split(np.arange(20) % 10, noise(20).__getitem__)
    data = Dataset("noise", card.classes, split, split)
    found, expected = measure_card(classifier, data), evaluate(classifier, split)
    kept = replace(found, accuracy=0.1, pictures=0, ablation={"off": 1.0}, facts=stale)
    assert kept == card and (found.accuracy, found.pictures, found.ablation) == (expected.accuracy, 20, {})
    assert found.facts == {"seed": 1, "confusion": expected.confusion.tolist(), "adds_up": verdicts}
    apart = Split(np.zeros(5, int), split.read)
    facts = measure_card(classifier, replace(data, independent=apart)).facts
    assert facts["independent"] == {"accuracy": evaluate(classifier, apart).accuracy, "pictures": 5}
    monkeypatch.setattr(accuracy, "CLASSES", 9)
    assert measure_card(classifier, data).facts == {"seed": 1, "adds_up": verdicts}  # too large for a card
