"""Ground truth: share inside the evidence and pointing game for each map, with one example picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from app import state
from app.runtime.trust.benchmark import BenchmarkRow
from app.state import Subject
from app.views.trust import example, ranking, task_truth
from app.views.trust.keys import TrustKey
from app.views.trust.titles import source_titles
from app.widgets.models import shortcut
from app.words import listed, means, together, word
from core import ModelCard
from core.evaluation import is_photographed
from core.scenes import SHORTCUTS
from core.tasks import find_task

REGIONS = {
    "object": ("object-mass", "object-pointing"),
    "tag": ("tag-mass", "tag-pointing", "object-mass", "object-pointing"),
    "background": ("background-mass", "background-pointing", "object-mass", "object-pointing"),
    "quarter": ("quarter-mass", "quarter-pointing"),
}
"""What can be measured for a model by the known region of its evidence: the region, and its measures."""
MARGIN = 1e-3
"""A lead over chance of at most 0.1 % is rounding, of the map and of the display."""


def find_evidence(card: ModelCard) -> str:
    """The known region of a model's evidence: a quarter for photographs, else its shortcut, or the object."""
    return "quarter" if is_photographed(card.family) else shortcut(card.family) or "object"


def find_rows(rows: Sequence[BenchmarkRow], model: str, requested: str) -> list[BenchmarkRow]:
    """The rows of a measure, the best first; maps that are always blank come last."""
    place, _, what = requested.partition("-")
    measure, blanks = requested if place in SHORTCUTS.values() else what, ranking.blanks(rows, model)
    return sorted(ranking.rank(rows, model, measure), key=lambda row: blanks[row.source] == 1)


def ground_truth_verdict(rows: Sequence[BenchmarkRow], card: ModelCard, blanks: Mapping[str, float]) -> str:
    """In a sentence: how many maps are above chance and which is highest; those that are always blank are named."""
    titles, maps = source_titles(card, [row.source for row in rows]), ranking.others(rows)
    there, stated = [row for row in maps if blanks[row.source] < 1], []
    if there:
        above, best = sum(row.low > row.chance + MARGIN for row in there), titles[there[0].source]
        chance, value = (ranking.measure_value(one, True) for one in (ranking.usual(rows).chance, there[0].mean))
        stated.append(word("truth.verdict", above=above, count=len(there), chance=chance, best=best, value=value))
    if len(there) < len(maps):
        names = listed(titles[row.source] for row in maps if blanks[row.source] == 1)
        stated.append(word("truth.blank", names=names))
    return together(*stated)


def show_ground_truth(subject: Subject, rows: Sequence[BenchmarkRow]) -> None:
    """Draw the section."""
    card = subject.classifier.card
    if task := find_task(card.family):
        task_truth.show_task_truth(subject, task)
        return
    evidence = find_evidence(card)
    st.subheader(word("truth.title"), help=means("ground-truth"))
    st.markdown(word(f"truth.{evidence}"), help=means("share-inside", "pointing-game"))
    st.caption(together(word(f"truth.{evidence}.limit"), word("trust.aside")))
    if state.get(TrustKey.TRUTH) not in REGIONS[evidence]:
        state.put(TrustKey.TRUTH, REGIONS[evidence][0])
    requested = st.segmented_control(
        word("truth.measure"),
        REGIONS[evidence],
        key=TrustKey.TRUTH,
        format_func=lambda one: word(f"truth.{one}"),
        label_visibility="collapsed",
        required=True,
        persist_state="session",
    )
    found, blanks = find_rows(rows, card.slug, requested), ranking.blanks(rows, card.slug)
    if not ranking.others(found):
        ranking.empty(card)
        return
    example.settle_example(subject)
    left, right = st.columns([1.45, 1], gap="large")
    with left:
        st.markdown(ground_truth_verdict(found, card, blanks), help=means("chance"))
        ranking.show_ranking(found, card, ranking.usual(found).chance, blanks=blanks, pick=True)
        st.caption(together(word("rank.how"), ranking.origin(found)))
    with right:
        example.show_example(subject, found, requested)
