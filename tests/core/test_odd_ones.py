"""Pictures and models that nobody thinks of first: noise, one class, few pixels, many; and no trace in any of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from skimage.segmentation import slic
from torch import Tensor, nn

import core
from core import scenes
from core.attention.tap import Tap
from core.attribution import attribute, method
from core.attribution.perturbation import strides
from core.attribution.superpixels import SEGMENTS, cut
from core.classifier import Classifier
from core.evaluation.agreement import to_values
from core.images import square
from core.models.zoo import build, freeze
from core.types import InvalidInput, Kind, ModelCard, Picture
from tests.conftest import CLASSES, WIDTHS, redraw
from tests.core.attentive_models import adopted, part_of, same


def narrow(size: int, classes: int) -> Classifier:
    card = ModelCard("odd/cbam", "", "cbam", CLASSES[:classes], size=size, widths=WIDTHS)
    return Classifier(card, freeze(redraw(build(card), seed=1)), torch.device("cpu"))


NOISE = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
RESTLESS = {
    "noise": NOISE,
    "black and white": np.repeat(NOISE[:, :, :1] // 128 * 255, 3, 2),
    "checkers": np.repeat((np.indices((64, 64)).sum(0) % 2 * 255).astype(np.uint8)[:, :, None], 3, 2),
}


@pytest.mark.parametrize("name", RESTLESS)
def test_a_restless_picture_has_more_than_one_superpixel(tiny: Callable[[str], Classifier], name: str) -> None:
    classifier, picture = tiny("plain"), core.open_image(RESTLESS[name])
    for wanted in (SEGMENTS.low, SEGMENTS.default, SEGMENTS.high):
        labels = cut(classifier, classifier.prepare(picture), wanted)
        assert wanted / 4 <= labels.max() + 1 <= 1.2 * wanted
    for slug in ("feature-ablation", "kernel-shap", "lime"):
        found = attribute(classifier, picture, slug, 1, segments=10, **({} if "abl" in slug else {"samples": 100}))
        assert found.values.std() > 0 and np.isfinite(found.values).all()


@pytest.mark.parametrize("seed", [7, 42])
def test_a_calm_picture_is_cut_by_color(tiny: Callable[[str], Classifier], seed: int) -> None:
    """Nearness counts for more only where a picture would fall into crumbs."""
    classifier, picture = tiny("plain"), core.open_image(scenes.draw(seed, 64).pixels)
    pixels = square(picture, 64, classifier.fill)
    expected = np.unique(slic(pixels, n_segments=50, start_label=0, channel_axis=-1), return_inverse=True)[1]
    assert np.array_equal(cut(classifier, classifier.prepare(picture), 50).numpy(), expected.reshape(64, 64))


@pytest.mark.parametrize("size", [16, 20, 21, 28, 32, 299, 384, 512, 1000, 1004, 1022, 1024, 331])
def test_occlusion_starts_with_a_window_that_it_takes(tiny: Callable[[str], Classifier], size: int) -> None:
    card = ModelCard("odd/size", "", "plain", ("a",), size=size)
    classifier, chosen = Classifier(card, tiny("plain").module, torch.device("cpu")), method("occlusion")
    assert chosen.fits(classifier) == any(size % one == 0 and 4 <= size // one <= 40 for one in range(1, 65))
    if not chosen.fits(classifier):
        assert size in (331, 1004, 1022)  # primes, or twice, four or fourteen times one
        return
    for parameter in chosen.parameters:
        assert parameter.check(classifier, parameter.initial(classifier)) == parameter.initial(classifier)
    window, stride, _ = chosen.parameters
    assert stride.initial(classifier) <= window.initial(classifier) <= window.high
    assert all(4 <= size // one <= 40 and size % one == 0 and one <= window.high for one in strides(classifier))


@pytest.mark.parametrize(("size", "classes"), [(16, 1), (32, 1), (16, 2)])
def test_few_pixels_and_few_classes(picture: Picture, size: int, classes: int) -> None:
    classifier = narrow(size, classes)
    for slug in ("saliency", "grad-cam", "occlusion", "gradient-x-attention"):
        assert np.isfinite(attribute(classifier, picture, slug).values).all()
    own = attribute(classifier, picture, "input-x-gradient")
    found = {one.slug: one for one in core.check(classifier, picture, own)}
    assert (found["target"].passed is None) == (classes == 1) and found["weights"].passed is not None
    assert len(core.ablate(classifier, picture)) > 4 and len(core.panels(classifier, picture)) == classes
    assert core.faithfulness(classifier, picture, own).target == own.target


@pytest.mark.parametrize("wrong", ["saliency", [[1, 2], [3]], {"a": 1}, None, object()])
def test_what_is_no_map_at_all(wrong: object) -> None:
    with pytest.raises(InvalidInput, match=r"^Give a map of (numbers of )?shape \(h, w\)[^\n]*\.$"):
        to_values(wrong)


@pytest.mark.parametrize("family", ["vit", "swin", "maxvit", "efficientnet"])
def test_interventions_leave_no_trace_in_torchvisions_models(family: str, picture: Picture) -> None:
    classifier = adopted(family)
    first = core.read(classifier, picture)

    def fail(tap: Tap, weights: Tensor) -> Tensor:
        raise ArithmeticError("planted")

    for one in (first.maps[0], first.maps[-1]):
        for change in (core.UNIFORM, core.OFF, core.SHUFFLED(1), one.weights[..., ::-1], part_of(one.kind, 1)):
            steered = core.intervene(classifier, picture, {one.tap: change})
            assert one.kind == Kind.CHANNEL or not same(steered, first)
            assert same(core.read(classifier, picture), first)
        with pytest.raises(ArithmeticError, match="planted"):
            core.intervene(classifier, picture, {one.tap: fail})
        assert same(core.read(classifier, picture), first)
    assert not any(child._forward_hooks for child in classifier.module.modules())


def test_a_recurrent_model_within_another_still_answers_after_each_step(tiny: Callable, picture: Picture) -> None:
    own = core.read(tiny("recurrent"), picture)
    card = ModelCard("made/within", "", "recurrent", CLASSES, size=64)
    within = core.adopt(nn.Sequential(nn.Identity(), tiny("recurrent").module), card, "cpu")
    found = core.read(within, picture)
    assert np.array_equal(found.steps, own.steps)
    assert np.array_equal(core.panel(within, picture).reading.steps, own.steps)


class Idle(nn.Module):
    """Two layers, and a third that nothing reads."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 4, 3, 2, 1), nn.Conv2d(4, 4, 3, 2, 1)
        self.idle, self.classify = nn.Conv2d(4, 4, 5, 4, 2), nn.Linear(4, 10)

    def forward(self, x: Tensor) -> Tensor:
        y = self.first(x)
        self.idle(y)
        return self.classify(self.second(y).mean((2, 3)))


def test_what_nothing_reads_is_no_stage(picture: Picture) -> None:
    classifier = core.adopt(Idle(), ModelCard("made/idle", "", "plain", CLASSES, size=64), "cpu")
    assert list(classifier.stages) == ["first", "second"]
    assert set(core.panel(classifier, picture).stages) == {"first", "second"}


class Colors(nn.Module):
    """The mean of each color, by no parameter at all."""

    def forward(self, x: Tensor) -> Tensor:
        return x.mean((2, 3))


def test_a_model_without_parameters_can_be_used(picture: Picture) -> None:
    classifier = core.adopt(Colors(), ModelCard("made/mean", "", "plain", ("r", "g", "b"), size=64), "cpu")
    values = core.attribute(classifier, picture, "integrated-gradients", "g", steps=10).values
    x = classifier.prepare(picture)[0]
    assert np.allclose(values, x[1] / x[1].numel(), atol=1e-6)
