"""timm's models by name: the list agrees with timm, weights are downloaded once, and what is missing is reported."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import save

import core
from core.attention.tap import taps
from core.models import zoo
from core.models.libraries import timm_models
from core.models.libraries.described import describe, with_mechanism
from core.models.torchvision_taps import adapt
from core.types import Picture
from tests.conftest import redraw
from tests.core.models.small_hub import SmallHub, connected
from tests.core.refusals import refusal as refused

SMALL = "test_vit.r160_in1k"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[SmallHub]:
    """A hub with weights of a small model that the test made."""
    made = SmallHub()
    module = redraw(timm.create_model("test_vit"), 3)
    made.files[f"timm/{SMALL}"] = {"model.safetensors": save(module.state_dict())}
    with connected(made, tmp_path):
        yield made


def refusal(slug: str) -> str:
    return refused(core.load, slug, "cpu")


@pytest.mark.parametrize("name", timm_models.LISTED)
def test_the_list_says_what_timm_says(name: str):
    with torch.device("meta"):
        module = timm.create_model(name)
    settings, card = timm.get_pretrained_cfg(name), timm_models.listed_card(name)
    own = describe(module, card.slug)
    same = ("slug", "classes", "size", "mean", "std", "resize", "interpolation")
    assert [getattr(card, one) for one in same] == [getattr(own, one) for one in same]
    assert settings.hf_hub_id == card.facts["repository"] and settings.license in card.facts["license"]
    assert card.facts["megabytes"] == pytest.approx(4e-6 * sum(one.numel() for one in module.parameters()), abs=0.3)
    assert card in core.cards()
    if taps(adapt(module)):  # without one, nothing is known of its attention
        assert card.mechanism == with_mechanism(own, module).mechanism


def test_weights_are_downloaded_once_and_give_timms_logits(served: SmallHub, picture: Picture):
    card, ticks = zoo.find_card("timm/test_vit"), []
    assert card.slug == f"timm/{SMALL}" and not zoo.present(card)
    classifier = core.load("timm/test_vit", "cpu", lambda done, total: ticks.append((done, total)))
    size = len(served.files[f"timm/{SMALL}"]["model.safetensors"])
    assert zoo.present(card) and ticks[-1] == (size, size)
    module = redraw(timm.create_model("test_vit"), 3).eval()
    x = classifier.prepare(picture)
    with torch.no_grad():
        assert torch.allclose(classifier.scores(x), module(x), atol=1e-5)
    assert classifier.card.classes[0] == "tench" and classifier.card.size == 160
    asked = len(served.asked)
    assert core.load(card.slug, "cpu").checksum == classifier.checksum and len(served.asked) == asked


def test_weights_that_do_not_match_are_reported(served: SmallHub):
    served.files[f"timm/{SMALL}"]["model.safetensors"] = save(timm.create_model("test_efficientnet").state_dict())
    assert "do not match its architecture" in refusal("timm/test_vit")


def test_weights_that_are_not_numbers_are_reported(served: SmallHub):
    weights = redraw(timm.create_model("test_vit"), 3).state_dict()
    weights["head.bias"][3] = torch.nan
    served.files[f"timm/{SMALL}"]["model.safetensors"] = save(weights)
    assert "1 of the 1,000 values of head.bias are not finite" in refusal("timm/test_vit")


def test_what_timm_does_not_have_is_reported_with_the_nearest_names():
    assert refusal("timm/vit_tini_patch16_224").startswith(
        "timm has no architecture 'vit_tini_patch16_224'. The most similar are: vit_tiny_patch16_224"
    )
    assert refusal("timm/?") == "timm has no architecture '?'. Names look like vit_tiny_patch16_224."
    told = refusal("timm/resnet18.a9_in1k")
    assert told.startswith("timm has no weights 'resnet18.a9_in1k'. For resnet18 it has: resnet18.a1_in1k, ")
    assert "have no classes, because they output features" in refusal("timm/vit_small_patch14_reg4_dinov2")
    assert "Choose others, such as vit_small_patch16_224.augreg_in21k_ft_in1k" in refusal(
        "timm/vit_small_patch16_224.dino"
    )


def test_every_architecture_is_named_for_a_picker_and_its_weights_with_classes():
    names = timm_models.names()
    assert len(names) > 1300 and set(names) == set(timm.list_models())
    assert timm_models.tags("resnet18")[0] == "a1_in1k" and "tv_in1k" in timm_models.tags("resnet18")
    assert timm_models.tags("vit_small_patch14_reg4_dinov2") == ()


def test_a_card_of_no_source_is_refused_and_timm_is_optional(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "timm", None)
    assert "python -m pip install timm" in refusal("timm/resnet18")
    card = next(one for one in core.cards() if one.family == "timm")  # the list needs no timm
    assert "python -m pip install timm" in refusal(replace(card).slug)
