"""Models: every card of the zoo in one table, and the chosen card; or the matrix of tasks and mechanisms."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app import runtime, state
from app.state import Key
from app.views.models import cards, own_models, table, tasks
from app.views.models.keys import ADDRESS, ModelsKey
from app.widgets import models, weights
from app.words import literal, word
from core import ModelCard

VIEWS = ("zoo", "tasks")


def pick_view() -> str:
    """The picker of what the page shows; an address that names something else gives the first, and a sentence."""
    requested = state.take_requested(ModelsKey.VIEW)
    if state.get(ModelsKey.VIEW) not in VIEWS:
        if requested:
            state.notice(word("address.unknown", name=ModelsKey.VIEW.value, value=requested))
        state.put(ModelsKey.VIEW, VIEWS[0])
    return st.segmented_control(
        word("page.models"),
        VIEWS,
        key=ModelsKey.VIEW,
        format_func=lambda one: word(f"models.{one}"),
        label_visibility="collapsed",
        required=True,
        persist_state="session",
    )


def show_zoo(every: Sequence[ModelCard], card: ModelCard) -> None:
    """Draw the table, the way to add a model, and the card of the chosen one."""
    subject = state.subject()
    milliseconds = runtime.milliseconds(subject.classifier) if subject is not None else None
    table.show_table(every, card)
    timing = st.container()
    with st.expander(word("own.title"), icon=":material/add:"):
        own_models.bring()
    for sentence in runtime.problems():
        st.warning(literal(sentence))
    with st.container(border=True, key="card"):
        fetching = st.container()
        cards.show_card(card, milliseconds, state.device())
        if subject is not None:
            models.limits(subject.classifier)
    with timing:  # last, so that slow work does not delay the rest of the page
        table.offer_speed(every)
    if subject is None:
        with fetching:
            weights.fetch(card)


found = models.offered()
chosen = pick_view()
state.publish_choices(ADDRESS, implied={ModelsKey.VIEW: VIEWS[0]})
if chosen == "tasks":
    tasks.show_tasks(list(found.values()))
else:
    show_zoo(list(found.values()), found[state.get(Key.MODEL)])
