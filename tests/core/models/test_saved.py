"""Folders that transformers and timm saved open without a card, with the same logits; hostile ones are refused."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers
from torch import nn

import core
from core.types import InvalidInput
from tests.conftest import redraw
from tests.core.models.saved_models import (
    KINDS,
    LABELS,
    PREPARED,
    TIMM,
    logits_of,
    save_timm,
    save_transformers,
    timm_model,
    transformers_model,
)
from tests.core.refusals import refusal as refused


def same(classifier: core.Classifier, module: nn.Module) -> bool:
    """Whether a classifier has the logits of a module, to a millionth of their size."""
    x = torch.rand(2, 3, classifier.card.size, classifier.card.size, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        found, expected = classifier.scores(x), logits_of(module)(x)
    return torch.allclose(found, expected, rtol=0, atol=1e-6 * max(1, float(expected.abs().max())))


def refusal(folder: Path | str) -> str:
    return refused(core.load, f"file:{folder}", "cpu")


def change(folder: Path, **entries: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | entries))


@pytest.mark.parametrize("count", [3, 1])
def test_independent_labels_have_a_sigmoid_each(count: int, vit: Path, copy: Path, picture: core.Picture) -> None:
    """As transformers trains them, with a binary cross-entropy for each output; also with a single output."""
    config = json.loads((copy / "config.json").read_text())
    stated = {"problem_type": "multi_label_classification", "id2label": {str(at): LABELS[at] for at in range(count)}}
    module = transformers.ViTForImageClassification(transformers.ViTConfig(**config | stated))
    save_transformers(redraw(module, 3).eval(), copy)
    for found in (core.load(f"file:{copy}", "cpu"), core.adopt(module, device="cpu")):
        reading = core.read(found, picture)
        with torch.no_grad():
            expected = module.eval()(found.prepare(picture).contiguous()).logits[0].sigmoid().numpy()
        np.testing.assert_allclose(reading.probabilities[:count], expected, atol=1e-5)
        assert found.card.output == "sigmoid" and any("multi_label_classification" in note for note in found.notes)
    assert core.load(f"file:{vit}", "cpu").card.output == "logits"


def test_a_model_of_timm_may_have_independent_labels(tmp_path: Path) -> None:
    folder = save_timm(timm_model("test_resnet"), tmp_path / "timm")
    assert core.load(f"file:{folder}", "cpu").card.output == "logits"
    change(folder, problem_type="multi_label_classification")
    assert core.load(f"file:{folder}", "cpu").card.output == "sigmoid"


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_of_transformers_gives_the_same_logits(kind: str, tmp_path: Path):
    module = transformers_model(kind)
    classifier = core.load(f"file:{save_transformers(module, tmp_path / kind)}", "cpu")
    card = classifier.card
    assert same(classifier, module) and card.classes == LABELS and card.size == 32 and card.interpolation == "bicubic"
    assert card.mean == tuple(PREPARED["image_mean"]) and card.std == tuple(PREPARED["image_std"])


@pytest.mark.parametrize("name", TIMM)
def test_a_folder_of_timm_gives_the_same_logits(name: str, tmp_path: Path):
    module = timm_model(name)
    classifier = core.load(f"file:{save_timm(module, tmp_path / name)}", "cpu")
    assert same(classifier, module) and classifier.card.classes == LABELS
    assert classifier.card.mean == module.pretrained_cfg["mean"] and classifier.card.size == 160


def test_shards_pickles_and_uploads_are_the_same_model(tmp_path: Path):
    module = transformers_model("ViT", 4)
    shards = save_transformers(module, tmp_path / "shards", max_shard_size="40KB")
    assert len(list(shards.glob("*.safetensors"))) > 1
    pickled = save_transformers(module, tmp_path / "pickled")
    (pickled / "model.safetensors").unlink()
    torch.save(module.state_dict(), pickled / "pytorch_model.bin")
    for folder in (shards, pickled):
        upload = {f"{folder.name}/{one.name}": one.read_bytes() for one in folder.iterdir()}
        for classifier in (core.load(f"file:{folder}", "cpu"), core.open_files(upload, device="cpu")):
            assert same(classifier, module)
    assert classifier.card.slug.startswith("own/") and core.missing_facts(upload) == ()
    other = timm_model("test_vit", 5)
    assert same(core.load(f"file:{save_timm(other, tmp_path / 'bin', safe=False)}", "cpu"), other)


def test_what_is_not_stated_is_assumed_and_reported(tmp_path: Path):
    module = transformers_model("ViT")
    module.config.id2label = {0: "LABEL_0", 1: "LABEL_1", 2: "LABEL_2"}
    folder = save_transformers(module, tmp_path / "plain", prepared=False)
    files = {one.name: one.read_bytes() for one in folder.iterdir()}
    missing = core.missing_facts(files)
    assert [one.field for one in missing] == ["classes", "normalization"]
    notes = core.load(f"file:{folder}", "cpu").notes
    assert all(str(one.sentence) in map(str, notes) for one in missing)
    told = core.open_files(files, None, LABELS, mean=(0.1, 0.2, 0.3), std=(0.5,) * 3, device="cpu")
    assert told.card.classes == LABELS and told.card.mean == (0.1, 0.2, 0.3) and same(told, module)
    assert not {str(one.sentence) for one in missing} & set(map(str, told.notes))
    with pytest.raises(InvalidInput, match="has 3 outputs, but 2 classes are named"):
        core.open_files(files, None, LABELS[:2], device="cpu")


HOSTILE: dict[str, tuple[Callable[[Path], object], str]] = {
    "code": (lambda f: change(f, auto_map={"AutoModel": "evil.Model"}), "names code to run ('auto_map'), which is"),
    "quantized": (lambda f: change(f, quantization_config={"bits": 4}), "are quantized"),
    "layers": (lambda f: change(f, num_hidden_layers=10**9), "states num_hidden_layers: 1e+09, which does not match"),
    "width": (lambda f: change(f, hidden_size=65536, intermediate_size=262144), "MB of weights is too little for the"),
    "huge": (lambda f: change(f, hidden_size=10**12), "states hidden_size: 1e+12"),
    "nan": (lambda f: change(f, hidden_size=float("nan")), "states hidden_size: nan"),
    "no classifier": (lambda f: change(f, architectures=["ViTModel"]), "The ViTModel of"),
    "text model": (lambda f: change(f, model_type="bert", architectures=["BertModel"]), "not an image classifier"),
    "unknown": (lambda f: change(f, model_type="magic"), "is not a configuration of 'magic'"),
    "no type": (lambda f: change(f, model_type=None), "it has neither 'model_type' nor 'architecture'"),
    "shape": (lambda f: change(f, patch_size=4), "do not match its architecture: of the wrong shape ("),
    "missing": (lambda f: change(f, num_hidden_layers=3), "do not match its architecture: missing ("),
    "type": (lambda f: change(f, hidden_size="wide"), "hidden_size"),
    "no json": (lambda f: (f / "config.json").write_text("{"), "is not JSON"),
    "list": (lambda f: (f / "config.json").write_text("[]"), "is not a JSON object"),
    "deep": (lambda f: (f / "config.json").write_text("[" * 100_000), "is not JSON"),
    "no weights": (lambda f: (f / "model.safetensors").unlink(), "There are no weights in"),
    "damaged": (lambda f: (f / "model.safetensors").write_bytes(b"\0" * 99), "model.safetensors is damaged"),
    "mean": (
        lambda f: (f / "preprocessor_config.json").write_text(json.dumps(PREPARED | {"image_mean": "grey"})),
        "needs 'image_mean': a number for each of the three colors",
    ),
    "timm": (lambda f: change(f, architecture="resnet1", num_classes=3), "timm has no architecture 'resnet1'"),
    "timm path": (
        lambda f: change(f, architecture="test_vit", num_classes=3, model_args={"checkpoint_path": "/etc/passwd"}),
        "has the argument 'checkpoint_path', which is not allowed",
    ),
    "timm address": (
        lambda f: change(f, architecture="test_vit", num_classes=3, model_args={"norm_layer": "http://a/b"}),
        "has the argument 'norm_layer', which is not allowed",
    ),
    "timm classes": (lambda f: change(f, architecture="test_vit", num_classes=10**9), "needs 'num_classes': a whole"),
    "timm no classes": (lambda f: change(f, architecture="test_vit", num_classes=0), "states no classes"),
    "timm layers": (
        lambda f: change(f, architecture="test_vit", num_classes=3, model_args={"depth": 10**6}),
        "states depth: 1e+06, which does not match its weights",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_folders_get_a_sentence(what: str, copy: Path):
    damage, sentence = HOSTILE[what]
    damage(copy)
    assert sentence in refusal(copy)


def test_an_index_may_not_lead_elsewhere(copy: Path, tmp_path: Path):
    (copy / "model.safetensors").rename(tmp_path / "model.safetensors")
    index = copy / "model.safetensors.index.json"
    for name in ("../model.safetensors", str(tmp_path / "model.safetensors"), "run.py", ".."):
        index.write_text(json.dumps({"weight_map": {"a": name}}))
        assert f"names a file '{name}', which is not allowed" in refusal(copy)
    index.write_text(json.dumps({"weight_map": {"a": "model-1.safetensors"}}))
    assert "which model.safetensors.index.json lists, is missing" in refusal(copy)
    index.write_text(json.dumps({"weight_map": [1]}))
    assert "lists no files of weights" in refusal(copy)


def test_weights_that_are_not_numbers_are_reported(copy: Path):
    module = transformers_model("ViT")
    with torch.no_grad():
        module.classifier.bias[1] = torch.inf
    module.save_pretrained(copy)
    assert "classifier.bias are not finite" in refusal(copy)


def test_without_transformers_the_sentence_names_the_command(vit: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    assert "Install it with: python -m pip install transformers" in refusal(vit)


def test_a_path_that_is_not_there_is_reported(tmp_path: Path):
    assert refusal(tmp_path / "none") == f"There is no file or folder {tmp_path / 'none'}. Check the path."
    (tmp_path / "empty").mkdir()
    assert "There are no weights in" in refusal(tmp_path / "empty")


def test_a_model_of_regression_is_no_classifier(copy: Path) -> None:
    change(copy, problem_type="regression")
    assert "config.json" not in refusal(
        copy
    ) and "states problem_type=regression, so its outputs are numbers" in refusal(copy)
    module = transformers_model("ViT")
    module.config.problem_type = "regression"
    assert "ViTForImageClassification states problem_type=regression" in refused(core.adopt, module)


def test_a_model_of_regression_of_timm_is_no_classifier(tmp_path: Path) -> None:
    folder = save_timm(timm_model("test_resnet"), tmp_path / "timm")
    change(folder, problem_type="regression")
    assert "states problem_type=regression" in refusal(folder)
