"""Weights of a known network whose parts were put into lists, as ``nn.Sequential(*list(resnet.children())[:-1])``."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import timm
import torch
from torch import Tensor, nn
from torchvision import models

import core
from core.models.user_models.renumbered import lists_in, runs_as_listed
from tests.conftest import redraw
from tests.core.models.saved_models import LABELS, bare, lightning, refusal, same


class Split(nn.Module):
    """Features in a list, and a new last layer."""

    def __init__(self, features: nn.Module, width: int, name: str = "features", *before: nn.Module):
        super().__init__()
        self.name = name
        setattr(self, name, features)
        last = nn.Linear(width, len(LABELS))
        self.classifier = nn.Sequential(*before, last) if before else last

    def forward(self, x: Tensor) -> Tensor:
        y = getattr(self, self.name)(x)
        return self.classifier(y.mean((2, 3)) if y.ndim == 4 else y)


class InLayers(nn.Module):
    """A ResNet whose first layers are in a list, as ``layer0``, and whose others have their names."""

    def __init__(self, own: nn.Module, stem: tuple[str, ...] = ("conv1", "bn1", "relu", "maxpool")):
        super().__init__()
        self.layer0 = nn.Sequential(*(getattr(own, name) for name in stem))
        for name in ("layer1", "layer2", "layer3", "layer4"):
            setattr(self, name, getattr(own, name))
        self.head = nn.Linear(512, len(LABELS))

    def forward(self, x: Tensor) -> Tensor:
        y = self.layer4(self.layer3(self.layer2(self.layer1(self.layer0(x)))))
        return self.head(y.mean((2, 3)))


def children_of(module: nn.Module, end: int, *leave: str) -> nn.Sequential:
    return nn.Sequential(*[one for name, one in list(module.named_children())[:end] if name not in leave])


def network(name: str) -> nn.Module:
    library, _, own = name.partition("/")
    return timm.create_model(own) if library == "timm" else models.get_model(own)


LISTED: dict[str, tuple[str, Callable[[nn.Module], nn.Module]]] = {
    "features and classifier": ("torchvision/resnet18", lambda one: Split(children_of(one, -1), 512)),
    "without its pool": ("timm/test_resnet", lambda one: Split(children_of(one, -2), one.num_features, "backbone")),
    "with dropout": ("timm/regnety_002", lambda one: Split(children_of(one, -1), 368, "body", nn.Dropout(0.1))),
    "one list": (
        "timm/test_resnet",
        lambda one: nn.Sequential(*children_of(one, -1), nn.Linear(one.num_features, len(LABELS))),
    ),
    "a list of lists": (
        "timm/test_resnet",
        lambda one: nn.Sequential(children_of(one, -1), nn.Sequential(nn.Dropout(), nn.Linear(one.num_features, 3))),
    ),
    "the features of a MobileNet": (
        "torchvision/mobilenet_v2",
        lambda one: Split(one.features, 1280, "encoder", nn.Dropout(0.2)),
    ),
    "all of its children": ("torchvision/shufflenet_v2_x0_5", lambda one: Split(children_of(one, -1), 1024)),
    "a first layer": ("torchvision/resnet18", InLayers),
}


@pytest.mark.parametrize("how", LISTED)
@pytest.mark.parametrize("trained", [False, True])
def test_a_network_in_lists_is_recognized_with_the_same_logits(how: str, trained: bool) -> None:
    """The names of safetensors are in the order of the alphabet, those of a checkpoint in that of the module."""
    name, split = LISTED[how]
    module = redraw(split(network(name)), 0).eval()
    files = {"last.ckpt": lightning(module, "net.", lr=0.1)} if trained else {"w.safetensors": bare(module)}
    assert core.missing_facts(files)[0].assumed == name
    found = core.open_files(files, classes=LABELS, device="cpu")
    assert found.card.architecture == name and same(found, module)
    assert any(f"hold the parts of {name} by number" in str(note) for note in found.notes)


OTHERS: dict[str, Callable[[], nn.Module]] = {
    "no pool": lambda: Split(children_of(models.resnet18(), -2, "maxpool"), 512),
    "another order": lambda: Split(nn.Sequential(*reversed(list(models.resnet18().children())[:-1])), 512),
    "a part too few": lambda: Split(children_of(models.resnet18(), -1, "bn1"), 512),
    "a list that fits in many places": lambda: Split(nn.ModuleDict({"0": models.resnet18().bn1}), 512),
    "a first layer without its pool or norm": lambda: InLayers(models.resnet18(), ("conv1", "maxpool")),
    "a norm that has many places": lambda: with_norm(InLayers(models.resnet18(), ("bn1",))),
    "a ReLU that is no child": lambda: Split(children_of(models.densenet121(), -1), 1024),
}


def with_norm(module: nn.Module) -> nn.Module:
    module.conv1 = models.resnet18().conv1
    return module


@pytest.mark.parametrize("how", OTHERS)
def test_what_may_be_another_network_is_not_recognized(how: str) -> None:
    assert "is not recognized" in refusal({"w.safetensors": bare(redraw(OTHERS[how](), 0))})


def test_the_caller_may_state_what_is_not_recognized() -> None:
    """DenseNet has a ReLU after its features, which training code has to repeat."""
    own = models.densenet121()
    module = redraw(Split(nn.Sequential(own.features, nn.ReLU()), 1024), 0).eval()
    found = core.open_files({"w.safetensors": bare(module)}, "torchvision/densenet121", device="cpu")
    assert same(found, module) and any("are assumed to be those of the architecture" in str(one) for one in found.notes)
    assert "do not match its architecture" in refusal({"w.safetensors": bare(module)}, "torchvision/resnet18")


def test_of_networks_with_the_same_parts_the_user_chooses() -> None:
    module = redraw(Split(children_of(timm.create_model("tf_mobilenetv3_small_100"), -1), 1024), 0).eval()
    files = {"w.safetensors": bare(module)}
    (question,) = core.missing_facts(files)
    assert question.assumed is None and "timm/tf_mobilenetv3_small_100" in question.choices
    assert same(core.open_files(files, "timm/tf_mobilenetv3_small_100", device="cpu"), module)


class Between(nn.Module):
    """Two layers with a function between them that is no child, or with a second run of the first."""

    def __init__(self, function: Callable[[Tensor], Tensor], twice: bool = False):
        super().__init__()
        self.first, self.second, self.head = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3, padding=1), nn.Linear(4, 2)
        self.function, self.twice = function, twice

    def forward(self, x: Tensor) -> Tensor:
        y = self.second(self.function(self.first(x)))
        return self.head((self.second(y) if self.twice else y).mean((2, 3)))


@pytest.mark.parametrize(
    ("function", "twice", "same"), [(lambda y: y, False, True), (torch.relu_, False, False), (lambda y: y, True, False)]
)
def test_children_that_do_not_run_in_a_row_are_no_list(function: Callable, twice: bool, same: bool) -> None:
    module = redraw(Between(function, twice), 0).eval()
    names = {"first": "0", "second": "1"}
    shapes = {name: tuple(one.shape) for name, one in module.state_dict().items() if not name.startswith("head")}
    lists = lists_in({f"{names[name.partition('.')[0]]}.{name.partition('.')[2]}": one for name, one in shapes.items()},
                     module)  # fmt: skip
    assert lists is not None and lists[0].children == {0: "first", 1: "second"}
    assert runs_as_listed(module, lists, "head", torch.rand(1, 3, 8, 8)) is same


def test_a_mnasnet_of_torchvision_needs_no_version_in_its_file() -> None:
    module = redraw(models.mnasnet0_5(num_classes=3), 0).eval()
    assert same(core.open_files({"w.safetensors": bare(module)}, device="cpu"), module)
