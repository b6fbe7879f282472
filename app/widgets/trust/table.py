"""The league: methods by measures, of one model or of all, sorted by a click, to be taken along as a file."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

import streamlit as st

from app.runtime.league import Row
from app.state import Key, Subject
from app.widgets.trust import measuring, ranking
from app.widgets.trust.titles import source_titles
from app.words import word
from core import ModelCard
from core.evaluation.sources import REFERENCES

MEASURES = ("mass", "pointing", "tag-mass", "tag-pointing", "insertion", "deletion", "randomised")
THIS, ALL = "this", "all"
FILE, CSV = "fovea-league-{of}.csv", "text/csv"
SHOWN = 25
"""Lines of the table; the rest is reached by scrolling."""
HEIGHT, WIDTH = 35, 190  # pixels, of a line and of the names


def lines(rows: Sequence[Row], cards: Mapping[str, ModelCard], measures: Sequence[str]) -> list[dict[str, Any]]:
    """A line for each model and source: the mean of each measure, None where it was not measured."""
    table: dict[tuple[str, str], dict[str, Any]] = {}
    names: dict[str, dict[str, None]] = {}
    for row in rows:
        names.setdefault(row.model, {})[row.source] = None
    titles = {model: source_titles(cards[model], list(found)) for model, found in names.items()}
    for row in rows:
        title = titles[row.model][row.source]
        if row.source in REFERENCES:
            title = word("league.reference", source=title)
        start = {"model": row.model, "source": title, **dict.fromkeys(measures)}
        line = table.setdefault((row.model, row.source), start | {"pictures": row.pictures, "seed": row.seed})
        line[row.measure] = round(row.mean, 2) + 0.0  # as it is shown, and never −0.00
    return list(table.values())


def to_csv(rows: Sequence[Row]) -> str:
    """The rows as they are, one a line under their names."""
    file = io.StringIO()
    writer = csv.DictWriter(file, [one.name for one in fields(Row)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(row) for row in rows)
    return file.getvalue()


def show(subject: Subject, rows: Sequence[Row], cards: Mapping[str, ModelCard]) -> None:
    """Draw the section."""
    card = subject.classifier.card
    st.subheader(word("league.title"))
    st.markdown(word("league.about"))
    st.caption(word("league.limit"))
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        extent = st.segmented_control(
            word("league.extent"),
            (THIS, ALL),
            key=Key.EXTENT,
            default=THIS,
            format_func=lambda one: word(f"league.{one}"),
            label_visibility="collapsed",
            required=True,
            persist_state="session",
        )
        order = {slug: place for place, slug in enumerate(cards)}
        there = sorted(rows, key=lambda row: order[row.model])  # each model's rows in their own order
        there = [row for row in there if extent == ALL or row.model == card.slug]
        known = [one for one in MEASURES if any(row.measure == one for row in there)]
        chosen = pick_measures(known)
        shown = [row for row in there if row.measure in chosen]
        st.download_button(
            word("league.csv"),
            to_csv(shown),
            FILE.format(of=card.slug.replace("/", "-") if extent == THIS else ALL),
            CSV,
            help=word("league.csv.help"),
            on_click="ignore",
            icon=":material/download:",
            disabled=not shown,
        )
    if shown:
        draw(lines(shown, cards, chosen), chosen, extent == ALL)
        st.caption(f"{word('league.how')} {ranking.origin(shown)}")
    elif not there:
        ranking.empty(card)
    measuring.show(card, rows)


def pick_measures(known: Sequence[str]) -> list[str]:
    """The columns that are wanted: of measures that are not known elsewhere, all of them at first."""
    chosen = st.pills(
        word("league.measures"),
        known,
        selection_mode="multi",
        key=f"{Key.MEASURES}.{'.'.join(known)}",
        default=known,
        format_func=lambda one: word(f"measure.{one}"),
        label_visibility="collapsed",
        persist_state="session",
        wrap=True,
    )
    return [one for one in known if one in chosen]


def draw(table: list[dict[str, Any]], measures: Sequence[str], of_all: bool) -> None:
    """The table; a click on a head sorts it."""
    column = st.column_config
    heads = {
        "model": column.TextColumn(word("table.model")),
        "source": column.TextColumn(word("league.source"), pinned=not of_all, width=WIDTH),
        "pictures": column.NumberColumn(word("table.pictures"), width="small"),
        "seed": column.NumberColumn(word("league.seed"), width="small"),
    }
    for one in measures:
        arrow = "↓" if one in ranking.LOW_IS_GOOD else "↑"
        name, told = f"{word(f'measure.{one}')} {arrow}", word(f"measure.{one}.help")
        heads[one] = column.NumberColumn(name, help=told, format="%.2f")
    order = [*(["model"] if of_all else []), "source", *measures, "pictures", "seed"]
    st.dataframe(
        table,
        column_order=order,
        column_config=heads,
        hide_index=True,
        height=HEIGHT * (min(SHOWN, len(table)) + 1) + 3,
        row_height=HEIGHT,
        placeholder="",
        key="league",
        alt=word("league.title"),
    )
