"""The pickers of the model and of the device, and what a model is called."""

from __future__ import annotations

import streamlit as st

from app import runtime, state
from app.state import Key
from app.words import known, literal, percent, plain, whole, word
from core import Classifier, InvalidInput, ModelCard
from core.attention import MECHANISMS, PLAIN, Mechanism
from core.models import absent_class
from core.scenes import SHORTCUTS
from core.types import PROBABILITIES, SIGMOID

FIRST = "scenes/self-attention"
"""What the app opens with: its attention is there to be seen, and needed."""
SHORTCUT, OWN, OURS = "shortcut", "own", "fovea"
LITTLE = 0.05
"""A model that loses less of its accuracy than this without its attention hardly needs it."""


def shortcut(family: str) -> str | None:
    """What gave the class away when a family was trained: "tag", "background", or None."""
    return SHORTCUTS.get(family)


def group(family: str) -> str:
    """The families that stand together in the picker: both that learned a shortcut are one group."""
    return SHORTCUT if shortcut(family) else family


def family_title(slug: str) -> str:
    """A family's or a group's name in plain words."""
    return known(f"family.{slug}", slug)


def find_mechanism(card: ModelCard) -> Mechanism | None:
    """The kind of attention that a card names; None where it is none of ours, or no attention in another's model."""
    kind = next((one for one in MECHANISMS if one.slug == card.mechanism), None)
    return None if kind is PLAIN and card.architecture != OURS else kind


def mechanism_title(card: ModelCard) -> str:
    """The kind of attention in plain words."""
    kind = find_mechanism(card)
    if kind is None:
        return word("mechanism.none") if card.mechanism == PLAIN.slug else card.mechanism
    return known(f"mechanism.{kind.slug}.title", kind.title)


def is_ours(card: ModelCard) -> bool:
    """Whether it is a mechanism in our backbone, from the zoo: its name says all."""
    return card.architecture == OURS and card.family != OWN


def model_title(card: ModelCard) -> str:
    """What a model is called: the mechanism and the family of ours, the card's own title of others."""
    if not is_ours(card):
        return card.title
    return f"{mechanism_title(card)} · {family_title(card.family)}"


def model_label(card: ModelCard) -> str:
    """One line of the picker, short as a side bar is narrow: the model among its neighbors, how often it is right."""
    title, kind = mechanism_title(card) if is_ours(card) else card.title, shortcut(card.family)
    told = "" if card.accuracy is None else percent(card.accuracy)
    return " · ".join(filter(None, [title, word(f"shortcut.{kind}") if kind else "", told]))


def summary(card: ModelCard) -> str:
    """The mechanism in a few plain words."""
    kind = find_mechanism(card)
    if kind is None:
        return word("mechanism.none.summary") if card.mechanism == PLAIN.slug else word("mechanism.unknown")
    words = known(f"model.{card.architecture}", known(f"mechanism.{kind.slug}.summary", kind.summary))
    return words[0].upper() + words[1:]


def what(card: ModelCard) -> str:
    """The mechanism in a sentence."""
    return word("model.what", summary=summary(card))


def needs_attention(card: ModelCard) -> str:
    """How much the model needs its attention, in a sentence; empty for a model without any."""
    if card.accuracy is None or "uniform" not in card.ablation:
        return ""
    lost, left = card.accuracy - card.ablation["uniform"], card.ablation["uniform"]
    key = "model.hardly" if lost < LITTLE else "model.needs"
    return word(key, left=percent(left))


def why(card: ModelCard) -> str:
    """What a shortcut learner is for; empty for other models."""
    kind = shortcut(card.family)
    return word(f"shortcut.{kind}.why") if kind else ""


def shelf() -> dict[str, ModelCard]:
    """Every card that this user may choose, by slug: the zoo, then the user's own models."""
    own = {slug: one.card for slug, one in state.own_models().items()}
    return {card.slug: card for card in runtime.cards()} | own


def find_card(slug: str) -> ModelCard:
    """The card of that slug; InvalidInput where it is not there, or not any more."""
    cards = shelf()
    if slug not in cards:
        raise InvalidInput(plain("model.gone", model=slug))
    return cards[slug]


def choose(slug: str) -> None:
    """Make a model the chosen one, before its picker is drawn; maps are its own, and pictures fit its family."""
    before, drawn = state.get(Key.MODEL, ""), "scenes"
    state.put(Key.MODEL, slug)
    state.forget(Key.MAP, Key.TARGET)
    moved = before.startswith(drawn) != slug.startswith(drawn)
    if moved and not (state.get(Key.SAMPLE) or "").startswith("upload/"):
        state.forget(Key.SAMPLE)


def pick_model() -> ModelCard:
    """The model picker, by group of families; the card that is chosen."""
    if wanted := state.take_wanted():
        choose(wanted)
    cards = shelf()
    if not cards:
        raise InvalidInput(plain("model.none"))
    if state.get(Key.MODEL) not in cards:
        if state.get(Key.MODEL):
            state.notice(word("model.unknown", model=state.get(Key.MODEL)))
        state.put(Key.MODEL, FIRST if FIRST in cards else next(iter(cards)))
    card = cards[state.get(Key.MODEL)]
    groups = list(dict.fromkeys(group(one.family) for one in cards.values()))
    here = group(card.family)
    state.put(Key.FAMILY, here)

    def change_group() -> None:
        wanted = state.get(Key.FAMILY) or here
        inside = [one for one in cards.values() if group(one.family) == wanted]
        choose(next((one for one in inside if one.mechanism == card.mechanism), inside[0]).slug)

    st.pills(
        word("model.family"),
        groups,
        key=Key.FAMILY,
        format_func=lambda slug: literal(family_title(slug)),
        on_change=change_group,
        label_visibility="collapsed",
        required=True,
    )
    st.selectbox(
        word("model.label"),
        [slug for slug, one in cards.items() if group(one.family) == here],
        key=Key.MODEL,
        format_func=lambda slug: model_label(cards[slug]),
        on_change=lambda: state.forget(Key.MAP, Key.TARGET),
        label_visibility="collapsed",
        filter_mode=None,  # no keyboard springs up on a phone
    )
    st.caption("  \n".join(filter(None, [what(card), measured(card), needs_attention(card), why(card)])))
    return card


def measured(card: ModelCard) -> str:
    """How often the model is right, and of how many pictures; empty where nobody measured it."""
    if card.accuracy is None:
        return ""
    return word("model.measured", accuracy=percent(card.accuracy), pictures=whole(card.pictures))


def limits(classifier: Classifier) -> None:
    """What a model cannot show and how it is run, as core says it; nothing for a model without limits."""
    if classifier.limits:
        st.caption("  \n".join([f"**{word('model.limits')}**", *map(literal, classifier.limits)]))


def outputs(classifier: Classifier) -> str:
    """What the model gives out, where that is no logit for each of several classes; else nothing."""
    card = classifier.card
    if card.output not in (SIGMOID, PROBABILITIES):
        return ""
    given = word("outputs.probabilities") if card.output == PROBABILITIES else ""
    if classifier.independent:
        return " ".join(filter(None, [word("outputs.independent"), given]))
    own = int(not absent_class(card.classes))
    return given or word("outputs.single", name=card.classes[own], other=card.classes[1 - own])


def pick_device() -> str:
    """The device: a choice where there is more than one, else a line that says which it is."""
    names = runtime.device_names()
    if state.get(Key.DEVICE) not in names:
        state.put(Key.DEVICE, names[0])
    if len(names) > 1:
        st.selectbox(word("device.label"), names, key=Key.DEVICE)
    return state.get(Key.DEVICE)
