"""One measure of all sources on a model, the best on top; or an offer to measure them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from math import floor

import streamlit as st

from app import figures, state
from app.runtime.trust.benchmark import BenchmarkRow
from app.views.trust.keys import TrustKey
from app.views.trust.titles import source_titles
from app.widgets.models import model_title
from app.words import decimal, listed, percent, plain, together, word
from core import ModelCard
from core.evaluation import REFERENCES

LOW_IS_GOOD = ("deletion", "randomized", "blank")
SHARES = ("mass", "pointing")
"""Measures whose name ends so are shares of a map, and shown in percent."""
CROWDED = ("background-mass", "background-pointing")
"""Measures whose values lie all near one: the axis begins below the lowest."""
BLANK = "blank"
CHART = {"displayModeBar": False}


def is_share(measure: str) -> bool:
    """Whether a measure is a share of a map."""
    return measure.endswith(SHARES)


def measure_value(value: float, share: bool) -> str:
    """A value of a measure in words."""
    return percent(value, 0) if share else decimal(value)


def rank(rows: Sequence[BenchmarkRow], model: str, measure: str) -> list[BenchmarkRow]:
    """The rows of one measure on a model, the best first."""
    found = [row for row in rows if (row.model, row.measure) == (model, measure)]
    return sorted(found, key=lambda row: row.mean, reverse=measure not in LOW_IS_GOOD)


def others(rows: Sequence[BenchmarkRow]) -> list[BenchmarkRow]:
    """The rows of the model's maps, without the references."""
    return [row for row in rows if row.source not in REFERENCES]


def blanks(rows: Sequence[BenchmarkRow], model: str) -> Mapping[str, float]:
    """The share of pictures on which a map is blank, by source; 0 if it was not counted."""
    return Counter({row.source: row.mean for row in rows if (row.model, row.measure) == (model, BLANK)})


def few(rows: Sequence[BenchmarkRow]) -> list[BenchmarkRow]:
    """Those that were measured on fewer pictures than others."""
    return [row for row in rows if row.pictures < usual(rows).pictures]


def usual(rows: Sequence[BenchmarkRow]) -> BenchmarkRow:
    """One of the rows with the most pictures; their chance level is shown."""
    return max(rows, key=lambda row: row.pictures)


def show_ranking(
    rows: Sequence[BenchmarkRow],
    card: ModelCard,
    guess: float | None,
    *,
    warned: Callable[[BenchmarkRow], bool] = lambda row: False,
    blanks: Mapping[str, float] | None = None,
    pick: bool = False,
) -> None:
    """Draw ranked rows of one measure; ``guess`` is the dotted line. With ``pick`` a click on one chooses its map.

    ``blanks`` are the shares of blank maps: a map that is always blank has no point on the axis.
    """
    titles, share = source_titles(card, [row.source for row in rows]), is_share(rows[0].measure)
    blanks, scarce = blanks or Counter(), few(rows)
    lines = [
        figures.Line(
            titles[row.source],
            *((None,) * 3 if blanks[row.source] == 1 else (row.mean, row.low, row.high)),
            word("rank.blank") if blanks[row.source] == 1 else measure_value(row.mean, share),
            row_text(row, titles[row.source], blanks[row.source]),
            row.source in REFERENCES,
            row.source not in REFERENCES and warned(row),
            word("rank.pictures", count=row.pictures) if row in scarce else "",
        )
        for row in rows
    ]
    chosen = next((place for place, row in enumerate(rows) if pick and row.source == state.get(TrustKey.SOURCE)), -1)
    least = min((line.low for line in lines if line.low is not None), default=0.0)
    start = floor(10 * least) / 10 if rows[0].measure in CROWDED else min(0.0, least)
    name = f"ranking.{card.slug}.{rows[0].measure}"
    key = state.fresh_key(name)

    def click() -> None:
        place = state.clicked_row(name, key)
        if place is not None:
            state.put(TrustKey.SOURCE, rows[place].source)

    st.plotly_chart(
        figures.ranking(lines, guess, (start, 1.0), share, chosen),
        key=key,
        config=CHART,
        alt=word("rank.alt"),
        **({"on_select": click, "selection_mode": "points"} if pick else {}),
    )


def row_text(row: BenchmarkRow, title: str, blank: float) -> str:
    """The tooltip of a row; ``blank`` is the share of its pictures on which the map is blank."""
    share = is_share(row.measure)
    mean, low, high = (measure_value(one, share) for one in (row.mean, row.low, row.high))
    often = plain("rank.tooltip.blank", share=percent(blank, 0)) if blank else ""
    return (
        plain("rank.tooltip", source=figures.letters(title), mean=mean, low=low, high=high, pictures=row.pictures)
        + often
    )


def origin(rows: Sequence[BenchmarkRow]) -> str:
    """How many pictures the rows are about, how many of the maps are about fewer, and of which seed they are."""
    seeds, scarce = sorted({row.seed for row in rows}), few(rows)
    seeds = listed(map(str, seeds))
    stated = word("rank.origin", pictures=usual(rows).pictures, seeds=seeds)
    if not scarce:
        return stated
    counts, maps = sorted({row.pictures for row in scarce}), len({(row.model, row.source) for row in scarce})
    pictures = str(counts[0]) if len(counts) == 1 else word("rank.range", low=counts[0], high=counts[-1])
    return together(stated, word("rank.few", count=maps, pictures=pictures))


def empty(card: ModelCard) -> None:
    """Show that the model has not been measured, and offer to measure it."""

    def measure() -> None:
        state.put(TrustKey.SECTION, "benchmark")
        state.put(TrustKey.MEASURING, True)
        state.put(TrustKey.MEASURED_MODELS, [card.slug])

    st.info(word("rank.none", model=model_title(card)))
    st.button(word("rank.measure"), key="measure-it", icon=":material/timer:", on_click=measure)
