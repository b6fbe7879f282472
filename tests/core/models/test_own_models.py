"""A user's own models: from bytes, a file and a folder; what does not match, or might run code, is refused."""

from __future__ import annotations

import io
import json
import os
import pickle
from argparse import Namespace
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import pytest
import torch
from safetensors.torch import save
from torch import nn
from torchvision import models

import core
from core.attention import MECHANISMS
from core.models import zoo
from core.models.user_models import own, user_card
from core.models.user_models.user_card import MAX_BYTES
from core.types import Picture
from tests.conftest import CLASSES, SIZE, WIDTHS, redraw
from tests.core.refusals import refusal

MOMENTS = {"mean": list(core.ModelCard.mean), "std": list(core.ModelCard.std)}
CARD = {"architecture": "torchvision/squeezenet1_1", "classes": ["cat", "dog"], "size": 64}


class Runs:
    """Pickled, it runs code when it is opened: it makes a folder."""

    def __init__(self, folder: Path):
        self.folder = str(folder)

    def __reduce__(self) -> tuple:
        return os.mkdir, (self.folder,)


def stored(content: object, **options: object) -> bytes:
    """The bytes of a file of ``torch.save``."""
    file = io.BytesIO()
    torch.save(content, file, **options)
    return file.getvalue()


def text(card: object, **changes: object) -> bytes:
    return json.dumps(card | changes if isinstance(card, dict) else card).encode()


@pytest.fixture(scope="module")
def network() -> nn.Module:
    """A small model of torchvision with two classes."""
    return redraw(models.squeezenet1_1(num_classes=2), 9).eval().requires_grad_(False)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder of models."""
    monkeypatch.setenv("FOVEA_MODELS", str(tmp_path))
    return tmp_path


def put(folder: Path, name: str, data: bytes, suffix: str = ".safetensors", **changes: object) -> None:
    (folder / f"{name}.json").write_bytes(text(CARD, **changes))
    (folder / f"{name}{suffix}").write_bytes(data)


def same(classifier: core.Classifier, network: nn.Module, picture: Picture) -> bool:
    """Whether a classifier gives the network's own logits."""
    x = classifier.prepare(picture)
    return torch.allclose(classifier.module(x), network(x), rtol=1e-4)


def test_every_way_to_save_weights_is_read(network: nn.Module, picture: Picture) -> None:
    weights = network.state_dict()
    ways = {
        "safetensors": save(weights),
        "state dict": stored(weights),
        "old format": stored(weights, _use_new_zipfile_serialization=False),
        "state_dict": stored({"epoch": 3, "state_dict": weights, "optimizer": {"lr": 0.1}}),
        "model": stored({"model": weights}),
        "data parallel": stored({f"module.{name}": tensor for name, tensor in weights.items()}),
        "lightning": stored({"state_dict": {f"model.{name}": tensor for name, tensor in weights.items()}}),
        "arguments": stored({"model": weights, "args": Namespace(rate=0.1)}),
        "nested": save({f"net._orig_mod.module.{name}": tensor for name, tensor in weights.items()}),
    }
    slugs = set()
    for way, data in ways.items():
        classifier = core.open_model(text(CARD), data, "cpu")
        assert same(classifier, network, picture), way
        assert not classifier.module.training and not any(p.requires_grad for p in classifier.module.parameters())
        slugs.add(classifier.card.slug)
    assert len(slugs) == len(ways) and all(slug.startswith("own/") for slug in slugs)
    halves = core.open_model(text(CARD), save({name: tensor.half() for name, tensor in weights.items()}), "cpu")
    assert next(halves.module.parameters()).dtype == torch.float32


def test_a_card_says_how_pictures_are_prepared(network: nn.Module) -> None:
    weights = save(network.state_dict())
    card, _ = own.open_model(text(CARD), weights)
    assert (card.classes, card.size, card.mean, card.mechanism) == (("cat", "dog"), 64, core.ModelCard.mean, "plain")
    card, _ = own.open_model(text(CARD, mean=[0.5] * 3, std=[0.25] * 3, title="Pets", accuracy=0.9, size=96), weights)
    assert (card.mean, card.std, card.title, card.accuracy, card.size) == ((0.5,) * 3, (0.25,) * 3, "Pets", 0.9, 96)


def test_without_mean_and_deviation_those_of_the_library_hold_and_none_is_guessed() -> None:
    def parse(architecture: str, **changes: object) -> core.ModelCard:
        return user_card.parse_card(text(CARD, architecture=architecture, widths=[8] * 4, **changes), "own/a", "a")[0]

    half = (0.5,) * 3
    card = parse("timm/vit_tiny_patch16_224")
    assert (card.mean, card.std) == (half, half), "of timm's weights of the ViT, not of every model"
    assert parse("torchvision/vit_b_16").mean == parse("timm/resnet18").mean == core.ModelCard.mean
    assert parse("timm/vit_tiny_patch16_224", mean=[0.4] * 3).mean == (0.4,) * 3
    for architecture in ("fovea/cbam", "hf:facebook/deit-tiny-patch16-224"):
        for missing in ("mean", "std"):
            moments = {one: half for one in ("mean", "std") if one != missing}
            with pytest.raises(core.InvalidInput, match=f"a needs '{missing}': three numbers"):
                parse(architecture, **moments)
        assert parse(architecture, mean=half, std=half).mean == half


@pytest.mark.parametrize("slug", [one.slug for one in MECHANISMS])
def test_our_own_architectures_by_mechanism_and_widths(tiny: Callable, picture: Picture, slug: str) -> None:
    classifier = tiny(slug)
    weights = save(classifier.module.state_dict())
    card = {"architecture": f"fovea/{slug}", "classes": list(CLASSES), "size": SIZE, "widths": list(WIDTHS)} | MOMENTS
    for said in (card, classifier.card.to_json()):  # our short card, and the one that training writes
        found = core.open_model(text(said), weights, "cpu")
        assert found.card.mechanism == slug and found.card.architecture == "fovea"
        np.testing.assert_allclose(core.read(found, picture).logits, core.read(classifier, picture).logits, rtol=1e-5)


def test_torchvisions_are_brought_to_the_seam(picture: Picture) -> None:
    network = redraw(models.mobilenet_v3_small(num_classes=2), 4).eval()
    card = text(CARD, architecture="torchvision/mobilenet_v3_small")
    classifier = core.open_model(card, save(network.state_dict()), "cpu")
    reading = core.read(classifier, picture)
    assert len(reading.maps) == 9 and classifier.card.mechanism == "squeeze-excitation"
    assert torch.allclose(torch.tensor(reading.logits), network(classifier.prepare(picture))[0], rtol=1e-4)


def test_the_folder_is_in_the_zoo_and_a_problem_takes_nothing_down(
    folder: Path, network: nn.Module, picture: Picture
) -> None:
    weights = save(network.state_dict())
    put(folder, "pets", weights)
    put(folder, "named", stored(network.state_dict()), suffix="-epoch9.pt", weights="named-epoch9.pt")
    (folder / "broken.json").write_text("{")
    (folder / "lonely.json").write_bytes(text(CARD))
    (folder / "climbing.json").write_bytes(text(CARD, weights="../pets.safetensors"))
    (folder / "notes.txt").write_text("no card")
    cards = {card.slug: card for card in core.cards()}
    assert [slug for slug in cards if slug.startswith("own/")] == ["own/named", "own/pets"]
    assert list(cards)[: len(zoo.stored())] == [card.slug for card in zoo.stored()]
    assert [one.partition(" ")[0] for one in own.problems()] == ["broken.json", "climbing.json", "lonely.json"]
    assert all(one.endswith(".") and "\n" not in one for one in own.problems())
    for slug in ("own/pets", "own/named"):
        assert zoo.present(cards[slug]) and same(core.load(slug, "cpu"), network, picture)
    assert refusal(lambda: core.load("own/broken")) == own.problems()[0]
    assert refusal(lambda: core.load("own/lonely")).endswith("Put lonely.safetensors into the same folder.")
    assert "There is no model 'own/cats'" in refusal(lambda: core.load("own/cats"))


def test_without_a_folder_there_are_no_models(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("FOVEA_MODELS", raising=False)
    assert own.cards() == () == own.problems()
    monkeypatch.setenv("FOVEA_MODELS", str(tmp_path / "none"))
    assert own.cards() == () == own.problems()


def test_a_file_is_loaded_by_its_path(tmp_path: Path, network: nn.Module, picture: Picture) -> None:
    put(tmp_path, "pets", stored(network.state_dict()), suffix=".pth")
    slug = f"file:{tmp_path}/pets.json"
    classifier = core.load(slug, "cpu")
    assert same(classifier, network, picture) and classifier.card.slug == slug and zoo.present(classifier.card)
    assert f"{tmp_path}/cats.json cannot be read" in refusal(lambda: core.load(f"file:{tmp_path}/cats.json"))
    (tmp_path / "pets.pth").unlink()
    assert "pets.json has no weights next to it" in refusal(lambda: core.load(slug))


def test_what_does_not_match_is_named(network: nn.Module) -> None:
    whole = network.state_dict()
    without = {name: tensor for name, tensor in whole.items() if "features.3" not in name}
    told = refusal(lambda: own.open_model(text(CARD), save(without)))
    assert (
        "missing (features.3.squeeze.weight, features.3.squeeze.bias, features.3.expand1x1.weight, and 3 more)." in told
    )
    told = refusal(lambda: own.open_model(text(CARD), save(whole | {"stranger": torch.zeros(1)})))
    assert "do not match its architecture: unexpected (stranger). Choose" in told
    told = refusal(lambda: own.open_model(text(CARD, classes=["a", "b", "c"]), save(whole)))
    assert "of the wrong shape (classifier.1.weight [2, 512, 1, 1] for [3, 512, 1, 1], classifier.1.bias [2]" in told
    told = refusal(lambda: own.open_model(text(CARD, architecture="torchvision/resnet18"), save(whole)))
    assert told.startswith("2.9 MB of weights is too little for the 12 million parameters of resnet18.")
    told = refusal(lambda: own.open_model(text(CARD, size=16), save(whole)))
    assert told.startswith("The model does not accept pictures of 16 × 16 pixels: ")


def test_pickles_are_refused_with_the_reason_and_nothing_runs(network: nn.Module, tmp_path: Path) -> None:
    mark = Runs(tmp_path / "ran")
    dangerous = {
        "a module": stored(network),
        "code": stored({"state_dict": network.state_dict(), "more": mark}),
        "plain pickle": pickle.dumps({"a": mark}, protocol=2),
        "hidden in arguments": stored({"model": network.state_dict(), "args": Namespace(rate=mark)}),
    }
    for what, data in dangerous.items():
        data += bytes(3_000_000 - len(data)) if what == "plain pickle" else b""
        told = refusal(lambda data=data: own.open_model(text(CARD), data))
        assert told.startswith("The file of the weights is refused: it is a pickle "), what
    put(tmp_path, "code", dangerous["code"], suffix=".pt")
    assert refusal(lambda: core.load(f"file:{tmp_path}/code.json", "cpu")).startswith("code.pt is refused")
    assert not (tmp_path / "ran").exists()
    pickle.loads(dangerous["plain pickle"])
    assert (tmp_path / "ran").exists()  # it would have


def test_files_that_hold_no_weights_are_reported(network: nn.Module) -> None:
    whole, packed = stored(network.state_dict()), io.BytesIO()
    with ZipFile(io.BytesIO(whole)) as old, ZipFile(packed, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    filled = {"junk": b"junk" * 800_000, "cut": whole[:-500], "compressed": packed.getvalue() + bytes(3_000_000)}
    filled |= {"cut safetensors": save(network.state_dict())[:-9], "compressed": packed.getvalue()}
    for what, data in filled.items():
        told = refusal(lambda data=data: own.open_model(text(CARD), data))
        assert told.startswith("The file of the weights ") and "again" in told, what
    blob = torch.zeros(800_000)
    for content in ([blob], {1: blob}, blob, {"a": {"b": []}}, {"a": Namespace(b=blob)}, {}):
        assert "holds no state dict" in refusal(lambda content=content: own.open_model(text(CARD), stored(content)))


def test_sizes_have_limits(network: nn.Module, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = save(network.state_dict())
    assert "larger than 1 MB" in refusal(lambda: own.open_model(text(CARD) + b" " * MAX_BYTES, weights))
    huge = {"architecture": "torchvision/regnet_y_128gf"}
    assert "645 million" in refusal(lambda: own.open_model(text(CARD, **huge), weights))
    monkeypatch.setattr(own, "MAX_WEIGHTS", len(weights) - 1)
    assert "Put the files into the folder that FOVEA_MODELS names instead" in refusal(
        lambda: own.open_model(text(CARD), weights)
    )


@pytest.mark.parametrize(
    ("data", "words"),
    {
        b"{": "The card is not JSON",
        b"\xff": "The card is not JSON",
        b"[" * 100_000: "The card is not JSON",
        b"[]": "must be a JSON object with architecture, classes, size",
        b"{}": "needs 'architecture': torchvision/NAME, timm/NAME, hf:OWNER/NAME or fovea/MECHANISM",
        text(CARD, color="red"): "has an unknown entry 'color'",
        text(CARD, architecture="keras/vgg"): "needs 'architecture'",
        text(CARD, architecture="module"): "needs 'architecture'",
        text(CARD, architecture="torchvision/vgg99"): "torchvision has no classification model 'vgg99'",
        text(CARD, architecture="timm/resnet1"): "timm has no architecture 'resnet1'. The most similar are: ",
        text(CARD, architecture="timm/"): "timm has no architecture ''",
        text(CARD, architecture="hf:../secret"): "'../secret' is not the name of a model of Hugging Face",
        text(CARD, architecture="hf:"): "'' is not the name of a model of Hugging Face",
        text(CARD, architecture="fovea/magic"): "There is no mechanism 'magic'",
        text(CARD, architecture="fovea"): "There is no mechanism ''",
        text(CARD, architecture="fovea/cbam", widths=[8, 8]): "needs 'widths': 4 whole numbers",
        text(CARD, architecture="fovea/cbam", widths=[8, 8, 8, 9000]): "needs 'widths'",
        text(CARD, classes=[]): "needs 'classes'",
        text(CARD, classes="cat"): "needs 'classes'",
        text(CARD, classes=["cat", 3]): "needs 'classes'",
        text(CARD, size=64.0): "needs 'size'",
        text(CARD, size=True): "needs 'size'",
        text(CARD, size=10**9): "needs 'size'",
        text(CARD, mean=[0.5, 0.5]): "needs 'mean'",
        text(CARD, std=[0.2, 0.2, 0]): "needs 'std'",
        text(CARD, std=[0.2, 0.2, float("nan")]): "needs 'std'",
        text(CARD, accuracy=90): "needs 'accuracy'",
        text(CARD, facts=[]): "needs 'facts'",
        text(CARD, weights="/etc/passwd"): "needs 'weights'",
    }.items(),
)
def test_a_card_that_is_wrong_is_reported(network: nn.Module, data: bytes, words: str) -> None:
    assert words in refusal(lambda: own.open_model(data, save(network.state_dict())))


def test_nothing_of_the_callers_changes(network: nn.Module) -> None:
    before = deepcopy(network.state_dict())
    own.open_model(text(CARD), save(network.state_dict()))
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())
