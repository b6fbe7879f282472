"""Known truth: how much of each map, and its peak, lies where the evidence is; and one of the pictures to look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from app import state
from app.runtime.league import Row
from app.state import Key, Subject
from app.widgets.models import shortcut
from app.widgets.trust import example, ranking
from app.widgets.trust.titles import source_titles
from app.words import word
from core import ModelCard
from core.data.made import SHORTCUTS

ASKED = {
    "thing": ("thing-mass", "thing-pointing"),
    "tag": ("tag-mass", "tag-pointing", "thing-mass", "thing-pointing"),
    "place": ("place-mass", "thing-mass", "thing-pointing"),
    "quarter": ("quarter-mass", "quarter-pointing"),
}
"""What can be asked of a model by where its evidence is known to be: the place, and what is measured of it."""


def find_evidence(card: ModelCard) -> str:
    """Where the evidence of a model is known to be: the thing in scenes, the shortcut that it learned, or a quarter."""
    return (shortcut(card.family) or "thing") if card.family in SHORTCUTS else "quarter"


def find_rows(rows: Sequence[Row], model: str, asked: str) -> list[Row]:
    """The rows that answer what is asked, the best first. The place is all that is not the thing."""
    place, _, what = asked.partition("-")
    if place == "place":
        return ranking.rank([turn(row) for row in rows if row.measure == what], model, asked)
    return ranking.rank(rows, model, f"tag-{what}" if place == "tag" else what)


def turn(row: Row) -> Row:
    """The mass that lies on all that is not the thing."""
    chance = None if row.chance is None else 1 - row.chance
    return replace(row, measure="place-mass", mean=1 - row.mean, low=1 - row.high, high=1 - row.low, chance=chance)


def verdict(rows: Sequence[Row], card: ModelCard) -> str:
    """In a sentence: how many maps are above chance, and which one is highest."""
    maps = ranking.others(rows)
    best, above = maps[0], sum(row.low > row.chance for row in maps)
    return word(
        "truth.verdict",
        above=above,
        count=len(maps),
        chance=ranking.number(best.chance, True),
        best=source_titles(card, [row.source for row in maps])[best.source],
        value=ranking.number(best.mean, True),
    )


def show(subject: Subject, rows: Sequence[Row]) -> None:
    """Draw the section."""
    card = subject.classifier.card
    evidence = find_evidence(card)
    st.subheader(word("truth.title"))
    st.markdown(word(f"truth.{evidence}"))
    st.caption(word(f"truth.{evidence}.limit"))
    if state.get(Key.TRUTH) not in ASKED[evidence]:
        state.put(Key.TRUTH, ASKED[evidence][0])
    asked = st.segmented_control(
        word("truth.asked"),
        ASKED[evidence],
        key=Key.TRUTH,
        format_func=lambda one: word(f"truth.{one}"),
        label_visibility="collapsed",
        required=True,
        persist_state="session",
    )
    found = find_rows(rows, card.slug, asked)
    if not ranking.others(found):
        ranking.empty(card)
        return
    example.settle(subject)
    left, right = st.columns([1.45, 1], gap="large")
    with left:
        st.markdown(verdict(found, card))
        ranking.show(found, card, found[0].chance, pick=True)
        st.caption(f"{word('rank.how')} {ranking.origin(found)}")
    with right:
        example.show(subject, found, asked)
