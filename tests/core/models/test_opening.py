"""Checkpoints and bare state dicts open without a card: the architecture is recognized, or asked for in a sentence."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
import timm
import torch
from torch import nn

import core
from core.models.user_models import recognition, recognizable
from tests.conftest import redraw
from tests.core.models.saved_models import (
    LABELS,
    PREPARED,
    TIMM,
    TORCHVISION,
    bare,
    lightning,
    refusal,
    same,
    save_transformers,
    timm_model,
    torchvision_model,
    transformers_model,
)

ALL = [*(f"timm/{name}" for name in TIMM), *(f"torchvision/{name}" for name in TORCHVISION)]


def model(architecture: str) -> nn.Module:
    family, _, name = architecture.partition("/")
    return (timm_model if family == "timm" else torchvision_model)(name)


@pytest.mark.parametrize("architecture", ALL)
def test_checkpoints_and_state_dicts_give_the_same_logits(architecture: str, tmp_path: Path):
    module = model(architecture)
    files = {"last.ckpt": lightning(module, "net."), "weights.safetensors": bare(module)}
    for name, data in files.items():
        classifier = core.open_files({name: data}, device="cpu")
        assert classifier.card.architecture == architecture and same(classifier, module), name
        assert classifier.card.classes == ("class 0", "class 1", "class 2")
    (tmp_path / "last.ckpt").write_bytes(files["last.ckpt"])
    side = 160 if architecture == "timm/test_vit" else 96
    named = core.open_files({"last.ckpt": files["last.ckpt"]}, architecture, LABELS, size=side, device="cpu")
    assert named.card.classes == LABELS and named.card.size == side
    assert core.load(f"file:{tmp_path / 'last.ckpt'}", "cpu").card.classes == ("class 0", "class 1", "class 2")


def test_what_is_assumed_is_listed_and_reported():
    files = {"a.safetensors": bare(timm_model("test_resnet"))}
    missing = core.missing_facts(files)
    assert [one.field for one in missing] == ["architecture", "classes", "size", "normalization"]
    assert missing[0].assumed == "timm/test_resnet" and missing[1].assumed == ("class 0", "class 1", "class 2")
    settings = timm.get_pretrained_cfg("test_resnet")
    assert missing[2].assumed == settings.input_size[-1] and missing[3].assumed == (settings.mean, settings.std)
    notes = list(map(str, core.open_files(files, device="cpu").notes))
    assert all(str(one.sentence) in notes for one in missing)
    stated = core.open_files(files, "timm/test_resnet", LABELS, size=64, mean=(0.1,) * 3, std=(0.2,) * 3, device="cpu")
    assert not any(str(one.sentence) in map(str, stated.notes) for one in missing) and stated.card.mean == (0.1,) * 3


def test_the_side_of_a_transformers_pictures_is_that_of_its_positions():
    module = redraw(timm.create_model("test_vit", num_classes=3, img_size=96), 2).eval()
    classifier = core.open_files({"weights.safetensors": bare(module)}, device="cpu")
    assert classifier.card.size == 96 and same(classifier, module)
    assert "The position embeddings of the upload are for 96 pixels" in refusal(
        {"weights.safetensors": bare(module)}, "timm/test_vit", size=160
    )


def test_what_cannot_be_opened_is_reported():
    own = nn.Sequential(nn.Flatten(), nn.Linear(48, 3))
    files = {"own.safetensors": bare(own)}
    assert "is not recognized. Name it, such as torchvision/resnet18" in refusal(files)
    assert "timm/resnet18" in core.missing_facts(files)[0].choices
    assert "do not match its architecture" in refusal(files, "torchvision/squeezenet1_1")
    assert "There is no architecture 'resnet18'" in refusal(files, "resnet18")
    assert "timm has no architecture 'resnet1'" in refusal(files, "timm/resnet1")
    assert "torchvision has no classification model 'x'" in refusal(files, "torchvision/x")
    fits = {"a.safetensors": bare(timm_model("test_resnet"))}
    assert "has 3 outputs, but 2 classes are named" in refusal(fits, "timm/test_resnet", LABELS[:2])
    assert "names a class twice" in refusal(fits, "timm/test_resnet", ("a", "b", "a"))
    assert "needs 'size'" in refusal(fits, "timm/test_resnet", LABELS, size=10**6)
    assert "needs 'std'" in refusal(fits, "timm/test_resnet", LABELS, mean=(0.5,) * 3, std=(0.0,) * 3)
    assert "There are several files of weights in the upload: a.safetensors, b.ckpt" in refusal(fits | {"b.ckpt": b"x"})
    assert "open_files takes a dict from file names to the bytes of the files" in refusal({})
    assert "There are no weights in the upload" in refusal({"notes.txt": b"x"})


@pytest.mark.parametrize("name", ["model.safetensors", "pytorch_model.bin"])
def test_weights_of_a_folder_without_its_configuration_are_recognized_by_their_name(name: str, tmp_path: Path):
    files = {name: bare(transformers_model("ViT"))}
    told = f"config.json is missing, which transformers and timm save in the same folder as {name}. Add it, or name"
    assert refusal(files).startswith(told) and core.missing_facts(files)[0].sentence.startswith(told)
    (tmp_path / name).write_bytes(files[name])
    for path in (tmp_path, tmp_path / name):
        with pytest.raises(core.InvalidInput, match=told):
            core.load(f"file:{path}", "cpu")


def test_what_the_caller_or_a_file_states_is_named_in_a_refusal(tmp_path: Path):
    """There is no card, so none is to be corrected."""
    module = transformers_model("ViT")
    folder = save_transformers(module, tmp_path / "vit")
    files = {one.name: one.read_bytes() for one in folder.iterdir()}
    assert refusal(files, std=(0.0,) * 3).startswith("What is stated about the model needs 'std': three numbers above")
    assert refusal(files, size=40).endswith("Give the size that it was trained with.")
    wrong = files | {"preprocessor_config.json": json.dumps(PREPARED | {"image_std": 0}).encode()}
    assert refusal(wrong).startswith("preprocessor_config.json of the upload needs 'image_std': a number above zero")
    wrong["processor_config.json"] = wrong.pop("preprocessor_config.json")
    assert refusal(wrong).startswith("processor_config.json of the upload needs 'image_std'")


@pytest.mark.parametrize("name", ["torchvision/resnet18", "timm/vit_tiny_patch16_224", "timm/resnet18"])
def test_the_table_of_digests_is_that_of_the_installed_libraries(name: str):
    groups = recognition.groups_of(recognizable.own_digest(name))
    twin = name.replace("timm/", "torchvision/")
    assert any({name, twin} & set(group) for group in groups) and name in recognition.names()
    assert groups in recognition.groups_in_other_parts(recognizable.own_digest(name, parts=False))


def test_every_architecture_that_is_recognized_exists():
    names = recognition.names()
    assert len(names) > 1300 and len(set(names)) == len(names)
    assert {name.partition("/")[2] for name in recognition.names() if name.startswith("timm/")} <= set(
        timm.list_models()
    )


def test_the_hyperparameters_of_a_checkpoint_state_classes_and_size() -> None:
    """Only plain lists and numbers that match the weights; what the caller states precedes them."""
    module = model("timm/test_resnet")
    stated = {"class_names": list(LABELS), "image_size": 96, "lr": 0.1}
    files = {"last.ckpt": lightning(module, "net.", **stated)}
    found = core.open_files(files, "timm/test_resnet", device="cpu")
    assert found.card.classes == LABELS and found.card.size == 96 and same(found, module)
    assert any("states class_names, image_size in its hyperparameters" in note for note in found.notes)
    assert {"classes", "size"}.isdisjoint(one.field for one in core.missing_facts(files, "timm/test_resnet"))
    named = core.open_files(files, "timm/test_resnet", ("a", "b", "c"), size=64, device="cpu")
    assert named.card.classes == ("a", "b", "c") and named.card.size == 64
    for wrong in ({"classes": ["a", "b"]}, {"classes": [1, 2, 3]}, {"classes": "abc"}, {"image_size": -1}):
        other = core.open_files({"a.ckpt": lightning(module, "net.", **wrong)}, "timm/test_resnet", device="cpu")
        assert other.card.classes[0] == "class 0" and not any("hyperparameters" in note for note in other.notes)


@pytest.mark.parametrize(
    ("stated", "names", "fields"),
    [
        ({"mean": [0.1, 0.2, 0.3], "std": [0.4, 0.5, 0.6]}, "mean, std",
         {"mean": (0.1, 0.2, 0.3), "std": (0.4, 0.5, 0.6)}),
        ({"data": {"image_mean": (0.5,) * 3, "image_std": 0.25}}, "image_mean, image_std",
         {"mean": (0.5,) * 3, "std": (0.25,) * 3}),
        ({"pixel_mean": [127.5] * 3, "pixel_std": [51.0] * 3}, "pixel_mean, pixel_std",
         {"mean": (0.5,) * 3, "std": (0.2,) * 3}),
        ({"norm_mean": torch.full((3,), 0.5), "norm_std": torch.full((3,), 0.5)}, "norm_mean, norm_std",
         {"mean": (0.5,) * 3, "std": (0.5,) * 3}),
        ({"img_size": [96, 96], "resize": 112, "interpolation": "bicubic"}, "img_size, resize, interpolation",
         {"size": 96, "resize": 112, "interpolation": "bicubic"}),
        ({"img_size": 96, "crop_pct": 0.5}, "img_size, crop_pct", {"size": 96, "resize": 192}),
        ({"mean": [0.1, 0.2, 0.3]}, "", {"mean": (0.5,) * 3}),
        ({"mean": "grey", "std": [0, 0, 0]}, "", {"mean": (0.5,) * 3}),
        ({"resize": 8, "crop_pct": 7, "interpolation": "magic"}, "", {"resize": None}),
    ],
)  # fmt: skip
def test_the_hyperparameters_of_a_checkpoint_state_the_preprocessing(
    stated: dict[str, object], names: str, fields: dict[str, object]
) -> None:
    module = model("timm/test_resnet")
    files = {"last.ckpt": lightning(module, "net.", lr=0.1, **stated)}
    found = core.open_files(files, "timm/test_resnet", LABELS, device="cpu")
    for key, value in fields.items():
        assert getattr(found.card, key) == (pytest.approx(value) if isinstance(value, tuple) else value)
    notes = [str(note) for note in found.notes if "hyperparameters" in str(note)]
    assert notes == (
        [f"The file of the weights states {names} in its hyperparameters, which are used."] if names else []
    )
    assert any("do not state mean and std" in str(note) for note in found.notes) is ("std" not in fields)
    told = core.open_files(files, "timm/test_resnet", LABELS, mean=(0.7,) * 3, std=(0.3,) * 3, device="cpu")
    assert told.card.mean == (0.7,) * 3, "what the caller states precedes them"


def test_the_hyperparameters_of_the_data_are_read_as_well() -> None:
    module = model("timm/test_resnet")
    content = torch.load(io.BytesIO(lightning(module, "net.")), weights_only=False)
    content["datamodule_hyper_parameters"] = {"image_size": 96, "mean": [0.3] * 3, "std": [0.2] * 3}
    file = io.BytesIO()
    torch.save(content, file)
    found = core.open_files({"last.ckpt": file.getvalue()}, "timm/test_resnet", LABELS, device="cpu")
    assert (found.card.size, found.card.mean, found.card.std) == (96, (0.3,) * 3, (0.2,) * 3)
