"""Cards that are made from what timm and transformers store with a model."""

from __future__ import annotations

import numpy as np
import pytest
import timm
import torch
import transformers
from torch import nn

import core
from core.models.libraries.described import ASSUMED, describe, distinct
from core.models.libraries.image_processors import moments
from core.models.user_models import user_card
from core.types import InvalidInput, Picture
from tests.conftest import redraw
from tests.core.models.saved_models import NAMED
from tests.core.refusals import refusal


def vit(**settings: object) -> nn.Module:
    config = transformers.ViTConfig(hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
                                    image_size=64, id2label={0: "cat", 1: "crane", 2: "crane"}, **settings)  # fmt: skip
    return transformers.ViTForImageClassification(config)


@pytest.mark.parametrize("name", ["test_vit", "test_resnet", "test_efficientnet"])
def test_timms_card_prepares_as_timm_does(name: str) -> None:
    """The same square as timm's own transform, to what resizing with and without antialiasing leaves."""
    module = timm.create_model(name).eval()
    card = user_card.check(describe(module, f"timm/{name}"))
    data = timm.data.resolve_model_data_config(module)
    assert (card.size, card.mean, card.std, card.interpolation) == (
        data["input_size"][1], data["mean"], data["std"], data["interpolation"])  # fmt: skip
    assert len(card.classes) == 1000 and card.classes[0] == "tench" and card.facts[ASSUMED] == []
    scaled = timm.data.create_transform(**data, is_training=False).transforms[0]
    assert card.resize == scaled.size


def test_a_replaced_head_has_numbered_classes_and_says_so() -> None:
    card = describe(timm.create_model("test_vit", num_classes=3, img_size=64), "own/x")
    assert card.size == 64 and card.classes == ("class 0", "class 1", "class 2")
    assert "numbered" in card.facts[ASSUMED][0]


def test_names_of_classes_that_the_settings_have_are_used() -> None:
    module = timm.create_model("test_vit", num_classes=2)
    module.pretrained_cfg |= {"label_names": ("n1", "n2"), "label_descriptions": {"n1": "a cat", "n2": "a dog"}}
    assert describe(module, "own/x").classes == ("a cat", "a dog")


def test_a_file_of_settings_is_followed(picture: Picture) -> None:
    """The factor, mean and deviation of the file give the same numbers as the file's own formula."""
    prepared = {"do_rescale": True, "rescale_factor": 1 / 127.5, "rescale_offset": True, "do_normalize": True,
                "image_mean": [0.1, 0.2, 0.3], "image_std": [0.5, 0.4, 0.3], "resample": 2, "do_center_crop": True,
                "size": {"shortest_edge": 80}, "crop_size": {"height": 72, "width": 72}}  # fmt: skip
    card = describe(vit(), "hf/x", prepared)
    assert (card.size, card.resize, card.interpolation, card.facts[ASSUMED]) == (72, 80, "bilinear", [])
    pixels = np.random.default_rng(0).integers(0, 256, (5, 3))
    theirs = (pixels / 127.5 - 1 - np.array(prepared["image_mean"])) / prepared["image_std"]
    np.testing.assert_allclose((pixels / 255 - np.array(card.mean)) / card.std, theirs, rtol=1e-12)
    assert moments({"do_rescale": False, "do_normalize": False}) == ((0, 0, 0), (1 / 255,) * 3)


def test_without_the_file_the_note_states_what_is_assumed(picture: Picture) -> None:
    module = vit()
    redraw(module, 0)
    found = core.adopt(module)
    assert found.card.classes == ("cat", "crane", "crane (2)") and found.card.size == 64
    assert any("not stored with the model" in note and "0.5, 0.5, 0.5" in note for note in found.notes)
    with torch.no_grad():
        expected = module.eval()(found.prepare(picture).contiguous()).logits[0].numpy()
    np.testing.assert_allclose(core.read(found, picture).logits, expected, atol=1e-4 * np.ptp(expected))


def test_blue_first_is_given_to_a_model_that_takes_it(picture: Picture) -> None:
    config = transformers.MobileViTConfig(hidden_sizes=[16, 16, 16], neck_hidden_sizes=[8, 8, 8, 8, 8, 8, 16],
                                          image_size=64, num_attention_heads=2, mlp_ratio=1.0)  # fmt: skip
    module = transformers.MobileViTForImageClassification(config)
    redraw(module, 0)
    found = core.adopt(module)
    x = found.prepare(picture)
    assert x.min() >= 0 and x.max() <= 1
    with torch.no_grad():
        expected = module.eval()(x[:, [2, 1, 0]].contiguous()).logits[0].numpy()
    np.testing.assert_allclose(core.read(found, picture).logits, expected, atol=1e-4 * np.ptp(expected))


@pytest.mark.parametrize(
    ("module", "words"),
    [
        (nn.Linear(3, 3), "A Linear does not state its classes"),
        (timm.create_model("test_vit", num_classes=0), "has no classes"),
        (timm.create_model("test_resnet", pretrained_cfg_overlay={"input_size": (3, 64, 96)}), "3 × 64 × 96"),
    ],
)
def test_a_module_without_a_card_is_refused_with_a_sentence(module: nn.Module, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        core.adopt(module)


def test_names_differ_and_are_not_empty() -> None:
    assert distinct(["crane", "crane", " ", "x" * 300]) == ("crane", "crane (1)", "2", "x" * 190)


def test_a_classifier_that_takes_no_pixels_is_one_sentence() -> None:
    config = transformers.ImageGPTConfig(n_embd=32, n_layer=1, n_head=2, n_positions=64, **NAMED)
    sentence = refusal(core.adopt, transformers.ImageGPTForImageClassification(config))
    assert sentence.startswith("ImageGPTForImageClassification is not supported: for each pixel of a small picture, it")
    assert "so no gradient and no attribution to the pixels can be computed. Choose another" in sentence


def test_a_model_of_timm_within_one_of_transformers_has_the_preprocessing_of_timm() -> None:
    config = transformers.TimmWrapperConfig(architecture="test_resnet", num_labels=3)
    found = describe(transformers.TimmWrapperForImageClassification(config), "own/wrapped")
    inner = timm.get_pretrained_cfg("test_resnet")
    assert (found.size, found.mean, found.std) == (inner.input_size[-1], tuple(inner.mean), tuple(inner.std))
    assert len(found.classes) == 3
