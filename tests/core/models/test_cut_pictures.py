"""SigLIP 2 takes pictures cut into patches: a square one has the logits of its own processor, with maps and stages."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers
from safetensors.torch import save

import core
from core.images import open_image
from tests.conftest import redraw
from tests.core.models.saved_models import LABELS, NAMED

SMALL = {"hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 64}
PREPARED = {"image_processor_type": "Siglip2ImageProcessor", "patch_size": 8, "max_num_patches": 36,
            "image_mean": [0.5] * 3, "image_std": [0.5] * 3, "resample": 2}  # fmt: skip


@pytest.fixture(scope="module")
def module() -> torch.nn.Module:
    config = transformers.Siglip2Config(
        vision_config=SMALL | {"num_patches": 16, "patch_size": 8}, text_config=SMALL | {"vocab_size": 99}, **NAMED
    )
    return redraw(transformers.Siglip2ForImageClassification(config), 2).eval()


@pytest.fixture
def folder(module: torch.nn.Module, tmp_path: Path) -> Path:
    stated = module.config.to_dict() | {"architectures": ["Siglip2ForImageClassification"]}
    (tmp_path / "config.json").write_text(json.dumps(stated))
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(PREPARED))
    (tmp_path / "model.safetensors").write_bytes(save(module.state_dict(), {"format": "pt"}))
    return tmp_path


def test_a_square_picture_has_the_logits_of_its_own_processor(module: torch.nn.Module, folder: Path) -> None:
    found = core.load(f"file:{folder}", "cpu")
    assert found.card.classes == LABELS and found.card.size == 48, "6 × 6 patches of 8 pixels"
    pixels = (255 * np.random.default_rng(1).uniform(size=(48, 48, 3))).astype(np.uint8)
    processor = transformers.Siglip2ImageProcessor(**{key: one for key, one in PREPARED.items() if "type" not in key})
    with torch.no_grad():
        expected = module(**processor(pixels, return_tensors="pt")).logits[0].numpy()
    reading = core.read(found, open_image(pixels, name="noise"))
    assert np.abs(reading.logits - expected).max() <= 1e-5 * np.ptp(expected)
    assert any("keeps the shape of the picture" in str(note) for note in found.notes)


def test_its_attention_is_shown_and_changed_and_its_blocks_are_stages(module: torch.nn.Module) -> None:
    found = core.adopt(module, None, "cpu")
    assert found.card.size == 32, "4 × 4 patches, as its position embeddings"
    picture = open_image(np.random.default_rng(1).uniform(size=(32, 32, 3)).astype(np.float32), name="noise")
    reading = core.read(found, picture)
    assert len(reading.maps) == 3 and {one.grid for one in reading.maps} == {(4, 4)}
    assert len(found.stages) == 3
    changed = core.intervene(found, picture, {reading.maps[0].tap: core.off(head=0)})
    assert np.abs(changed.probabilities - reading.probabilities).max() > 1e-6
    assert core.attribute(found, picture, "saliency", 0).values.shape == (32, 32)
