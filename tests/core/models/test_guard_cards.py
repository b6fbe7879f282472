"""Cards made in Python, checked like those in files; and googlenet and inception as torchvision fine-tunes them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save
from torch import nn
from torchvision import models

import core
from core.models.libraries.torchvision_models import HALF, make_card, renormalizes
from core.models.user_models import own
from core.types import InvalidInput, Picture
from tests.core.guarded_models import CLASSES, card, net

GOOD = {
    "a number": {"mean": 0.5, "std": 0.25},
    "one number": {"mean": (0.5,), "std": [0.25]},
    "an array": {"mean": np.full(3, 0.5), "std": np.full(3, 0.25, np.float32)},
    "a tensor": {"mean": torch.full((3,), 0.5), "std": torch.full((3,), 0.25)},
    "a list": {"mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25], "classes": ["a", "b", "c"]},
    "numbers of numpy": {"mean": (np.float32(0.5),) * 3, "std": (np.float64(0.25),) * 3, "size": np.int64(64)},
    "names of numpy": {"mean": 0.5, "std": 0.25, "classes": np.array(["a", "b", "c"])},
}
DIVIDE = "needs 'mean' and 'std' for pixel values from 0 to 1. Divide both by 255"
BAD = {
    "bytes": ({"mean": (123.7, 116.3, 103.5), "std": (58.4, 57.1, 57.4)}, DIVIDE),
    "Caffe": ({"mean": (123.7, 116.3, 103.5), "std": (1, 1, 1)}, DIVIDE),
    "bytes without a mean": ({"mean": 0, "std": 255}, DIVIDE),
    "no deviation": ({"std": (0, 0, 0)}, "needs 'std': three numbers above zero"),
    "negative": ({"std": (0.2, 0.2, -0.2)}, "needs 'std'"),
    "not finite": ({"mean": (0.5, 0.5, float("nan"))}, "needs 'mean'"),
    "four": ({"mean": (0.5,) * 4}, "needs 'mean'"),
    "two": ({"mean": (0.5,) * 2}, "needs 'mean'"),
    "words": ({"mean": "0.5"}, "needs 'mean'"),
    "no mean": ({"mean": None}, "needs 'mean'"),
    "one text": ({"classes": "abc"}, "needs 'classes': a list of names"),
    "numbers": ({"classes": range(3)}, "needs 'classes'"),
    "numbers in a tuple": ({"classes": (0, 1, 2)}, "needs 'classes'"),
    "numbers of numpy": ({"classes": np.arange(3)}, "needs 'classes'"),
    "no names": ({"classes": ()}, "needs 'classes'"),
    "twice": ({"classes": ("a", "b", "a")}, "names a class twice"),
    "fraction": ({"size": 64.0}, "needs 'size': a whole number of pixels"),
    "two sides": ({"size": (64, 64)}, "needs 'size'"),
    "truth": ({"size": True}, "needs 'size'"),
    "tiny": ({"size": 4}, "needs 'size'"),
    "text": ({"size": "64"}, "needs 'size'"),
    "percent": ({"accuracy": 90}, "needs 'accuracy'"),
    "no slug": ({"slug": ""}, "needs 'slug'"),
    "a slug of another kind": ({"slug": 3}, "needs 'slug'"),
    "mechanism": ({"mechanism": "magic"}, "There is no mechanism 'magic'"),
    "facts": ({"facts": [1]}, "needs 'facts'"),
    "facts not finite": ({"facts": {"a": {"b": [1, float("nan")]}}}, "needs 'facts': a JSON object without NaN"),
    "less than is cut out": ({"size": 64, "resize": 32}, "'resize': 32, which is smaller than 'size': 64"),
}


@pytest.mark.parametrize("name", GOOD)
def test_cards_of_python_may_say_it_in_any_way_that_is_clear(name: str, picture: Picture) -> None:
    classifier = core.adopt(net(), card(**GOOD[name]), "cpu")
    expected = core.adopt(net(), card(mean=(0.5,) * 3, std=(0.25,) * 3), "cpu")
    assert classifier.card == expected.card and classifier.fill == (128, 128, 128)
    assert np.array_equal(core.read(classifier, picture).logits, core.read(expected, picture).logits)
    json.dumps(classifier.card.to_json())


@pytest.mark.parametrize("name", BAD)
def test_cards_of_python_are_refused_in_one_sentence(name: str) -> None:
    changes, words = BAD[name]
    with pytest.raises(InvalidInput, match=r"^[^\n]+\.$") as caught:
        core.adopt(net(), card(**changes), "cpu")
    assert words in str(caught.value)


@pytest.mark.parametrize("name", ["bytes", "no deviation", "one text", "numbers in a tuple", "twice", "fraction",
                                  "facts not finite", "less than is cut out"])  # fmt: skip
def test_a_file_says_the_same_of_the_same_card(name: str) -> None:
    changes, _ = BAD[name]
    said = {"architecture": "torchvision/resnet18", "classes": list(CLASSES), "size": 64} | changes
    sentences = []
    for job in (
        lambda: core.adopt(net(), card(**changes), "cpu"),
        lambda: own.open_model(json.dumps(said).encode(), save({"a": torch.zeros(1)})),
    ):
        with pytest.raises(InvalidInput) as caught:
            job()
        sentences.append(str(caught.value))
    assert sentences[0] == sentences[1]


def test_one_number_in_a_file_stands_for_three_colors(tmp_path: Path) -> None:
    said = {"architecture": "torchvision/resnet18", "classes": list(CLASSES), "size": 64, "mean": 0.5, "std": [0.25]}
    torch.save(models.resnet18(num_classes=3).state_dict(), tmp_path / "m.pt")
    (tmp_path / "m.json").write_text(json.dumps(said))
    found = core.load(f"file:{tmp_path}/m.json", "cpu").card
    assert (found.mean, found.std) == (HALF, (0.25,) * 3)


def finetuned(name: str, transform: bool) -> nn.Module:
    """The model with auxiliary heads and drawn weights, whose BatchNorms have seen pictures."""
    torch.manual_seed(0)
    module = models.get_model(name, num_classes=3, aux_logits=True, transform_input=transform, init_weights=False)
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.momentum = None
    side = make_card(name).size
    module.train()
    with torch.no_grad():
        module(torch.randn(4, 3, side, side))
    return module.eval()


SAID = {
    "nothing": ({}, True),
    "ImageNet's": ({"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}, True),
    "halves": ({"mean": 0.5, "std": 0.5}, False),
    "trained from the start": ({"transform_input": False}, False),
    "halves outside, converted inside": ({"mean": 0.5, "std": 0.5, "transform_input": True}, True),
}


@pytest.mark.parametrize("name", ["googlenet", "inception_v3"])
@pytest.mark.parametrize("said", SAID)
def test_a_custom_inception_gives_torchvisions_logits(said: str, name: str, tmp_path: Path, picture: Picture) -> None:
    changes, transform = SAID[said]
    module, side = finetuned(name, transform), make_card(name).size
    torch.save({f"module.{key}": value for key, value in module.state_dict().items()}, tmp_path / "m.pt")
    written = {"architecture": f"torchvision/{name}", "classes": list(CLASSES), "size": side} | changes
    (tmp_path / "m.json").write_text(json.dumps(written))
    classifier = core.load(f"file:{tmp_path}/m.json", "cpu")
    with torch.no_grad():
        expected = module(classifier.prepare(picture))[0].numpy()
    np.testing.assert_allclose(core.read(classifier, picture).logits, expected, atol=1e-4 * np.ptp(expected))
    assert bool(classifier.notes) == transform
    assert not any("aux" in part.lower() for part in classifier.module.state_dict())


def test_the_weights_of_torchvision_keep_their_own_normalization() -> None:
    for name in ("googlenet", "inception_v3"):
        found = make_card(name)
        assert found.mean == found.std == HALF and not renormalizes(found)
    assert not renormalizes(make_card("resnet50"))
