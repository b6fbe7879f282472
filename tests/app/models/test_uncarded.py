"""Models without a card: a saved folder opens at once, and what bare weights do not state is asked for."""

from __future__ import annotations

import io
import json

import pytest
import timm
import torch
import torchvision
from safetensors.torch import save

from app.state import Key
from app.views.models.keys import ModelsKey
from app.words import word
from tests.app.models.uploading import bring
from tests.app.pages import open_page, press, shown_text, visit, well
from tests.conftest import redraw
from tests.core.models.saved_models import LABELS, PREPARED, transformers_model

BINARY = "application/octet-stream"


@pytest.fixture(scope="module")
def folder() -> tuple[tuple[str, bytes, str], ...]:
    """What transformers saves of a small ViT."""
    module = transformers_model("ViT")
    weights = save({name: tensor.contiguous() for name, tensor in module.state_dict().items()}, {"format": "pt"})
    config = module.config.to_dict() | {"architectures": ["ViTForImageClassification"]}
    return (
        ("config.json", json.dumps(config).encode(), "application/json"),
        ("preprocessor_config.json", json.dumps(PREPARED).encode(), "application/json"),
        ("model.safetensors", weights, BINARY),
    )


def weights_of(name: str, classes: int) -> bytes:
    torch.manual_seed(0)
    return save(torchvision.models.get_model(name, weights=None, num_classes=classes).state_dict())


def test_a_saved_folder_is_opened_with_what_its_files_state(folder: tuple) -> None:
    page = well(bring(well(open_page("models", model="scenes/plain")), *folder))
    assert word("uncarded.complete") in shown_text(page)
    page = well(press(page, "uncarded-open"))
    slug = page.selectbox(key=Key.MODEL).value
    assert slug.startswith("own/")
    assert page.session_state[Key.OWN_MODELS][slug].card.title == "ViTForImageClassification"
    page = well(visit(page, "explore").run())
    assert page.selectbox(key=Key.TARGET).options[1:] == list(LABELS)


def test_without_its_preprocessing_the_scaling_is_requested(folder: tuple) -> None:
    page = well(bring(well(open_page("models", model="scenes/plain")), folder[0], folder[2]))
    assert page.selectbox(key=ModelsKey.SCALING).value == "half"  # as ViT is usually trained
    page = well(press(page.selectbox(key=ModelsKey.SCALING).set_value("none").run(), "uncarded-open"))
    (own,) = page.session_state[Key.OWN_MODELS].values()
    assert own.card.mean == (0.0, 0.0, 0.0) and own.card.std == (1.0, 1.0, 1.0)


def test_bare_weights_are_recognized_and_their_classes_named() -> None:
    page = bring(
        well(open_page("models", model="scenes/plain")), ("pets.safetensors", weights_of("resnet18", 2), BINARY)
    )
    page = well(page)
    assert word("uncarded.missing") in shown_text(page)
    page = page.text_area(key=ModelsKey.CLASSES).set_value("cat\ndog").run()
    page = well(press(page.number_input(key=ModelsKey.SIZE).set_value(64).run(), "uncarded-open"))
    (own,) = page.session_state[Key.OWN_MODELS].values()
    assert own.card.classes == ("cat", "dog") and own.card.size == 64 and own.card.title == "pets"
    assert page.selectbox(key=Key.MODEL).options == ["pets"]


def test_a_wrong_number_of_names_is_one_sentence_and_loses_nothing() -> None:
    page = bring(well(open_page("models")), ("pets.safetensors", weights_of("squeezenet1_1", 2), BINARY))
    page = well(page).text_area(key=ModelsKey.CLASSES).set_value("cat\ndog\nhen").run()
    page = page.button(key="uncarded-open").click().run()
    assert not page.exception and len(page.error) == 1 and "2 outputs, but 3 classes" in page.error[0].value
    assert page.text_area(key=ModelsKey.CLASSES).value == "cat\ndog\nhen" and not page.session_state[Key.OWN_MODELS]


def test_an_unknown_architecture_must_be_named_before_the_model_opens() -> None:
    unknown = save({"stem.weight": torch.zeros(4, 3, 3, 3), "last.weight": torch.zeros(2, 4)})
    page = well(bring(well(open_page("models")), ("odd.safetensors", unknown, BINARY)))
    assert page.button(key="uncarded-open").disabled
    assert page.selectbox(key="uncarded-architecture").value is None


def test_an_architecture_that_does_not_exist_is_one_sentence_and_another_can_be_chosen() -> None:
    unknown = save({"stem.weight": torch.zeros(4, 3, 3, 3), "last.weight": torch.zeros(2, 4)})
    page = well(bring(well(open_page("models")), ("odd.safetensors", unknown, BINARY)))
    page.session_state[ModelsKey.ARCHITECTURE] = "torchvision/nothing"  # as after typing it, which AppTest cannot
    page = well(page.run())
    assert len(page.warning) == 1 and page.button(key="uncarded-open").disabled
    page = well(page.selectbox(key="uncarded-architecture").set_value("torchvision/resnet18").run())
    assert not page.warning and not page.button(key="uncarded-open").disabled
    page = page.button(key="uncarded-open").click().run()  # its weights are those of another one
    assert not page.exception and len(page.error) == 1 and not page.session_state[Key.OWN_MODELS]


def test_damaged_weights_are_one_sentence() -> None:
    page = bring(well(open_page("models")), ("pets.safetensors", b"nothing like weights", BINARY))
    assert not page.exception and len(page.error) == 1


def timm_weights(name: str) -> bytes:
    module = redraw(timm.create_model(name, num_classes=3), 2)
    return save({key: tensor.contiguous() for key, tensor in module.state_dict().items()})


def test_several_architectures_that_fit_are_listed_and_one_is_chosen() -> None:
    page = open_page("models", model="scenes/plain")
    page = well(bring(well(page), ("pets.safetensors", timm_weights("tf_efficientnet_lite0"), BINARY)))
    box = page.radio(key="uncarded-candidate")
    assert box.options == ["timm/efficientnet_lite0", "timm/tf_efficientnet_lite0"] and box.value is None
    assert "match several architectures: timm/efficientnet_lite0, timm/tf_efficientnet_lite0" in page.info[0].value
    assert "Choose the one that was trained" in page.info[0].value, "there is a list to choose from"
    assert page.button(key="uncarded-open").disabled
    page = well(press(well(box.set_value("timm/tf_efficientnet_lite0").run()), "uncarded-open"))
    (own,) = page.session_state[Key.OWN_MODELS].values()
    assert own.card.architecture == "timm/tf_efficientnet_lite0"


def test_others_that_fit_and_compute_something_else_are_named_and_can_be_chosen() -> None:
    files = ("pets.safetensors", timm_weights("resnetblur18"), BINARY)
    page = well(bring(well(open_page("models", model="scenes/plain")), files))
    box = page.radio(key="uncarded-candidate")
    assert box.value == "torchvision/resnet18" and box.options == ["torchvision/resnet18", "timm/resnetblur18"]
    assert "These weights also fit resnetblur18 of timm" in page.info[0].value
    assert not page.button(key="uncarded-open").disabled
    page = well(press(well(box.set_value("timm/resnetblur18").run()), "uncarded-open"))
    (own,) = page.session_state[Key.OWN_MODELS].values()
    assert own.card.architecture == "timm/resnetblur18" and not any("also fit" in str(note) for note in own.notes)


def test_an_architecture_that_the_file_states_is_not_requested() -> None:
    file = io.BytesIO()
    module = redraw(timm.create_model("resnetblur18", num_classes=3), 2)
    torch.save({"arch": "resnetblur18", "state_dict": module.state_dict()}, file)
    page = well(bring(well(open_page("models", model="scenes/plain")), ("last.pth", file.getvalue(), BINARY)))
    assert not any(one.key in ("uncarded-candidate", "uncarded-architecture") for one in (*page.radio, *page.selectbox))
    page = well(press(page, "uncarded-open"))
    (own,) = page.session_state[Key.OWN_MODELS].values()
    assert own.card.architecture == "timm/resnetblur18"
