"""A scan, the benchmark and the tests of Explore on models of timm, transformers and open_clip, small and random."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from torch import nn

import core
from core.models.libraries.clip_models import zero_shot
from core.scenes import OBJECTS
from core.types import ModelCard, Picture
from tests.conftest import redraw


def a_vit() -> nn.Module:
    return timm.create_model("test_vit", num_classes=10, img_size=64)


def a_swin() -> nn.Module:
    transformers = pytest.importorskip("transformers")
    config = transformers.SwinConfig(
        image_size=64, patch_size=4, embed_dim=16, depths=[1, 1], num_heads=[2, 2], window_size=4, num_labels=10
    )
    return transformers.SwinForImageClassification(config)


def a_clip() -> nn.Module:
    open_clip = pytest.importorskip("open_clip")
    vision = {"image_size": 64, "layers": 2, "width": 32, "head_width": 16, "patch_size": 8}
    text = {"context_length": 8, "vocab_size": 50, "width": 16, "heads": 2, "layers": 1}
    torch.manual_seed(0)
    return zero_shot(open_clip.CLIP(16, vision, text).eval(), torch.randint(1, 49, (10, 8)))


MADE: dict[str, Callable[[], nn.Module]] = {"timm's ViT": a_vit, "transformers' Swin": a_swin, "zero-shot CLIP": a_clip}


@pytest.fixture(scope="module", params=MADE)
def classifier(request: pytest.FixtureRequest) -> core.Classifier:
    card = ModelCard("own/foreign", "foreign", "transformer", OBJECTS, size=64)
    return core.adopt(redraw(MADE[request.param](), 0).eval(), card, "cpu")


def test_a_scan_has_a_row_for_each_picture_and_says_what_read_says(classifier: core.Classifier, tmp_path: Path) -> None:
    table = core.scan(classifier, "scenes", tmp_path / "run", pictures=12, seed=3)
    assert len(table) == 12 and set(table["true"]) <= set(OBJECTS)
    run = core.open_run(tmp_path / "run")
    for number in (0, 7):
        row = run.table().iloc[number]
        assert row["predicted"] == OBJECTS[core.read(classifier, run.picture(number)).predicted]


def test_the_benchmark_measures_its_attention_and_a_gradient(classifier: core.Classifier, tmp_path: Path) -> None:
    tap = list(classifier.taps)[-1]
    sources = [f"attention/{tap}", "saliency"]
    rows = core.benchmark(classifier, tmp_path / "rows.json", sources=sources, pictures=2, data="scenes")
    assert {row.source for row in rows} == set(sources)
    assert all(np.isfinite(row.mean) for row in rows if row.mean is not None)


def test_a_head_can_be_switched_off_and_ranked(classifier: core.Classifier, picture: Picture) -> None:
    reading = core.read(classifier, picture)
    assert reading.maps
    changed = core.intervene(classifier, picture, dict.fromkeys(classifier.taps, core.UNIFORM))
    assert np.abs(changed.logits - reading.logits).max() > 1e-4
    effects = core.ablate(classifier, picture, reading.predicted)
    assert len(effects) >= 4 and all(np.isfinite(one.loss) for one in effects)
