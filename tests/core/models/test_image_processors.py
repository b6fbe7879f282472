"""Pictures are prepared as transformers' own image processors prepare them, for each architecture of classifiers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from torch import nn
from transformers import AutoImageProcessor
from transformers.models.auto import image_processing_auto as auto

import core
from core.classifier import Classifier
from core.images import open_image
from core.models.libraries.described import ASSUMED, CHANNELS, FLIPPED, SQUASHED, UNSIZED, describe
from core.models.libraries.image_processors import interpolation, moments, settled, side
from tests.benchmarks.coverage_models import NAMED, TRANSFORMERS
from tests.core.models.saved_models import PREPARED, transformers_model

CHANGED: dict[str, tuple[dict[str, Any], ...]] = {
    "MobileViT": ({"size": {"shortest_edge": 96}, "crop_size": {"height": 80, "width": 80}},
                  {"size": {"shortest_edge": 96}, "crop_size": {"height": 80, "width": 80}, "do_normalize": True}),
    "MobileViTV2": ({"size": {"shortest_edge": 288}, "do_normalize": False},
                    {"size": {"shortest_edge": 288}, "do_flip_channel_order": False}),
    "Levit": ({}, {"size": {"shortest_edge": 96}, "crop_size": {"height": 80, "width": 80}}),
    "PoolFormer": ({}, {"crop_pct": 0.75}, {"crop_pct": None}),
    "ConvNext": ({}, {"size": {"shortest_edge": 224}}, {"size": {"shortest_edge": 224}, "crop_pct": 0.8}),
    "ViT": ({}, {"do_normalize": False}, {"do_rescale": False, "do_normalize": False}),
    "Beit": ({}, {"do_center_crop": True, "size": {"height": 256, "width": 256}}),
}  # fmt: skip
"""Settings with which a processor is saved, in place of its defaults."""
CUT = ("Siglip2",)
"""Their processors cut the picture into patches; ``test_cut_pictures`` compares these."""
CASES = [(kind, change) for kind in TRANSFORMERS if kind not in CUT for change in CHANGED.get(kind, ({},))]


def saved(kind: str, change: dict[str, Any], folder: Path) -> nn.Module:
    """The configuration and the image processor of an architecture in a folder; returns a model of it, unloaded."""
    made = getattr(transformers, f"{kind}ForImageClassification")
    with torch.device("meta"):
        module = made(made.config_class(**TRANSFORMERS[kind], **NAMED))
    module.config.save_pretrained(folder)
    names = auto.IMAGE_PROCESSOR_MAPPING_NAMES.get(module.config.model_type, {"pil": "BitImageProcessor"})
    name = next(one for one in names.values() if one and not one.endswith("Pil"))
    auto.get_image_processor_class_from_name(name)(**change).save_pretrained(folder)
    return module


def theirs(folder: Path, pixels: np.ndarray, **settings: str) -> np.ndarray:
    """A picture (h, w, 3) as the processor of a folder prepares it."""
    processor = AutoImageProcessor.from_pretrained(folder, **settings)
    return np.asarray(processor(pixels, return_tensors="pt")["pixel_values"][0])


def pictures(width: int) -> np.ndarray:
    """Smooth waves, 300 pixels high, so that kinds of interpolation hardly differ."""
    y, x = np.mgrid[:300, :width] / 300
    waves = np.stack([np.sin(5 * x + 3 * y), np.cos(7 * y), np.sin(4 * x - 6 * y)], -1)
    return (127.5 * (1 + 0.9 * waves)).astype(np.uint8)


@pytest.mark.parametrize(("kind", "change"), CASES, ids=lambda one: str(one) if one else "")
def test_a_picture_is_prepared_as_by_the_models_own_processor(kind: str, change: dict[str, Any], tmp_path: Path):
    module = saved(kind, change, tmp_path)
    prepared = json.loads((tmp_path / "preprocessor_config.json").read_text())
    assert_prepared(module, prepared, tmp_path)


def assert_prepared(module: nn.Module, prepared: dict[str, Any], folder: Path) -> None:
    """Compare a picture that is prepared by settings with what the processor of a folder makes of it."""
    card = describe(module, "hf/x", prepared)
    squashed = SQUASHED in card.facts[ASSUMED]
    pixels = pictures(300 if squashed else 400)
    found = Classifier(card, nn.Identity(), torch.device("cpu")).prepare(open_image(pixels, name="waves"))[0].numpy()
    found = found[::-1] if card.facts.get(CHANNELS) == FLIPPED else found
    expected = theirs(folder, pixels)
    assert found.shape == expected.shape
    spread = float(np.ptp(expected))
    assert np.abs(found - expected).mean() < 0.003 * spread and np.abs(found - expected).max() < 0.03 * spread


LITTLE: dict[str, dict[str, Any]] = dict.fromkeys(("MobileViT", "MobileViTV2"), {"size": {"shortest_edge": 288}})
"""What a file states where the defaults would put a border around the picture."""
KNOWN = [kind for kind in TRANSFORMERS if kind not in ("Dinov2WithRegisters", *CUT)]
"""Architectures whose processor transformers knows without a name in its file."""


@pytest.mark.parametrize("whole", [False, True], ids=["empty", "a number as the size"])
@pytest.mark.parametrize("kind", KNOWN)
def test_what_a_file_does_not_state_is_as_in_the_models_own_processor(kind: str, whole: bool, tmp_path: Path):
    module = saved(kind, {}, tmp_path)
    prepared = LITTLE.get(kind, {}) | ({"size": 288} if whole else {})
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(prepared))
    assert_prepared(module, prepared, tmp_path)


def noise(height: int, width: int) -> np.ndarray:
    """Each pixel differs from its neighbors, so that kinds of interpolation do."""
    return np.random.default_rng(2).integers(0, 256, (height, width, 3), np.uint8)


def ours(module: nn.Module, prepared: dict[str, Any], pixels: np.ndarray) -> np.ndarray:
    """A picture (h, w, 3) as it is prepared by the settings of a file."""
    card = describe(module, "hf/x", prepared)
    return Classifier(card, nn.Identity(), torch.device("cpu")).prepare(open_image(pixels, name="noise"))[0].numpy()


@pytest.mark.parametrize("code", range(6))
@pytest.mark.parametrize("kind", ["ViT", "CLIP"])
def test_a_picture_is_resized_by_the_stated_filter(kind: str, code: int, tmp_path: Path):
    """Transformers' processors on tensors have no box and no Hamming filter; those on PIL have all."""
    module = saved(kind, {"resample": code}, tmp_path)
    prepared = json.loads((tmp_path / "preprocessor_config.json").read_text())
    assert prepared["resample"] == code
    pixels = noise(300, 300)
    expected, found = theirs(tmp_path, pixels, backend="pil"), ours(module, prepared, pixels)
    assert np.abs(found - expected).max() < 1e-5
    other = ours(module, prepared | {"resample": (code + 1) % 6}, pixels)
    assert np.abs(other - expected).mean() > 0.01


@pytest.mark.parametrize("stated", [None, "bicubic", 9, [3]])
def test_an_unknown_filter_is_bicubic(stated: object):
    assert interpolation({"resample": stated}) == interpolation({}) == "bicubic"


ZEROS: tuple[dict[str, Any], ...] = (
    {"image_mean": 0.0}, {"image_mean": [0, 0, 0], "image_std": 2}, {"do_normalize": False}, {"do_rescale": False},
    {"do_resize": False}, {"do_resize": False, "do_center_crop": False}, {"do_resize": False, "do_center_crop": True},
)  # fmt: skip
"""Settings that are zero or false."""


@pytest.mark.parametrize("change", ZEROS, ids=str)
@pytest.mark.parametrize("kind", ["ViT", "CLIP"])
def test_what_is_stated_as_zero_or_false_holds(kind: str, change: dict[str, Any], tmp_path: Path):
    module = saved(kind, {}, tmp_path)
    path, side = tmp_path / "preprocessor_config.json", 64
    size = {"size": {"height": side, "width": side}} if kind == "ViT" else {"size": {"shortest_edge": side}}
    prepared = json.loads(path.read_text()) | size | {"crop_size": {"height": side, "width": side}} | change
    path.write_text(json.dumps(prepared))
    pixels = noise(side, side) if prepared["do_resize"] is False else noise(300, 300)
    expected, found = theirs(tmp_path, pixels, backend="pil"), ours(module, prepared, pixels)
    assert found.shape == expected.shape and np.abs(found - expected).max() < 1e-5 * np.abs(expected).max()
    stated = describe(module, "hf/x", prepared).facts[ASSUMED]
    assert (UNSIZED in stated) is not prepared["do_resize"] and not (UNSIZED in stated and SQUASHED in stated)


@pytest.mark.parametrize(
    "stated", ["MobileViTFeatureExtractor", "MobileViTImageProcessor", "MobileViTImageProcessorFast", None]
)
@pytest.mark.parametrize("kind", ["mobilevit", "mobilevitv2"])
def test_older_files_of_mobilevit_do_not_say_that_it_does_not_normalize(kind: str, stated: str | None):
    file = {"size": {"shortest_edge": 288}, "crop_size": 256} | ({"image_processor_type": stated} if stated else {})
    found = settled(file, kind)
    assert moments(found) == ((0, 0, 0), (1, 1, 1)) and found["do_flip_channel_order"]


def test_settings_that_a_file_does_not_state_are_its_processors():
    assert moments(settled({}, "vit"))[0] == (0.5,) * 3 and settled({}, "unknown") == {}
    older = settled({"feature_extractor_type": "ViTFeatureExtractor"}, "deit")
    assert moments(older) == ((0.5,) * 3, (0.5,) * 3)
    assert settled({"image_processor_type": "LevitImageProcessor", "size": 224}, "")["size"] == {"shortest_edge": 256}
    assert settled({"image_processor_type": "ConvNextFeatureExtractor", "crop_pct": 0.9}, "")["crop_pct"] == 0.9
    assert moments(settled({"do_normalize": False}, "swin")) == ((0, 0, 0), (1, 1, 1))


@pytest.mark.parametrize("form", ["nested", "nested before an older file", "at the top"])
def test_settings_in_the_file_of_all_processors_are_read(form: str, tmp_path: Path):
    """As transformers reads them from that folder; the same files may be uploaded."""
    module = transformers_model("ViT")
    module.save_pretrained(tmp_path)
    stated = PREPARED | {"image_processor_type": "ViTImageProcessor", "image_mean": [0.1, 0.2, 0.3]}
    nested = form.startswith("nested")
    whole = {"image_processor": stated, "processor_class": "CLIPProcessor"} if nested else stated
    (tmp_path / "processor_config.json").write_text(json.dumps(whole))
    if form == "nested before an older file":
        (tmp_path / "preprocessor_config.json").write_text(json.dumps(PREPARED))
    if nested:
        expected = theirs(tmp_path, noise(32, 32))
    else:
        expected = transformers.ViTImageProcessor(**stated)(noise(32, 32), return_tensors="np")["pixel_values"][0]
    files = {one.name: one.read_bytes() for one in tmp_path.iterdir()}
    for classifier in (core.load(f"file:{tmp_path}", "cpu"), core.open_files(files, device="cpu")):
        found = classifier.prepare(open_image(noise(32, 32), name="noise"))[0].numpy()
        np.testing.assert_allclose(found, expected, atol=1e-5)
        assert not any("not stored" in note for note in classifier.notes)
    assert core.missing_facts(files) == ()


def test_a_file_of_other_processors_states_no_preprocessing(tmp_path: Path):
    transformers_model("ViT").save_pretrained(tmp_path)
    (tmp_path / "processor_config.json").write_text('{"processor_class": "CLIPProcessor"}')
    assert any("not stored" in note for note in core.load(f"file:{tmp_path}", "cpu").notes)


@pytest.mark.parametrize("size", [{"shortest_edge": 48}, {"height": 224, "width": 224}, 96], ids=str)
def test_a_stated_size_that_the_model_does_not_accept_is_replaced_by_its_own(size: object, tmp_path: Path):
    for kind, own in (("ViT", 32), ("ConvNext", side(size))):  # convolutions accept any
        folder = tmp_path / kind
        transformers_model(kind).save_pretrained(folder)
        (folder / "preprocessor_config.json").write_text(json.dumps(PREPARED | {"size": size, "crop_pct": 1}))
        found = core.load(f"file:{folder}", "cpu")
        replaced = [note for note in found.notes if "which the model does not accept" in note]
        assert found.card.size == own and len(replaced) == (kind == "ViT")
        assert all(f"{side(size)} × {side(size)}" in note and "32 × 32" in note for note in replaced)
