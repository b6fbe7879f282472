"""How the prediction changes with the attention: a sentence, bars, and the attention map that was used."""

from __future__ import annotations

import numpy as np
import streamlit as st

from app import figures, titles
from app.attention_maps import Choice
from app.components.bars import Bar, show_bars
from app.runtime.explore import interventions
from app.state import Subject
from app.views.explore.tests.changes import Plan
from app.widgets import lesson
from app.words import chance, decimal, means, significant, word
from core import AttentionMap, Reading, to_grid
from core.types import PROBABILITIES

ROWS, MOST_LIKELY = 5, 3
SAME = 0.005
"""A score that changes by less than this counts as unchanged."""
USED = 0.05
"""A model uses an attention without which its prediction changes, or the probability of it by this at least."""


def show_outcome(subject: Subject, before: Reading, after: Reading, target: int, plan: Plan) -> None:
    """Draw the prediction before and after, and the map of the attention that was changed."""
    names = titles.class_titles(subject.classifier.card.classes)
    st.markdown(sentence(names, before, after, plan.way))
    st.caption(score_sentence(subject, target, before, after), help=means("logit"))
    bars, maps = st.columns([1, 1.15], gap="medium")
    with bars:
        show_pairs(subject, before, after, target)
    with maps:
        show_maps(subject, before, after, plan.taps)


def show_pairs(subject: Subject, before: Reading, after: Reading, target: int) -> None:
    """Draw the bars of the most likely classes, before and after."""
    names = titles.class_titles(subject.classifier.card.classes)
    show_bars(
        [_pair(names[one], before, after, one, target) for one in rows(before, after, target)],
        key="moved.bars",
        label=word("moved.bars"),
        legend=(word("moved.before"), word("moved.after")),
    )


def _pair(name: str, before: Reading, after: Reading, row: int, target: int) -> Bar:
    """The row of a class: its probability before and after."""
    was, now = (float(one.probabilities[row]) for one in (before, after))
    return Bar(name, lesson.digits(f"{chance(was)} → {chance(now)}"), (was, now), row == target)


def sentence(names: tuple[str, ...], before: Reading, after: Reading, way: str) -> str:
    """Whether the prediction changes, and what that means for the attention."""
    was, now, how = before.predicted, after.predicted, word(f"moved.how.{way}", "moved.how.part")
    name, first = names[was], chance(float(before.probabilities[was]))
    then, there = (chance(float(after.probabilities[one])) for one in (was, now))
    if was == now:
        lost = abs(float(after.probabilities[was]) - float(before.probabilities[was]))
        key = "moved.stays" if lost < USED else "moved.shifts"
        return word(key, name=name, before=first, after=then, how=how)
    return word("moved.becomes", other=names[now], there=there, name=name, before=first, after=then, how=how)


def score_sentence(subject: Subject, target: int, before: Reading, after: Reading) -> str:
    """How far the score of a class changes: a logit, unless the model outputs probabilities."""
    card, was = subject.classifier.card, float(before.logits[target])
    moved, name = float(after.logits[target]) - was, titles.class_titles(card.classes)[target]
    kind = "probability" if card.output == PROBABILITIES else "logit"
    if abs(moved) < SAME:
        return word(f"moved.same.{kind}", name=name, before=decimal(was))
    way = "falls" if moved < 0 else "rises"
    return word(f"moved.{way}.{kind}", name=name, change=decimal(abs(moved)), before=decimal(was))


def rows(before: Reading, after: Reading, target: int) -> list[int]:
    """The classes to show: the explained one and the most likely of both predictions, in the order of the first."""
    likeliest = [reading.probabilities.argsort()[::-1] for reading in (before, after)]
    wanted = [target, *likeliest[0][:MOST_LIKELY], *likeliest[1][:MOST_LIKELY], *likeliest[0][:ROWS]]
    found = list(dict.fromkeys(int(one) for one in wanted))
    return sorted(found[: max(ROWS, MOST_LIKELY)], key=lambda one: -before.probabilities[one])


def show_maps(subject: Subject, before: Reading, after: Reading, taps: tuple[str, ...]) -> None:
    """Draw the last changed map over the picture next to the original; for channel gates, draw their bars."""
    theirs = {one.tap: one for one in after.maps}
    pairs = [(one, theirs[one.tap]) for one in before.maps if one.tap in taps]
    placed = [pair for pair in pairs if pair[0].kind.on_picture]
    if not placed:
        return show_gates(*pairs[-1])
    own, used = placed[-1]
    values = to_grid(own), to_grid(used)
    st.plotly_chart(
        figures.paired_maps(
            interventions.square_jpeg(subject.picture),
            *values,
            (word("moved.map.before"), word("moved.map.after")),
            (extent(values[0]), extent(values[1])),
            word("overlay.value", row="{row}", column="{column}", value="{value}"),
            signed=own.kind.signed,
        ),
        key="moved.maps",
        config={"displayModeBar": False},
        alt=word("moved.maps"),
    )
    about = "moved.map.signed" if own.kind.signed else "moved.map.about"
    st.caption(word(about, title=titles.attention_title(before, Choice(own.tap))))


def extent(values: np.ndarray) -> str:
    """The range of a map's values, in words."""
    if not values.any():
        return word("moved.map.zero")
    low, high = float(values.min()), float(values.max())
    return word("moved.map.range", low=significant(low if abs(low) > high / 1000 else 0), high=significant(high))


def show_gates(own: AttentionMap, used: AttentionMap) -> None:
    """A gate's weights before and after."""
    for name, one in ((word("moved.map.before"), own), (word("moved.map.after"), used)):
        st.plotly_chart(
            figures.channel_bars(one.weights, name, word(f"gate.axis.{one.kind.part}", "gate.axis")),
            key=f"moved.gate.{name}",
            config={"displayModeBar": False},
            alt=name,
        )
