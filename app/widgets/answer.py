"""The answer: the five likeliest classes as bars, and the class that every map on the page is about."""

from __future__ import annotations

import streamlit as st

from app import figures, runtime, state
from app.state import Key, Subject
from app.words import word
from core import InvalidInput

LIKELIEST = 5
UNSURE = 0.5


def confidence(probability: float, classes: int) -> str:
    """How sure the model is, in words."""
    if probability < UNSURE:
        return word("answer.unsure", count=classes)
    return word("answer.knows", count=classes)


def pick_target(subject: Subject) -> int:
    """Draw the bars and the list of classes; the index of the class that is asked about."""
    classifier = subject.classifier
    reading, names = runtime.reading(classifier, subject.picture), classifier.card.classes
    wanted = state.get(Key.TARGET) or ""
    try:
        target = classifier.target(wanted or None, reading.probabilities)
    except InvalidInput as error:
        state.notice(str(error))
        wanted, target = "", reading.predicted
    state.put(Key.TARGET, names[target] if wanted else "")
    best = [int(i) for i in reading.probabilities.argsort()[::-1][:LIKELIEST]]
    st.subheader(word("answer.title"))
    st.markdown(confidence(float(reading.probabilities[best[0]]), len(names)))
    key = f"{Key.ANSWER}.{classifier.card.slug}.{subject.picture.sha256[:12]}.{target}"

    def click() -> None:
        row = state.clicked_row(key)
        if row is not None:
            state.put(Key.TARGET, "" if best[row] == reading.predicted else names[best[row]])

    st.plotly_chart(
        figures.answer_bars(
            [names[i] for i in best], reading.probabilities[best], best.index(target) if target in best else -1
        ),
        key=key,
        on_select=click,
        selection_mode="points",
        config={"displayModeBar": False},
        alt=word("answer.alt"),
    )
    st.selectbox(
        word("answer.ask"),
        ["", *names],
        key=Key.TARGET,
        format_func=lambda name: name or word("answer.likeliest", name=names[reading.predicted]),
    )
    return target
