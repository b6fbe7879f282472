"""How far two maps agree, in a sentence and three numbers, each beside what chance gives."""

from __future__ import annotations

from html import escape

import streamlit as st

from app import layers, runtime
from app.widgets.analysis import Analysis
from app.widgets.parameters import asked_of
from app.words import word
from core import Agreement, Measure


def verdict(found: Agreement) -> str:
    """One sentence that a student understands: how many of the three measures lie above what chance gives."""
    above = sum(one.value > one.high for one in (found.rank_correlation, found.top_fifth, found.shared_mass))
    if above:
        return word("agreement.strong" if above == 3 else "agreement.some")
    opposed = found.rank_correlation.value < found.rank_correlation.low
    return word("agreement.opposed" if opposed else "agreement.chance")


def missing(analysis: Analysis) -> str:
    """Why there are no two maps to compare, in words; nothing where there are."""
    if analysis.shown.choice is None:
        return word("agreement.none")
    if analysis.found is None:
        return word("agreement.later", right=analysis.title)
    return word("agreement.blank", right=analysis.title, why=analysis.blank) if analysis.blank else ""


def measure(analysis: Analysis) -> Agreement:
    """How far the attention on the left pane and the chosen attribution agree, where both are there."""
    shown, found = analysis.shown, analysis.found
    attended = layers.grid_of(analysis.reading, shown.choice, shown.query)
    asked = analysis.method.slug, found.target, found.contrast, tuple(sorted(analysis.parameters.items()))
    names = (shown.choice.slug, shown.query, *asked)
    return runtime.agreement(analysis.subject.classifier, analysis.subject.picture, attended, found.values, *names)


def _row(name: str, one: Measure, share: bool) -> str:
    """One measure: its name, its value, and under them chance and the blob."""

    def tell(value: float) -> str:
        return f"{100 * value:.0f} %" if share else f"{value:.2f}".replace("-", "−")

    chance = word("agreement.by_chance", mean=tell(one.chance), low=tell(one.low), high=tell(one.high))
    blind = word("agreement.blob", value=tell(one.blob))
    return f"<dt>{escape(name)}</dt><dd>{tell(one.value)}</dd><p>{escape(chance)}<br>{escape(blind)}</p>"


def show(analysis: Analysis) -> None:
    """Draw the panel, or why there is nothing to compare."""
    st.subheader(word("agreement.title"))
    if why := missing(analysis):
        st.markdown(why)
        return
    found = measure(analysis)
    st.markdown(verdict(found))
    asked = analysis.method, analysis.subject.classifier, analysis.parameters, analysis.reading
    left, right, part = analysis.shown.title, analysis.title, asked_of(*asked)
    right = word("agreement.part", right=right, part=part) if part else right
    st.caption(word("agreement.between", left=left, right=right, rows=found.grid[0], columns=found.grid[1]))
    rows = [
        _row(word("agreement.rank"), found.rank_correlation, False),
        _row(word("agreement.fifth"), found.top_fifth, True),
        _row(word("agreement.mass"), found.shared_mass, True),
    ]
    st.html(f'<dl class="fovea-measures">{"".join(rows)}</dl>')
    st.caption(word("agreement.help"))
