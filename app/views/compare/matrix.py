"""The agreement of every pair of rows as a table: a number and a color for each pair, a dash where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import isfinite

import numpy as np
import streamlit as st

from app.views.compare.verdict import LITTLE, WELL, Matrices
from app.words import decimal, plain, word

NUMBERS = 8
"""Up to so many rows their numbers fit into the cells; with more, colors and tooltips say them."""


def table_of(matrix: np.ndarray, titles: Sequence[str], label: str) -> str:
    """The matrix (n, n) as HTML; the columns are numbered as the rows are."""
    few = len(titles) <= NUMBERS
    heads = "".join(
        f'<th scope="col" title="{escape(title)}">{number}</th>' for number, title in enumerate(titles, start=1)
    )
    lines = []
    for row, title in enumerate(titles):
        cells = "".join(cell_of(float(matrix[row, column]), titles, row, column, few) for column in range(len(titles)))
        lines.append(
            f'<tr><th scope="row" title="{escape(title)}"><span>{row + 1}</span> {escape(title)}</th>{cells}</tr>'
        )
    kind = "" if few else " many"
    return (
        f'<table class="fovea-agreement{kind}"><caption>{escape(label)}</caption>'
        f"<thead><tr><td></td>{heads}</tr></thead><tbody>{''.join(lines)}</tbody></table>"
    )


def cell_of(value: float, titles: Sequence[str], row: int, column: int, few: bool) -> str:
    """One cell; its color grows with the value, and values below zero have another one."""
    if not isfinite(value):
        return f'<td class="none" title="{escape(plain("compared.matrix.none"))}">{decimal(value)}</td>'
    tooltip = plain("compared.matrix.cell", first=titles[row], second=titles[column], value=decimal(value))
    kind = ' class="same"' if row == column else ' class="below"' if value < 0 else ""
    text = decimal(value) if few else ""
    return f'<td{kind} style="--value: {abs(value):.3f}" title="{escape(tooltip)}">{text}</td>'


def show_matrices(matrices: Matrices, titles: Sequence[str], maps: Sequence[str]) -> None:
    """Draw the matrix of each of the ``maps`` that can be compared at all."""
    shown = {"attention": matrices.attention, "attribution": matrices.attribution}
    tables = [
        table_of(matrix, titles, plain(f"compared.matrix.{side}"))
        for side, matrix in shown.items()
        if side in maps and np.isfinite(matrix[np.triu_indices(len(matrix), 1)]).any()
    ]
    if not tables:
        return
    st.markdown(
        f"**{word('compared.matrix.title')}**",
        help=word("compared.matrix.help", little=decimal(LITTLE, 1), well=decimal(WELL, 1)),
    )
    st.html(f'<div class="fovea-agreements">{"".join(tables)}</div>')
