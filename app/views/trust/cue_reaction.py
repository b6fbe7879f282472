"""Channel gates of a task's model: which channels react when the cue is replaced."""

from __future__ import annotations

import numpy as np
import streamlit as st

from app import figures, state
from app.runtime.trust import attention_truth
from app.state import Subject
from app.titles import part_title, tap_titles
from app.views.trust import ranking, work
from app.words import decimal, percent, plain, together, word
from core import AttentionMap, CueReaction
from core.tasks import Task

SHOWN = 10
"""Channels that are drawn."""


def show_reactions(subject: Subject, task: Task) -> None:
    """Draw a chart for each channel gate; nothing for a model without one."""
    model = subject.classifier
    if all(tap.kind.on_picture for tap in model.taps.values()):
        return
    st.markdown(f"**{word('react.title')}**")
    st.markdown(word("react.about"))
    found = work.carry_out(
        attention_truth.reactions_key(model),
        lambda: attention_truth.reactions_seconds(model),
        lambda tick: attention_truth.reactions(model, state.session_id(), tick),
        name="reactions",
    )
    titles = tap_titles([AttentionMap(one.tap, model.taps[one.tap].kind, np.empty(0), (0, 0)) for one in found or ()])
    for one in found or ():
        show_reaction(one, titles[one.tap], model.taps[one.tap].kind.part, task)


def show_reaction(found: CueReaction, gate: str, part: str, task: Task) -> None:
    """Draw one gate: the channel with the clearest reaction, and the bars of the first ten."""
    order = found.order[:SHOWN]
    first = int(order[0])
    change_of_first, agree = written(found, first), percent(float(found.agree[first]), 0)
    if found.directed:
        verdict = word("react.verdict", gate=gate, channel=first + 1, change=change_of_first, agree=agree)
    else:
        verdict = word("react.verdict.moved", gate=gate, channel=first + 1, change=change_of_first)
    st.markdown(verdict)
    chart = figures.reaction_bars(
        [part_title(part, int(one)) for one in order],
        found.mean[order],
        found.deviation[order],
        [describe_channel(found, int(one)) for one in order],
        plain("react.axis"),
    )
    st.plotly_chart(chart, key=f"reaction.{found.tap}", config=ranking.CHART, alt=word("react.title"))
    how = word("react.how" if found.directed else "react.how.moved", count=len(order), pairs=found.pictures)
    st.caption(together(change(found, task), how))


def change(found: CueReaction, task: Task) -> str:
    """In a sentence: what was replaced by what."""
    if found.directed:
        return word("react.swapped", first=found.first, second=found.second)
    return word("react.moved", cue=task.cue)


def describe_channel(found: CueReaction, channel: int) -> str:
    """The tooltip of a channel."""
    mean, deviation = written(found, channel), decimal(float(found.deviation[channel]), 3)
    if not found.directed:
        return plain("react.tooltip.moved", channel=channel + 1, mean=mean, deviation=deviation)
    agree = percent(float(found.agree[channel]), 0)
    return plain("react.tooltip", channel=channel + 1, mean=mean, deviation=deviation, agree=agree)


def written(found: CueReaction, channel: int) -> str:
    """The mean difference of a channel, with its sign where it has a direction."""
    value = float(found.mean[channel])
    return f"+{decimal(value, 3)}" if value > 0 and found.directed else decimal(value, 3)
