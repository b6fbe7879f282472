"""How one attention weight was computed: its equation, every term with its numbers, and the code."""

from __future__ import annotations

import numpy as np
import streamlit as st

from app import runtime, state
from app.attention_maps import find_map
from app.state import Subject
from app.titles import part_title, tap_titles
from app.views.explore.keys import ExploreKey
from app.views.explore.panes import Shown
from app.widgets.equation import latex
from app.words import decimal, listed, literal, mark, power, word
from core import AttentionMap, InvalidInput, Reading
from core.attention import Derivation, Term, TermTable, has_token
from core.evaluation import can_derive

DIGITS = 4
SYMBOLS = {
    "softmax(": "softmax",
    "σ(": "sigmoid",
    "q·k": "query",
    "(W h)·k": "state",
    "+ B": "offset",
    "W f": "pooled",
    "h = relu": "hidden",
    "₁ mean x": "over_positions",
    "[mean x": "over_channels",
    "conv": "kernel",
}
"""What an equation contains, and the key of the sentence that explains it."""


def show_derivation(subject: Subject, reading: Reading, shown: Shown) -> None:
    """Draw the switch, and under it the derivation of the weight that the user chooses."""
    known = [one for one in reading.maps if can_derive(subject.classifier, one.tap)]
    if not known:
        return
    st.toggle(word("derive.show"), key=ExploreKey.DERIVE, help=word("derive.help"), persist_state="session")
    if not state.get(ExploreKey.DERIVE):
        return
    with st.container(border=True, key="derivation-panel"):
        one = pick_tap(reading, known, shown)
        part, cell = pick_place(one, shown)
        try:
            found = runtime.derivation(subject.classifier, subject.picture, one.tap, part, cell)
        except InvalidInput as error:
            st.warning(literal(error))
            return
        draw_derivation(found, sentence(one, part, cell, found))


def pick_tap(reading: Reading, known: list[AttentionMap], shown: Shown) -> AttentionMap:
    """The attention layer: that on the left pane, until the user chooses another."""
    titles, names = tap_titles(reading.maps), [one.tap for one in known]
    first = shown.choice.tap if shown.choice is not None and shown.choice.tap in names else names[-1]
    if state.get(ExploreKey.DERIVE_OF) != first or state.get(ExploreKey.DERIVE_TAP) not in names:
        state.put(ExploreKey.DERIVE_OF, first)
        state.put(ExploreKey.DERIVE_TAP, first)
    st.selectbox(word("change.which"), names, key=ExploreKey.DERIVE_TAP, format_func=titles.get)
    return find_map(reading, state.get(ExploreKey.DERIVE_TAP))


def pick_place(one: AttentionMap, shown: Shown) -> tuple[int | None, tuple[int, int] | None]:
    """The part and the cell of the weight: of the largest weight, or the pinned patch, until the user chooses."""
    kind, part, cell = one.kind, None, None
    columns = iter(st.columns(3))
    strongest = np.unravel_index(int(one.weights.argmax()), one.weights.shape)
    if kind.part:
        count = one.weights.shape[kind.part_axis]
        first = int(strongest[kind.part_axis])
        if kind.compares and shown.choice is not None:
            first = shown.choice.head or 0
        part = pick_number(next(columns), word(f"derive.{kind.part}", "derive.part"), count, first, f"{one.tap}.part")
    if kind.on_picture:
        token = kind.compares and has_token(one)
        at = divmod(shown.query, one.grid[1]) if shown.query is not None else None
        if at is None and not kind.compares:
            at = tuple(int(place) for place in strongest[-2:])
        if token and at is None:
            st.caption(word("derive.class_token"))
            return part, None
        at = at or (one.grid[0] // 2, one.grid[1] // 2)
        labels = (word("derive.row"), word("derive.column"))
        cell = tuple(
            pick_number(next(columns), label, side, place, f"{one.tap}.{axis}")
            for axis, (label, side, place) in enumerate(zip(labels, one.grid, at, strict=True))
        )
    return part, cell


def pick_number(place: st.delta_generator.DeltaGenerator, label: str, count: int, first: int, name: str) -> int:
    """A number from 1 to ``count``, counted from 0 in the code; it begins at ``first``."""
    return int(place.number_input(label, 1, count, first + 1, key=f"derive.{name}.{first}")) - 1


def sentence(one: AttentionMap, part: int | None, cell: tuple[int, int] | None, found: Derivation) -> str:
    """Which weight it is, and how large."""
    names = [] if part is None else [part_title(one.kind.part, part)]
    if cell is not None:
        names.append(word("derive.cell", row=cell[0] + 1, column=cell[1] + 1))
    elif one.kind.compares:
        names.append(word("derive.token.class"))
    title, weight = listed(names), figure(found.weight)
    if one.kind.compares:
        return word("derive.largest", title=title, strongest=row_title(found.tables[0].rows[0]), weight=weight)
    return word("derive.weight", title=title, weight=weight)


def draw_derivation(found: Derivation, stated: str) -> None:
    """The equation, what is ``stated`` about the weight, the tables of terms, the totals, and the code."""
    st.latex(latex(found.equation))
    st.caption(" ".join(word(f"derive.symbol.{key}") for sign, key in SYMBOLS.items() if sign in found.equation))
    st.markdown(stated)
    for table in found.tables:
        st.markdown(f"**{word(f'derive.table.{table.name}')}**")
        st.markdown(as_markdown(table))
        if table.left_out:
            st.caption(word("derive.left_out", count=table.left_out))
    st.markdown(listed(f"{literal(name)}{mark(' = ')}**{figure(value)}**" for name, value in found.totals))
    with st.expander(word("derive.code")):
        st.code(found.code, language="python")


def as_markdown(table: TermTable) -> str:
    """A table of Markdown, numbers on the right."""
    head = "| | " + " | ".join(table.columns) + " |"
    lines = [f"| {row_title(one)} | " + " | ".join(map(figure, one.values)) + " |" for one in table.rows]
    return "\n".join([head, "|:--|" + "--:|" * len(table.columns), *lines])


def row_title(row: Term) -> str:
    """What a row is about, in words."""
    if row.kind == "cell":
        return word("derive.cell", row=int(row.place[0]) + 1, column=int(row.place[1]) + 1)
    if row.kind == "offset":
        return word("derive.offset", down=decimal(row.place[0], 0), right=decimal(row.place[1], 0))
    if row.kind in ("unit", "dimension"):
        return word(f"derive.{row.kind}", number=int(row.place[0]) + 1)
    return word(f"derive.{row.kind}.{row.place[0]}")


def figure(value: float) -> str:
    """A number with enough digits: small ones in powers of ten."""
    return power(value) if value and abs(value) < 10.0**-DIGITS else decimal(value, DIGITS)
