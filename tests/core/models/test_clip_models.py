"""Zero-shot classifiers: texts in the slug, scores by hand, and texts that are refused."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlencode

import open_clip
import pytest
import torch
from open_clip import factory, pretrained
from safetensors.torch import save

import core
from core.models import zoo
from core.models.libraries import clip_models, text_features
from core.types import Picture
from tests.core.models.small_hub import SmallHub, connected
from tests.core.refusals import refusal

TINY = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 32, "head_width": 16, "patch_size": 8},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2},
}
TEXTS = ("a photo of a cat", "50 % dog | fox + é?&=")
SLUG = "clip:tiny/made"


@pytest.fixture
def towers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, torch.nn.Module]]:
    """Two small random models, of which one has a bias, with their weights on a small hub."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    hub, made = SmallHub(), {}
    for name, config in (("tiny", TINY), ("tiny-bias", TINY | {"init_logit_bias": -3.0, "custom_text": True})):
        monkeypatch.setitem(factory._MODEL_CONFIGS, name, json.loads(json.dumps(config)))
        settings = pretrained._pcfg(hf_hub=f"made/{name}/")
        monkeypatch.setitem(pretrained._PRETRAINED, name, {"made": settings})
        torch.manual_seed(3)
        made[name] = open_clip.create_model(name).eval()
        weights = {key: tensor.contiguous().clone() for key, tensor in made[name].state_dict().items()}
        hub.files[f"made/{name}"] = {"open_clip_model.safetensors": save(weights)}
    with connected(hub, tmp_path):
        yield made


def refused(slug: str, classes: object = None) -> str:
    """The sentence with which loading a model is refused."""
    return refusal(core.load, slug, "cpu", classes=classes)


@torch.no_grad()
def by_hand(model: torch.nn.Module, x: torch.Tensor) -> list[float]:
    """logit_scale · cosine + bias of each text, number by number."""
    image = model.encode_image(x)[0].double().tolist()
    tokens = open_clip.get_tokenizer("ViT-B-32")(list(TEXTS))
    bias = 0.0 if model.logit_bias is None else float(model.logit_bias)
    scores = []
    for text in model.encode_text(tokens).double().tolist():
        dot = sum(a * b for a, b in zip(image, text, strict=True))
        lengths = math.sqrt(sum(a * a for a in image)) * math.sqrt(sum(b * b for b in text))
        scores.append(math.exp(float(model.logit_scale)) * dot / lengths + bias)
    return scores


@pytest.mark.parametrize("name", ["tiny", "tiny-bias"])
def test_scores_are_those_of_a_hand_computation(name: str, towers: dict[str, torch.nn.Module], picture: Picture):
    classifier = core.load(f"clip:{name}/made", "cpu", classes=TEXTS)
    assert classifier.card.classes == TEXTS and classifier.card.size == 32 and zoo.present(classifier.card)
    expected = by_hand(towers[name], classifier.prepare(picture))
    reading = core.read(classifier, picture)
    assert reading.logits == pytest.approx(expected, rel=1e-4)
    odds = math.exp(expected[0] - expected[1])
    assert reading.probabilities[0] == pytest.approx(odds / (1 + odds), rel=1e-3)
    assert "compare the 2 texts with each other" in " ".join(classifier.notes)
    again = core.load(classifier.card.slug, "cpu")  # the texts are part of the slug
    assert again.card.classes == TEXTS and core.read(again, picture).logits == pytest.approx(reading.logits)
    found = core.attribute(classifier, picture, "input-x-gradient", target=TEXTS[0])
    assert found.values.shape == (32, 32) and abs(found.values).max() > 0


def test_a_model_with_a_bias_may_give_independent_probabilities(towers: dict, picture: Picture):
    slug = clip_models.with_classes("clip:tiny-bias/made", TEXTS, "sigmoid")
    reading = core.read(core.load(slug, "cpu"), picture)
    expected = [1 / (1 + math.exp(-one)) for one in reading.logits]
    assert reading.probabilities == pytest.approx(expected, rel=1e-4)
    assert "a single text has no probability" in refused(clip_models.with_classes(SLUG, TEXTS, "sigmoid"))


def test_texts_survive_an_address():
    slug = clip_models.with_classes(SLUG, TEXTS)
    assert clip_models.parse(slug.removeprefix("clip:")) == ("tiny", "made", TEXTS, "logits")
    assert parse_qs(urlencode({"model": slug}))["model"] == [slug] and slug.isascii() and " " not in slug
    typed = "tiny/made?classes=a photo of a cat| a photo  of a dog"
    assert clip_models.parse(typed)[2] == ("a photo of a cat", "a photo of a dog")


def test_texts_that_cannot_be_compared_are_reported():
    assert "needs at least two texts to compare. Write it like this: clip:" in refused("clip:ViT-B-32/openai")
    assert "at least two texts" in refused("clip:ViT-B-32/openai?classes=cat")
    assert refused(SLUG, ("a", " ")) == "Text 2 is empty. Remove it, or type a description."
    assert refused(SLUG, ("a", "b", " a ")) == "The text 'a' appears twice. Remove one of them."
    assert refused(SLUG, [str(one) for one in range(101)]) == "101 texts are too many. Give at most 100."
    assert "is longer than 200 characters" in refused(SLUG, ("a", "b" * 201))
    assert "as a list of texts" in refused(SLUG, "cat") and "as a list of texts" in refused(SLUG, (1, 2))
    assert refused(SLUG, ("a", "b\ud800")) == "Text 2 contains characters that are not valid Unicode. Type it again."
    assert "cannot be read" in refused("clip:ViT-B-32/openai?classes=a|b&classes=c|d")
    assert "'magic=1' cannot be read" in refused("clip:ViT-B-32/openai?magic=1")
    assert "torchvision/resnet50 has its own classes" in refused("torchvision/resnet50", TEXTS)


def test_texts_that_the_model_reads_as_the_same_or_not_to_the_end_are_reported(towers: dict):
    same = "The model reads 'CAT' and 'cat' as the same text. Remove one of them."
    assert refused(SLUG, ("a dog", "CAT", "cat")) == same
    long = " ".join(["\N{CAT FACE}"] * 100)
    assert len(long) < clip_models.LONGEST and "is longer than the model reads" in refused(SLUG, (long, "a dog"))


def test_unknown_models_and_a_missing_library_are_reported(monkeypatch: pytest.MonkeyPatch):
    assert "open_clip has no weights 'ViT-B-32'. Choose from: ViT-B-32/openai, " in refused("clip:ViT-B-32", TEXTS)
    assert "Choose from: ViT-B-32/openai" in refused("clip:ViT-B-32/open", TEXTS)
    assert "ViT-B-32" in refused("clip:VIT-B32/openai", TEXTS)
    assert "ViT-B-32/openai" in clip_models.names()
    card = zoo.find_card(clip_models.with_classes("clip:ViT-B-32/openai", TEXTS))
    assert card.size == 224 and card.mean == clip_models.MEAN and card.facts["repository"].startswith("timm/")
    monkeypatch.setitem(sys.modules, "open_clip", None)
    assert "python -m pip install open_clip_torch" in refused("clip:ViT-B-32/openai", TEXTS)


def offline(*_: object) -> None:
    raise OSError("We couldn't connect to 'https://huggingface.co'")


def test_texts_need_their_tokenizer_once(towers: dict, picture: Picture, monkeypatch: pytest.MonkeyPatch):
    """A second process, and a machine without a network, find the features of the texts on the disk."""
    slug = clip_models.with_classes(SLUG, TEXTS)
    first = core.read(core.load(slug, "cpu"), picture).logits
    monkeypatch.setattr(open_clip, "get_tokenizer", offline)
    assert core.read(core.load(slug, "cpu"), picture).logits == pytest.approx(first, rel=0, abs=0)
    sentence = refused(SLUG, ("a dog", "a cat"))
    assert sentence.startswith("The tokenizer of tiny (made) is not on this machine and cannot be downloaded. Load the")
    for path in text_features.folder().iterdir():
        path.write_bytes(b"damaged")
    assert "The tokenizer of tiny (made) is not on this machine" in refused(slug)


def test_features_belong_to_their_model_and_texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    made = [torch.randn(2, 4) for _ in range(3)]
    sources = [("a", ("x", "y")), ("b", ("x", "y")), ("a", ("y", "x"))]
    for once in (made, [torch.zeros(2, 4)] * 3):
        for (source, texts), one, kept in zip(sources, once, made, strict=True):
            assert torch.equal(text_features.features(source, texts, lambda one=one: one), kept)
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))  # no folder can be made in it
    assert torch.equal(text_features.features("a", ("x", "y"), lambda: made[2]), made[2])


def test_a_text_tower_that_is_not_there_is_one_sentence(towers: dict, monkeypatch: pytest.MonkeyPatch):
    config = json.loads(json.dumps(TINY)) | {
        "text_cfg": {"hf_model_name": "made/none", "hf_tokenizer_name": "made/none"}
    }
    monkeypatch.setitem(factory._MODEL_CONFIGS, "tiny", config)
    assert refused(SLUG, TEXTS).startswith(
        "The text tower of tiny (made) is not on this machine and cannot be downloaded."
    )
