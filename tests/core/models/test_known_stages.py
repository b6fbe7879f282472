"""The stages of torchvision's models: the same as ever, whatever the weights, by knowing them and by trying them."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torchvision import models

from core.models.stages import observe, watch
from core.models.torchvision_taps import adapt
from core.models.torchvision_taps.finding import find_stages
from tests.conftest import redraw
from tests.core.small_models import Flip

WHOLE = {
    "alexnet": (96, ["features.1", "features.4", "features.11", "features", "avgpool"]),
    "vgg11": (64, ["features.4", "features.9", "features.14", "features.19", "features", "avgpool"]),
    "vgg16_bn": (64, ["features.12", "features.22", "features.32", "features.42", "features", "avgpool"]),
    "squeezenet1_0": (96, ["features.1", "features.5", "features.10", "features"]),
    "squeezenet1_1": (96, ["features.1", "features.4", "features.7", "features"]),
    "googlenet": (96, ["conv1", "conv3", "inception3b", "inception4e", "inception5b"]),
    "inception_v3": (139, ["Conv2d_1a_3x3", "Conv2d_2b_3x3", "Conv2d_3b_1x1", "Conv2d_4a_3x3", "Mixed_5d", "Mixed_6e",
                           "Mixed_7c"]),
    "mnasnet0_5": (96, ["layers.7", "layers.8", "layers.9", "layers.11", "layers"]),
    "mobilenet_v2": (96, ["features.1", "features.3", "features.6", "features.13", "features"]),
    "mobilenet_v3_large": (96, ["features.1", "features.3", "features.6", "features.12", "features"]),
    "mobilenet_v3_small": (96, ["features.0", "features.1", "features.3", "features.8", "features"]),
    "shufflenet_v2_x0_5": (96, ["conv1", "maxpool", "stage2", "stage3", "conv5"]),
    "efficientnet_b0": (96, ["features.1", "features.2", "features.3", "features.5", "features"]),
    "efficientnet_v2_s": (96, ["features.1", "features.2", "features.3", "features.5", "features"]),
    "convnext_tiny": (96, ["features.1", "features.3", "features.5", "features"]),
    "densenet121": (96, ["features.relu0", "features.denseblock1", "features.denseblock2", "features.denseblock3",
                         "features"]),
    "resnet18": (96, ["relu", "layer1", "layer2", "layer3", "layer4"]),
    "resnet50": (96, ["relu", "layer1", "layer2", "layer3", "layer4"]),
    "resnext50_32x4d": (96, ["relu", "layer1", "layer2", "layer3", "layer4"]),
    "regnet_x_400mf": (96, ["stem", "trunk_output.block1", "trunk_output.block2", "trunk_output.block3",
                            "trunk_output"]),
    "regnet_y_400mf": (96, ["stem", "trunk_output.block1", "trunk_output.block2", "trunk_output.block3",
                            "trunk_output"]),
}  # fmt: skip
"""The stages of torchvision's models as they were before anything was tried, and the side of pictures."""

HEAVY = {"vgg16_bn", "efficientnet_v2_s", "resnext50_32x4d", "inception_v3", "densenet121", "convnext_tiny", "resnet50"}


def whole(name: str) -> tuple[nn.Module, Tensor]:
    inception = {"aux_logits": False, "init_weights": True, "transform_input": False}
    settings = inception if name in ("googlenet", "inception_v3") else {}
    torch.manual_seed(0)
    module = models.get_model(name, weights=None, num_classes=3, **settings)
    return adapt(module).eval().requires_grad_(False), torch.zeros(1, 3, WHOLE[name][0], WHOLE[name][0])


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.slow] * (name in HEAVY)) for name in WHOLE])
def test_torchvisions_stages_stay_whatever_the_weights_and_trying_them_gives_the_same(name: str) -> None:
    module, x = whole(name)
    if name != "inception_v3":  # with fresh weights a change anywhere moves all of its last cells in the same way
        assert list(watch(module, x, observe(module, x), lambda one: False).stages) == WHOLE[name][1]
    found = find_stages(redraw(module, 3), x)
    assert list(found.stages) == WHOLE[name][1] and found.notes == ()


def test_a_known_architecture_is_not_believed_where_parts_were_changed() -> None:
    module, x = whole("resnet18")
    module.layer4 = nn.Sequential(module.layer4, Flip())
    found = find_stages(module, x)
    assert list(found.stages) == ["relu", "layer1", "layer2", "layer3", "layer4.0"]
    module.fc = nn.Sequential(nn.Dropout(), nn.Linear(512, 3))
    module.layer4 = module.layer4[0]
    assert list(find_stages(module.eval(), x).stages) == WHOLE["resnet18"][1]


def test_a_known_architecture_within_another_is_believed_where_it_gets_the_picture() -> None:
    module, x = whole("mobilenet_v3_small")
    redraw(module, 3)  # whose own stages cannot be told by trying
    names = ["0", *(f"1.{name}" for name in WHOLE["mobilenet_v3_small"][1])]  # the picture itself is a grid as well
    assert list(find_stages(nn.Sequential(nn.Identity(), module), x).stages) == names
    assert not set(names[-1:]) & set(find_stages(nn.Sequential(Flip(), module), x).stages)
