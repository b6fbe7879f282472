"""A user's card may name an architecture of timm."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import save

import core
from core.models.user_models import own
from core.types import InvalidInput, Picture
from tests.conftest import redraw


def stated(name: str, size: int) -> bytes:
    """A card for two classes."""
    return json.dumps({"architecture": f"timm/{name}", "classes": ["cat", "dog"], "size": size}).encode()


@pytest.mark.parametrize(("name", "size", "mechanism"), [("test_vit", 96, "transformer"), ("test_resnet", 64, "plain")])
def test_a_card_may_name_an_architecture_of_timm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, picture: Picture, name: str, size: int, mechanism: str
) -> None:
    sized = {"img_size": size} if name == "test_vit" else {}
    network = redraw(timm.create_model(name, num_classes=2, **sized), 4).eval()
    card = stated(name, size)
    weights = save({f"model.{key}": tensor for key, tensor in network.state_dict().items()})
    (tmp_path / "pets.json").write_bytes(card)
    (tmp_path / "pets.safetensors").write_bytes(weights)
    monkeypatch.setenv("FOVEA_MODELS", str(tmp_path))
    assert "own/pets" in [one.slug for one in core.cards()]
    for classifier in (core.open_model(card, weights, "cpu"), core.load("own/pets", "cpu")):
        x = classifier.prepare(picture)
        assert torch.allclose(classifier.module(x), network(x), rtol=1e-4)
        assert classifier.card.mechanism == mechanism
        assert len(classifier.taps) == (6 if mechanism == "transformer" else 0)


def test_a_card_of_timm_that_does_not_match_its_weights_is_reported() -> None:
    weights = save(timm.create_model("test_resnet", num_classes=2).state_dict())
    with pytest.raises(InvalidInput, match=r"do not match its architecture: missing \("):
        own.open_model(stated("test_vit", 160), weights)
    with pytest.raises(InvalidInput, match=r"MB of weights is too little for the 10\d\d\.\d million parameters"):
        own.open_model(stated("vit_giant_patch14_224", 224), weights)
