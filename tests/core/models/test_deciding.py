"""Which architecture bare weights have: what their file states, what fits, and what computes something else."""

from __future__ import annotations

import io
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path

import pytest
import timm
import torch
from torch import nn
from torchvision import models

import core
from core.models.naming import nearest, nearest_to_file
from core.models.user_models import recognition, recognizable
from tests.conftest import redraw
from tests.core.models.saved_models import bare, lightning, refusal, same
from tests.core.refusals import refusal as refusal_of


def stored(module: nn.Module, key: str = "state_dict", **more: object) -> dict[str, bytes]:
    """A checkpoint of a training script."""
    file = io.BytesIO()
    torch.save({key: module.state_dict(), "epoch": 3, **more}, file)
    return {"last.pth.tar": file.getvalue()}


def hyper(module: nn.Module, **parameters: object) -> dict[str, bytes]:
    return {"last.ckpt": lightning(module, "net.", **parameters)}


def of_timm(name: str) -> nn.Module:
    return redraw(timm.create_model(name, num_classes=3), 2).eval()


STATED: Mapping[str, object] = {
    "the entry arch": lambda module, name: stored(module, arch=name),
    "arch and arguments of timm": lambda module, name: stored(module, arch=name, args=Namespace(model=name, lr=0.1)),
    "arguments of torchvision": lambda module, name: stored(module, "model", args=Namespace(model=name)),
    "arguments in a dict": lambda module, name: stored(module, args={"arch": name}),
    "model_name": lambda module, name: stored(module, model_name=f"timm/{name}"),
    "hyperparameters of Lightning": lambda module, name: hyper(module, model_name=name, lr=0.1),
    "a group of hyperparameters": lambda module, name: hyper(module, model={"name": f"hf-hub:timm/{name}.a1_in1k"}),
}


@pytest.mark.parametrize("how", STATED)
def test_the_architecture_that_a_checkpoint_states_decides(how: str) -> None:
    """``resnetblur18`` has the tensors of ``resnet18``, and other logits."""
    module = of_timm("resnetblur18")
    files = STATED[how](module, "resnetblur18")
    assert "architecture" not in [one.field for one in core.missing_facts(files)]
    found = core.open_files(files, device="cpu")
    assert found.card.architecture == "timm/resnetblur18" and same(found, module)
    assert any("states the architecture timm/resnetblur18 (" in str(note) for note in found.notes)


def test_an_architecture_without_a_known_head_is_used_if_its_file_states_it() -> None:
    module = redraw(models.squeezenet1_1(num_classes=3), 2).eval()
    found = core.open_files(stored(module, arch="squeezenet1_1"), device="cpu")
    assert found.card.architecture == "torchvision/squeezenet1_1" and same(found, module)


def test_a_stated_architecture_that_does_not_match_is_reported_and_not_used() -> None:
    module = redraw(models.resnet18(num_classes=3), 2).eval()
    files = stored(module, arch="resnet50")
    found = core.open_files(files, device="cpu")
    assert found.card.architecture == "torchvision/resnet18" and same(found, module)
    assert any("states the architecture torchvision/resnet50 (arch), which its tensors do not" in str(note)
               for note in found.notes)  # fmt: skip
    plain = core.open_files(stored(module, arch="my-own", args=Namespace(model=3)), device="cpu")
    assert not any("states the architecture" in str(note) for note in plain.notes)


def test_others_that_fit_and_compute_something_else_are_named() -> None:
    module = of_timm("resnetaa50")
    files = {"weights.safetensors": bare(module)}
    first = core.missing_facts(files)[0]
    assert first.assumed == "torchvision/resnet50" and {"timm/resnetaa50", "timm/resnetblur50"} <= set(first.choices)
    assert "timm/resnet50" not in first.choices, "it computes what torchvision's does"
    assert "These weights also fit resnetaa50, resnetblur50 of timm, which would give other predictions." in (
        str(first.sentence).replace("resnetaa50, resnetaa50, ", "resnetaa50, ")
    )
    assumed = core.open_files(files, device="cpu")
    assert not same(assumed, module) and any("also fit resnetaa50" in str(note) for note in assumed.notes)
    chosen = core.open_files(files, "timm/resnetaa50", device="cpu")
    assert same(chosen, module) and not any("also fit" in str(note) for note in chosen.notes)


@pytest.mark.parametrize("name", ["efficientnet_lite0", "mobilenetv3_small_100"])
def test_architectures_with_the_same_weights_are_requested(name: str) -> None:
    """Some models of timm differ from TensorFlow's only in their padding, which is not stored."""
    module = of_timm(f"tf_{name}")
    files = {"weights.safetensors": bare(module)}
    (question,) = core.missing_facts(files)
    assert question.field == "architecture" and question.assumed is None
    assert {f"timm/{name}", f"timm/tf_{name}"} <= set(question.choices)
    assert f"match several architectures: timm/{name}, timm/tf_{name}. Choose the one" in refusal(files)
    assert same(core.open_files(files, f"timm/tf_{name}", device="cpu"), module)


def test_of_architectures_that_compute_the_same_that_of_the_stored_side_is_taken() -> None:
    module = redraw(timm.create_model("vit_base_patch32_384", num_classes=3, depth=12), 2).eval()
    first = core.missing_facts({"weights.safetensors": bare(module)})[0]
    assert first.assumed in (None, "timm/vit_base_patch32_384")
    assert "timm/vit_base_patch32_224" not in first.choices


def test_architectures_are_grouped_by_what_they_compute() -> None:
    """The stored groups are those that a computation finds."""
    for name in ("timm/resnet18", "timm/efficientnet_lite0"):
        stored = [set(group) for group in recognition.groups_of(recognizable.own_digest(name))]
        names = sorted({one for group in stored for one in group} | {name})
        settings = {one: recognizable.settings_of(recognizable.build(one)) for one in names}
        found = [set(group) for group in recognizable.grouped(names, settings)]
        assert len(found) > 1 and all(any(one <= group for group in found) for one in stored)


def test_the_nearest_names_are_suggested() -> None:
    names = [f"timm/{name}" for name in timm.list_models()]
    assert nearest("vit_small", names)[0].startswith("timm/vit_small_patch")
    assert "timm/resnet50" in nearest("ResNet-50", names) and nearest("?", names) == []
    assert "timm/convnext_tiny" in nearest("convnext_tinny", names)
    assert nearest_to_file("resnet50-0676ba61.pth", names)[0] == "timm/resnet50"
    assert nearest_to_file("model.safetensors", names) == nearest_to_file("last.ckpt", names) == []


def test_weights_that_are_not_recognized_suggest_the_names_nearest_to_what_is_stated() -> None:
    own = nn.Sequential(nn.Flatten(), nn.Linear(48, 3))
    told = refusal(stored(own, arch="convnext_tinny"))
    assert "is not recognized. The most similar names are " in told and "convnext_tiny" in told
    told = refusal({"vit_small_patch16_224-best.safetensors": bare(own)})
    assert "The most similar names are timm/vit_small_patch16_224" in told
    assert core.missing_facts(stored(own, arch="resnet18"))[0].choices[0].endswith("/resnet18")
    assert "There is no architecture 'resnet50'. Name one such as " in (told := refusal(stored(own), "resnet50"))
    assert "timm/resnet50" in told
    with pytest.raises(core.InvalidInput, match="timm/convnext_tiny"):
        core.load("convnext_tinny", "cpu")


def test_the_address_of_a_file_states_what_the_file_does_not(tmp_path: Path) -> None:
    module = of_timm("tf_mobilenetv3_small_100")
    path = tmp_path / "best.safetensors"
    path.write_bytes(bare(module))
    slug = f"file:{path}"
    question = refusal_of(core.load, slug, "cpu")
    assert question.endswith(f"Add it to the address: {slug}?architecture=timm/mobilenetv3_small_100.")
    assert "In Python: core.open_files(files, architecture='timm/mobilenetv3_small_100')." in refusal(
        {path.name: bare(module)}
    )
    stated = f"{slug}?architecture=timm/tf_mobilenetv3_small_100"
    found = core.load(f"{stated}&classes=a+cat|a dog|50%25&size=64", "cpu")
    assert same(found, module) and (found.card.classes, found.card.size) == (("a cat", "a dog", "50%"), 64)
    for address, classes in ((stated, ("x", "y&z", "ü|?")), (f"{stated}&size=96", ("a cat", "b", "c"))):
        named = core.load(address, "cpu", classes=classes)
        assert named.card.classes == classes and same(named, module)
        assert core.load(named.card.slug, "cpu").card.classes == classes, "the slug holds them"
    assert "has 3 outputs, but 2" in refusal_of(core.load, stated, "cpu", classes=("x", "y"))
    for wrong in ("architecture", "architecture=", "size=big", "mean=0.5", "size=64&size=96", ""):
        assert f"'{wrong}' cannot be read. Write it like this: file:" in refusal_of(core.load, f"{slug}?{wrong}", "cpu")
    odd = tmp_path / "a?size=64.safetensors"
    odd.write_bytes(bare(of_timm("test_resnet")))
    assert core.load(f"file:{odd}", "cpu").card.size == 160
    assert "There is no file or folder" in refusal_of(core.load, f"file:{tmp_path}/none.pt?size=64", "cpu")
