"""The class of the model for each label of the data: matched by name, otherwise chosen by the user."""

from __future__ import annotations

from collections import Counter

import streamlit as st

from app.titles import class_titles
from app.words import listed, mark, whole, word
from core import Classifier
from core.data import Collection, match_classes

LISTED = 8
"""Labels that are named in a sentence, and lines of the table; the rest is reached by scrolling."""
LINE = 35  # pixels


def match_labels(classifier: Classifier, found: Collection) -> dict[str, str]:
    """Draw the class for each label, let the user change it, and return the changes.

    The mapping holds the labels that the user has changed: a class of the model, or "" for none.
    """
    classes, matched = (
        classifier.card.classes,
        match_classes(found.names, classifier.card.classes, aliases=classifier.aliases),
    )
    if not found.names:
        st.info(word("match.unlabeled", count=whole(len(found))))
        return {}
    order = sorted(found.names, key=lambda label: (matched[label] is not None, label))
    rows = [{"label": label, "class": _class(matched[label], classes)} for label in order]
    titles = dict(zip(classes, class_titles(classes), strict=True))
    key = f"match.{classifier.card.slug}.{found.identity[:12]}"
    stated = st.container()
    with st.expander(word("match.title"), expanded=None in matched.values(), key=f"expander.{key}"):
        edited = st.data_editor(
            rows,
            key=key,
            disabled=["label"],
            hide_index=True,
            height=LINE * (min(LISTED, len(rows)) + 1) + 3,
            row_height=LINE,
            column_config={
                "label": st.column_config.TextColumn(word("match.label")),
                "class": st.column_config.SelectboxColumn(
                    word("match.class"), options=list(classes), format_func=titles.get
                ),
            },
        )
    before = {one["label"]: one["class"] for one in rows}
    with stated:
        show_labels(found, [one["label"] for one in edited if not one["class"]])
    return {one["label"]: one["class"] or "" for one in edited if one["class"] != before[one["label"]]}


def _class(index: int | None, classes: tuple[str, ...]) -> str | None:
    return None if index is None else classes[index]


def show_labels(found: Collection, lost: list[str]) -> None:
    """Draw the number of pictures, and the labels that match no class of the model."""
    total, labels = whole(len(found)), whole(len(found.names))
    without = found.labels.count(None) if isinstance(found.labels, list) else 0  # scenes always have labels
    if without:
        st.caption(word("match.without", count=whole(without)))
    if not lost:
        st.markdown(word("match.all", pictures=total, count=labels))
        return
    named = listed(lost[:LISTED]) + (mark(" ...") if len(lost) > LISTED else "")
    if len(lost) == len(found.names):
        st.warning(word("match.none", labels=named))
        return
    counts = Counter(found.labels)
    pictures = whole(sum(counts[label] for label in lost))
    st.warning(word("match.some", lost=len(lost), count=labels, pictures=pictures, total=total, labels=named))
