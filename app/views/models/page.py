"""Models: every card of the zoo in one table, and all about the one that is chosen."""

from __future__ import annotations

import streamlit as st

from app import runtime, state
from app.state import Key
from app.views.models import cards, own_models, table
from app.views.models.keys import ADDRESS
from app.widgets import models, weights
from app.words import literal, word

found = models.shelf()
every, card, subject = list(found.values()), found[state.get(Key.MODEL)], state.subject()
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

state.publish_choices(ADDRESS)
with timing:  # last: what takes long keeps nothing of the page waiting
    table.measure(every)
if subject is None:
    with fetching:
        weights.fetch(card)
