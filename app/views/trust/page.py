"""Trust: the evaluation of the methods, one question at a time."""

from __future__ import annotations

import streamlit as st

from app import state
from app.runtime.trust import benchmark as measured
from app.state import Key
from app.views.trust import benchmark, faithfulness, ground_truth, randomization
from app.views.trust.keys import ADDRESS, TrustKey
from app.widgets import models, weights
from app.words import word
from core.legacy import current

SECTIONS = ("truth", "random", "faith", "benchmark")

subject, cards = state.subject(), models.offered()
card = cards[state.get(Key.MODEL)]
found = measured.read_rows({slug: one.facts.get("checksum", "") for slug, one in cards.items()})
for path in found.broken:
    st.warning(word("trust.broken", path=path))

requested = state.take_requested(TrustKey.SECTION)
section = current(state.get(TrustKey.SECTION) or "")  # an address may be older than this version
if section not in SECTIONS and requested:
    state.notice(word("address.unknown", name=TrustKey.SECTION.value, value=requested))
if state.get(TrustKey.SECTION) not in SECTIONS:
    state.put(TrustKey.SECTION, section if section in SECTIONS else SECTIONS[0])
if subject:
    section = st.segmented_control(
        word("page.trust"),
        SECTIONS,
        key=TrustKey.SECTION,
        format_func=lambda one: word(f"section.{one}"),
        label_visibility="collapsed",
        required=True,
        persist_state="session",
    )
state.publish_choices(ADDRESS, implied={TrustKey.SECTION: SECTIONS[0]})
if not subject:  # the benchmark of the other models can be shown without this one
    above = st.container()
    benchmark.show_benchmark(card, found.rows, cards, loaded=False)
    with above:
        weights.fetch(card)
        st.divider()
elif section == "truth":
    ground_truth.show_ground_truth(subject, found.rows)
elif section == "random":
    randomization.show_randomization(subject, found.rows)
elif section == "faith":
    faithfulness.show_faithfulness(subject, found.rows)
else:
    benchmark.show_benchmark(card, found.rows, cards)
