"""The agreement of two maps: a sentence and three measures, each with its range over unrelated pictures."""

from __future__ import annotations

from html import escape

import streamlit as st

from app import attention_maps, runtime
from app.titles import map_detail
from app.views.explore.analysis import Analysis
from app.views.explore.parameters import explained_part
from app.widgets.agreement import reference
from app.words import decimal, means, percent, word
from core import Agreement, Measure
from core.evaluation import FEWEST_MAPS


def agreement_verdict(found: Agreement) -> str:
    """The verdict in a sentence: how many measures exceed those of unrelated pictures and of a center blob."""
    rank = found.rank_correlation
    if rank.high is None:
        return word("agreement.flat") if found.flat else word("agreement.unknown")
    above = sum(one.related for one in found.measures)
    if above:
        return word("agreement.strong" if above == 3 else "agreement.some")
    return word("agreement.opposed" if rank.value < rank.low else "agreement.chance")


def why_no_agreement(analysis: Analysis) -> str:
    """The reason why there are no two maps to compare; empty if there are."""
    if analysis.shown.choice is None:
        return word("agreement.none")
    if analysis.found is None:
        return word("agreement.later", right=analysis.title)
    return word("agreement.blank", right=analysis.title, why=analysis.blank) if analysis.blank else ""


def measure_agreement(analysis: Analysis) -> Agreement:
    """The agreement of the attention on the left pane and the chosen attribution, if both exist."""
    shown, found = analysis.shown, analysis.found
    attended = attention_maps.entering(analysis.reading, shown.choice, shown.query)
    requested = analysis.method.slug, found.target, found.contrast, tuple(sorted(analysis.parameters.items()))
    names = (shown.choice.slug, shown.query, *requested)
    return runtime.agreement(analysis.subject.classifier, analysis.subject.picture, attended, found, *names)


def _row(term: str, one: Measure, share: bool) -> str:
    """One measure: its name with a tooltip, its value, and the reference values below."""

    def write(value: float) -> str:
        return percent(value, 0) if share else decimal(value)

    name, sentence = escape(word(f"term.{term}")), escape(means(term))
    return f'<dt title="{sentence}">{name}</dt><dd>{write(one.value)}</dd><p>{escape(reference(one, write))}</p>'


def show_agreement(analysis: Analysis) -> None:
    """Draw the panel, or why there is nothing to compare."""
    st.subheader(word("agreement.title"), help=means("agreement"))
    if why := why_no_agreement(analysis):
        st.markdown(why)
        return
    found = measure_agreement(analysis)
    st.markdown(agreement_verdict(found))
    requested = analysis.method, analysis.subject.classifier, analysis.parameters, analysis.reading
    left, right, part = analysis.shown.title, analysis.title, explained_part(*requested)
    right = word("agreement.part", right=right, part=part) if part else right
    between = word("agreement.between", left=left, right=right, rows=found.grid[0], columns=found.grid[1])
    shown = analysis.shown
    st.caption(between, help=map_detail(analysis.reading, shown.choice) if shown.query is None else None)
    rows = [
        _row("rank-correlation", found.rank_correlation, False),
        _row("overlap-top", found.top_overlap, True),
        _row("overlap", found.overlap, True),
    ]
    st.html(f'<dl class="fovea-measures">{"".join(rows)}</dl>')
    st.caption(word("agreement.help"), help=means("unrelated", "center-blob"))
    if found.rank_correlation.high is None and not found.flat:
        st.caption(word("agreement.scan", count=FEWEST_MAPS))
