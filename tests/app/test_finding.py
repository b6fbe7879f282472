"""Models found by name: another library's by its name, zero-shot by typed classes, and what is wrong with a name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.runtime import architectures
from app.state import Key
from app.widgets import models
from app.words import word
from core.models import zoo
from core.types import ModelCard
from tests.app.pages import drawn_by, open_page, shown_text, well

LITE = "imagenet/efficientnet-lite0"
ABSENT = "timm/resnet18.a1_in1k"


def test_the_model_that_is_there_at_once_answers_a_photograph() -> None:
    page = well(open_page(model=LITE, sample="photo/hopper"))
    assert page.session_state[Key.MODEL] == LITE and page.session_state[Key.FAMILY] == models.IMAGENET
    chosen = next(one for one in page.selectbox if one.key == Key.MODEL)
    assert chosen.options[0].startswith(zoo.find_card(LITE).title), "what is there at once comes first"
    assert drawn_by(page, "bars") and not page.warning


def test_a_model_of_timm_by_its_name_is_offered_for_download() -> None:
    page = well(open_page(model=ABSENT))
    assert page.session_state[Key.MODEL] == ABSENT
    assert any(one.key == "start-fetch" for one in page.button) and "library that publishes them" in shown_text(page)
    assert ABSENT in page.session_state[Key.NAMED_MODELS], "it stays in the list of this session"


@pytest.mark.parametrize(
    ("slug", "sentence"),
    [
        ("timm/vit_smal_patch16_224", "vit_small_patch16_224"),
        ("clip:ViT-B-32/openai", "at least two texts"),
        ("clip:ViT-B-32/openai?classes=a+cat|a+cat", "appears twice"),
        ("hf:", "hf:"),
    ],
)
def test_a_name_that_is_wrong_is_one_sentence_and_the_page_goes_on(slug: str, sentence: str) -> None:
    page = well(open_page(model=slug))
    assert any(sentence in one.value for one in page.warning), [one.value for one in page.warning]
    assert page.session_state[Key.MODEL] == models.FIRST[0]


@pytest.mark.parametrize("slug", ["scenes/cbam", "imagenette/plain", LITE, models.FIRST[0]])
@pytest.mark.parametrize("name", ["explore", "models"])
def test_a_model_is_found_by_name_from_every_group(name: str, slug: str) -> None:
    page = well(open_page(name, model=slug))
    assert page.session_state[Key.MODEL] == slug
    assert any(one.proto.popover.label == word("find.title") for one in page.get("popover"))


def test_typed_classes_are_part_of_the_address() -> None:
    page = well(open_page(model="clip:ViT-B-32/openai?classes=a+photo+of+a+cat|a+photo+of+a+dog"))
    card = next(iter(page.session_state[Key.NAMED_MODELS].values()))
    assert card.classes == ("a photo of a cat", "a photo of a dog")
    assert page.session_state[Key.FAMILY] == models.NAMED and word("family.named")


def test_every_architecture_can_be_searched() -> None:
    found = architectures()
    assert len(found) > 1300 and "vit_small_patch16_224" in found


def test_where_models_with_cbam_are_is_stated_while_timm_has_none() -> None:
    assert not [name for name in architectures() if "cbam" in name]
    stated = word("find.cbam")
    for group in ("tasks", "scenes", "imagenette"):
        assert word(f"family.{group}") in stated
        inside = [card for card in zoo.cards() if models.group(card.family) == group]
        assert any(card.mechanism == "cbam" for card in inside)


def test_a_card_that_does_not_state_its_attention_does_not_say_that_there_is_none() -> None:
    card = ModelCard("own/x", "x", "plain", ("ash", "elm"), architecture="timm/cait_xxs24_224")
    assert models.summary(card) == word("mechanism.found")
    listed = next(one for one in zoo.cards() if one.family == "timm" and one.mechanism == "plain")
    assert models.summary(listed) == word("mechanism.none.summary")
    assert models.summary(replace(listed, slug="timm/cait_xs24_384")) == word("mechanism.found")
    assert models.summary(replace(card, architecture="torchvision/resnet18")) == word("mechanism.none.summary")
