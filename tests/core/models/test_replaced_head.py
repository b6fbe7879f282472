"""Weights whose last layer has another name than in its architecture, as after fine-tuning."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
import timm
import torch
from torch import Tensor, nn
from torchvision import models

import core
from tests.conftest import redraw
from tests.core.models.saved_models import LABELS, bare, lightning, refusal, same


class WithHead(nn.Module):
    """A backbone without classes and a last layer next to it, as in many training scripts."""

    def __init__(self, name: str, *before: nn.Module):
        super().__init__()
        self.backbone = timm.create_model(name, num_classes=0)
        self.head = nn.Sequential(*before, nn.Linear(self.backbone.num_features, len(LABELS)))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.backbone(x))


def within(name: str, part: str, *layers: nn.Module) -> nn.Module:
    """A model of torchvision whose classifier was replaced."""
    module = models.get_model(name)
    setattr(module, part, nn.Sequential(*layers) if len(layers) > 1 else layers[0])
    return redraw(module, 0).eval()


REPLACED = {
    "a list": (lambda: within("resnet18", "fc", nn.Dropout(0.2), nn.Linear(512, 3)), "torchvision/resnet18", "fc.1"),
    "no list": (
        lambda: within("mobilenet_v2", "classifier", nn.Linear(1280, 3)),
        "torchvision/mobilenet_v2",
        "classifier",
    ),
    "next to a ViT": (lambda: redraw(WithHead("test_vit", nn.Dropout(0.1)), 0).eval(), "timm/test_vit", "head.1"),
    "next to a ResNet": (lambda: redraw(WithHead("test_resnet"), 0).eval(), "timm/test_resnet", "head.0"),
}


@pytest.mark.parametrize("how", REPLACED)
@pytest.mark.parametrize("trained", [False, True])
def test_a_last_layer_with_another_name_is_found(how: str, trained: bool) -> None:
    build, architecture, layer = REPLACED[how]
    module = build()
    files = {"last.ckpt": lightning(module, "net.", lr=0.1)} if trained else {"w.safetensors": bare(module)}
    found = core.open_files(files, classes=LABELS, device="cpu")
    assert found.card.architecture == architecture
    assert same(found, module)
    prefix = "state_dict.net." if trained else ""
    (note,) = [str(one) for one in found.notes if "last layer of the weights" in str(one)]
    assert f"The last layer of the weights, {prefix}{layer}, is used" in note and "dropout" in note


@pytest.mark.parametrize(
    "how",
    [
        lambda: within("resnet18", "fc", nn.Linear(512, 16), nn.ReLU(), nn.Linear(16, 3)),
        lambda: redraw(WithHead("test_vit", nn.LayerNorm(64)), 0).eval(),
        lambda: within("mobilenet_v3_small", "classifier", nn.Linear(576, 3)),
    ],
)
def test_layers_with_weights_that_the_architecture_does_not_have_are_never_left_out(
    how: Callable[[], nn.Module],
) -> None:
    assert "is not recognized" in refusal({"w.safetensors": bare(how())})


def test_losses_and_second_classifiers_do_not_keep_weights_from_being_recognized() -> None:
    module = redraw(models.inception_v3(num_classes=3, aux_logits=True, init_weights=False), 0).eval()
    file = io.BytesIO()
    torch.save({**module.state_dict(), "criterion.weight": torch.ones(3)}, file)
    (architecture, *_) = core.missing_facts({"w.pth": file.getvalue()})
    assert architecture.assumed == "torchvision/inception_v3"


def test_usual_weights_stay_as_they_are() -> None:
    module = redraw(timm.create_model("test_resnet", num_classes=3), 0).eval()
    found = core.open_files({"w.safetensors": bare(module)}, device="cpu")
    assert same(found, module) and not any("last layer" in str(one) for one in found.notes)
