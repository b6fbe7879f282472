"""The prediction: the five most likely classes as bars, and the class that every map on the page explains."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import numpy as np
import streamlit as st

from app import state
from app.components.bars import Bar, chosen_row, show_bars
from app.state import Key, Subject
from app.titles import class_title, class_titles
from app.views.explore.keys import ExploreKey
from app.widgets import lesson, models, pictures
from app.words import chance, means, plain, say, together, word
from core import InvalidInput, Reading

MOST_LIKELY = 5
UNSURE = 0.5


def confidence(probability: float, classes: int, independent: bool = False) -> str:
    """The model's confidence, in words; ``independent`` classes have separate probabilities."""
    if independent:
        return word("answer.none") if probability < UNSURE else word("answer.knows", count=classes)
    if probability < UNSURE:
        return word("answer.unsure", count=classes)
    return word("answer.knows", count=classes)


def show_truth(truth: str | None, names: Sequence[str], predicted: int) -> None:
    """Draw the true class, if it is known, and whether the prediction is correct."""
    if truth is None:
        return
    name, titles = class_title(truth, names), class_titles(names)
    if truth not in names:
        st.markdown(word("answer.truth.unknown", name=name))
    elif truth == names[predicted]:
        st.markdown(word("answer.truth.right", name=name))
    else:
        st.markdown(word("answer.truth.wrong", name=name, predicted=titles[predicted]))


def wanted(subject: Subject, key: StrEnum) -> int | None:
    """The class that the user or the link has chosen under that key, if the model has it."""
    name = state.get(key)
    if not name:
        return None
    try:
        return subject.classifier.target(name, np.empty(0))
    except InvalidInput as error:
        lacking = key == Key.TARGET and name not in subject.classifier.card.classes
        state.notice(word("compared.no_class", name=class_titles((name,))[0]) if lacking else say(error))
        state.put(key, "")
        return None


def pick_target(subject: Subject, reading: Reading, chosen: int | None) -> int:
    """Draw the bars and the list of classes; returns the index of the class to explain."""
    classifier = subject.classifier
    names, target = classifier.card.classes, reading.predicted if chosen is None else chosen
    state.put(Key.TARGET, "" if chosen is None else names[target])
    best = [int(i) for i in reading.probabilities.argsort()[::-1][:MOST_LIKELY]]
    titles = dict(zip(names, class_titles(names), strict=True))
    st.subheader(word("answer.title"), help=means("prediction", "probability"))
    st.markdown(confidence(float(reading.probabilities[best[0]]), len(names), classifier.independent))
    if sentence := models.outputs(classifier):
        st.caption(sentence, help=means("sigmoid", "softmax"))
    show_truth(pictures.find_truth(subject.sample), names, reading.predicted)

    def click() -> None:
        row = chosen_row(state.component(ExploreKey.ANSWER, "chosen"), len(best))
        if row is not None:
            state.put(Key.TARGET, "" if best[row] == reading.predicted else names[best[row]])

    shares = {one: float(reading.probabilities[one]) for one in best}
    show_bars(
        [
            Bar(titles[names[one]], lesson.digits(chance(share)), (share,), one == target)
            for one, share in shares.items()
        ],
        key=ExploreKey.ANSWER,
        label=word("answer.alt"),
        on_chosen=click,
    )
    st.selectbox(
        word("answer.explain"),
        ["", *names],
        key=Key.TARGET,
        format_func=lambda name: (
            titles[name] if name else plain("answer.most_likely", name=titles[names[reading.predicted]])
        ),
        help=together(word("answer.explain.help"), means("score")),
    )
    return target


def pick_contrast(subject: Subject, target: int) -> int | None:
    """Draw the list of classes to compare with; returns the index of the chosen one, or None."""
    names, against = subject.classifier.card.classes, wanted(subject, Key.CONTRAST)
    titles = dict(zip(names, class_titles(names), strict=True))
    if against == target:  # from the address, or chosen as the target later
        state.notice(word("contrast.same", name=titles[names[target]]))
        against = None
    state.put(Key.CONTRAST, "" if against is None else names[against])
    st.selectbox(
        word("answer.compare"),
        ["", *(name for index, name in enumerate(names) if index != target)],
        key=Key.CONTRAST,
        format_func=lambda name: titles[name] if name else word("answer.alone"),
        help=together(word("answer.compare.help"), means("evidence")),
    )
    return against
