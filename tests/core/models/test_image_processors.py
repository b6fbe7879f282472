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

from core.classifier import Classifier
from core.images import open_image
from core.models.described import ASSUMED, CHANNELS, FLIPPED, SQUASHED, describe
from core.models.image_processors import moments, settled
from tests.benchmarks.coverage_models import NAMED, TRANSFORMERS

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
CASES = [(kind, change) for kind in TRANSFORMERS for change in CHANGED.get(kind, ({},))]


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


def theirs(folder: Path, pixels: np.ndarray) -> np.ndarray:
    """A picture (h, w, 3) as the processor of a folder prepares it."""
    processor = AutoImageProcessor.from_pretrained(folder)
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
    card = describe(module, "hf/x", prepared)
    squashed = SQUASHED in card.facts[ASSUMED]
    pixels = pictures(300 if squashed else 400)
    found = Classifier(card, nn.Identity(), torch.device("cpu")).prepare(open_image(pixels, name="waves"))[0].numpy()
    found = found[::-1] if card.facts.get(CHANNELS) == FLIPPED else found
    expected = theirs(tmp_path, pixels)
    assert found.shape == expected.shape
    spread = float(np.ptp(expected))
    assert np.abs(found - expected).mean() < 0.003 * spread and np.abs(found - expected).max() < 0.03 * spread


@pytest.mark.parametrize(
    "stated", ["MobileViTFeatureExtractor", "MobileViTImageProcessor", "MobileViTImageProcessorFast", None]
)
@pytest.mark.parametrize("kind", ["mobilevit", "mobilevitv2"])
def test_older_files_of_mobilevit_do_not_say_that_it_does_not_normalize(kind: str, stated: str | None):
    file = {"size": {"shortest_edge": 288}, "crop_size": 256} | ({"image_processor_type": stated} if stated else {})
    found = settled(file, kind)
    assert moments(found) == ((0, 0, 0), (1, 1, 1)) and found["do_flip_channel_order"]


def test_settings_that_a_file_does_not_state_are_its_processors():
    assert settled({}, "vit") == {} and moments(settled({}, "vit"))[0] == (0.485, 0.456, 0.406)
    older = settled({"feature_extractor_type": "ViTFeatureExtractor"}, "deit")
    assert moments(older) == ((0.5,) * 3, (0.5,) * 3)
    assert settled({"image_processor_type": "LevitImageProcessor", "size": 224}, "")["size"] == {"shortest_edge": 256}
    assert settled({"image_processor_type": "ConvNextFeatureExtractor", "crop_pct": 0.9}, "")["crop_pct"] == 0.9
    assert moments(settled({"do_normalize": False}, "swin")) == ((0, 0, 0), (1, 1, 1))
