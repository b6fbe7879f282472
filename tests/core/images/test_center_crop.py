"""The center crop is torchvision's, to the pixel: by itself, and as each of its models was measured."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torchvision.models import get_model_weights
from torchvision.transforms import functional as F

import core
from core import ModelCard
from core.images import open_image, square
from core.models.libraries.torchvision_models import make_card

MODELS = ("resnet50", "alexnet", "efficientnet_b1", "swin_t", "swin_v2_t", "vit_b_16", "inception_v3", "maxvit_t")
SHAPES = [(500, 375), (301, 448), (233, 232), (777, 240), (640, 641), (97, 131)]


def pixels(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(height).integers(0, 256, (height, width, 3), dtype=np.uint8)


def adopted(card: ModelCard) -> core.Classifier:
    module = nn.Sequential(nn.AdaptiveAvgPool2d(8), nn.Flatten(), nn.Linear(192, len(card.classes)))
    return core.adopt(module, card, "cpu")


@pytest.mark.parametrize("odd", range(12))
def test_a_centered_square_lies_where_torchvision_crops(odd: int) -> None:
    for one in (pixels(32, 32 + odd), pixels(32 + odd, 32)):
        cropped = np.asarray(F.center_crop(Image.fromarray(one), [32]))
        assert np.array_equal(square(open_image(one), 32), cropped)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_model_of_torchvision_sees_what_its_own_preprocessing_gives(name: str, shape: tuple[int, int]) -> None:
    preset = get_model_weights(name).DEFAULT.transforms()
    card, one = make_card(name), pixels(*shape)
    seen = square(open_image(one), card.size, resize=card.resize, interpolation=card.interpolation)
    mean, std = (torch.tensor(part).view(3, 1, 1) for part in (preset.mean, preset.std))
    theirs = preset(Image.fromarray(one)) * std + mean  # what it normalizes, in 0..1
    assert np.array_equal(seen, theirs.mul(255).round().byte().permute(1, 2, 0).numpy())


def test_the_box_is_what_the_crop_covers() -> None:
    classifier = adopted(ModelCard("own/x", "", "plain", ("a", "b"), size=224, resize=256, interpolation="bicubic"))
    picture = classifier.frame(open_image(pixels(512, 768)))
    assert picture.box == (160, 32, 608, 480)
    marked = np.zeros((512, 768, 3), np.uint8)
    marked[32:480, 160:608] = 255
    assert classifier.square(open_image(marked))[2:-2, 2:-2].min() == 255
    assert classifier.square(open_image(~marked))[2:-2, 2:-2].max() == 0


def test_a_frame_of_the_user_is_kept_and_so_is_a_square_made_for_the_model() -> None:
    classifier = adopted(ModelCard("own/x", "", "plain", ("a", "b"), size=64, resize=80))
    for framing in ("fit", (3, 4, 60, 61)):
        picture = open_image(pixels(90, 120), framing)
        assert classifier.frame(picture).box == picture.box
        assert np.array_equal(classifier.square(picture), square(picture, 64, classifier.fill))
    picture = open_image(pixels(90, 120))
    kept = core.erase(classifier, picture, np.ones((8, 8)), share=0.0)
    assert np.array_equal(classifier.square(kept), classifier.square(picture))
    tiled = core.tile(classifier, [picture] * 4)
    assert np.array_equal(classifier.square(tiled), tiled.pixels)


def test_caches_distinguish_the_default_frame_from_the_same_box_by_hand() -> None:
    picture = open_image(pixels(90, 120))
    assert core.reframe(picture, picture.box).box == picture.box
    assert core.reframe(picture, picture.box).key != picture.key == core.reframe(picture, "center").key
