"""The panel: the same as read and attribute one by one, from one forward pass and one backward pass a class."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import core
from core.attribution import attribute
from core.classifier import Classifier
from core.types import InvalidInput, ModelCard, Picture
from tests.conftest import CLASSES
from tests.core.small_models import small


def near(found: np.ndarray, expected: np.ndarray) -> None:
    """Equal to rounding: a listened map is written out where the fused kernel would have run."""
    assert found.shape == expected.shape and not found.flags.writeable
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4 * np.abs(expected).max() + 1e-12)


def same_as_one_by_one(classifier: Classifier, picture: Picture, found: core.Panel, target: int) -> None:
    assert found.target == target
    for slug, one in found.attributions.items():
        near(one.values, attribute(classifier, picture, slug, target).values)
        assert (one.method, one.target, one.gap, one.grid) == (slug, target, None, one.values.shape)
    assert list(found.stages) == list(classifier.stages)
    for stage, one in found.stages.items():
        near(one.values, attribute(classifier, picture, "grad-cam", target, stage=stage).values)
        assert (one.method, one.target) == ("grad-cam", target)
    reading = core.read(classifier, picture)
    near(found.reading.logits, reading.logits)
    near(found.reading.probabilities, reading.probabilities)
    near(found.reading.energy, reading.energy)
    assert [one.tap for one in found.reading.maps] == [one.tap for one in reading.maps]
    for one, other in zip(found.reading.maps, reading.maps, strict=True):
        near(one.weights, other.weights)
        assert one.kind == other.kind and one.grid == other.grid and (one.cells is None) == (other.cells is None)
    assert (found.reading.steps is None) == (reading.steps is None)
    if reading.steps is not None:
        near(found.reading.steps, reading.steps)


def test_panel_is_all_of_them_one_by_one(classifier: Classifier, picture: Picture) -> None:
    found = core.panel(classifier, picture, "elm")
    assert list(found.attributions) == ["saliency", "input-x-gradient", "grad-cam"]
    same_as_one_by_one(classifier, picture, found, 3)
    predicted = core.panel(classifier, picture)
    assert predicted.target == predicted.reading.predicted


def test_grad_cam_alone_is_that_of_the_panel(classifier: Classifier, picture: Picture) -> None:
    drawn = False
    for target, whole in enumerate(core.panels(classifier, picture, range(len(CLASSES)))):
        quick = core.grad_cam_panel(classifier, picture, target)
        assert list(quick.attributions) == ["grad-cam"] and quick.target == target and len(quick.stages) == 1
        one, other = quick.attributions["grad-cam"], whole.attributions["grad-cam"]
        assert np.array_equal(one.values, other.values)
        assert (one.parameters, one.grid, one.target) == (other.parameters, other.grid, other.target)
        assert np.array_equal(quick.reading.logits, whole.reading.logits)
        for tap, twin in zip(quick.reading.maps, whole.reading.maps, strict=True):
            assert np.array_equal(tap.weights, twin.weights)
        drawn |= one.values.any()
    assert drawn


def test_grad_cam_alone_leaves_the_layers_before_its_stage_out_of_the_backward_pass(
    tiny: Callable[[str], Classifier], picture: Picture
) -> None:
    module = deepcopy(tiny("cbam").module)
    classifier, passed = Classifier(tiny("cbam").card, module, torch.device("cpu")), []
    first = next(one for one in module.modules() if isinstance(one, nn.Conv2d))
    first.register_full_backward_hook(lambda *_: passed.append("first"))
    assert core.grad_cam_panel(classifier, picture).attributions
    passed.clear()  # the first time, the model is tried for a gradient
    assert core.grad_cam_panel(classifier, picture).attributions and not passed
    assert core.panel(classifier, picture).attributions and passed == ["first"]


@pytest.mark.parametrize("family", ["resnet", "densenet", "efficientnet", "vit", "swin", "maxvit"])
def test_panel_of_torchvisions_models(family: str, picture: Picture) -> None:
    module, size = small(family)
    classifier = core.adopt(module, ModelCard(f"made/{family}", family, "plain", CLASSES, size=size), "cpu")
    same_as_one_by_one(classifier, picture, core.panel(classifier, picture, 7), 7)


def test_a_model_without_stages_has_no_grad_cam(picture: Picture) -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Flatten(), nn.Linear(3 * 16 * 16, 3))
    classifier = core.adopt(module, ModelCard("made/flat", "", "plain", ("a", "b", "c"), size=16), "cpu")
    found = core.panel(classifier, picture)
    assert list(found.attributions) == ["saliency", "input-x-gradient"] and not found.stages
    assert not core.grad_cam_panel(classifier, picture).attributions
    weight = module[1].weight[found.target].view(3, 16, 16).detach()
    near(found.attributions["saliency"].values, weight.abs().amax(0).numpy())
    x = classifier.prepare(picture)[0]
    near(found.attributions["input-x-gradient"].values, (weight * x).sum(0).numpy())
    near(found.reading.energy, (x**2).mean(0).numpy())


def test_several_classes_share_one_forward_pass(tiny: Callable[[str], Classifier], picture: Picture) -> None:
    module = deepcopy(tiny("cbam").module)
    classifier, passes = Classifier(tiny("cbam").card, module, torch.device("cpu")), {"forward": 0, "backward": 0}
    classifier.stages  # noqa: B018 (found before the passes are counted)

    class Counted(torch.autograd.Function):
        @staticmethod
        def forward(context: object, y: Tensor) -> Tensor:
            passes["forward"] += 1
            return y.clone()

        @staticmethod
        def backward(context: object, slope: Tensor) -> Tensor:
            passes["backward"] += 1
            return slope

    last = module.classify.forward
    module.classify.forward = lambda y: Counted.apply(last(y))
    wanted = ["elm", 7, None]
    found = core.panels(classifier, picture, wanted)
    assert passes == {"forward": 1, "backward": 3}
    assert all(one.reading is found[0].reading for one in found)
    for one, target in zip(found, (3, 7, found[0].reading.predicted), strict=True):
        same_as_one_by_one(classifier, picture, one, target)
    passes.update(forward=0, backward=0)
    core.panel(classifier, picture, 2)
    assert passes == {"forward": 1, "backward": 1}


def test_the_most_likely_classes(tiny: Callable[[str], Classifier], picture: Picture) -> None:
    classifier = tiny("plain")
    order = core.read(classifier, picture).logits.argsort()[::-1].tolist()
    assert [one.target for one in core.panels(classifier, picture)] == order[:5]
    assert [one.target for one in core.panels(classifier, picture, top=99)] == order


def test_nothing_stays_behind(classifier: Classifier, picture: Picture) -> None:
    def traces(module: nn.Module) -> list:
        weights = [(one.requires_grad, one.grad is None) for one in module.parameters()]
        return [
            (len(child._forward_hooks), child.training, sorted(vars(child))) for child in module.modules()
        ] + weights

    before = traces(classifier.module)
    first = core.panel(classifier, picture, 0)
    assert traces(classifier.module) == before
    broken = deepcopy(classifier.module)
    broken.classify.forward = lambda y: 1 / 0
    before, card = traces(broken), classifier.card
    with pytest.raises(ZeroDivisionError):
        core.panel(Classifier(card, broken, classifier.device), picture)
    assert traces(broken) == before
    again = core.panel(classifier, picture, 0)
    assert all(np.array_equal(one.values, again.attributions[slug].values) for slug, one in first.attributions.items())

    def job() -> core.Panel:
        with torch.no_grad():
            return core.panel(classifier, picture, 0)

    inline = classifier.run(job)
    assert all(np.array_equal(one.values, inline.stages[name].values) for name, one in first.stages.items())


def test_mistakes(tiny: Callable[[str], Classifier], picture: Picture) -> None:
    classifier = tiny("plain")
    for word, arguments in (
        ("has no class 'cat'", (picture, ["elm", "cat"])),
        ("takes a Picture", (picture.pixels, ["elm"])),
        ("takes a list", (picture, "elm")),
        ("takes a list", (picture, 3)),
    ):
        with pytest.raises(InvalidInput) as caught:
            core.panels(classifier, *arguments)
        assert word in str(caught.value) and str(caught.value).endswith(".")
    with pytest.raises(InvalidInput, match="has no class"):
        core.panel(classifier, picture, 10)
