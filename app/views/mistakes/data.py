"""The choice of the data of a scan, and of the class that each label stands for."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from app import runtime, state
from app.runtime import uploads
from app.runtime.mistakes import folders, zips
from app.views.mistakes import splits_and_columns
from app.views.mistakes.keys import MistakesKey
from app.views.mistakes.labels import match_labels
from app.widgets.upload import pick_files
from app.words import literal, means, plain, say, together, word
from core import Classifier, InvalidInput
from core.data import IMAGENETTE, PICTURES, SEED, SEEDS, Collection
from core.scenes import SHORTCUTS
from core.tasks import TASKS, find_task, task

SCENES, TASK, FOLDER, CSV, ZIP = "scenes", "tasks", "folder", "csv", "zip"
MOST = 100_000
"""Drawn pictures in one scan."""
MEGABYTES = 500
"""Of an uploaded zip."""


@dataclass(frozen=True, eq=False)
class Chosen:
    """The data to scan: the arguments of ``core.scan``, and the pictures."""

    data: str
    seed: int
    pictures: int
    mapping: dict[str, str]
    collection: Collection
    split: str = ""
    columns: tuple[tuple[str, str], ...] = ()


def choose_data(classifier: Classifier) -> Chosen | None:
    """Draw the choice of the data, list the pictures, and match their labels; None if there is nothing to scan."""
    places = [FOLDER, CSV] if folders.offers() else []
    kinds = [SCENES, TASK, *([IMAGENETTE] if runtime.has_photographs() else []), *places, ZIP]
    if state.get(MistakesKey.DATA) not in kinds:
        family = classifier.card.family
        own = TASK if find_task(family) else family
        state.put(MistakesKey.DATA, own if own in (TASK, IMAGENETTE) and own in kinds else SCENES)
    kind = st.pills(
        word("data.kind"),
        kinds,
        key=MistakesKey.DATA,
        format_func=lambda one: word(f"data.{one}"),
        required=True,
        persist_state="session",
        wrap=True,
    )
    if kind != ZIP:
        state.reset(MistakesKey.ZIP_REFUSED)
    seed, pictures = SEED, PICTURES
    try:
        if kind == SCENES:
            data, seed, pictures = pick_scenes(classifier.card.family)
        elif kind == TASK:
            data, seed, pictures = pick_task(classifier.card.family)
        elif kind == IMAGENETTE:
            data = IMAGENETTE
            st.caption(word("data.imagenette.help"))
        else:
            data = bring_zip() if kind == ZIP else enter_path(kind)
        if not data:
            return None
        with st.spinner(word("data.listing")):
            found, (split, columns) = splits_and_columns.collect(data, seed, pictures)
    except InvalidInput as error:
        st.error(literal(error))
        return None
    splits_and_columns.show_taken(data, found.taken)
    return Chosen(data, seed, pictures, match_labels(classifier, found), found, split, columns)


def pick_scenes(family: str) -> tuple[str, int, int]:
    """Which scenes: the family, the seed, and how many."""
    kinds = list(SHORTCUTS)
    if state.get(MistakesKey.SCENES) not in kinds:
        state.put(MistakesKey.SCENES, family if family in kinds else kinds[0])
    chosen = st.selectbox(
        word("data.scenes.which"),
        kinds,
        key=MistakesKey.SCENES,
        format_func=lambda one: word(f"data.scenes.{one}"),
        persist_state="session",
        filter_mode=None,
    )
    return chosen, *pick_series()


def pick_task(family: str) -> tuple[str, int, int]:
    """Which task, with its question below; the seed, and how many pictures."""
    kinds = [one.slug for one in TASKS]
    if state.get(MistakesKey.TASK) not in kinds:
        state.put(MistakesKey.TASK, family if family in kinds else kinds[0])
    chosen = st.selectbox(
        word("data.tasks.which"),
        kinds,
        key=MistakesKey.TASK,
        format_func=lambda one: say(task(one).title),
        persist_state="session",
        filter_mode=None,
    )
    st.caption(literal(task(chosen).question))
    return chosen, *pick_series()


def pick_series() -> tuple[int, int]:
    """The seed of drawn pictures, and how many there are."""
    left, right = st.columns(2)
    seed = left.number_input(
        word("data.seed"),
        0,
        SEEDS - 1,
        SEED,
        key="scenes-seed",
        help=together(means("seed"), word("data.seed.help")),
        persist_state="session",
    )
    count = right.number_input(
        word("data.count"), 1, MOST, PICTURES, step=100, key="scenes-count", persist_state="session"
    )
    return int(seed), int(count)


def enter_path(kind: str) -> str:
    """The path of a folder or a CSV on the machine that the app runs on; "" while there is none.

    Raises:
        InvalidInput: there is no such folder or file, or it is closed to users.
    """
    requested = st.text_input(word(f"data.{kind}.path"), key=f"data-{kind}", persist_state="session")
    st.caption(word(f"data.{kind}.help"))
    place = folders.typed(requested)
    if not place:
        return ""
    folders.check(place)
    if kind == FOLDER and not os.path.isdir(place):
        raise InvalidInput(plain("data.folder.none", path=place))
    if kind == CSV and not (os.path.isfile(place) and place.lower().endswith((".csv", ".tsv"))):
        raise InvalidInput(plain("data.csv.none", path=place))
    return place


def bring_zip() -> str:
    """The zip that the user uploaded, as stored next to the runs; "" while there is none."""
    key = state.fresh_key(MistakesKey.ZIP_UPLOADER)

    def uploaded() -> None:
        file = state.get(key)
        if file is None:
            return
        state.reset(MistakesKey.ZIP, MistakesKey.ZIP_REFUSED)
        try:
            if uploads.is_refused(file):
                raise InvalidInput(plain("upload.refused", name=file.name, files=uploads.FILES))
            state.put(MistakesKey.ZIP, str(zips.keep(file, file.name)))
        except InvalidInput as error:
            state.put(MistakesKey.ZIP_REFUSED, say(error))
        uploads.release(file)
        state.renew(MistakesKey.ZIP_UPLOADER)  # an empty uploader: the zip is now on the disk

    pick_files(word("data.zip.path"), ("zip",), MEGABYTES, key, uploaded, label_visibility="collapsed")
    st.caption(word("data.zip.help"))
    if state.get(MistakesKey.ZIP_REFUSED):
        st.error(literal(state.get(MistakesKey.ZIP_REFUSED)))
    kept = state.get(MistakesKey.ZIP) or ""
    if kept:
        st.markdown(word("data.zip.kept", name=Path(kept).name))
    return kept
