"""How far two maps agree, in a sentence and three numbers, each beside what chance gives."""

from __future__ import annotations

from html import escape

import streamlit as st

from app.words import word
from core import Agreement, Measure


def verdict(found: Agreement) -> str:
    """One sentence that a student understands: how many of the three measures lie above what chance gives."""
    above = sum(one.value > one.high for one in (found.rank_correlation, found.top_fifth, found.shared_mass))
    if above:
        return word("agreement.strong" if above == 3 else "agreement.some")
    opposed = found.rank_correlation.value < found.rank_correlation.low
    return word("agreement.opposed" if opposed else "agreement.chance")


def _row(name: str, one: Measure, share: bool) -> str:
    """One measure: its name, its value, and under them chance and the blob."""

    def tell(value: float) -> str:
        return f"{100 * value:.0f} %" if share else f"{value:.2f}".replace("-", "−")

    chance = word("agreement.by_chance", mean=tell(one.chance), low=tell(one.low), high=tell(one.high))
    blind = word("agreement.blob", value=tell(one.blob))
    return f"<dt>{escape(name)}</dt><dd>{tell(one.value)}</dd><p>{escape(chance)}<br>{escape(blind)}</p>"


def show(found: Agreement | None, left: str | None, right: str) -> None:
    """Draw the panel; None stands for maps of which one is missing: no ``left``, or a method not computed yet."""
    st.subheader(word("agreement.title"))
    if found is None:
        st.markdown(word("agreement.later", right=right) if left else word("agreement.none"))
        return
    st.markdown(verdict(found))
    st.caption(word("agreement.between", left=left, right=right, rows=found.grid[0], columns=found.grid[1]))
    rows = [
        _row(word("agreement.rank"), found.rank_correlation, False),
        _row(word("agreement.fifth"), found.top_fifth, True),
        _row(word("agreement.mass"), found.shared_mass, True),
    ]
    st.html(f'<dl class="fovea-measures">{"".join(rows)}</dl>')
    st.caption(word("agreement.help"))
