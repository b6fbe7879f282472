"""The comparison in sentences: the predictions, the agreement of the maps, and the accuracies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np
import streamlit as st

from app.titles import class_title
from app.views.compare import choices
from app.views.compare.analysis import Analysis
from app.widgets import pictures
from app.words import decimal, listed, means, percent, together, word
from core.evaluation import agreement_matrix, mean_agreement

LITTLE, WELL = 0.3, 0.6
"""Mean rank correlations below and above which maps agree little and well."""
NEARLY_EQUAL = 0.02
"""Accuracies that differ by at most this are called nearly the same."""


@dataclass(frozen=True, eq=False)
class Matrices:
    """The agreement of the rows' attention and of their attributions, each (n, n), with NaN where there is no map."""

    attention: np.ndarray
    attribution: np.ndarray

    @property
    def means(self) -> tuple[float, float]:
        """The mean over all pairs of different rows, of attention and of attribution."""
        return mean_agreement(self.attention), mean_agreement(self.attribution)


def matrices_of(found: Sequence[Analysis]) -> Matrices:
    """The agreement of every pair of rows. Squares of one picture are compared where they overlap."""
    boxes, pictures_ = [one.box for one in found], [one.sha256 for one in found]
    same = np.equal.outer(pictures_, pictures_)

    def matrix(side: int) -> np.ndarray:
        maps = [one.maps[side] for one in found]
        overlapping = agreement_matrix(maps, boxes)
        return overlapping if same.all() else np.where(same, overlapping, agreement_matrix(maps))

    return Matrices(matrix(0), matrix(1))


def level(mean: float) -> str:
    """How far maps agree: "little", "part" or "well"."""
    return "little" if mean < LITTLE else "part" if mean < WELL else "well"


def apart(matrix: np.ndarray) -> tuple[int, float] | None:
    """The row that agrees least with the others, and its mean with them; None for fewer than three maps."""
    others = np.where(np.eye(len(matrix), dtype=bool), np.nan, matrix)
    known = [row for row in range(len(matrix)) if np.isfinite(others[row]).any()]
    if len(known) < 3:
        return None
    means = {row: float(np.nanmean(others[row])) for row in known}
    row = min(means, key=means.get)
    return row, means[row]


def differs(matrix: np.ndarray) -> bool:
    """Whether the maps of a matrix agree little, or one of them with the others."""
    mean, least = mean_agreement(matrix), apart(matrix)
    return isfinite(mean) and min(mean, mean if least is None else least[1]) < LITTLE


def headline(found: Sequence[Analysis], matrices: Matrices) -> str:
    """The comparison of several models in a few words, where they do the same and differ in something else; else "".

    That maps agree is no headline: they may do so for other reasons, such as the picture itself.
    """
    known = [one.card.accuracy for one in found if one.card.accuracy is not None]
    same_accuracy = len(known) == len(found) and max(known) - min(known) <= NEARLY_EQUAL
    same_prediction = len({one.predicted for one in found}) == 1
    if differs(matrices.attribution) and (same_accuracy or same_prediction):
        return word("compared.headline.accuracy" if same_accuracy else "compared.headline.prediction")
    return word("compared.headline.predictions") if same_accuracy and not same_prediction else ""


def predictions(found: Sequence[Analysis]) -> str:
    """How many of several models predict which class."""
    counts = Counter(one.predicted for one in found).most_common()
    (name, most), *others = counts
    if not others:
        two = len(found) == 2
        return (
            word("compared.predict.both", name=name)
            if two
            else word("compared.predict.all", count=len(found), name=name)
        )
    rest = listed(word("compared.predict.other", name=other, count=count) for other, count in others)
    return word("compared.predict.some", number=most, count=len(found), name=name, others=rest)


def accuracies(found: Sequence[Analysis]) -> str:
    """The accuracies of several models, where they are nearly the same."""
    known = [one.card.accuracy for one in found if one.card.accuracy is not None]
    if len(known) < max(2, len(found)) or max(known) - min(known) > NEARLY_EQUAL:
        return ""
    ends = sorted({percent(min(known)), percent(max(known))}, key=len)
    span = ends[0] if len(ends) == 1 else word("compared.span", low=percent(min(known)), high=percent(max(known)))
    families = len({one.card.family for one in found})
    return word("compared.accuracies" if families == 1 else "compared.accuracies.own", span=span)


def agreements(matrices: Matrices, rows: str) -> Iterator[str]:
    """How far the attributions agree, and how far the attention maps; ``rows`` is the mode."""
    attention, attribution = matrices.means
    for side, mean in (("attribution", attribution), ("attention", attention)):
        if isfinite(mean):
            yield word(f"compared.{rows}.{side}.{level(mean)}", mean=decimal(mean))


def about_models(found: Sequence[Analysis], titles: Sequence[str], matrices: Matrices, truth: str | None) -> str:
    """The comparison of several models on one picture."""
    sentences = [predictions(found)]
    if truth is not None:
        name, right = class_title(truth, found[0].card.classes), sum(one.right is True for one in found)
        sentences.append(word("compared.right", name=name, number=right, count=len(found)))
    sentences += [accuracies(found), *agreements(matrices, choices.MODELS)]
    least = apart(matrices.attribution)
    if least is not None and least[1] < min(LITTLE, matrices.means[1]):
        sentences.append(word("compared.apart", name=titles[least[0]], mean=decimal(least[1])))
    return together(*sentences)


def about_pictures(found: Sequence[Analysis], matrices: Matrices) -> str:
    """The comparison of several pictures through one model."""
    known = [one.right for one in found if one.right is not None]
    sentences = [word("compared.correct", number=sum(known), count=len(known))] if known else []
    ranged = [one.own.rank_correlation.related for one in found if one.own is not None]
    ranged = [one for one in ranged if one is not None]
    if ranged:
        sentences.append(word("compared.related", number=sum(ranged), count=len(ranged)))
    return together(*sentences, *agreements(matrices, choices.PICTURES))


def show_verdict(found: Sequence[Analysis], titles: Sequence[str], matrices: Matrices, mode: str, sample: str) -> None:
    """Draw the comparison in sentences; nothing for fewer than two rows."""
    if len(found) < 2:
        return
    same_picture, same_model = (
        len({one.sha256 for one in found}) < 2,
        len({one.card.slug for one in found}) < 2,
    )
    if mode == choices.MODELS or (mode == choices.PINNED and same_picture and not same_model):
        terms = means("rank-correlation", "attribution")
        if title := headline(found, matrices):
            st.subheader(title, help=terms)
        st.markdown(about_models(found, titles, matrices, pictures.find_truth(sample)), help=None if title else terms)
    elif same_model and not same_picture:
        st.markdown(about_pictures(found, matrices), help=means("rank-correlation", "unrelated"))
