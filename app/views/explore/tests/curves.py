"""Deletion and insertion curves on demand."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import streamlit as st

from app import figures, state
from app.runtime import results
from app.runtime.explore import faithfulness
from app.state import Subject
from app.titles import class_titles
from app.widgets.job import job
from app.words import decimal, listed, means, word
from core import Curves, Faithfulness
from core.evaluation import REFERENCES, is_constant

DIGITS = 3


def request_curves(subject: Subject, values: np.ndarray, target: int, seed: int) -> None:
    """Offer the curves of a map, or compute them, if they are not known yet."""
    model, picture = subject.classifier, subject.picture
    key = faithfulness.curves_key(model, picture, values, target, seed)
    if results.find_result(key) is not None:
        return
    st.markdown(f"**{word('curves.title')}**")
    work = partial(faithfulness.curves, model, picture, values, target, seed, owner=state.session_id())
    expected = faithfulness.curves_seconds(model)
    job(key, lambda tick: work(tick=tick), name="curves", seconds=expected, label=word("curves.draw"))


def show_curves(subject: Subject, name: str, values: np.ndarray, target: int, seed: int, share: float) -> None:
    """Draw the curves of a map with the chosen share, where they are known: two charts and the areas."""
    model, picture = subject.classifier, subject.picture
    found = results.find_result(faithfulness.curves_key(model, picture, values, target, seed))
    if found is None:
        return
    st.markdown(f"**{word('curves.title')}**")
    st.caption(word("curves.about", name=class_titles(model.card.classes)[target], seed=seed))
    names = {"map": name, **{one: word(f"curves.{one}") for one in REFERENCES}}
    for which, column in zip(("deletion", "insertion"), st.columns(2, gap="medium"), strict=True):
        lines = {name: getattr(getattr(found, one), which) for one, name in names.items()}
        axis = word(f"curves.{which}.axis")
        with column:
            st.markdown(word(f"curves.{which}"), help=means(which))
            st.plotly_chart(
                figures.faithfulness_curve(found.shares, lines, share, axis),
                key=f"curves.{which}",
                config={"displayModeBar": False},
                alt=word(f"curves.{which}"),
            )
    if is_constant(values):
        st.markdown(word("curves.even", map=name))
        return
    st.markdown(curve_verdict(found, names))
    st.markdown(area_table(found, names))


def better(found: Curves, other: Curves) -> str:
    """In which of the two areas one is better than another, as far as the digits go that are shown."""
    deletion = round(found.deletion_area, DIGITS) < round(other.deletion_area, DIGITS)
    insertion = round(found.insertion_area, DIGITS) > round(other.insertion_area, DIGITS)
    if deletion and insertion:
        return word("curves.better.both")
    return word(f"curves.better.{'deletion' if deletion else 'insertion' if insertion else 'neither'}")


def curve_verdict(found: Faithfulness, names: dict[str, str]) -> str:
    """The references that the map beats by insertion minus deletion area."""
    beaten = [names[one].lower() for one in REFERENCES if found.map.gain > getattr(found, one).gain]
    unbeaten = [names[one].lower() for one in REFERENCES if names[one].lower() not in beaten]
    if not unbeaten:
        return word("curves.beats", map=names["map"], beaten=enumerated(beaten))
    if not beaten:
        return word("curves.loses", map=names["map"], unbeaten=enumerated(unbeaten))
    return word("curves.mixed", map=names["map"], beaten=enumerated(beaten), unbeaten=enumerated(unbeaten))


def enumerated(names: Sequence[str]) -> str:
    """One, two or three names as a list in words."""
    *first, last = names
    return word("curves.and", first=listed(first), last=last) if first else last


def area_table(found: Faithfulness, names: dict[str, str]) -> str:
    """The areas, a line for each map, as a table in Markdown."""
    heads = [word(f"curves.head.{one}") for one in ("map", "deletion", "insertion", "better")]
    lines = [heads, ["---", "--:", "--:", "---"]]
    for one, name in names.items():
        own = getattr(found, one)
        areas = [decimal(area, DIGITS) for area in (own.deletion_area, own.insertion_area)]
        if one == "map":
            lines.append([f"**{cell}**" for cell in (name, *areas)] + [""])
        else:
            lines.append([name, *areas, better(found.map, own)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
