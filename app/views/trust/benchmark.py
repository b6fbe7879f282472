"""The benchmark: methods by measures, of one model or of many, with sorting and export."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

import pandas as pd
import streamlit as st

from app.runtime.trust.benchmark import BenchmarkRow
from app.views.trust import measuring, ranking
from app.views.trust.ground_truth import find_evidence
from app.views.trust.keys import TrustKey
from app.views.trust.titles import source_titles
from app.widgets.models import family_title, model_title
from app.words import literal, means, together, word
from core import ModelCard
from core.evaluation import REFERENCES
from core.formulas import defuse
from core.scenes import SHORTCUTS

OF_THE_OBJECT = ("mass", "pointing")
MEASURES = (
    *("tag-mass", "tag-pointing", "background-mass", "background-pointing"),
    *(*OF_THE_OBJECT, "insertion", "deletion", "randomized", ranking.BLANK),
)
TERMS = {
    **{one: "share-inside" if "mass" in one else "pointing-game" for one in MEASURES[:6]},
    **{"insertion": "insertion", "deletion": "deletion", "randomized": "randomization", ranking.BLANK: "blank"},
}
"""The term of the glossary that each measure is."""
THIS, FAMILY, ALL = "this", "family", "all"
FILE, CSV = "fovea-benchmark-{of}.csv", "text/csv"
SHOWN = 25
"""Lines of the table; the rest is reached by scrolling."""
HEIGHT, WIDTHS, NARROW = 35, {"model": 250, "source": 205}, 80  # pixels, of a line, of what is pinned, and of the rest


def lines(
    rows: Sequence[BenchmarkRow], cards: Mapping[str, ModelCard], measures: Sequence[str]
) -> list[dict[str, Any]]:
    """A line for each model and source: the mean of each measure, None where it was not measured.

    The name of a source states if it was measured on fewer pictures than others.
    """
    table: dict[tuple[str, str], dict[str, Any]] = {}
    names: dict[str, dict[str, None]] = {}
    for row in rows:
        names.setdefault(row.model, {})[row.source] = None
    titles = {model: source_titles(cards[model], list(found)) for model, found in names.items()}
    for row in rows:
        title = titles[row.model][row.source]
        if row.source in REFERENCES:
            title = word("benchmark.reference", source=title)
        start = {"model": model_title(cards[row.model]), "source": title, **dict.fromkeys(measures), "pictures": 0}
        line = table.setdefault((row.model, row.source), start | {"seed": row.seed})
        line[row.measure] = round(row.mean, 2) + 0.0  # as it is shown, and never −0.00
        line["pictures"] = max(line["pictures"], row.pictures)
    most = max(line["pictures"] for line in table.values())
    for line in table.values():
        if line["pictures"] < most:
            line["source"] = f"{line['source']} · {word('rank.pictures', count=line['pictures'])}"
    return list(table.values())


def to_csv(rows: Sequence[BenchmarkRow]) -> str:
    """The rows as they are, one a line under their names."""
    file = io.StringIO()
    writer = csv.DictWriter(file, [one.name for one in fields(BenchmarkRow)], lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: defuse(cell) for name, cell in asdict(row).items()} for row in rows)
    return file.getvalue()


def measured(rows: Sequence[BenchmarkRow]) -> list[str]:
    """The measures with values, those of most models first; without "blank" if no map is blank."""
    models = {one: {row.model for row in rows if row.measure == one} for one in MEASURES}
    if not any(row.mean for row in rows if row.measure == ranking.BLANK):
        models[ranking.BLANK].clear()
    return sorted((one for one in MEASURES if models[one]), key=lambda one: -len(models[one]))


def arrow(measure: str, cards: Sequence[ModelCard]) -> str:
    """Whether higher or lower is better for those models; neither if it depends on what a model has learned."""
    if measure in OF_THE_OBJECT and any(find_evidence(card) in SHORTCUTS.values() for card in cards):
        return ""
    return "↓" if measure in ranking.LOW_IS_GOOD else "↑"


def show_benchmark(
    card: ModelCard, rows: Sequence[BenchmarkRow], cards: Mapping[str, ModelCard], loaded: bool = True
) -> None:
    """Draw the section; if the model is not ``loaded``, the rows of all models."""
    st.subheader(word("benchmark.title"), help=means("benchmark"))
    st.markdown(word("benchmark.about"))
    st.caption(together(word("benchmark.limit"), word("trust.aside")))
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        extent = pick_extent(card) if loaded else ALL
        wanted = [] if extent == THIS else pick_kinds()
        download = st.container(width="content")
        order = {slug: place for place, slug in enumerate(cards)}
        there = sorted(rows, key=lambda row: order[row.model])  # each model's rows in their own order
        inside = {
            THIS: lambda one: one is card,
            FAMILY: lambda one: one.family == card.family,
            ALL: lambda one: True,
        }[extent]
        there = [row for row in there if inside(cards[row.model]) and measuring.is_of(row.source, wanted)]
        chosen = pick_measures(measured(there))
        shown = [row for row in there if row.measure in chosen]
        download.download_button(
            word("benchmark.csv"),
            to_csv(shown),
            FILE.format(of={THIS: card.slug.replace("/", "-"), FAMILY: card.family, ALL: ALL}[extent]),
            CSV,
            help=word("benchmark.csv.help"),
            on_click="ignore",
            icon=":material/download:",
            disabled=not shown,
        )
    if shown:
        table = pd.DataFrame(lines(shown, cards, chosen))
        arrows = {one: arrow(one, [cards[row.model] for row in shown if row.measure == one]) for one in chosen}
        draw_table(table, arrows, columns(shown, chosen) if extent == THIS else ["model", *columns(shown, chosen)])
        st.caption(together(word("benchmark.how"), ranking.origin(shown)))
    elif not there:
        ranking.empty(card)
    measuring.show_measuring(card, rows)


def pick_extent(card: ModelCard) -> str:
    """The picker of the models: the chosen one, those of its family, or all."""
    return st.segmented_control(
        word("benchmark.extent"),
        (THIS, FAMILY, ALL),
        key=TrustKey.EXTENT,
        default=THIS,
        format_func=lambda one: literal(family_title(card.family)) if one == FAMILY else word(f"benchmark.{one}"),
        label_visibility="collapsed",
        required=True,
        persist_state="session",
    )


def pick_kinds() -> list[str]:
    """The picker of maps, so that one of them can be compared over many models; none chosen are all."""
    titles = measuring.kinds()
    return st.multiselect(
        word("measuring.sources"),
        list(titles),
        key="benchmark-sources",
        format_func=titles.__getitem__,
        label_visibility="collapsed",
        placeholder=word("benchmark.sources"),
        persist_state="session",
        width=260,
    )


def pick_measures(known: Sequence[str]) -> list[str]:
    """The columns that are wanted: of measures that are not known elsewhere, all of them at first."""
    chosen = st.pills(
        word("benchmark.measures"),
        known,
        selection_mode="multi",
        key=f"{TrustKey.MEASURES}.{'.'.join(known)}",
        default=known,
        format_func=lambda one: word(f"measure.{one}"),
        label_visibility="collapsed",
        persist_state="session",
        wrap=True,
    )
    return [one for one in known if one in chosen]


def columns(rows: Sequence[BenchmarkRow], measures: Sequence[str]) -> list[str]:
    """The columns in their order: what not every model was measured by comes last."""
    models = {one: {row.model for row in rows if row.measure == one} for one in measures}
    rare = [one for one in measures if models[one] < set().union(*models.values())]
    return ["source", *(one for one in measures if one not in rare), "pictures", "seed", *rare]


def draw_table(table: pd.DataFrame, arrows: Mapping[str, str], order: Sequence[str]) -> None:
    """The table, a column for each measure with its arrow; a click on a head sorts it."""
    column = st.column_config
    heads = {
        "model": column.TextColumn(word("table.model"), pinned=True, width=WIDTHS["model"]),
        "source": column.TextColumn(word("benchmark.source"), pinned=True, width=WIDTHS["source"]),
        "pictures": column.NumberColumn(word("table.pictures"), width=NARROW),
        "seed": column.NumberColumn(word("benchmark.seed"), help=means("seed"), width=NARROW),
    }
    for one, good in arrows.items():
        sentence = together(means(TERMS[one]), word(f"measure.{one}.help"))
        heads[one] = column.NumberColumn(f"{word(f'measure.{one}')} {good}".strip(), help=sentence)
    st.dataframe(
        table.style.format(lambda value: ranking.measure_value(value, False), list(arrows), na_rep=""),
        column_order=order,
        column_config=heads,
        hide_index=True,
        height=HEIGHT * (min(SHOWN, len(table)) + 1) + 3,
        row_height=HEIGHT,
        placeholder="",
        key="benchmark",
        alt=word("benchmark.title"),
    )
