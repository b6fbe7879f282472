"""The report of a view: download it, or open one and compute its numbers again."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import streamlit as st

from app import layers, runtime, state
from app.runtime import uploads
from app.state import Key, Subject, View
from app.views.explore import panes
from app.views.explore.agreement import measure_agreement, why_no_agreement
from app.views.explore.analysis import Analysis
from app.views.explore.attributions import Entry, questions
from app.views.explore.keys import ExploreKey
from app.views.explore.report_page import write_report
from app.views.explore.tests import checks
from app.widgets import models, pictures
from app.widgets.job import job
from app.widgets.upload import pick_files
from app.words import decimal, literal, plain, say, word
from core import Check, InvalidInput, ModelCard, Picture, Question, Record, Replayed, open_record, record
from core.models import is_named
from core.replay import original
from core.types import Progress

KINDS = ("html", "json")
LARGEST = 64
"""Megabytes of a report."""


def show_report(analysis: Analysis, view: View, code: str) -> None:
    """Draw the popover: the download of this view's report, and the opening of another one."""
    with st.popover(word("report.title"), icon=":material/description:", help=word("report.help")):
        st.markdown(word("report.about"))
        found = analysis.found
        name = re.sub(r"[^\w.-]+", "-", f"{view.model}-{view.sample}", flags=re.ASCII) + ".html"
        st.download_button(
            word("report.download"),
            state.deferred(lambda: make_report(analysis, view, code, name)),
            file_name=name,
            mime="text/html",
            icon=":material/download:",
            disabled=found is None,
            help=word("report.later") if found is None else word("report.download.help"),
        )
        key = state.fresh_key(ExploreKey.REPORT)
        pick_files(
            word("report.open"),
            KINDS,
            LARGEST,
            key,
            lambda: open_report(state.get(key)),
            help=word("report.open.help"),
        )


def make_report(analysis: Analysis, view: View, code: str, file: str) -> str:
    """The HTML page of what is shown; the maps are computed again where that is quick, so that a replay is exact."""
    subject, chosen, found, shown = analysis.subject, analysis.method, analysis.found, analysis.shown
    choice = shown.choice
    question = Question(
        chosen.slug,
        found.target,
        found.contrast,
        found.parameters,
        "" if choice is None else choice.tap,
        None if choice is None else choice.head,
        shown.query,
    )
    checked = known_checks(analysis)
    classifier = subject.classifier
    quick = runtime.seconds(classifier, chosen, dict(found.parameters)) < 1
    made = record(
        classifier,
        subject.picture,
        question,
        sample="" if state.is_upload(view.sample) else view.sample,
        code=code,
        found=None if quick else found,
        checks=checked,
        view={"map": view.map, "framing": view.framing},
    )
    left = layers.ENERGY if choice is None else choice.slug
    heading = word(f"overlay.attribution.{chosen.family}")
    blob = panes.pack(subject, analysis.reading, attributed(analysis), (left, ""), heading, shown.query)
    agreed = None if why_no_agreement(analysis) else measure_agreement(analysis)
    return write_report(analysis, made, blob, agreed, checked, file)


def attributed(analysis: Analysis) -> list[Entry]:
    """The attribution; of two classes that are compared also that of each alone, as the page computed them."""
    subject, chosen, found, parameters = analysis.subject, analysis.method, analysis.found, analysis.parameters
    known = [
        runtime.find_attribution(
            runtime.attribution_key(subject.classifier, subject.picture, chosen, one, parameters, other)
        )
        for one, other in questions(found.target, found.contrast)
    ]
    there = [one for one in known if one is not None]
    return [(chosen, one, parameters) for one in (there if len(there) == len(known) else [found])]


def known_checks(analysis: Analysis) -> dict[str, tuple[Check, ...]]:
    """The results of the sanity checks of both maps that were computed already."""
    wanted = {"attention": checks.about_attention(analysis)}
    if analysis.found is not None and analysis.found.contrast is None:
        wanted["attribution"] = checks.about_attribution(analysis)
    found = {}
    for name, one in wanted.items():
        if one is not None and (known := checks.find_checks(analysis.subject, one)) is not None:
            found[name] = known
    return found


def open_report(file: Any) -> None:
    """Show the view of a report, and request that its numbers are computed again; in a callback."""
    state.clear_notices()
    if file is None:
        return
    state.renew(ExploreKey.REPORT)
    try:
        if uploads.is_refused(file):
            raise InvalidInput(plain("upload.refused", name=file.name, files=uploads.FILES))
        view = open_record(file.getvalue(), file.name)
        adopt(view)
        state.put(ExploreKey.REPLAY, view)
        state.reset(ExploreKey.REPLAYED)
        state.put(Key.RUNNING, view)
    except InvalidInput as error:
        state.notice(say(error))
    finally:
        uploads.release(file)
        uploads.give_back()


def adopt(view: Record) -> None:
    """Choose the model, the picture, the maps and the class of a recorded view.

    Raises:
        InvalidInput: the model is not here, or has other classes, or there is no room for the picture.
    """
    facts, question = view.facts, view.question
    slug, classes = facts["model"]["slug"], facts["model"]["classes"]
    if slug not in models.offered():
        if not is_named(slug):  # a path of this server, for example, is none of the record's business
            raise InvalidInput(plain("model.gone", model=slug[:200]))
        state.add_named_model(runtime.named_card(slug))
    card = models.find_card(slug)
    if list(card.classes) != classes:
        raise InvalidInput(plain("report.other_classes", model=slug))
    picture = original(view)
    if picture is view.picture:
        if len(state.uploads()) >= pictures.UPLOADS:
            raise InvalidInput(plain("picture.full", count=pictures.UPLOADS))
        sample = state.add_upload(picture)
    else:
        sample = facts["picture"]["sample"]
    head = "" if question.head is None else f".head{question.head + 1}"
    models.open_view(
        View(
            model=slug,
            sample=sample,
            method=question.method,
            map=question.tap + head if question.tap else "",
            target=classes[question.target],
            framing=framing_of(view, card, picture),
            parameters=question.parameters,
            contrast="" if question.contrast is None else classes[question.contrast],
            query=question.query,
        )
    )


def framing_of(view: Record, card: ModelCard, picture: Picture) -> str:
    """The framing whose crop is the recorded one: the recorded name if it fits, else the nearest custom box."""
    viewed = view.facts.get("view")
    stated = str(viewed.get("framing") or "") if isinstance(viewed, dict) else ""
    box = view.picture.box
    for name in (stated[:40], pictures.CENTER, pictures.FIT):
        if name and np.allclose(pictures.framed(card, picture, name).box, box, atol=0.01):
            return name
    (height, width), side = picture.pixels.shape[:2], min(box[2] - box[0], *picture.pixels.shape[:2])
    across, down = (round(100 * start / max(1, length - side)) for start, length in ((box[0], width), (box[1], height)))
    limited = (min(100, max(0, one)) for one in (across, down))
    return pictures.box_name(*limited, max(pictures.SMALLEST, round(100 * side / min(height, width))))


def show_replayed(subject: Subject) -> None:
    """Draw the comparison of an opened report's numbers with those of now; nothing where none is open."""
    view = state.get(ExploreKey.REPLAY)
    if view is None:
        return
    with st.container(border=True, key="replayed-panel"):
        head, away = st.columns([6, 1], vertical_alignment="center")
        day, slug = view.facts["recorded"], view.facts["model"]["slug"]
        head.markdown(word("report.opened", day=str(day)[:10], model=slug))
        away.button(
            word("report.close"),
            key="close-report",
            on_click=lambda: state.reset(ExploreKey.REPLAY, ExploreKey.REPLAYED),
            width="stretch",
        )
        if view.question.query is not None:
            columns = grid_of_patch(view)
            row, column = divmod(view.question.query, columns)
            st.caption(word("report.pinned", row=row + 1, column=column + 1))
        found = state.get(ExploreKey.REPLAYED)
        if found is not None:
            _draw_comparison(found)
        elif subject.classifier.card.slug == slug:
            _compare(subject, view)
        else:
            st.caption(word("report.other_model", model=slug))


def grid_of_patch(view: Record) -> int:
    """The columns of the grid that the pinned patch is counted on."""
    attended = view.numbers.get("attention")
    return attended.shape[-1] if isinstance(attended, np.ndarray) and attended.ndim == 2 else 1


def _compare(subject: Subject, view: Record) -> None:
    """Compute the numbers again, at once or, once that was stopped, at a click."""

    def work(tick: Progress) -> None:
        state.put(ExploreKey.REPLAYED, runtime.replayed(subject.classifier, view, state.session_id(), tick))

    try:
        job(view, work, name="replay", label=word("report.compute"))
    except InvalidInput as error:
        st.error(literal(error))


def _draw_comparison(found: Replayed) -> None:
    """The verdict, what has changed since, and the numbers that differ."""
    draw = st.success if found.same else st.error
    draw(literal(found.verdict), icon=":material/check_circle:" if found.same else ":material/error:")
    if found.changed:
        st.markdown(word("report.changed") + "".join(f"\n- {literal(one)}" for one in found.changed))
    rows = [
        {word("report.number"): say(one.title), word("report.difference"): _distance(one.value)}
        for one in found.differences
        if one.value != 0
    ]
    if rows:
        with st.expander(word("report.differences", count=len(rows))):
            st.dataframe(rows, hide_index=True)


def _distance(value: float | None) -> str:
    """A difference in words."""
    return plain("report.incomparable") if value is None else decimal(value, 7)
