"""Randomization: does a map change when the model is re-initialized? In the benchmark, and on your picture."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app import figures, state
from app.runtime.trust import sources
from app.runtime.trust.benchmark import BenchmarkRow
from app.state import Subject
from app.titles import class_titles, within
from app.views.trust import example, ranking, work
from app.views.trust.keys import TrustKey
from app.views.trust.titles import source_titles, step_title
from app.words import listed, means, together, word
from core import ModelCard, Randomization
from core.evaluation import INSENSITIVE, REFERENCES, weight_groups

MEASURE = "randomized"
WIDTH = 116  # pixels of a map in the row
FAST = 2.0
"""The most seconds for a map with its re-initialized copies to be compared with the others."""


def is_insensitive(row: BenchmarkRow) -> bool:
    """Whether the map of a source hardly changes when all weights are re-initialized."""
    return row.mean >= INSENSITIVE


def randomization_verdict(rows: Sequence[BenchmarkRow], card: ModelCard) -> str:
    """In a sentence: which maps are insensitive to the weights."""
    maps = ranking.others(rows)
    names, titles = (
        [row.source for row in maps if is_insensitive(row)],
        source_titles(card, [row.source for row in maps]),
    )
    if not names:
        return word("random.all", count=len(maps))
    return word("random.insensitive", count=len(names), all=len(maps), names=listed(titles[name] for name in names))


def not_compared(rows: Sequence[BenchmarkRow], card: ModelCard) -> str:
    """A sentence that names the constant maps, which cannot be compared; empty if there are none."""
    every = list(dict.fromkeys(row.source for row in rows if row.model == card.slug))
    missing = [name for name in every if name not in {row.source for row in ranking.rank(rows, card.slug, MEASURE)}]
    return word("random.left_out", names=listed(source_titles(card, missing).values())) if missing else ""


def show_randomization(subject: Subject, rows: Sequence[BenchmarkRow]) -> None:
    """Draw the section."""
    card = subject.classifier.card
    st.subheader(word("random.title"), help=means("randomization"))
    st.markdown(word("random.about"))
    st.caption(word("random.limit"))
    example.settle_example(subject)
    left, right = st.columns([1.45, 1], gap="large")
    found = ranking.rank(rows, card.slug, MEASURE)
    with left:
        if ranking.others(found):
            st.markdown(randomization_verdict(found, card), help=means("rank-correlation"))
            ranking.show_ranking(found, card, INSENSITIVE, warned=is_insensitive, pick=True)
            st.caption(together(word("random.how", limit=INSENSITIVE), ranking.origin(found), not_compared(rows, card)))
        else:
            ranking.empty(card)
    with right:
        live(subject)
        compare_maps(subject)


def live(subject: Subject) -> None:
    """The map of the picture in the side bar, by the trained model and with one more stage re-initialized each time."""
    model, picture = subject.classifier, subject.picture
    st.markdown(f"**{word('random.live')}**")
    source = example.pick_source(subject)
    found = work.carry_out(
        sources.randomized_key(model, picture, source),
        lambda: sources.randomized_seconds(model, source),
        lambda tick: sources.randomized(model, picture, source, state.session_id(), tick),
        name="randomization",
    )
    if found is not None:
        row(found, class_titles(model.card.classes)[found.target])


def compare_maps(subject: Subject) -> None:
    """Draw how quickly each map of the picture in the side bar changes; slow ones are left out."""
    model, picture = subject.classifier, subject.picture
    fitting = [name for name in sources.fitting(model) if name not in REFERENCES]
    seconds = {name: sources.randomized_seconds(model, name) for name in fitting}
    names = [name for name in fitting if seconds[name] <= FAST]
    st.markdown(f"**{word('random.fast')}**")
    found = work.carry_out(
        sources.courses_key(model, picture, names),
        lambda: sum(seconds[name] for name in names),
        lambda tick: sources.courses(model, picture, names, state.session_id(), tick),
        name="courses",
    )
    if found is None:
        return
    titles = source_titles(model.card, fitting)
    chosen = titles.get(state.get(TrustKey.SOURCE), "")
    stages = [step_title(one) for one in weight_groups(model)]
    lines = {titles[name]: (1.0, *likeness) for name, likeness in found.items()}
    st.plotly_chart(
        figures.courses(lines, [word("random.trained"), *stages], INSENSITIVE, chosen),
        key="courses",
        config=ranking.CHART,
        alt=word("random.fast"),
    )
    slow = listed(titles[name] for name in fitting if name not in names)
    st.caption(together(word("random.courses"), word("random.slow", names=slow) if slow else ""))


def row(found: Randomization, name: str) -> None:
    """The maps in a row, the rank correlation with the trained model's under each."""
    alike = [word("rank.blank") if one is None else ranking.measure_value(one, False) for one in found.likeness]
    verdict = (
        "random.blank" if found.is_sensitive is None else "random.changes" if found.is_sensitive else "random.stays"
    )
    st.markdown(word(verdict, value=alike[-1]))
    first, *more = map(step_title, found.stages)
    titles = [word("random.first", stage=first), *(word("random.more", stage=within(one)) for one in more)]
    captions = [word("random.trained"), *(f"{one}  \n**{value}**" for one, value in zip(titles, alike, strict=True))]
    with st.container(horizontal=True):
        for caption, map_ in zip(captions, found.maps, strict=True):
            with st.container(width=WIDTH, gap="xxsmall"):
                st.image(figures.heat(map_), width=WIDTH, alt=caption)
                st.caption(caption)
    st.caption(word("random.row", name=name, seed=found.seed))
