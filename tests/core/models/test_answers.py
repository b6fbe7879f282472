"""What outputs are, and the probabilities that they stand for: by hand, for every kind of head that people bring."""

from __future__ import annotations

import json
from math import exp, isclose, log

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import core
from core.models import answers
from tests.core.model_heads import Head, Last, card, picture


def raw(module: nn.Module, classifier: core.Classifier, seed: int = 0) -> np.ndarray:
    """What the module's head gives before its last step."""
    with torch.no_grad():
        return module.head(module.body(classifier.prepare(picture(seed))))[0].numpy().astype(np.float64)


def sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


def softmax(z: np.ndarray) -> np.ndarray:
    return np.exp(z) / np.exp(z).sum()


@pytest.mark.parametrize(
    ("classes", "last", "output", "wanted"),
    [
        (("tumor",), lambda z: z, "sigmoid", lambda p: (p, 1 - p)),
        (("benign", "malignant"), lambda z: z, "sigmoid", lambda p: (1 - p, p)),
        (("tumor",), lambda z: z.squeeze(1), "sigmoid", lambda p: (p, 1 - p)),
        (("tumor",), lambda z: z.sigmoid(), "probabilities", lambda p: (p, 1 - p)),
        (("benign", "malignant"), lambda z: z.sigmoid(), "probabilities", lambda p: (1 - p, p)),
        (("tumor",), lambda z: (z.sigmoid() + z.sigmoid()) / 2, "probabilities", lambda p: (p, 1 - p)),
        (("normal",), lambda z: 1 - z.sigmoid(), "probabilities", lambda p: (1 - p, p)),
    ],
)
def test_one_output_is_two_outcomes(classes, last, output, wanted):
    module = Head(1, Last(last))
    classifier = core.adopt(module, card(classes), "cpu")
    assert classifier.card.output == output and not classifier.independent
    assert classifier.card.classes == (classes if len(classes) == 2 else (classes[0], f"not {classes[0]}"))
    for seed in range(3):
        (z,) = raw(module, classifier, seed)
        reading = core.read(classifier, picture(seed))
        np.testing.assert_allclose(reading.probabilities, wanted(sigmoid(z)), atol=1e-6)
        assert reading.predicted == int(np.argmax(wanted(sigmoid(z))))
    again = core.adopt(module, classifier.card, "cpu")  # what was found is a card like any other
    np.testing.assert_array_equal(core.read(again, picture(2)).probabilities, reading.probabilities)


@pytest.mark.parametrize(
    ("said", "last", "found", "wanted"),
    [
        ("logits", lambda z: z, "logits", softmax),
        ("logits", lambda z: z.log_softmax(1), "logits", softmax),
        ("logits", lambda z: z.softmax(1), "probabilities", softmax),
        ("logits", lambda z: (z.softmax(1) + z.softmax(1)) / 2, "probabilities", softmax),
        ("logits", lambda z: z.log_softmax(1).exp(), "probabilities", softmax),
        ("logits", lambda z: z.sigmoid(), "probabilities", sigmoid),
        ("sigmoid", lambda z: z, "sigmoid", sigmoid),
        ("sigmoid", lambda z: z.sigmoid(), "probabilities", sigmoid),
        ("probabilities", lambda z: z.sigmoid().clone().detach(), "probabilities", sigmoid),
    ],
)
def test_several_outputs(said, last, found, wanted):
    module = Head(3, Last(last))
    classifier = core.adopt(module, card(output=said), "cpu")
    assert classifier.card.output == found and classifier.independent == (wanted is sigmoid)
    for seed in range(3):
        reading = core.read(classifier, picture(seed))
        np.testing.assert_allclose(reading.probabilities, wanted(raw(module, classifier, seed)), atol=1e-6)
        np.testing.assert_allclose(
            reading.logits, module(classifier.prepare(picture(seed))).detach()[0].numpy(), atol=1e-6
        )


def test_logits_that_lie_from_0_to_1_stay_logits():
    module = Head(3)
    module.head.weight.data.mul_(1e-3)
    module.head.bias.data.copy_(torch.tensor([0.2, 0.3, 0.4]))
    classifier = core.adopt(module, card(), "cpu")
    assert classifier.card.output == "logits"
    np.testing.assert_allclose(
        core.read(classifier, picture()).probabilities, softmax(raw(module, classifier)), atol=1e-6
    )


def test_what_the_outputs_cannot_be_is_a_sentence():
    module = Head(3)
    with pytest.raises(core.InvalidInput, match="its outputs are probabilities, but one of them is .*logits"):
        core.adopt(module, card(output="probabilities"), "cpu")
    with pytest.raises(core.InvalidInput, match="softmax over one output"):
        core.adopt(Head(1, Last(lambda z: z.softmax(1))), card(["tumor"]), "cpu")
    unclear = Head(1, Last(lambda z: z.sigmoid().detach()))
    with pytest.raises(core.InvalidInput, match="lies between 0 and 1. Set output: probabilities in its card"):
        core.adopt(unclear, card(["tumor"]), "cpu")
    for output, wanted in (("probabilities", lambda p: p), ("sigmoid", sigmoid)):
        classifier = core.adopt(unclear, card(["tumor"], output=output), "cpu")
        p = sigmoid(raw(unclear, classifier)[0])
        assert isclose(core.read(classifier, picture()).probabilities[0], wanted(p), abs_tol=1e-6)


@pytest.mark.parametrize("last", [lambda z: z.detach().sigmoid(), lambda z: (9 * z.detach()).sigmoid()])
def test_several_outputs_from_0_to_1_without_a_gradient_are_requested(last):
    module = Head(3, Last(last))
    with pytest.raises(
        core.InvalidInput, match=r"^The outputs of .* between 0 and 1, .* in its card .*sigmoid[^\n]+\.$"
    ):
        core.adopt(module, card(), "cpu")
    classifier = core.adopt(module, card(output="probabilities"), "cpu")
    reading = core.read(classifier, picture())
    np.testing.assert_allclose(reading.probabilities, last(torch.tensor(raw(module, classifier))).numpy(), atol=1e-6)
    logits = core.adopt(Head(3, Last(lambda z: z.detach())), card(), "cpu")  # some are below 0, which tells
    assert logits.card.output == "logits"
    assert core.adopt(Head(3, Last(lambda z: z.detach().softmax(1))), card(), "cpu").card.output == "probabilities"


def test_everything_that_gives_a_probability_gives_the_same_one():
    module = Head(3, Last(lambda z: z.sigmoid()))
    classifier = core.adopt(module, card(), "cpu")
    reading = core.read(classifier, picture())
    assert core.panel(classifier, picture()).reading.probabilities.tolist() == reading.probabilities.tolist()
    map_ = np.random.default_rng(0).random((4, 4))
    curves = core.faithfulness(classifier, picture(), map_, 1, steps=4)
    assert isclose(curves.map.deletion[0], reading.probabilities[1], abs_tol=1e-6)
    assert isclose(curves.map.insertion[-1], reading.probabilities[1], abs_tol=1e-6)


def test_a_map_of_one_outcome_is_that_of_the_other_with_its_sign_turned():
    classifier = core.adopt(Head(1), card(["tumor"]), "cpu")
    tumor, other = (core.attribute(classifier, picture(), "input-x-gradient", name) for name in ("tumor", "not tumor"))
    assert np.abs(tumor.values).max() > 0
    np.testing.assert_allclose(tumor.values, -other.values, atol=1e-7)
    both = core.attribute(classifier, picture(), "input-x-gradient", "tumor", contrast="not tumor")
    np.testing.assert_allclose(both.values, 2 * tumor.values, rtol=1e-5, atol=1e-7)
    map_ = core.attribute(classifier, picture(), "integrated-gradients", "not tumor", steps=64)
    assert map_.gap is None or map_.gap < 0.05


def test_logarithms_of_probabilities():
    z = torch.tensor([[1.0, -2.0, 200.0]])
    own = {name: answers.log_probabilities(z, card(output=name))[0].tolist() for name in ("logits", "sigmoid")}
    assert own["logits"] == pytest.approx([-199, -202, 0])
    assert own["sigmoid"] == pytest.approx([-log(1 + exp(-1)), -log(1 + exp(2)), 0])
    given = answers.log_probabilities(torch.tensor([[0.5, 1.0, 0.0]]), card(output="probabilities"))[0].tolist()
    assert given[:2] == pytest.approx([log(0.5), 0]) and -100 < given[2] < -80


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_model_without_a_finite_answer_is_refused(value):
    with pytest.raises(core.InvalidInput, match="for an ordinary picture is not finite"):
        core.adopt(Head(3, Last(lambda z: z + value)), card(), "cpu")
    with pytest.raises(core.InvalidInput, match="NaN or infinity"):  # one class is enough
        core.adopt(Head(3, Last(lambda z: z + torch.tensor([0, value, 0]))), card(), "cpu")


TWO = ["benign", "malignant"]


@pytest.mark.parametrize(("classes", "outputs"), [(["tumor"], 1), (TWO, 1), (TWO, 2)])
def test_a_file_with_one_output(tmp_path, classes, outputs):
    from torchvision import models

    torch.manual_seed(0)
    made = models.squeezenet1_1(num_classes=outputs)
    torch.save(made.state_dict(), tmp_path / "m.pt")
    said = {"architecture": "torchvision/squeezenet1_1", "classes": classes, "size": 64}
    (tmp_path / "m.json").write_text(json.dumps(said))
    classifier = core.load(f"file:{tmp_path}/m.json", "cpu")
    assert classifier.card.output == ("sigmoid" if outputs == 1 else "logits") and len(classifier.card.classes) == 2
    with torch.no_grad():
        z = made.eval()(classifier.prepare(picture()))[0].numpy()
    p = sigmoid(z[0]) if outputs == 1 else softmax(z)[1]
    wanted = (p, 1 - p) if len(classes) == 1 else (1 - p, p)
    np.testing.assert_allclose(core.read(classifier, picture()).probabilities, wanted, atol=1e-5)
    uploaded = core.open_model(json.dumps(said).encode(), (tmp_path / "m.pt").read_bytes(), "cpu")
    np.testing.assert_allclose(core.read(uploaded, picture()).probabilities, wanted, atol=1e-5)
    with pytest.raises(core.InvalidInput, match="needs 'output': one of: logits, sigmoid, probabilities"):
        core.open_model(json.dumps(said | {"output": "softmax"}).encode(), b"", "cpu")


def test_labels_of_the_two_outcomes_of_one_output(tmp_path):
    """0 and 1, no and yes, and the absence by name: each is scanned with the true class that it means."""
    module = Head(1)
    one, two = (core.adopt(module, card(classes), "cpu") for classes in (["tumor"], TWO))
    labels = {"0": 0, "1": 1, "yes": 1, "Negative": 0}
    for classifier, more in ((one, {"tumor": 1, "Not_Tumor": 0, "no-tumor": 0}), (two, {"benign": 0, "malignant": 1})):
        folder = tmp_path / classifier.card.classes[0]
        for label in {**labels, **more, "cyst": 0}:
            (folder / label).mkdir(parents=True)
            Image.fromarray(picture(len(label)).pixels).save(folder / label / "x.png")
        table = core.scan(classifier, folder, tmp_path / f"run-{folder.name}")
        known = dict(zip(table["label"], table["true"].fillna(""), strict=True))
        names = classifier.card.classes[::-1] if classifier is one else classifier.card.classes
        assert known == {label: names[index] for label, index in (labels | more).items()} | {"cyst": ""}
        p = sigmoid(raw(module, classifier, 1)[0])  # of the pictures whose label has one letter
        row = table[table["label"] == "1"].iloc[0]
        assert row["predicted"] == names[int(p > 0.5)] and isclose(row["confidence"], max(p, 1 - p), abs_tol=1e-5)
        assert isclose(row["loss"], -log(p), abs_tol=1e-4) and row["correct"] == (p > 0.5)
        assert core.open_run(tmp_path / f"run-{folder.name}").facts["independent"] is False


def test_a_scan_of_several_labels_takes_the_most_likely(tmp_path):
    module = Head(3, Last(lambda z: z.sigmoid()))
    classifier = core.adopt(module, card(), "cpu")
    for seed, label in enumerate("abc"):
        (tmp_path / "data" / label).mkdir(parents=True)
        Image.fromarray(picture(seed).pixels).save(tmp_path / "data" / label / "x.png")
    table = core.scan(classifier, tmp_path / "data", tmp_path / "run")
    run = core.open_run(tmp_path / "run")
    assert run.facts["independent"] is True and run.facts["output"] == "probabilities"
    for seed in range(3):
        p = sigmoid(raw(module, classifier, seed))
        assert table["predicted"][seed] == "abc"[p.argmax()] and isclose(
            table["confidence"][seed], p.max(), abs_tol=1e-5
        )
        assert isclose(table["loss"][seed], -log(p[seed]), abs_tol=1e-4)
        np.testing.assert_allclose(run.array("probabilities")[seed], np.sort(p)[::-1], atol=1e-5)
