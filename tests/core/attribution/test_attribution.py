"""What every method promises of every model: its results, what it costs, and clear refusals."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest
import torch

from core.attribution import METHODS, attribute, method, methods, seconds
from core.attribution.batches import pace
from core.attribution.dispatch import _estimate
from core.attribution.method import Parameter
from core.classifier import Classifier
from core.types import Attribution, InvalidInput, ModelCard, Picture
from tests.core.quick_methods import COMPLETE, QUICK, count_pictures, tried

pytestmark = [
    pytest.mark.filterwarnings("ignore:Setting backward hooks on ReLU"),
]

SLUGS = [one.slug for one in METHODS]


def refused(word: str, *arguments: object, **parameters: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        attribute(*arguments, **parameters)
    assert word in str(caught.value) and str(caught.value).endswith(".")


# What every method promises of every model


def test_table_of_contents(tiny: Callable[[str], Classifier]) -> None:
    assert len(set(SLUGS)) == len(SLUGS) and all(re.fullmatch(r"[a-z]+(-[a-z]+)*", slug) for slug in SLUGS)
    classifier = tiny("cbam")
    assert all(method(one.slug) is one for one in METHODS)
    for one in METHODS:
        assert all((one.title, one.equation, one.paper)) and one.summary.endswith(".")
        for parameter in one.parameters:
            initial = parameter.initial(classifier)
            assert parameter.title and parameter.help.endswith(".")
            assert parameter.check(classifier, initial) == parameter.parse(classifier, str(initial)) == initial
            assert parameter.numeric != bool(parameter.options(classifier))


PLACES = ["attention", "gradient-x-attention", "layer-gradient-x-activation", "layer-integrated-gradients"]
EDGES = ["guided-backpropagation", "guided-grad-cam", "deconvolution"]
MISSING = {
    "plain": [*PLACES, "rollout"],
    "squeeze-excitation": [*PLACES, "rollout"],
    "recurrent": ["rollout", "lrp"],
    "transformer": [*EDGES, "lrp"],
}
"""What small models are not offered; the others have no rollout. DeepLIFT and LRP are tried where there is a gate."""


def test_what_fits_is_offered(classifier: Classifier) -> None:
    missing = {one.slug for one in METHODS if one not in methods(classifier)}
    kind = classifier.card.mechanism
    tried = set() if kind in ("plain", "recurrent", "transformer") else {"lrp"}
    assert missing - tried == set(MISSING.get(kind, ["rollout"]))


@pytest.mark.parametrize("slug", SLUGS)
def test_contract(classifier: Classifier, picture: Picture, slug: str) -> None:
    if slug not in tried(classifier):
        return
    calls: list[tuple[int, int]] = []
    settled = method(slug).settle(classifier, QUICK.get(slug, {}))
    found = attribute(classifier, picture, slug, "elm", progress=lambda *call: calls.append(call), **settled)
    assert isinstance(found, Attribution) and (found.method, found.target) == (slug, 3)
    assert found.values.dtype == np.float32 and not found.values.flags.writeable
    assert found.values.shape == found.grid and all(type(side) is int for side in found.grid)
    assert np.isfinite(found.values).all()
    assert found.values.std() > 0 or slug == "grad-cam"  # which is blank where all the evidence is negative
    assert found.values.min() >= 0 or method(slug).signed
    assert (type(found.gap) is float and found.gap >= 0) if slug in COMPLETE else found.gap is None
    done, totals = zip(*calls, strict=True)
    assert list(done) == sorted(set(done)) and set(totals) == {done[-1]}
    again = attribute(classifier, picture, slug, 3, **settled)
    assert np.array_equal(again.values, found.values) and again.gap == found.gap
    other = attribute(classifier, picture, slug, 0, **settled)
    assert np.array_equal(other.values, found.values) == method(slug).ignores_class or not found.values.any()


def test_target_and_defaults(tiny: Callable[[str], Classifier], picture: Picture) -> None:
    classifier = tiny("cbam")
    with torch.no_grad():
        likeliest = int(classifier.module(classifier.prepare(picture))[0].argmax())
    predicted = attribute(classifier, picture, "smoothgrad")
    assert predicted.target == likeliest
    named = attribute(classifier, picture, "smoothgrad", classifier.card.classes[likeliest].upper(), samples=25, seed=0)
    assert np.array_equal(named.values, predicted.values)
    other = attribute(classifier, picture, "smoothgrad", likeliest, seed=1)
    assert not np.allclose(other.values, predicted.values)


@pytest.mark.parametrize("slug", SLUGS)
def test_evaluations_are_counted_rightly(
    tiny: Callable[[str], Classifier], picture: Picture, slug: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    classifier = tiny({"rollout": "transformer"}.get(slug, "plain" if slug not in PLACES else "cbam"))
    pace(classifier), pace(classifier, gradient=True)
    chosen = method(slug)
    chosen.fits(classifier), chosen.usable(classifier)  # what is found out once costs passes of its own
    seen = count_pictures(classifier, monkeypatch)
    attribute(classifier, picture, slug, 0, **QUICK.get(slug, {}))
    count = chosen.evaluations(classifier, **chosen.settle(classifier, QUICK.get(slug, {})))
    assert sum(seen) == count if slug != "feature-ablation" else sum(seen) <= count  # as SLIC finds them
    assert chosen.forwards(classifier, **QUICK.get(slug, {})) == count * (2 if chosen.gradient else 1)
    own = pace(classifier, chosen.gradient and not chosen.shallow)
    expected = count * own.seconds + pace(classifier).seconds  # and the pass that finds the class
    estimate = _estimate(classifier, chosen, chosen.settle(classifier, QUICK.get(slug, {})))
    assert estimate == pytest.approx(expected) and seconds(classifier, slug, **QUICK.get(slug, {})) > 0


# What is refused


def test_a_model_without_stages_and_relu_is_not_offered_what_needs_them(linear: Classifier, picture: Picture) -> None:
    unfit = [one.slug for one in METHODS if one not in methods(linear) and one.slug != "lrp"]  # its bias is nobody's
    assert sorted(unfit) == sorted(["grad-cam", *EDGES, *PLACES, "rollout"])
    for slug in unfit:
        refused("does not work with", linear, picture, slug)


def test_mistakes_cost_one_sentence(tiny: Callable[[str], Classifier], picture: Picture) -> None:
    classifier = tiny("plain")
    refused("saliency, input-x-gradient", classifier, picture, "salience")
    refused("has no class 'cat'", classifier, picture, "saliency", "cat")
    refused("has no class 10", classifier, picture, "saliency", 10)
    refused("takes a Picture", classifier, picture.pixels, "saliency")
    refused("has no parameter 'steps'. It has: none", classifier, picture, "saliency", steps=50)
    refused("has no parameter 'step'. It has: steps, baseline", classifier, picture, "integrated-gradients", step=50)
    for wrong in (9, 501, 20.5, float("nan"), "50", True, None):
        refused("a whole number from 10 to 500", classifier, picture, "integrated-gradients", steps=wrong)
    refused("a whole number from 0 to 999", classifier, picture, "smoothgrad", seed=True)
    for wrong in (False, -0.1, 0.6, float("nan"), float("inf"), "much"):
        refused("a number from 0.0 to 0.5", classifier, picture, "smoothgrad", noise=wrong)
    for wrong in ("gray", 0, None):
        refused("mean-color, black, white, blurred", classifier, picture, "integrated-gradients", baseline=wrong)
    refused("stage1, stage2, stage3, stage4", classifier, picture, "grad-cam", stage="stage5")
    for wrong in (3, True, "8"):
        refused("one of: 2, 4, 8, 16", classifier, picture, "occlusion", stride=wrong)
    refused("Choose 16 pixels or more", classifier, picture, "occlusion", stride=16, window=8)


def test_numbers_of_any_kind_and_texts(tiny: Callable[[str], Classifier]) -> None:
    classifier, steps = tiny("plain"), method("integrated-gradients").parameters[0]
    for fifty in (50, 50.0, np.int64(50), np.float32(50)):
        assert steps.check(classifier, fifty) == 50 and type(steps.check(classifier, fifty)) is int
    assert steps.parse(classifier, "60") == 60
    stride = next(one for one in method("occlusion").parameters if one.name == "stride")
    assert stride.parse(classifier, "16") == 16
    for parameter, text in ((steps, "many"), (steps, "60.5"), (steps, "1e9"), (steps, "nan"), (stride, "5")):
        with pytest.raises(InvalidInput):
            parameter.parse(classifier, text)


@pytest.mark.parametrize(
    ("size", "expected"), [(64, (2, 4, 8, 16)), (128, (4, 8, 16, 32)), (224, (7, 8, 14, 16, 28, 32, 56))]
)
def test_strides_tile_the_square(tiny: Callable[[str], Classifier], size: int, expected: tuple[int, ...]) -> None:
    classifier = Classifier(ModelCard("a/b", "", "plain", ("a",), size=size), tiny("plain").module, torch.device("cpu"))
    stride = next(one for one in method("occlusion").parameters if one.name == "stride")
    assert stride.options(classifier) == expected
    assert size / stride.initial(classifier) in (14, 16)


def test_a_choice_of_the_callers_own() -> None:
    plain = Parameter("color", "Color", "Which.", "red", choices=("red", "blue"))
    assert plain.initial(None) == "red" and plain.options(None) == ("red", "blue") and not plain.numeric
