"""Faithfulness: does the prediction depend on what a map highlights? Over many pictures, compared with references."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from app.runtime.trust.benchmark import BenchmarkRow
from app.state import Subject
from app.views.trust import ranking
from app.words import means, together, word
from core.evaluation import REFERENCES

MEASURES = ("insertion", "deletion")


def beaten(rows: Sequence[BenchmarkRow]) -> tuple[int, int, int]:
    """How many maps do better than all three references, how many of them clearly so, and of how many.

    ``rows`` are of one measure, the best first. Clearly is with an interval that ends before the best reference's.
    """
    references = [row for row in rows if row.source in REFERENCES]
    if not references:
        return 0, 0, 0
    best, maps = references[0], ranking.others(rows)
    ahead = [row for row in maps if rows.index(row) < rows.index(best)]
    if best.measure in ranking.LOW_IS_GOOD:
        clear = [row for row in ahead if row.high < best.low]
    else:
        clear = [row for row in ahead if row.low > best.high]
    return len(ahead), len(clear), len(maps)


def show_faithfulness(subject: Subject, rows: Sequence[BenchmarkRow]) -> None:
    """Draw the section."""
    card = subject.classifier.card
    st.subheader(word("faith.title"), help=means("faithfulness"))
    st.markdown(word("faith.about"), help=means("deletion", "insertion"))
    st.caption(together(word("faith.limit"), word("trust.aside")))
    found = {measure: ranking.rank(rows, card.slug, measure) for measure in MEASURES}
    if not all(map(ranking.others, found.values())):
        ranking.empty(card)
        return
    for column, (measure, ranked) in zip(st.columns(2, gap="large"), found.items(), strict=True):
        with column:
            st.markdown(f"**{word(f'faith.{measure}')}**", help=means(measure))
            ahead, clear, count = beaten(ranked)
            best = next((row for row in ranked if row.source in REFERENCES), None)
            if best is not None:
                st.markdown(
                    word("faith.verdict", ahead=ahead, clear=clear, count=count),
                    help=means("center-blob", "edges", "interval"),
                )
            ranking.show_ranking(ranked, card, best.mean if best else None)
    st.caption(together(word("faith.how"), ranking.origin([row for ranked in found.values() for row in ranked])))
