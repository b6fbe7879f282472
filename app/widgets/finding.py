"""Find a model by its name in another library: timm, the Hugging Face hub, or open_clip with typed classes."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from app import runtime, state
from app.runtime.public import is_public
from app.state import Key
from app.words import means, plain, say, whole, word
from core import InvalidInput
from core.models import is_named, with_classes

HUB_EXAMPLE, CLIP_EXAMPLE = "facebook/deit-tiny-patch16-224", "ViT-B-32/openai"

Choose = Callable[[str], None]
"""Selects the model of a slug."""


def add_named(slug: str) -> str | None:
    """Add a model of another library to the user's models; returns its slug, or None after an error message."""
    if not is_named(slug):
        return None
    if is_public():  # anybody may publish weights under a name, and they would fill the disk
        state.notice(plain("own.public"))
        return None
    try:
        card = runtime.named_card(slug)
    except InvalidInput as error:
        state.notice(say(error))
        return None
    state.add_named_model(card)
    return card.slug


def show_search(choose: Choose) -> None:
    """Draw the button that opens the search for models by name; it closes when one is found. Not on public servers."""
    if is_public():
        return

    def take(slug: str) -> None:
        choose(slug)
        state.put(Key.FINDING, False)

    def find(prefix: str, key: Key) -> None:
        typed = (state.get(key) or "").strip()
        if typed and (slug := add_named(prefix + typed)):
            take(slug)

    def compare() -> None:
        texts = [one for one in (state.get(Key.FIND_TEXTS) or "").splitlines() if one.strip()]
        try:
            slug = add_named(with_classes(f"clip:{(state.get(Key.FIND_CLIP) or CLIP_EXAMPLE).strip()}", texts))
        except InvalidInput as error:
            state.notice(say(error))
            return
        if slug:
            take(slug)

    label, icon = word("find.title"), ":material/search:"
    with st.popover(label, icon=icon, type="tertiary", key=Key.FINDING, on_change="rerun") as opened:
        if not opened.open:  # the list of names takes seconds at first
            return
        names = runtime.architectures()
        st.selectbox(
            word("find.timm", count=whole(len(names))),
            names,
            index=None,
            key=Key.FIND_TIMM,
            placeholder=word("find.timm.hint"),
            help=means("architecture"),
            on_change=find,
            args=("timm/", Key.FIND_TIMM),
        )
        st.caption(word("find.cbam"))
        hub = ("hf:", Key.FIND_HUB)
        st.text_input(word("find.hub"), key=Key.FIND_HUB, placeholder=HUB_EXAMPLE, on_change=find, args=hub)
        st.text_input(word("find.clip"), CLIP_EXAMPLE, key=Key.FIND_CLIP)
        st.text_area(
            word("find.texts"),
            key=Key.FIND_TEXTS,
            placeholder=word("find.texts.hint"),
            height=100,
            help=means("zero-shot"),
        )
        st.button(word("find.compare"), key="find-compare", on_click=compare)
