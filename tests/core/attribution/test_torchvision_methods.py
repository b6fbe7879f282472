"""What torchvision's models support: their stages, Grad-CAM of each, and every method that is offered."""

from __future__ import annotations

from copy import deepcopy
from functools import cache

import numpy as np
import pytest
import torch
from captum.attr import LayerGradCam
from torch import Tensor, nn

import core
from core.attribution import METHODS, attribute, method, methods
from core.attribution.perturbation import strides
from core.classifier import Classifier
from core.models.libraries.torchvision_models import mechanism_of
from core.types import ModelCard, Picture
from tests.conftest import CLASSES
from tests.core.guided_rectifier import guide
from tests.core.quick_methods import COMPLETE, QUICK
from tests.core.small_models import SMALL, small

pytestmark = [
    pytest.mark.filterwarnings("ignore:Setting backward hooks on ReLU"),
]

STAGES = {
    "resnet": {"relu": 32, "layer1": 16, "layer2": 8, "layer3": 4, "layer4": 2},
    "convnext": {"features.1": 8, "features": 4},
    "mobilenet": {"features.0": 32, "features.1": 16, "features.3": 8, "features.8": 4, "features": 2},
    "efficientnet": {"features.1": 32, "features.2": 16, "features.3": 8, "features.5": 4, "features": 2},
    "regnet": {"stem": 32, "trunk_output.block1": 16, "trunk_output.block2": 8, "trunk_output.block3": 4,
               "trunk_output": 2},
    "densenet": {"features.relu0": 32, "features.denseblock1": 16, "features.denseblock2": 8,
                 "features.denseblock3": 4, "features": 2},
    "vit": {"encoder.layers.encoder_layer_0": 4, "encoder.layers.encoder_layer_1": 4},
    "swin": {"features.1": 13, "features.3": 7},
    "swin-v2": {"features.1": 13, "features.3": 7},
    "maxvit": {"stem": 32, "blocks.0": 16, "blocks.1": 8},
}  # fmt: skip

EDGES = {"guided-backpropagation", "guided-grad-cam", "deconvolution"}
LOOKS = {"attention", "gradient-x-attention", "layer-gradient-x-activation", "layer-integrated-gradients"}
UNFIT = {
    "resnet": LOOKS | {"rollout"},
    "convnext": EDGES | LOOKS | {"rollout"},
    "mobilenet": EDGES | LOOKS | {"rollout"},
    "efficientnet": EDGES | LOOKS | {"rollout"},
    "regnet": LOOKS | {"rollout"},
    "densenet": EDGES | LOOKS | {"rollout"},  # one of its ReLUs is a function, which has no hooks
    "vit": EDGES,
    "swin": EDGES | {"rollout"},
    "swin-v2": EDGES | {"rollout"},
    "maxvit": EDGES | {"rollout"},
}
"""Methods that are not offered.

Whether LRP's rules fit depends on the weights, which are random here."""


@cache
def adopted(family: str) -> Classifier:
    """A small classifier of each family, the same at every call."""
    module, size = small(family)
    return core.adopt(module, ModelCard(f"made/{family}", family, "plain", CLASSES, size=size), "cpu")


def silent(done: int, total: int) -> None:
    pass


def grad_cam(classifier: Classifier, picture: Picture, target: int, stage: str) -> np.ndarray:
    return attribute(classifier, picture, "grad-cam", target, stage=stage).values


@pytest.mark.parametrize("family", SMALL)
def test_stages_are_found_and_laid_out(family: str, picture: Picture) -> None:
    classifier = adopted(family)
    assert list(classifier.stages) == list(STAGES[family])
    for stage, side in STAGES[family].items():
        assert grad_cam(classifier, picture, 1, stage).shape == (side, side)
    default = method("grad-cam").parameters[0].initial(classifier)
    assert default == list(STAGES[family])[-1]
    assert not any(child._forward_hooks for child in classifier.module.modules())


@pytest.mark.parametrize("family", ["resnet", "convnext", "mobilenet", "regnet", "maxvit"])
def test_grad_cam_is_captums_where_captum_applies(family: str, picture: Picture) -> None:
    classifier = adopted(family)
    x, blank = classifier.prepare(picture), 0
    for name, stage in classifier.stages.items():
        theirs = LayerGradCam(lambda x: classifier.module(x)[:, 3], stage.module)
        expected = theirs.attribute(x, relu_attributions=True)[0, 0].detach().numpy()
        found = grad_cam(classifier, picture, 3, name)
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4 * expected.max())
        blank += not expected.any()
    assert blank < len(classifier.stages)


def weigh(features: Tensor, score: Tensor) -> np.ndarray:
    """Grad-CAM of features laid out (channels, cells), by a loop over channels; (cells,)."""
    slope = torch.autograd.grad(score, features)[0]
    total = sum(slope[c].mean() * features[c] for c in range(len(features)))
    return total.detach().numpy().clip(0)


def test_grad_cam_of_vit_leaves_the_class_token_out(picture: Picture) -> None:
    classifier, theirs = adopted("vit"), small("vit")[0]
    x = theirs._process_input(classifier.prepare(picture))
    tokens = torch.cat((theirs.class_token, x), 1) + theirs.encoder.pos_embedding
    for number in (0, 1):
        tokens = theirs.encoder.layers[number](tokens)
        patches = tokens[0, 1:].T.detach().requires_grad_()
        y = torch.cat((tokens[:, :1], patches.T[None]), 1)
        for later in theirs.encoder.layers[number + 1 :]:
            y = later(y)
        expected = weigh(patches, theirs.heads(theirs.encoder.ln(y)[:, 0])[0, 7])
        found = grad_cam(classifier, picture, 7, f"encoder.layers.encoder_layer_{number}")
        np.testing.assert_allclose(found.ravel(), expected, rtol=1e-3, atol=1e-4 * expected.max())


def test_grad_cam_of_swin_lays_out_its_channels(picture: Picture) -> None:
    classifier, theirs = adopted("swin"), small("swin")[0]
    y = theirs.features[:2](classifier.prepare(picture))
    features = y[0].permute(2, 0, 1).flatten(1).detach().requires_grad_()
    y = theirs.norm(theirs.features[2:](features.unflatten(1, (13, 13)).permute(1, 2, 0)[None]))
    expected = weigh(features, theirs.head(y.mean((1, 2)))[0, 2]).reshape(13, 13)
    found = grad_cam(classifier, picture, 2, "features.1")
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4 * expected.max())


@pytest.mark.parametrize("family", ["resnet", "regnet"])
def test_guided_backpropagation_where_one_relu_serves_several_times(family: str, picture: Picture) -> None:
    classifier = adopted(family)
    ruled = guide(deepcopy(classifier.module))
    x = classifier.prepare(picture).requires_grad_()
    (slope,) = torch.autograd.grad(ruled(x)[0, 4], x)
    expected = slope[0].sum(0).numpy()
    found = attribute(classifier, picture, "guided-backpropagation", 4).values
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("family", SMALL)
def test_every_method_that_is_offered_runs(family: str, picture: Picture) -> None:
    classifier = adopted(family)
    offered = [one.slug for one in methods(classifier)]
    assert {one.slug for one in METHODS if one.slug not in offered} - {"lrp"} == UNFIT[family]
    stride = max(strides(classifier))
    quick = QUICK | {"occlusion": {"stride": stride, "window": 2 * stride}, "integrated-gradients": {"steps": 10}}
    quick |= dict.fromkeys(("smoothgrad", "vargrad"), {"samples": 5}) | {"gradient-shap": {"points": 2}}
    for slug in offered:
        if slug in ("kernel-shap", "lime") and family != "vit":
            continue  # a hundred forward passes, which know nothing of what the model is made of
        found = attribute(classifier, picture, slug, 5, **quick.get(slug, {}))
        assert np.isfinite(found.values).all() and found.values.std() > 0, slug
        assert found.gap is None or slug in COMPLETE


@pytest.mark.parametrize("family", SMALL)
def test_a_reading_has_the_energy_of_the_last_stage(family: str, picture: Picture) -> None:
    classifier, theirs = adopted(family), small(family)[0]
    reading = core.read(classifier, picture)
    name, side = list(STAGES[family].items())[-1]
    kept: list[Tensor] = []
    handle = theirs.get_submodule(name).register_forward_hook(lambda _, __, y: kept.append(y.clone()))
    logits = theirs(classifier.prepare(picture))
    handle.remove()
    np.testing.assert_allclose(reading.logits, logits[0], rtol=1e-3, atol=1e-4)
    y = {"vit": lambda y: y[:, 1:].transpose(1, 2), "swin": lambda y: y.permute(0, 3, 1, 2)}
    features = y.get(family.removesuffix("-v2"), lambda y: y)(kept[0])[0].flatten(1)
    expected = (features**2).mean(0).reshape(side, side)
    if family != "densenet":  # its classifier overwrites what the last stage gave out
        np.testing.assert_allclose(reading.energy, expected, rtol=1e-3, atol=1e-4 * expected.max())
    assert reading.energy.shape == (side, side)


def test_a_model_that_gives_out_no_grid_has_the_pictures_energy(picture: Picture) -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Flatten(), nn.Linear(3 * 16 * 16, 3))
    classifier = core.adopt(module, ModelCard("made/flat", "", "plain", ("a", "b", "c"), size=16), "cpu")
    assert classifier.stages == {} and method("grad-cam") not in methods(classifier)
    x = classifier.prepare(picture)[0].numpy()
    np.testing.assert_allclose(core.read(classifier, picture).energy, (x**2).mean(0), rtol=1e-5)


@pytest.mark.parametrize("family", ["vit", "swin"])
def test_a_model_within_another_has_its_stages(family: str, picture: Picture) -> None:
    inner, size = small(family)
    wrapped = nn.Sequential(nn.Identity(), inner)
    classifier = core.adopt(wrapped, ModelCard("made/wrapped", "", "plain", CLASSES, size=size), "cpu")
    assert list(classifier.stages) == [f"1.{name}" for name in STAGES[family]]
    found, expected = core.read(classifier, picture), core.read(adopted(family), picture)
    assert np.array_equal(found.energy, expected.energy) and len(found.maps) == len(expected.maps)


def test_the_mechanisms_that_torchvisions_models_come_nearest_to() -> None:
    names = {"resnet50": "plain", "efficientnet_v2_s": "squeeze-excitation", "mobilenet_v2": "plain"}
    names |= {"mobilenet_v3_small": "squeeze-excitation", "regnet_y_8gf": "squeeze-excitation", "regnet_x_8gf": "plain"}
    names |= {"vit_l_32": "transformer", "swin_v2_s": "transformer", "maxvit_t": "self-attention"}
    assert {name: mechanism_of(name) for name in names} == names
