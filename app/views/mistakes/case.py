"""The open picture of a run: true class and prediction, buttons to the next one, and the way to Explore."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np
import streamlit as st

from app import runtime, state
from app.runtime.mistakes import cases, maps, runs
from app.runtime.mistakes.runs import Opened
from app.state import Key
from app.titles import class_title, class_titles
from app.views import file_of
from app.views.mistakes import case_maps, groups, selection, tags
from app.widgets import agreement, models, weights
from app.widgets.pictures import UPLOADS
from app.words import decimal, literal, percent, plain, say, whole, word
from core import Classifier, InvalidInput

PREVIOUS, NEXT = "P", "N"
"""The keyboard shortcuts of the two buttons."""
NEAREST = 3
"""The number of nearest pictures for each class."""

# A picture that has just been opened by a click comes into sight; stepping on moves nothing.
_into_sight = st.components.v2.component(
    "fovea_into_sight",
    js="""
const shown = new WeakMap();
export default function ({ data, parentElement }) {
  if (shown.get(parentElement) === data) return;
  shown.set(parentElement, data);
  const card = parentElement.getRootNode().host?.closest(".st-key-case");
  const { top } = card?.getBoundingClientRect() ?? { top: 0 };
  const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "instant" : "smooth";
  if (top < 0 || top > innerHeight / 2) card?.scrollIntoView({ behavior });
}
""",
)


def show_case(opened: Opened) -> None:
    """Draw the open picture, or a hint how to open one."""
    number = selection.open_number()
    place = None if number is None else opened.place(number)
    if place is not None and find_step(opened)[0] < 0 and selection.opening().under != selection.current():
        selection.open_picture(None)  # the filter has changed since then, and excludes it
        place = None
    if place is None:
        st.caption(word("case.none"))
        return
    row = opened.table.iloc[place]
    with st.container(border=True, key="case"):
        stated, where = title(row, opened.classes), facts(opened, place)
        st.html(f'<p class="fovea-case">{stated}</p><p class="fovea-case-facts">{where}</p>')
        _into_sight(data=selection.opening().count, key="case-into-sight")
        classes = pair(opened, place)
        steps(opened, place, classes)
        try:
            picture = runs.picture(opened, place)
        except InvalidInput as error:
            st.error(literal(error))
            return
        case_maps.show_case_maps(opened, place, picture, open_model(opened), classes)
        nearest(opened, place, classes)


def title(row: Any, classes: Sequence[str]) -> str:
    """The true class and the prediction, as HTML."""
    sure = percent(float(row["confidence"]), 0)
    kind = "fovea-right" if row["true"] == row["predicted"] else "fovea-wrong"
    predicted = escape(class_title(row["predicted"], classes))
    stated = f'<b class="{kind}">{predicted}</b>'
    if not isinstance(row["true"], str):
        return plain("case.unlabeled", predicted=f"<b>{predicted}</b>", confidence=sure)
    if row["true"] == row["predicted"]:
        return plain("case.right", predicted=stated, confidence=sure)
    true, chance = f"<b>{escape(class_title(row['true'], classes))}</b>", percent(float(np.exp(-row["loss"])), 0)
    return plain("case.wrong", true=true, predicted=stated, confidence=sure, chance=chance)


def facts(opened: Opened, place: int) -> str:
    """The path, the loss, and the agreement with its reference values, as HTML."""
    row = opened.table.iloc[place]
    sentence = [escape(row["path"])]
    if not np.isnan(row["loss"]):
        sentence.append(plain("case.loss", loss=decimal(row["loss"])))
    if maps.compares(opened) and not np.isnan(row["agreement"]):
        sentence.append(plain("case.agreement", agreement=decimal(row["agreement"])))
        if found := cases.unrelated(opened, place):
            sentence[-1] = plain(
                "case.agreement.reference", agreement=sentence[-1], beside=agreement.reference(found, decimal)
            )
    return " · ".join(sentence)


def pair(opened: Opened, place: int) -> tuple[int, int]:
    """The predicted class and the class to compare it with: the true one, or the second most likely."""
    row = opened.table.iloc[place]
    stated = opened.classes.index(row["predicted"])
    if isinstance(row["true"], str) and row["true"] != row["predicted"]:
        return stated, opened.classes.index(row["true"])
    likeliest = runs.array(opened, "top", np.array([place]))[0]
    return stated, int(next((one for one in likeliest if one != stated), stated))


def nearest(opened: Opened, place: int, classes: tuple[int, int]) -> None:
    """Draw the nearest correctly classified pictures of both classes."""
    if not opened.run.keeps("features") or not runs.labeled(opened):
        return
    st.markdown(f"**{word('case.nearest')}**")
    name = maps.shown(opened)
    with st.grid(2, min_column_width=300, key="case-nearest"):
        for index in dict.fromkeys(classes):
            found = cases.nearest(opened, place, opened.classes[index], NEAREST)
            with st.container():
                if len(found):
                    groups.tiles(opened, found, name, f"case-nearest-{index}", word("case.nearest.alt"))
                else:
                    st.caption(word("case.nearest.none", name=class_titles(opened.classes)[index]))


def steps(opened: Opened, place: int, classes: tuple[int, int]) -> None:
    """The row of buttons: the previous and the next picture of the gallery, Explore, tags, and closing it."""
    at, order = find_step(opened)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="case-steps"):
        st.button(
            word("case.previous"),
            key="case-previous",
            icon=":material/chevron_left:",
            shortcut=PREVIOUS,
            disabled=at <= 0,
            on_click=lambda: step_to_neighbor(opened, -1),
        )
        st.button(
            word("case.next"),
            key="case-next",
            icon=":material/chevron_right:",
            shortcut=NEXT,
            disabled=at + 1 >= len(order),
            on_click=lambda: step_to_neighbor(opened, 1),
        )
        if at >= 0:
            st.caption(word("case.place", place=whole(at + 1), count=whole(len(order))), width="content")
        opens = st.button(
            word("case.explore"),
            key="case-explore",
            icon=":material/visibility:",
            on_click=lambda: prepare(opened, place, classes),
        )
        st.button(
            word("case.close"),
            key="case-close",
            icon=":material/close:",
            type="tertiary",
            on_click=lambda: selection.open_picture(None),
        )
    tags.show_tags(opened)
    if opens and state.get(Key.SAMPLE) == slug_of(opened.table["sha256"].iloc[place]):  # nothing was in the way
        st.switch_page(file_of("explore"))


def find_step(opened: Opened) -> tuple[int, np.ndarray]:
    """Where the open picture stands in the gallery's order, or -1, and that order: places of the table."""
    order = runs.filtered(opened, selection.current())
    found = np.flatnonzero(opened.table["number"].to_numpy()[order] == selection.open_number())
    return int(found[0]) if len(found) else -1, order


def step_to_neighbor(opened: Opened, by: int) -> None:
    """Open the picture that many steps after the one that is open now, since keys can be faster than the page."""
    at, order = find_step(opened)
    if 0 <= at + by < len(order):
        selection.step_to(int(opened.table["number"].iloc[order[at + by]]))


def slug_of(sha256: str) -> str:
    """What a picture is called among the user's own."""
    return f"upload/{sha256[:12]}"


def prepare(opened: Opened, place: int, classes: tuple[int, int]) -> None:
    """Set Explore to this view; in a callback. If that is not possible, only a message is shown."""
    facts = opened.run.facts
    try:
        card, picture = models.find_card(facts["model"]), runs.picture(opened, place)
        if len(state.uploads()) >= UPLOADS and slug_of(picture.sha256) not in state.uploads():
            raise InvalidInput(plain("picture.full", count=UPLOADS))
    except InvalidInput as error:
        state.notice(say(error))
        return
    models.select_model(card.slug)
    truth = opened.table["true"].iloc[place]
    state.put(Key.SAMPLE, state.add_upload(picture, truth if isinstance(truth, str) else None))
    state.put(Key.TARGET, opened.classes[classes[0]])
    state.put(Key.CONTRAST, opened.classes[classes[1]] if classes[0] != classes[1] else "")
    state.put(Key.METHOD, case_maps.chosen_method())
    state.reset(Key.FRAMING)
    if facts.get("tap"):
        state.put(Key.MAP, facts["tap"])


def open_model(opened: Opened) -> Classifier | None:
    """The model that made the run; None, and a sentence that states why, where it is not here."""
    try:
        card = models.find_card(opened.run.facts["model"])
        if card.slug not in state.own_models() and runtime.weights_missing(card):
            raise InvalidInput(plain("case.unfetched", model=card.title))
        return weights.open_model(card)
    except InvalidInput as error:
        st.warning(literal(error))
        return None
