"""The maps of the shown pictures: their mean, those furthest from it, and groups of similar maps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import streamlit as st

from app import state
from app.components.gallery import sheet
from app.runtime.mistakes import cases, maps, runs
from app.runtime.mistakes.filters import Group
from app.runtime.mistakes.runs import Opened
from app.titles import class_title
from app.views.mistakes import selection
from app.views.mistakes.keys import MistakesKey
from app.words import apart, means, percent, together, whole, word
from core.evaluation import MOST_SPECTRAL

MEAN, GROUPS = "mean", "groups"
KINDS = ("k-means", "spectral")
FURTHEST, EXAMPLES, FEWEST = 12, 4, 12
"""The pictures next to the mean map, the examples of a group, and the fewest maps that can be grouped."""
QUICK = 5000
"""The most maps that are grouped without a click."""


def show_groups(opened: Opened) -> None:
    """Draw the mean map, or the groups, of the filtered pictures; a group that is shown stays among the others."""
    name = maps.shown(opened)
    places = runs.filtered(opened, replace(selection.current(), group=None))
    with st.container(border=True, key="mean-map"):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            count = word("maps.of", count=whole(len(places)))
            st.markdown(f"**{word('maps.title')}** · {count}", width="content")
            kind = st.segmented_control(
                word("maps.which"),
                [MEAN, GROUPS],
                key=MistakesKey.MAPS_SHOWN,
                default=MEAN if len(opened.table) <= QUICK else None,
                format_func=lambda one: word("maps.mean" if one == MEAN else "maps.groups"),
                label_visibility="collapsed",
                persist_state="session",
            )
        if kind is None:
            return
        if name is None:
            st.caption(word("maps.none"))
            return
        if name == "cam":
            st.caption(together(even(opened), word("maps.even.cam")) if even(opened) else word("maps.cam"))
        if kind == MEAN and len(places):
            show_mean(opened, np.sort(places), name)
        elif len(places) < FEWEST:
            st.caption(word("maps.few"))
        else:
            show_group_cards(opened, np.sort(places), name)


def even(opened: Opened) -> str:
    """A sentence if the attention of the run is nearly uniform; else empty."""
    found = maps.evenness(opened)
    return "" if found is None else word("maps.even", span=span(*found))


def span(low: float, high: float) -> str:
    """A range, with as many digits as distinguish its ends; one number if they are equal."""
    ends = apart(low, high)
    return word("maps.span", low=ends[0], high=ends[1]) if ends[0] != ends[1] else ends[0]


def show_mean(opened: Opened, places: np.ndarray, name: str) -> None:
    """The mean of the maps, and the pictures whose maps are furthest from it."""
    mean, far = cases.mean(opened, places, name, FURTHEST)
    left, right = st.columns([1, 3.2], gap="medium")
    with left:
        key = "maps.mean.title" if name == "attention" else "maps.mean.cam"
        st.image(cases.drawn_map(mean), alt=word("maps.mean"), width="stretch")
        low, high = apart(float(mean.min()), float(mean.max()))
        st.caption(together(word(key, count=whole(len(places))), word("maps.scale", low=low, high=high)))
    with right:
        st.markdown(f"**{word('maps.furthest')}**")
        tiles(opened, far, name, "maps-furthest")


def show_group_cards(opened: Opened, places: np.ndarray, name: str) -> None:
    """The groups, a card each."""
    spectral = len(places) <= MOST_SPECTRAL
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(word("groups.help"), help=means("clustering"))
        clustering = KINDS[0]
        if spectral:
            clustering = st.segmented_control(
                word("groups.clustering"),
                KINDS,
                key=MistakesKey.CLUSTERING,
                default=KINDS[0],
                format_func=lambda one: word("groups.k-means" if one == KINDS[0] else "groups.spectral"),
                label_visibility="collapsed",
                required=True,
                persist_state="session",
            )
    key = cases.groups_key(opened, places, name, clustering)
    found = cases.find_groups(key)
    if found is None:
        count = whole(len(places))
        if len(places) > QUICK and state.get(MistakesKey.GROUPING) != key:
            st.button(word("groups.start", count=count), on_click=lambda: state.put(MistakesKey.GROUPING, key))
            return
        with st.spinner(word("groups.finding", count=count)):
            found = cases.groups(opened, places, name, clustering)
    with st.grid(2, min_column_width=340, key="groups"):
        for number, one in enumerate(found, 1):
            with st.container(border=True, gap="xsmall"):
                card(opened, number, places[one.members], np.delete(places, one.members), one.mean, name)


def size(opened: Opened, members: np.ndarray, others: np.ndarray) -> str:
    """The number of pictures in a group, and the share of mistakes in it and in the others."""
    count, shares = whole(len(members)), []
    for places in (members, others):
        right = runs.correctness(opened.table.iloc[places])
        shares.append(1 - float(right[~np.isnan(right)].mean()) if (~np.isnan(right)).any() else None)
    if shares[0] is None:
        return word("groups.size.unlabeled", count=count)
    sentence = word("groups.size", count=count, share=percent(shares[0], 0))
    return sentence if shares[1] is None else together(sentence, word("groups.others", share=percent(shares[1], 0)))


def card(opened: Opened, number: int, members: np.ndarray, others: np.ndarray, mean: np.ndarray, name: str) -> None:
    """One group: its mean map, how many pictures and mistakes, a few of them, and the button that shows them all."""
    title = word("groups.title", number=number)
    numbers = tuple(sorted(opened.table["number"].to_numpy()[members].tolist()))
    chosen = selection.current().group
    on = chosen is not None and chosen.numbers == numbers
    with st.container(horizontal=True, vertical_alignment="center"):
        st.image(cases.drawn_map(mean), alt=word("maps.mean"), width=120)
        with st.container(gap="xsmall", width="stretch"):
            st.markdown(f"**{title}**")
            st.markdown(size(opened, members, others))
            st.button(
                word("groups.all" if on else "groups.show"),
                key=f"group.{'on' if on else 'off'}.{number}",
                on_click=lambda: selection.select(group=None if on else Group(title, numbers)),
            )
    tiles(opened, members[:EXAMPLES], name, f"group-{number}")


def tiles(opened: Opened, places: Sequence[int] | np.ndarray, name: str | None, key: str, alt: str = "") -> None:
    """Pictures with a map over each, where there is one; a click opens one."""
    rows = opened.table.iloc[places]
    shots = [
        sheet.Shot(
            number=int(number),
            jpeg=jpeg,
            above=class_title(true, opened.classes) if isinstance(true, str) else "",
            below=class_title(str(predicted), opened.classes),
            share=percent(float(confidence), 0),
            wrong=isinstance(true, str) and true != predicted,
        )
        for number, true, predicted, confidence, jpeg in zip(
            rows["number"], rows["true"], rows["predicted"], rows["confidence"],
            cases.tiles(opened, places, name), strict=True,
        )
    ]  # fmt: skip

    def click() -> None:
        number = state.component(key, "opened")
        if number is not None:
            selection.open_picture(number)

    sheet.show_sheet(
        shots, selection.open_number(), key=key, label=alt or word("maps.alt"), gone=word("gallery.gone"),
        on_opened=click,
    )  # fmt: skip
