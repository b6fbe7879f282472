"""The chosen model, loaded; if its weights are not on this machine, the user can download them first."""

from __future__ import annotations

from typing import NoReturn

import streamlit as st

from app import runtime, state
from app.state import Key
from app.widgets import job, models
from app.words import literal, megabytes, say, whole, word
from core import Classifier, InvalidInput, ModelCard


def open_model(card: ModelCard) -> Classifier:
    """The card's model on the chosen device, one of the user's own or of the zoo.

    Raises:
        InvalidInput: its weights are not here, or are damaged.
    """
    own = state.own_models().get(card.slug)
    return runtime.classifier(card, state.device()) if own is None else runtime.move(own, state.device())


def load(card: ModelCard) -> Classifier | None:
    """The chosen model; None while its weights must be downloaded. If it cannot be loaded, the last one is shown."""
    if state.get(Key.FETCHING) != card.slug:
        state.reset(Key.FETCHING)
    if card.slug not in state.own_models() and runtime.weights_missing(card):
        return None
    try:
        with st.spinner(word("weights.loading")):
            found = open_model(card)
    except InvalidInput as error:
        _go_back(card, error)
    state.put(Key.LOADED, card.slug)
    return found


def before(card: ModelCard) -> str | None:
    """The model that can be shown in place of the card's: the last one that was loaded, else the first of the app."""
    offered = models.offered()
    last = state.get(Key.LOADED, models.first(offered))
    return last if last in offered and last != card.slug else None


def _go_back(card: ModelCard, error: InvalidInput) -> NoReturn:
    """Show why the card's model cannot be loaded, and select the previous one."""
    slug = before(card)
    if slug is None:
        raise error
    state.notice(say(error))
    state.choose_model(slug)
    st.rerun()


def fetch(card: ModelCard) -> None:
    """Offer to download the weights; after a click, do so with a bar and a Stop, and then draw the page."""
    if state.get(Key.FETCHING) != card.slug:
        _offer(card)
        return
    st.markdown(f"**{literal(card.title)}**")

    def say(done: int, total: int) -> str:
        return word("weights.progress", done=megabytes(done, 0), total=megabytes(total, 0))

    try:
        job.run(
            lambda tick: runtime.classifier(card, state.device(), tick),
            name="fetch",
            first=word("weights.fetching"),
            say=say,
            running=Key.FETCHING,
        )
    except InvalidInput as error:
        if before(card) is None:  # the page offers it again, with the reason next to it
            state.notice(say(error))
            st.rerun()
        _go_back(card, error)


def _offer(card: ModelCard) -> None:
    """Draw what will be downloaded and its size, with the buttons to start and to go back."""
    size, slug = card.facts.get("megabytes"), before(card)

    def start() -> None:
        state.put(Key.FETCHING, card.slug)

    def back() -> None:
        models.select_model(slug)

    st.markdown(
        word("weights.missing.unsized", model=card.title)
        if size is None
        else word("weights.missing", model=card.title, size=whole(size))
    )
    with st.container(horizontal=True):
        label = word("weights.fetch.unsized") if size is None else word("weights.fetch", size=whole(size))
        st.button(label, key="start-fetch", type="primary", icon=":material/download:", on_click=start)
        if slug is not None:
            st.button(word("weights.back", model=models.model_title(models.offered()[slug])), key="back", on_click=back)
