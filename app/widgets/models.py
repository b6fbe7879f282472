"""The pickers of the model and of the device."""

from __future__ import annotations

import streamlit as st

from app import runtime, state
from app.state import Key
from app.words import known, percent, word
from core import Classifier, InvalidInput, ModelCard
from core.attention import mechanism

FIRST = "scenes/self-attention"
"""What the app opens with: its attention is there to be seen, and needed."""


def family_title(slug: str) -> str:
    """A family's name in plain words."""
    return known(f"family.{slug}", slug)


def model_label(card: ModelCard) -> str:
    """One line of the picker: the mechanism and how often it is right."""
    kind = mechanism(card.mechanism)
    title = known(f"mechanism.{kind.slug}.title", kind.title)
    return title if card.accuracy is None else f"{title} · {percent(card.accuracy)}"


def summary(card: ModelCard) -> str:
    """The mechanism in a few words, with what it computes."""
    kind = mechanism(card.mechanism)
    words = known(f"mechanism.{kind.slug}.summary", kind.summary)
    return word("model.what", summary=words[0].upper() + words[1:], equation=kind.equation)


def needs_attention(card: ModelCard) -> str:
    """How much the model needs its attention, in a sentence; empty for a model without any."""
    if card.accuracy is None or "uniform" not in card.ablation:
        return ""
    lost, left = card.accuracy - card.ablation["uniform"], card.ablation["uniform"]
    key = "model.hardly" if lost < 0.05 else "model.needs"
    return word(key, left=percent(left))


def pick_model() -> Classifier:
    """The model picker, by family; the classifier that is chosen, loaded."""
    cards = {card.slug: card for card in runtime.cards()}
    if not cards:
        raise InvalidInput(word("model.none"))
    if state.get(Key.MODEL) not in cards:
        if state.get(Key.MODEL):
            state.notice(word("model.unknown", model=state.get(Key.MODEL)))
        state.put(Key.MODEL, FIRST if FIRST in cards else next(iter(cards)))
    card = cards[state.get(Key.MODEL)]
    families = list(dict.fromkeys(one.family for one in cards.values()))
    state.put(Key.FAMILY, card.family)

    def change_family() -> None:
        same = f"{state.get(Key.FAMILY) or card.family}/{card.mechanism}"
        first = next(slug for slug in cards if slug.startswith(f"{state.get(Key.FAMILY) or card.family}/"))
        state.put(Key.MODEL, same if same in cards else first)
        state.forget(Key.SAMPLE, Key.MAP, Key.TARGET)

    st.segmented_control(
        word("model.family"),
        families,
        key=Key.FAMILY,
        format_func=family_title,
        on_change=change_family,
        label_visibility="collapsed",
        required=True,
        width="stretch",
    )
    inside = [slug for slug, one in cards.items() if one.family == card.family]
    st.selectbox(
        word("model.label"),
        inside,
        key=Key.MODEL,
        format_func=lambda slug: model_label(cards[slug]),
        on_change=lambda: state.forget(Key.MAP, Key.TARGET),
        label_visibility="collapsed",
    )
    lines = [summary(card)]
    if card.accuracy is not None:
        lines.append(word("model.measured", accuracy=percent(card.accuracy), pictures=f"{card.pictures:,}"))
    st.caption("  \n".join([*lines, needs_attention(card)]))
    return runtime.classifier(card.slug, pick_device())


def pick_device() -> str:
    """The device: a choice where there is more than one, else a line that says which it is."""
    names = runtime.device_names()
    if state.get(Key.DEVICE) not in names:
        state.put(Key.DEVICE, names[0])
    if len(names) > 1:
        st.selectbox(word("device.label"), names, key=Key.DEVICE)
    return state.get(Key.DEVICE)
