"""The interpretation of the data: the split and the columns, shown to the user, who can change them."""

from __future__ import annotations

import streamlit as st

from app import state
from app.runtime.mistakes import scans
from app.views.mistakes.keys import MistakesKey
from app.words import literal, plain, recall, together, word
from core import InvalidInput
from core.data import ALL_SPLITS, NO_COLUMN, ONE_HOT, Collection, Taken
from core.scanning import Run

Choice = tuple[str, tuple[tuple[str, str], ...]]
"""A split, "" for the one that is taken by itself, and columns by what they are."""
SPLIT = "split"


def chosen_for(data: str) -> dict[str, str]:
    """Return the user's choices for these data: the split, and columns by role."""
    return state.get(MistakesKey.TAKEN, {}).get(data, {})


def collect(data: str, seed: int, pictures: int) -> tuple[Collection, Choice]:
    """The pictures with what was chosen for them; a choice that these data do not have is reported and dropped.

    Raises:
        InvalidInput: as ``open_collection``.
    """
    chosen = dict(chosen_for(data))
    choice: Choice = chosen.pop(SPLIT, ""), tuple(sorted(chosen.items()))
    try:
        return scans.collection(data, seed, pictures, *choice), choice
    except InvalidInput as error:
        if choice == ("", ()):
            raise
        st.warning(literal(error))
        state.put(MistakesKey.TAKEN, {**state.get(MistakesKey.TAKEN, {}), data: {}})
        return scans.collection(data, seed, pictures), ("", ())


def show_taken(data: str, taken: Taken) -> None:
    """Show the interpretation of the data and let the user change it; nothing if there is no alternative."""
    if taken.splits:
        pick_column(data, SPLIT, (*taken.splits, ALL_SPLITS), taken.split, word("taken.split.help"))
    if len(taken.headings) > 1:
        left, right = st.columns(2)
        columns = [one for one in taken.headings if one != ONE_HOT]
        with left:
            pick_column(data, "path", columns, taken.columns["path"])
        with right:
            pick_column(data, "label", (NO_COLUMN, *taken.headings), taken.columns["label"])
    if taken.note:
        st.caption(literal(taken.note))


def state_of(run: Run) -> None:
    """Show the interpretation of the data of a run, if there was an alternative."""
    taken = run.facts.get("taken") or {}  # runs of older versions do not say it
    sentence = [word("taken.stated.split", split=taken["split"])] if taken.get("splits") else []
    if len(taken.get("headings", ())) > 1:
        path, label = (taken["columns"][one] for one in ("path", "label"))
        if label in (NO_COLUMN, ONE_HOT):
            sentence.append(word("taken.stated.one_hot" if label else "taken.stated.paths", path=path))
        else:
            sentence.append(word("taken.stated.columns", path=path, label=label))
    if taken.get("note"):
        sentence.append(literal(recall(taken["note"])))
    if sentence:
        st.caption(together(*sentence))


def pick_column(
    data: str, what: str, options: list[str] | tuple[str, ...], chosen: str, words: str | None = None
) -> None:
    """A list to choose the split or a column from; what is chosen holds from the next run on."""
    key = f"taken.{what}.{data}"
    names = {ALL_SPLITS: plain("taken.split.all")} if what == SPLIT else {}
    names |= {NO_COLUMN: plain("taken.none"), ONE_HOT: plain("taken.one_hot")}

    def choose() -> None:
        before = state.get(MistakesKey.TAKEN, {})
        state.put(MistakesKey.TAKEN, {**before, data: {**chosen_for(data), what: state.get(key)}})

    if state.get(key) != chosen:
        state.put(key, chosen)
    st.selectbox(
        word(f"taken.{what}"),
        options,
        key=key,
        format_func=lambda one: names.get(one, one),
        on_change=choose,
        help=words,
        filter_mode=None,
    )
