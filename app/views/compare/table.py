"""The rows as one overlay: what each is about, its prediction, its attention and its attribution."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from app import runtime, state
from app.components.overlay import ROW_ADDRESS, ROW_WORDS, WORDS, Row, Shown, pack_rows, readable_row, show_rows
from app.state import Key
from app.titles import class_title, method_title
from app.views.compare import choices
from app.views.compare.analysis import Analysis, subject_of
from app.views.compare.keys import CompareKey
from app.views.compare.rows import Outcome
from app.widgets import models, pictures
from app.words import decimal, percent, plain, word
from core import InvalidInput, Picture
from core.attribution import method
from core.reporting import to_png
from core.types import Box

NOTHING: tuple[Shown, Box] = (Shown(to_png(np.full((1, 1, 3), 255, np.uint8)), (1, 1)), (0, 0, 1, 1))
"""A white dot, since a browser draws no row without a picture that it can decode."""


def show_table(outcomes: Sequence[Outcome], mode: str, maps: str) -> None:
    """Draw the rows; a click on a row's button opens it in Explore or removes it."""
    check_settings()
    shown, places, rows = [], {}, []
    for one in outcomes:
        picture, box = stage_of(one)
        if picture.file not in places:
            places[picture.file] = len(shown)
            shown.append(picture)
        rows.append(row_of(one, mode, places[picture.file], box))
    columns = ("attention", "attribution") if maps == choices.BOTH else (maps,)
    alike = len({one.wanted.view.method for one in outcomes}) < 2
    settings = {"scale": "strip" if alike else "own"}
    blob = pack_rows(shown, rows, words=words(mode), columns=columns, settings=settings)
    show_rows(blob, key=CompareKey.ROWS, on_action=lambda: act(outcomes, mode))


def words(mode: str) -> Mapping[str, str]:
    """The labels of the rows."""
    return {key: plain(key) for key in (*WORDS, *ROW_WORDS)} | {"overlay.row": plain(f"compared.row.{mode}")}


def check_settings() -> None:
    """A sentence for each invalid setting of the rows in the address; the browser applies the others."""
    for name in ROW_ADDRESS.values():
        requested = state.take_requested(name)
        if requested is not None and not readable_row(name, requested):
            state.notice(word("address.unknown", name=name, value=requested))


def stage_of(one: Outcome) -> tuple[Shown, Box]:
    """The picture of a row as it is drawn, and the model's square on it; nothing where one of them is not here."""
    try:
        picture = subject_of(one.wanted.view)[1]
    except InvalidInput:
        return NOTHING
    drawn: Picture = pictures.drawn(picture)
    height, width = drawn.pixels.shape[:2]
    return Shown(runtime.picture_jpeg(drawn), (width, height)), drawn.box


def row_of(one: Outcome, mode: str, picture: int, box: Box) -> Row:
    """A row of the overlay."""
    slug, title = one.wanted.slug, one.wanted.title
    if one.found is None:
        return Row(slug, title, picture=picture, box=box, note=one.error, pending=one.pending)
    found = one.found
    return Row(
        slug,
        title,
        tuple(about(one, found, mode)),
        found.bars,
        found.right,
        picture,
        box,
        found.attention,
        found.attribution,
        found.missing,
    )


def about(one: Outcome, found: Analysis, mode: str) -> Iterator[str]:
    """The sentences about a row: accuracy or true class, what is explained, and how far its two maps agree."""
    view, card = one.wanted.view, found.card
    if mode != choices.PICTURES and card.accuracy is not None:
        yield plain("compared.accuracy", accuracy=percent(card.accuracy))
    truth = pictures.find_truth(view.sample)
    if mode != choices.MODELS and truth is not None:
        yield plain("compared.truth", name=class_title(truth, card.classes))
    if mode == choices.PINNED:
        yield plain("compared.explains", method=method_title(method(view.method)), name=found.explained)
    if found.own is not None and not found.own.flat:
        one_ = found.own.rank_correlation
        value = decimal(one_.value)
        if one_.high is None:
            yield plain("compared.own", value=value)
        else:
            yield plain("compared.own.range", value=value, low=decimal(one_.low), high=decimal(one_.high))
    yield from found.notes


def act(outcomes: Sequence[Outcome], mode: str) -> None:
    """Open the row in Explore whose button was clicked, or remove it; in the callback."""
    event = state.component(CompareKey.ROWS, "action")
    found = [one.wanted for one in outcomes if event and one.wanted.slug == event["slug"]]
    if not found:
        return
    (wanted,) = found
    if event["name"] == "remove":
        if mode == choices.PINNED:
            state.drop(wanted.view)
        else:
            key = CompareKey.MODELS if mode == choices.MODELS else CompareKey.PICTURES
            choices.remove(key, wanted.slug, [one.wanted.slug for one in outcomes])
        return
    view = wanted.view
    if view.model in models.offered():
        models.open_view(view)
    state.put(Key.VIEW_WANTED, "explore")
