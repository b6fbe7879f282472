"""The questions of a lesson: the controls of each kind, and the feedback after the answer."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st
from PIL import Image, ImageDraw

from app import attention_maps, runtime, state
from app.runtime.lessons import measured
from app.runtime.painting import painted_jpeg
from app.state import Key, Subject
from app.widgets.lesson.playing import Answer, Place, keep_verdict
from app.widgets.lesson.texts import value_text, words_of
from app.words import mark, percent, plain, shortest, whole, word
from core import Picture
from core.attribution import method
from core.lessons import CHOICE, CLOSE, NUMBER, POINT, RANK, Exercise

RIGHT, OTHER, WRONG = ":green[:material/check:]", ":gray[:material/remove:]", ":orange[:material/cancel:]"


def show_question(place: Place) -> tuple[str | float, ...]:
    """Draw the controls of a question; return the answer, () for none yet."""
    question = place.step.exercise
    if question is None:
        return ()
    draw = {CHOICE: _choice, NUMBER: _number, RANK: _rank, POINT: _point}.get(question.kind, _text)
    return draw(place, question)


def _choice(place: Place, question: Exercise) -> tuple[str, ...]:
    options = words_of(place.lesson).options
    chosen = st.radio(
        plain("lesson.options"),
        question.options,
        index=None,
        key=f"lesson-choice.{place.key}",
        format_func=lambda one: options[place.step.name, one].text,
        label_visibility="collapsed",
    )
    return (chosen,) if chosen else ()


def _number(place: Place, question: Exercise) -> tuple[float, ...]:
    value = st.number_input(
        plain("lesson.number", low=whole(round(question.low)), high=whole(round(question.high)), unit=question.unit),
        question.low,
        question.high,
        value=None,
        key=f"lesson-number.{place.key}",
        width=220,
    )
    return () if value is None else (float(value),)


def _rank(place: Place, question: Exercise) -> tuple[str, ...]:
    options = words_of(place.lesson).options
    chosen = st.multiselect(
        plain("lesson.rank"),
        question.options,
        key=f"lesson-rank.{place.key}",
        format_func=lambda one: options[place.step.name, one].text,
    )
    return tuple(chosen) if len(chosen) == len(question.options) else ()


def _text(place: Place, question: Exercise) -> tuple[str, ...]:
    text = st.text_area(plain("lesson.text"), key=f"lesson-text.{place.key}", max_chars=1000)
    return (text.strip(),) if (text or "").strip() else ()


def _point(place: Place, question: Exercise) -> tuple[float, ...]:
    marked = state.get(Key.MARKED)
    st.caption(word("lesson.point.marked" if marked else "lesson.point"))
    return tuple(marked) if marked else ()


def show_right_answer(place: Place, answer: Answer, subject: Subject | None) -> None:
    """Draw the correct answer, the learner's answer, and the reason for every option."""
    question = place.step.exercise
    if question is None:
        return
    if question.kind in (CHOICE, RANK):
        _judge_options(place, question, answer)
    elif question.kind == NUMBER:
        _judge_number(place, question, answer)
    elif question.kind == POINT and subject is not None:
        _judge_point(place, question, answer, subject)
    elif answer.given:
        st.markdown(word("lesson.text.kept", text=str(answer.given[0])))


def _show_feedback(right: bool | None, sentence: str) -> None:
    """A verdict with its sign: correct, wrong, or none for a skipped question."""
    signs = {None: ":gray[:material/skip_next:]", True: ":green[:material/check_circle:]"}
    st.markdown(f"{signs.get(right, WRONG)} **{sentence}**")


def option_stem(text: str) -> str:
    """An option without its final period, to be followed by a colon, an arrow or a bracket."""
    return text.strip().rstrip(".。")


def _judge_options(place: Place, question: Exercise, answer: Answer) -> None:
    options, name = words_of(place.lesson).options, place.step.name
    right = answer.given == question.answer
    if question.answer:
        key = "lesson.skipped" if answer.skipped else "lesson.right" if right else "lesson.wrong"
        _show_feedback(None if answer.skipped else right, word(key))
    else:
        st.markdown(word("lesson.unmeasured"))
    if question.kind == RANK:
        order = " → ".join(option_stem(options[name, one].text) for one in question.answer)
        st.markdown(word("lesson.order", order=order))
    lines = []
    for one in question.options:
        text, reason = (value_text(place.lesson, part) for part in (options[name, one].text, options[name, one].reason))
        single = question.kind == CHOICE
        sign = RIGHT if single and one in question.answer else OTHER
        own = f"{mark(' ')}{word('lesson.yours')}" if single and one in answer.given else ""
        lines.append(f"- {sign} **{option_stem(text)}**{own}{mark(': ')}{reason}")
    with st.container(key="lesson-reasons"):
        st.markdown("\n".join(lines))


def _judge_number(place: Place, question: Exercise, answer: Answer) -> None:
    found = measured(place.lesson).get(question.claim)
    if found is None or isinstance(found.measured.value, str):
        st.markdown(word("lesson.unmeasured"))
        return
    true = found.measured.value * (100 if question.unit == "%" else 1)
    shown = percent(found.measured.value) if question.unit == "%" else value_text(place.lesson, f"{{{question.claim}}}")
    if answer.skipped:
        _show_feedback(None, word("lesson.number.measured", value=shown, count=found.measured.pictures))
        return
    away = abs(float(answer.given[0]) - true)
    close = away <= CLOSE / 100 * (question.high - question.low)
    given = f"{shortest(float(answer.given[0]))} {question.unit}".strip()
    key = "lesson.number.close" if close else "lesson.number.far"
    _show_feedback(close, word(key, given=given, value=shown, count=found.measured.pictures))


def target_map(question: Exercise, subject: Subject) -> np.ndarray:
    """The absolute map (h, w) that a point is compared with: the attention, or the attribution of a method."""
    reading = runtime.reading(subject.classifier, subject.picture)
    if question.against == "attention":
        choice = attention_maps.find_choice(reading, state.get(Key.MAP) or "")
        if choice is not None:
            return np.abs(attention_maps.grid_of(reading, choice))
        return reading.energy
    found = runtime.attribution(subject.classifier, subject.picture, method(question.against), reading.predicted, {})
    return np.abs(found.values)


def on_map(picture: Picture, point: Sequence[float]) -> tuple[float, float]:
    """Convert a point (x, y) of the whole picture to the model's square, 0 to 1 each; clipped to its edge."""
    height, width = picture.pixels.shape[:2]
    left, upper, right, lower = picture.box
    x, y = (point[0] * width - left) / (right - left), (point[1] * height - upper) / (lower - upper)
    return min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0)


def hit(values: np.ndarray, point: Sequence[float], share: float) -> tuple[bool, float]:
    """Whether a point (x, y) lies in the ``share`` of a map with the largest values, and the chance level."""
    height, width = values.shape
    row, column = min(int(point[1] * height), height - 1), min(int(point[0] * width), width - 1)
    count = max(1, round(share * values.size))
    least = np.sort(values, axis=None)[-count]
    return bool(values[row, column] >= least), float((values >= least).mean())


@dataclass(frozen=True)
class PointVerdict:
    """Whether a point was ``right``, the chance level, and the picture with the map and the point, as a JPEG."""

    right: bool
    guess: float
    jpeg: bytes


def _judge_point(place: Place, question: Exercise, answer: Answer, subject: Subject) -> None:
    if answer.skipped:
        _show_feedback(None, word("lesson.skipped"))
        return
    verdict = answer.verdict
    if not isinstance(verdict, PointVerdict):
        values, point = target_map(question, subject), [float(one) for one in answer.given]
        right, guess = hit(values, on_map(subject.picture, point), question.share)
        verdict = PointVerdict(right, guess, _with_point(subject, values, point))
        keep_verdict(place, verdict)
    share, guess_text = percent(question.share, 0), percent(verdict.guess, 0)
    key = "lesson.point.hit" if verdict.right else "lesson.point.missed"
    _show_feedback(verdict.right, word(key, share=share, guess=guess_text))
    st.image(verdict.jpeg, width=260, caption=plain("lesson.point.picture"))


def _with_point(subject: Subject, values: np.ndarray, point: Sequence[float]) -> bytes:
    """The picture with the map and the learner's point, as a JPEG."""
    image = Image.open(io.BytesIO(painted_jpeg(subject.picture, values, (float(values.min()), float(values.max())))))
    image = image.convert("RGB")
    draw, radius = ImageDraw.Draw(image), image.width / 24
    x, y = point[0] * image.width, point[1] * image.height
    for size, color in ((radius, (255, 255, 255)), (radius - 3, (17, 17, 17))):
        draw.ellipse((x - size, y - size, x + size, y + size), outline=color, width=3)
    kept = io.BytesIO()
    image.save(kept, "JPEG", quality=90)
    return kept.getvalue()
