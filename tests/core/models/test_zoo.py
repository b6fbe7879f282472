"""The catalog: cards found, ordered and refused, weights there and back, and the shipped files held to their cards."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

import core
from core.attention import MECHANISMS, mechanism
from core.classifier import Classifier
from core.families import find_family
from core.models import zoo
from core.types import ModelCard, Picture
from tests.core.refusals import refusal

MOMENTS = {"mean": [0.5, 0.4, 0.3], "std": [0.2, 0.2, 0.3]}
LIBRARIES = {"torchvision", "imagenet", "timm", "hf"}
SHIPPED = sorted(zoo.PRETRAINED.glob("*/*.json"))
FACTS = {"data", "license", "command", "recipe", "epochs", "seed", "device", "seconds", "parameters", "checksum"}
needs_shipped = pytest.mark.skipif(not SHIPPED, reason="no shipped model: pretrained/ is empty")


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A catalog of its own."""
    monkeypatch.setenv("FOVEA_PRETRAINED", str(tmp_path))
    return tmp_path


def put(classifier: Classifier, slug: str = "made/cbam", **changes: object) -> ModelCard:
    """Store a classifier under another slug."""
    card = replace(classifier.card, slug=slug, **changes)
    zoo.store(classifier.module, card)
    zoo.store_card(card)
    return card


def test_weights_go_as_halves_and_come_back_frozen(empty: Path, tiny: Callable, picture: Picture) -> None:
    for one in MECHANISMS:
        classifier = tiny(one.slug)
        card = put(classifier, f"made/{one.slug}")
        stored = load_file(empty / f"made/{one.slug}.safetensors")
        own = classifier.module.state_dict()
        assert stored.keys() == own.keys()
        for name, tensor in stored.items():
            assert tensor.dtype == (torch.float16 if own[name].is_floating_point() else own[name].dtype)
            assert torch.equal(tensor, own[name].to(tensor.dtype))
        loaded = core.load(card.slug, "cpu")
        assert loaded.card == card and not any(child.training for child in loaded.module.modules())
        for name, tensor in loaded.module.state_dict().items():
            assert tensor.dtype == own[name].dtype and torch.equal(tensor, stored[name].to(own[name].dtype))
        assert not any(parameter.requires_grad for parameter in loaded.module.parameters())
        found, expected = core.read(loaded, picture), core.read(classifier, picture)
        assert abs(found.logits - expected.logits).max() < 0.02 * abs(expected.logits).max()
        assert zoo.fetch(card) is not zoo.fetch(card)


def test_a_card_goes_to_json_and_back(empty: Path, tiny: Callable) -> None:
    colors = {"mean": (0.1, 0.2, 0.3), "std": (1.0, 1.0, 0.5), "widths": (8, 8, 16, 16), "size": 64}
    measured = {"accuracy": 0.75, "pictures": 8, "ablation": {"uniform": 0.5}, "facts": {"sizes": [[1.0, 64]]}}
    card = ModelCard("made/cbam", "CBAM · made", "cbam", ("ärmel", "b"), **colors, **measured)
    assert ModelCard.from_json(json.loads(json.dumps(card.to_json()))) == card
    assert ModelCard.from_json(tiny("plain").card.to_json()) == tiny("plain").card and card.family == "made"
    (empty / "made").mkdir()
    path = zoo.store_card(card)
    assert path == empty / "made/cbam.json" and zoo.read_card(path) == card and "ärmel" in path.read_text("utf-8")
    least = {"slug": "a/b", "title": "B", "mechanism": "plain", "classes": ["x", "y"]}
    assert ModelCard.from_json(least) == ModelCard("a/b", "B", "plain", ("x", "y"))
    assert "Unknown entries: color." in refusal(lambda: ModelCard.from_json({**least, "color": "red"}))
    assert "Missing entries: title." in refusal(
        lambda: ModelCard.from_json({key: least[key] for key in least if key != "title"})
    )


def test_cards_come_family_by_family_in_the_order_of_the_mechanisms(empty: Path, tiny: Callable) -> None:
    assert zoo.stored() == () and {card.family for card in core.cards()} == LIBRARIES
    slugs = [one.slug for one in MECHANISMS]
    for family in ("zoo", "imagenette", "birds", "scenes"):
        for slug in reversed(slugs):
            put(tiny(slug), f"{family}/{slug}")
    put(tiny("plain"), "scenes/another", mechanism="unknown")
    put(tiny("plain"), "birds/lost")
    (empty / "birds/lost.safetensors").unlink()  # a card without weights cannot be loaded, so it is no model
    expected = [f"{family}/{slug}" for family in ("scenes", "imagenette", "birds", "zoo") for slug in slugs]
    expected.insert(len(slugs), "scenes/another")
    assert [card.slug for card in zoo.stored()] == expected
    assert core.cards()[: len(expected)] == zoo.stored() and core.cards()[len(expected)].family == "torchvision"
    assert zoo.find_card("birds/plain").slug == "birds/plain" and all(map(zoo.present, zoo.stored()))


def test_an_unknown_slug_names_the_most_similar(empty: Path, tiny: Callable) -> None:
    put(tiny("plain"), "made/plain")
    put(tiny("cbam"), "made/cbam")
    for slug in ("made/none", "made", "", "../made/cbam", "made/cbam.json"):
        sentence = refusal(lambda slug=slug: core.load(slug))
        assert sentence.startswith(f"There is no model {slug!r}. The most similar are: ") and len(sentence) < 300
    assert "made/cbam, " in refusal(lambda: core.load("made/cbm"))
    assert "timm/resnet18" in refusal(lambda: core.load("resnet18"))
    assert "timm/resnet18" in refusal(lambda: core.load("timm:resnet18"))
    assert "no device 'tpu'" in refusal(lambda: core.load("made/cbam", "tpu"))


@pytest.mark.parametrize("text", ["{", "", "[]", "3", "null", '"text"', '{"slug": "a/b"}', '[{"slug": 1}]', "\xff"])
def test_a_broken_card_is_one_sentence_that_names_the_file(empty: Path, tiny: Callable, text: str) -> None:
    put(tiny("plain"))
    (empty / "made/cbam.json").write_bytes(text.encode("latin-1"))
    (said,) = zoo.problems()
    assert said.startswith("made/cbam.json is not a model card") and said == refusal(lambda: core.load("made/cbam"))
    assert not [one for one in core.cards() if one.family == "made"]


@pytest.mark.parametrize("damage", ["empty", "cut", "cut header", "no safetensors", "folder"])
def test_weights_that_cannot_be_read_are_one_sentence(empty: Path, tiny: Callable, damage: str) -> None:
    card = put(tiny("cbam"))
    path = empty / "made/cbam.safetensors"
    whole = path.read_bytes()
    path.unlink()
    assert "made/cbam.safetensors" in refusal(lambda: zoo.fetch(card))  # missing
    if damage == "folder":
        path.mkdir()
    else:
        broken = {"empty": b"", "cut": whole[:-100], "cut header": whole[:50], "no safetensors": b"PK\3\4" * 100}
        path.write_bytes(broken[damage])
    assert refusal(lambda: core.load("made/cbam", "cpu")).startswith("The weights of made/cbam cannot be read from ")


def test_weights_that_do_not_match_are_one_sentence_that_names_them(empty: Path, tiny: Callable) -> None:
    card, path = put(tiny("cbam")), empty / "made/cbam.safetensors"
    whole = load_file(path)
    wrong = {
        "of the wrong shape (classify.bias [7] for [10])": {**whole, "classify.bias": torch.zeros(7)},
        "missing (stem.0.weight)": {name: tensor for name, tensor in whole.items() if name != "stem.0.weight"},
        "unexpected (stranger)": {**whole, "stranger": torch.zeros(1)},
    }
    for name, weights in wrong.items():
        save_file(weights, path)
        assert refusal(lambda: zoo.fetch(card)).startswith(
            f"The weights of made/cbam do not match its architecture: {name}. "
        )
    save_file(load_file(zoo.store(tiny("plain").module, replace(card, slug="made/plain"))), path)
    assert "architecture: missing (stage3.attention.channel.squeeze.weight, " in refusal(lambda: zoo.fetch(card))
    save_file(whole, path)
    assert "must list 4 widths, not 2" in refusal(lambda: zoo.fetch(replace(card, widths=(8, 8))))
    assert "no mechanism 'magic'" in refusal(lambda: zoo.fetch(replace(card, mechanism="magic")))


def test_a_family_has_its_widths_and_a_card_says_which_were_built() -> None:
    card = ModelCard("scenes/plain", "", "plain", ("a", "b", "c"), widths=find_family("scenes").widths)
    wide = find_family("imagenette").widths
    assert card.widths == tuple(width // 2 for width in wide)
    assert tuple(zoo.build(card).classify.weight.shape) == (3, 128)
    assert tuple(zoo.build(replace(card, widths=wide)).classify.weight.shape) == (3, 256)


@needs_shipped
def test_the_shipped_models_are_light() -> None:
    assert sum(path.stat().st_size for path in zoo.PRETRAINED.rglob("*")) < 60e6


@needs_shipped
@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_shipped_model_is_what_its_card_says(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FOVEA_PRETRAINED", raising=False)
    card = zoo.read_card(path)
    data = path.with_suffix(".safetensors").read_bytes()
    assert card.slug == f"{path.parent.name}/{path.stem}" and card in core.cards()
    assert card.facts.keys() >= FACTS and card.facts["checksum"] == hashlib.sha256(data).hexdigest()
    for tensor in load_file(path.with_suffix(".safetensors")).values():
        assert tensor.dtype == torch.float16 if tensor.ndim else tensor.dtype == torch.int64
        assert torch.isfinite(tensor).all()
    classifier = core.load(card.slug, "cpu")
    assert sum(parameter.numel() for parameter in classifier.module.parameters()) == card.facts["parameters"]
    least = 0.9 / len(card.classes) if card.family.startswith("tasks-") else 0.8  # not every mechanism solves a task
    assert least < card.accuracy <= 1 and card.pictures > 0 and len(card.classes) >= 2
    assert (card.accuracy * card.pictures) == pytest.approx(round(card.accuracy * card.pictures), abs=1e-6)
    assert set(card.ablation) == ({"uniform", "shuffled", "off"} if classifier.taps else set())
    assert all(0 <= left <= 1 for left in card.ablation.values())
    assert card.facts["command"].startswith(f"python -m core train {card.slug}") and card.facts["license"]
    assert mechanism(card.mechanism).slug == card.mechanism


# --- damaged files


@needs_shipped
def test_a_flipped_bit_in_shipped_weights_is_refused(empty: Path) -> None:
    """Every bit counts: in a weight, in the names, in the padding of the header."""
    for name in ("json", "safetensors"):
        (empty / "scenes").mkdir(exist_ok=True)
        shutil.copy(zoo.PRETRAINED / f"scenes/plain.{name}", empty / "scenes")
    path = empty / "scenes/plain.safetensors"
    whole = path.read_bytes()
    assert core.load("scenes/plain", "cpu").card.facts["checksum"] == hashlib.sha256(whole).hexdigest()
    for place in (len(whole) - 1, len(whole) // 2, len(whole) // 2 + 1):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert "do not match the checksum" in refusal(lambda: core.load("scenes/plain", "cpu"))
    path.write_bytes(whole + b"\0")
    assert "do not match the checksum" in refusal(lambda: core.load("scenes/plain", "cpu"))


@pytest.mark.parametrize(
    ("key", "value"),
    [("classify.weight", float("nan")), ("classify.weight", float("inf")), ("stem.1.running_var", float("nan"))],
)
def test_weights_that_are_no_numbers_are_refused(empty: Path, tiny: Callable, key: str, value: float) -> None:
    card, path = put(tiny("cbam")), empty / "made/cbam.safetensors"
    weights = load_file(path)
    assert core.load(card.slug, "cpu")
    weights[key] = weights[key].clone()
    weights[key].flatten()[3] = value
    save_file(weights, path)
    said = refusal(lambda: core.load(card.slug, "cpu"))
    assert key in said and "1 of the" in said and "are not finite" in said
    own = {
        "architecture": "fovea/cbam",
        "classes": list(card.classes),
        "size": 64,
        "widths": list(card.widths),
    } | MOMENTS
    assert key in refusal(lambda: core.open_model(json.dumps(own).encode(), path.read_bytes(), "cpu"))


def test_weights_of_the_user_are_held_to_the_checksum_on_their_card(tiny: Callable, tmp_path: Path) -> None:
    own = {"architecture": "fovea/cbam", "classes": list("abcdefghij"), "size": 64, "widths": [8, 8, 16, 16]} | MOMENTS
    path = tmp_path / "mine.safetensors"
    save_file(tiny("cbam").module.state_dict(), path)
    data = path.read_bytes()
    for checksum, fits in ((hashlib.sha256(data).hexdigest(), True), ("0" * 64, False), ("of my own", True)):
        card = json.dumps({**own, "facts": {"checksum": checksum}})
        path.with_suffix(".json").write_text(card)
        for load in (
            lambda: core.load(f"file:{path.with_suffix('.json')}", "cpu"),
            lambda card=card: core.open_model(card.encode(), data, "cpu"),
        ):
            if fits:
                load()
            else:
                assert "do not match the checksum" in refusal(load)


@pytest.mark.parametrize(
    "text",
    ["{", "[]", "null", '{"slug": 3, "title": "x", "mechanism": "cbam", "classes": ["a"]}', '{"slug": "made/x"}',
     '{"slug": "made/x", "title": [], "mechanism": "cbam", "classes": ["a"]}', "\xff", "[" * 100_000,
     '{"slug": "made/x", "title": "x", "mechanism": {}, "classes": ["a"]}',
     '{"slug": "made/x", "title": "x", "mechanism": "cbam", "classes": [1, 2]}'],
    ids=range(10),
)  # fmt: skip
def test_one_broken_card_hides_no_other(empty: Path, tiny: Callable, text: str) -> None:
    put(tiny("cbam"))
    put(tiny("plain"), "made/x")
    (empty / "made/x.json").write_text(text, encoding="latin-1")
    assert "made/x" not in [one.slug for one in core.cards()] and core.load("made/cbam", "cpu")
    (said,) = zoo.problems()
    assert said.startswith("made/x.json is not a model card") and said == refusal(lambda: core.load("made/x", "cpu"))
