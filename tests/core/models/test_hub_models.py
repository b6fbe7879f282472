"""Models of the hub by name: the same files as in a folder, downloaded at first use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

import core
from core.models import zoo
from core.types import InvalidInput
from tests.core.models.saved_models import (
    LABELS,
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


def test_what_is_not_a_model_of_the_hub_is_told(served: SmallHub, tmp_path: Path):
    served.files["made/text"] = {"config.json": b'{"model_type": "bert", "architectures": ["BertModel"]}'}
    served.files["made/code"] = {"config.json": b'{"auto_map": {"AutoModel": "a.B"}}'}
    for name, told in (
        ("made/none", "Hugging Face has no public model 'made/none'"),
        ("made/text", "made/text has no weights"),
        ("made/code", "names code to run"),
        ("made", "Hugging Face has no public model 'made'"),
        ("../made", "is not the name of a model of Hugging Face"),
    ):
        with pytest.raises(InvalidInput, match=r"^[^\n]+\.$") as caught:
            core.load(f"hf:{name}", "cpu")
        assert told in str(caught.value)
