"""How far two maps agree, in a sentence and three numbers, each beside what chance gives."""

from __future__ import annotations

import streamlit as st

from app.words import word
from core import Agreement, Measure


def verdict(found: Agreement) -> str:
    """One sentence that a student understands, from the rank correlation's place in what chance gives."""
    one = found.rank_correlation
    if one.value > one.high:
        key = "strong" if one.value >= 0.5 else "some"
    else:
        key = "chance" if one.value >= one.low else "opposed"
    return word(f"agreement.{key}")


def _row(name: str, one: Measure, share: bool) -> str:
    def show(value: float) -> str:
        return f"{100 * value:.0f} %" if share else f"{value:.2f}"

    return f"| {name} | **{show(one.value)}** | {show(one.chance)} ({show(one.low)} – {show(one.high)}) | {show(one.blob)} |"


def show(found: Agreement | None, left: str, right: str) -> None:
    """Draw the panel; None stands for a model whose attention has no place in the picture."""
    st.subheader(word("agreement.title"))
    if found is None:
        st.markdown(word("agreement.none"))
        return
    st.markdown(f"**{verdict(found)}**")
    st.caption(word("agreement.between", left=left, right=right, rows=found.grid[0], columns=found.grid[1]))
    head = f"| | {word('agreement.value')} | {word('agreement.by_chance')} | {word('agreement.blob')} |\n|---|---:|---:|---:|"
    rows = [
        _row(word("agreement.rank"), found.rank_correlation, False),
        _row(word("agreement.fifth"), found.top_fifth, True),
        _row(word("agreement.mass"), found.shared_mass, True),
    ]
    st.markdown("\n".join([head, *rows]))
    st.caption(word("agreement.help"))
