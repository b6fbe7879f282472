"""Models that are not on the machine yet: torchvision's, fetched when asked for, and those that users bring."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.error import URLError

import pytest
import torch
import torchvision
from safetensors.torch import save

import core
from app.state import Key
from app.views.models import own_models
from app.words import word
from core.models import zoo
from core.models.files import download
from core.types import InvalidInput
from tests.app.models.uploading import bring
from tests.app.pages import open_page, press, shown_text, visit, well

pytestmark = pytest.mark.usefixtures("small_catalog")

SMALL = "torchvision/regnet_y_400mf"
"""The smallest of torchvision's models in the zoo."""


@pytest.fixture(scope="module")
def folder(tiny: Callable, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalog with two tiny models."""
    path = tmp_path_factory.mktemp("catalog")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FOVEA_PRETRAINED", str(path))
        for slug in ("plain", "cbam"):
            card = replace(tiny(slug).card, slug=f"scenes/{slug}", facts={"checksum": "tiny"})
            zoo.store(tiny(slug).module, card)
            zoo.store_card(card)
    return path


# --- weights that are fetched


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> None:
    """No network."""

    def refuse(url: str, timeout: float) -> None:
        raise URLError("Network is unreachable")

    monkeypatch.setattr(download, "urlopen", refuse)


def test_a_model_that_is_not_here_is_offered_and_nothing_is_downloaded_unrequested(away: None) -> None:
    page = well(open_page(model=SMALL))
    assert "not on this machine yet" in shown_text(page) and [
        one.key for one in page.button if one.key == "start-fetch"
    ]
    page = well(visit(page, "models").run())
    assert "not on this machine yet" in shown_text(page) and "ImageNet" in shown_text(page)  # its card needs no weights


def test_without_a_network_one_sentence_names_the_folder_and_the_model_before_stays(away: None, tmp_path: Path) -> None:
    page = well(open_page(model="scenes/cbam"))
    page = well(page.button_group(key=Key.FAMILY).set_value("torchvision").run())
    page = well(page.selectbox(key=Key.MODEL).set_value(SMALL).run())
    page = well(press(page, "start-fetch"))
    (sentence,) = [one.value for one in page.warning]
    assert str(tmp_path / "hub" / "checkpoints") in sentence and "Network is unreachable" in sentence
    before = "imagenet/efficientnet-lite0"  # of ImageNet's models the one that is there at once
    assert page.selectbox(key=Key.MODEL).value == before == page.query_params["model"]
    assert word("answer.title") in shown_text(page)


def test_weights_are_downloaded_once_and_shown_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    file, asked = io.BytesIO(), []
    torch.save(torchvision.models.get_model(SMALL.partition("/")[2], weights=None).state_dict(), file)

    class Answer(io.BytesIO):
        headers = {"Content-Length": str(file.tell())}

    def serve(url: str, timeout: float) -> Answer:
        asked.append(url)
        return Answer(file.getvalue())

    monkeypatch.setattr(download, "urlopen", serve)
    monkeypatch.setattr(download, "genuine", lambda path, name: True)
    page = well(open_page(model=SMALL, sample="scenes/24"))
    page = well(press(page, "start-fetch"))
    assert word("answer.knows", count=1000) in shown_text(page) or word("answer.unsure", count=1000) in shown_text(page)
    page = well(visit(page, "models").run())
    assert asked == [zoo.find_card(SMALL).facts["url"]]
    line = page.dataframe[0].value.set_index("model").loc[SMALL]
    assert line["milliseconds"] > 0


# --- models that users bring

SQUEEZE = {"architecture": "torchvision/squeezenet1_1", "classes": ["cat", "dog"], "size": 64}


def squeeze(**changes: object) -> tuple[str, bytes, str]:
    return "pets.json", json.dumps({**SQUEEZE, **changes}).encode(), "application/json"


@pytest.fixture(scope="module")
def pets() -> tuple[str, bytes, str]:
    """Weights that fit ``SQUEEZE``."""
    torch.manual_seed(0)
    module = torchvision.models.get_model("squeezenet1_1", weights=None, num_classes=2)
    return "pets.safetensors", save(module.state_dict()), "application/octet-stream"


def test_a_model_of_the_user_is_chosen_read_and_released(pets: tuple) -> None:
    page = well(bring(well(open_page("models", model="scenes/plain")), squeeze(), pets))
    slug = page.selectbox(key=Key.MODEL).value
    assert slug.startswith("own/") and page.selectbox(key=Key.MODEL).options == ["pets"]
    assert page.subheader[0].value == "pets" and word("card.unmeasured") in shown_text(page)
    page = well(visit(page, "explore").run())
    text = shown_text(page)
    assert word("share.own") in text and 'core.load("file:pets.json")' in text
    assert page.selectbox(key=Key.TARGET).options[1:] == SQUEEZE["classes"]
    page = well(press(visit(page, "models").run(), "own.0"))
    assert page.selectbox(key=Key.MODEL).value != slug and slug not in page.selectbox(key=Key.MODEL).options


class Harmful:
    """What a pickle may hold."""

    def __reduce__(self) -> tuple:
        return print, ("run",)


def saved(object: object) -> bytes:
    file = io.BytesIO()
    torch.save(object, file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("change", "name", "weights", "sentence"),
    [
        ({"architecture": "torchvision/nothing"}, "pets.safetensors", None, "torchvision has no"),
        ({"classes": []}, "pets.safetensors", None, "'classes'"),
        ({"classes": ["cat", "dog", "hen"]}, "pets.safetensors", None, "of the wrong shape (classifier.1.weight"),
        ({}, "pets.pt", saved({"conv.weight": torch.zeros(1)}), "missing (features.0.weight"),
        ({}, "pets.pt", saved({"state_dict": Harmful()}), "pickle with more than tensors"),
        ({}, "pets.safetensors", b"nothing like weights", "The file of the weights"),
    ],
)
def test_each_mistake_is_one_sentence(
    change: dict, name: str, weights: bytes | None, sentence: str, pets: tuple, capsys: pytest.CaptureFixture
) -> None:
    page = bring(
        well(open_page("models", model="scenes/plain")), squeeze(**change), (name, weights or pets[1], pets[2])
    )
    assert not page.exception and len(page.error) == 1 and sentence in page.error[0].value
    assert page.selectbox(key=Key.MODEL).value == "scenes/plain" and not page.session_state[Key.OWN_MODELS]
    assert "run" not in capsys.readouterr().out  # nothing in a pickle is
    page = well(bring(page, squeeze(), pets))  # and the next try is a new one
    assert page.selectbox(key=Key.MODEL).options == ["pets"]


def test_one_file_waits_for_the_other_and_three_are_refused(pets: tuple) -> None:
    page = well(bring(well(open_page("models")), squeeze()))
    assert word("own.other") in [one.value for one in page.info]
    page = bring(page, squeeze(), pets, ("more.bin", b"", "text/plain"))
    assert [one.value for one in page.error] == [word("own.both", count=3)]


def test_there_is_room_for_a_few(pets: tuple) -> None:
    page = well(open_page("models"))
    for number in range(own_models.MOST):
        page = well(bring(page, squeeze(title=f"Pets {number}"), pets))
    page = bring(page, squeeze(title="One too many"), pets)
    assert [one.value for one in page.error] == [word("own.full", count=own_models.MOST)]
    assert len(page.session_state[Key.OWN_MODELS]) == own_models.MOST


def test_the_example_cards_are_cards() -> None:
    for example in own_models.EXAMPLES.values():
        with pytest.raises(InvalidInput, match="missing"):  # in the weights: with the card nothing is wrong
            core.open_model(json.dumps(example).encode(), save({"none": torch.zeros(1 << 23)}), "cpu")


def test_a_folder_of_the_user_is_in_the_zoo_with_its_problems(
    pets: tuple, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pets.json").write_bytes(squeeze()[1])
    (tmp_path / "pets.safetensors").write_bytes(pets[1])
    (tmp_path / "broken.json").write_text("{")
    monkeypatch.setenv("FOVEA_MODELS", str(tmp_path))
    page = well(open_page("models", model="own/pets"))
    assert page.selectbox(key=Key.MODEL).value == "own/pets" == page.query_params["model"]
    assert [one.value for one in page.warning if "broken.json" in one.value]
    assert 'core.load("own/pets")' in shown_text(visit(page, "explore").run())


def test_what_a_model_cannot_show_stands_next_to_it() -> None:
    """For a fine-tuned googlenet, the app states how it is run; for a model without limits, nothing."""
    network = torchvision.models.googlenet(num_classes=2, aux_logits=True, transform_input=True, init_weights=False)
    card = json.dumps({"architecture": "torchvision/googlenet", "classes": ["cat", "dog"], "size": 64}).encode()
    page = well(open_page("models", model="scenes/plain"))
    assert word("model.limits") not in shown_text(page)
    weights = ("pets.safetensors", save(network.eval().state_dict()), "application/octet-stream")
    page = well(bring(page, ("pets.json", card, "application/json"), weights))
    for shown in (shown_text(page), shown_text(well(visit(page, "explore").run()))):
        assert word("model.limits") in shown and "input=True" in shown
