"""Models of the hub by name: the same files as in a folder, downloaded at first use."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import timm
import torch
import transformers
from torch import nn

import core
from core.data import open_sample
from core.models import zoo
from core.types import InvalidInput
from tests.conftest import redraw
from tests.core.models.saved_models import (
    LABELS,
    NAMED,
    lightning,
    logits_of,
    save_timm,
    save_transformers,
    timm_model,
    transformers_model,
)
from tests.core.models.small_hub import SmallHub, connected

MODELS = {"made/vit": transformers_model("ViT"), "made/timm": timm_model("test_vit")}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallHub]:
    """A hub with a model of transformers in shards, and one of timm."""
    folder, made = tmp_path_factory.mktemp("hub"), SmallHub()
    save_transformers(MODELS["made/vit"], folder / "vit", max_shard_size="40KB")
    save_timm(MODELS["made/timm"], folder / "timm")
    for name in MODELS:
        files = (folder / name.partition("/")[2]).iterdir()
        made.files[name] = {one.name: one.read_bytes() for one in files}
    with connected(made, folder / "cache"):
        yield made


@pytest.mark.parametrize("name", MODELS)
def test_a_model_of_the_hub_gives_the_same_logits(name: str, served: SmallHub):
    module: nn.Module = MODELS[name]
    card, ticks = zoo.find_card(f"hf:{name}"), []
    assert not zoo.present(card)
    classifier = core.load(card.slug, "cpu", lambda done, total: ticks.append((done, total)))
    assert zoo.present(card) and ticks[-1][0] == ticks[-1][1] > 0
    assert classifier.card.slug == f"hf:{name}" and classifier.card.classes == LABELS and classifier.card.family == "hf"
    x = torch.rand(2, 3, classifier.card.size, classifier.card.size)
    with torch.no_grad():
        assert torch.allclose(classifier.scores(x), logits_of(module)(x), atol=1e-5)
    asked = len([one for one in served.asked if one.startswith("GET")])
    core.load(card.slug, "cpu")
    assert len([one for one in served.asked if one.startswith("GET")]) == asked


def test_the_listed_model_with_registers_is_what_its_files_state(served: SmallHub, tmp_path: Path):
    """Its card is known without the network; a small one under its name has the size and scaling that it states."""
    card = next(one for one in core.cards() if one.slug.startswith("hf:"))
    config = transformers.Dinov2WithRegistersConfig(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=2, image_size=518, patch_size=14, **NAMED
    )
    module = redraw(transformers.Dinov2WithRegistersForImageClassification(config), 5).eval()
    module.save_pretrained(tmp_path)
    transformers.BitImageProcessor(
        size={"shortest_edge": 256}, crop_size=224, image_mean=card.mean, image_std=card.std
    ).save_pretrained(tmp_path)
    served.files[card.facts["repository"]] = {one.name: one.read_bytes() for one in tmp_path.iterdir()}
    assert zoo.find_card(card.slug) == card and not zoo.present(card)
    classifier = core.load(card.slug, "cpu")
    found = classifier.card
    names = ("slug", "title", "mechanism", "size", "resize", "interpolation", "mean", "std")
    assert [getattr(found, one) for one in names] == [getattr(card, one) for one in names]
    assert found.classes == LABELS and len(classifier.taps) == 2
    map_ = core.read(classifier, open_sample("scenes/24")).maps[0]
    assert len(map_.prefix) == 5 and core.to_grid(map_).shape == (16, 16)


def test_what_is_not_a_model_of_the_hub_is_reported(served: SmallHub, tmp_path: Path):
    served.files["made/text"] = {"config.json": b'{"model_type": "bert", "architectures": ["BertModel"]}'}
    served.files["made/code"] = {"config.json": b'{"auto_map": {"AutoModel": "a.B"}}'}
    for name, told in (
        ("made/none", "Hugging Face has no public model 'made/none'"),
        ("made/text", "There are no weights in made/text"),
        ("made/code", "names code to run"),
        ("made", "Hugging Face has no public model 'made'"),
        ("../made", "is not the name of a model of Hugging Face"),
    ):
        with pytest.raises(InvalidInput, match=r"^[^\n]+\.$") as caught:
            core.load(f"hf:{name}", "cpu")
        assert told in str(caught.value)


def card(architecture: str, **more: object) -> bytes:
    return json.dumps(
        {"architecture": architecture, "classes": ["oak", "elm"], "size": 32, "mean": 0.5, "std": 0.5, **more}
    ).encode()


@pytest.mark.parametrize("name", MODELS)
def test_a_card_may_name_an_architecture_of_the_hub(name: str, served: SmallHub):
    """Weights with two classes of their own in an architecture whose configuration alone is downloaded."""
    if name == "made/vit":
        own = transformers_model("ViT", 7)
        own.classifier = redraw(nn.Linear(own.config.hidden_size, 2), 8)
    else:
        own = redraw(timm.create_model("test_vit", num_classes=2), 8).eval()
    size = 32 if name == "made/vit" else 160
    data = lightning(own, "net.")
    found = core.open_model(card(f"hf:{name}", size=size), data, "cpu")
    listed = core.open_files({"last.ckpt": data}, f"hf:{name}", ["oak", "elm"], device="cpu")
    for classifier in (found, listed):
        x = torch.rand(2, 3, size, size)
        with torch.no_grad():
            assert torch.allclose(classifier.scores(x), logits_of(own)(x), atol=1e-5)
        assert classifier.card.classes == ("oak", "elm") and classifier.card.mechanism == "transformer"
    described = core.load(f"hf:{name}", "cpu").card
    assert (listed.card.size, listed.card.mean, listed.card.std) == (described.size, described.mean, described.std)


def test_a_card_with_an_architecture_that_the_hub_does_not_have_is_reported(served: SmallHub):
    with pytest.raises(InvalidInput, match=r"^Hugging Face has no public model 'made/none'[^\n]+\.$"):
        core.open_model(card("hf:made/none"), lightning(MODELS["made/vit"]), "cpu")
    with pytest.raises(InvalidInput, match=r"do not match its architecture: of the wrong shape \("):
        core.open_model(card("hf:made/vit"), lightning(MODELS["made/vit"]), "cpu")  # of three classes


@pytest.mark.parametrize("name", MODELS)
def test_files_put_by_hand_need_no_preprocessing(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the network, or for a model that the hub does not have."""
    module, hub = MODELS[name], SmallHub()
    folder = tmp_path / "cache" / ("models--" + name.replace("/", "--")) / "snapshots" / "main"
    folder.mkdir(parents=True)
    if name == "made/timm":
        save_timm(module, folder)
    else:
        save_transformers(module, folder, prepared=False)
    with connected(hub, tmp_path / "cache"):
        for offline in (False, True):
            monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", offline)
            classifier = core.load(f"hf:{name}", "cpu")
            assert classifier.card.classes == LABELS
            stated = [str(note) for note in classifier.notes if "preprocessor_config.json" in str(note)]
            wanted = f"The file preprocessor_config.json of {name} is not on this machine and cannot be downloaded."
            assert stated == ([] if name == "made/timm" else [wanted])
            if name == "made/vit":
                assert any("mean 0.5, 0.5, 0.5 and standard deviation 0.5" in str(note) for note in classifier.notes)


def test_a_model_whose_weights_are_downloaded_needs_its_preprocessing(
    served: SmallHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An interrupted network is no reason to assume it."""
    from core.models.libraries import hub

    download = hub.download

    def interrupted(repository: str, file: str, progress: object = None) -> Path | None:
        if file == "preprocessor_config.json":
            raise InvalidInput("interrupted")
        return download(repository, file, progress)

    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "new"))
    monkeypatch.setattr(hub, "download", interrupted)
    with pytest.raises(InvalidInput, match="interrupted"):
        core.load("hf:made/vit", "cpu")
