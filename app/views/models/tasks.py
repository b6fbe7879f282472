"""Tasks × mechanisms: which mechanism solves which task, as a matrix whose cells open in Explore."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from app import figures, state
from app.components import matrix
from app.state import Key
from app.views import file_of
from app.views.models.keys import ModelsKey
from app.widgets import models
from app.words import known, listed, literal, means, percent, plain, say, together, whole, word
from core import InvalidInput, ModelCard
from core.attention import MECHANISMS
from core.data import list_samples
from core.evaluation import (
    ENOUGH,
    WAYS,
    Cells,
    TaskStudies,
    levels_of,
    lost,
    open_studies,
    pictures_for,
    spread_of,
    task_cells,
)
from core.models import RECEPTIVE_FIELD
from core.tasks import TASKS, Task

CHART = {"displayModeBar": False}
SIDE = 128
"""Pixels of the pictures of tasks."""


def show_tasks(cards: Sequence[ModelCard]) -> None:
    """Draw the section."""
    cells = task_cells(cards)
    st.subheader(word("matrix.title"), help=means("attention", "mechanism"))
    st.markdown(
        word("matrix.about", field=RECEPTIVE_FIELD, side=SIDE), help=means("cue", "backbone", "receptive-field")
    )
    way = st.segmented_control(
        word("matrix.way"),
        WAYS,
        key=ModelsKey.WAY,
        default=WAYS[0],
        format_func=lambda one: word(f"matrix.{one}"),
        help=means(*WAYS),
        required=True,
        persist_state="session",
    )
    opened = matrix.show_matrix(
        [row_head(task) for task in TASKS],
        [matrix.Head(mechanism_title(kind.slug)) for kind in MECHANISMS],
        [[cell_of(cells, task, kind.slug, way) for kind in MECHANISMS] for task in TASKS],
        key=ModelsKey.MATRIX,
        label=plain("matrix.title"),
        blank=plain("matrix.blank"),
        on_opened=open_cell,
    )
    st.caption(legend(cells))
    show_studies()
    if opened and opened.get("opened"):  # in the run of the click alone
        st.switch_page(file_of("explore"))


def mechanism_title(slug: str) -> str:
    """A mechanism's name in plain words."""
    kind = next(one for one in MECHANISMS if one.slug == slug)
    return str(known(f"mechanism.{kind.slug}.title", kind.title))


def task_title(task: Task) -> str:
    """A task's name in plain words."""
    return str(models.family_title(task.slug))


def row_head(task: Task) -> matrix.Head:
    """The head of a task's row: its title, its question, and the accuracy of guessing."""
    return matrix.Head(task_title(task), say(task.question), plain("matrix.chance", share=percent(task.chance, 0)))


def cell_of(cells: Cells, task: Task, mechanism: str, way: str) -> matrix.Cell | None:
    """A cell, or None where there is no model."""
    card = cells.get((task.slug, mechanism))
    if card is None or card.accuracy is None:
        return None
    spread, left, gone = spread_of(card), card.ablation.get(way), lost(card, way)
    return matrix.Cell(
        card.slug,
        f"./?{urlencode({Key.MODEL.value: card.slug, Key.SAMPLE.value: sample_of(card)})}",
        percent(card.accuracy),
        "" if spread is None else plain("matrix.spread", spread=percent(spread.deviation)),
        "" if left is None else percent(left),
        gone,
        together(*sentences(card, task, way)),
    )


def sentences(card: ModelCard, task: Task, way: str) -> Iterator[str]:
    """The tooltip of a cell, in sentences."""
    title, left, spread = mechanism_title(card.mechanism), card.ablation.get(way), spread_of(card)
    yield plain("matrix.tooltip", task=task_title(task), mechanism=title, accuracy=percent(card.accuracy or 0.0))
    if left is not None:
        yield plain(f"matrix.tooltip.{way}", left=percent(left))
    if spread is not None:
        each = listed(map(percent, spread.accuracies))
        yield plain("matrix.tooltip.seeds", count=len(spread.accuracies), mean=percent(spread.mean), each=each)
    if levels := levels_of(card):
        yield plain("matrix.tooltip.levels", each=listed(map(percent, levels)))
    yield plain("matrix.tooltip.open")


def sample_of(card: ModelCard) -> str:
    """The picture that a cell opens: the first of its task."""
    return list_samples(card.family)[0].slug


def open_cell() -> None:
    """Choose the model of the cell that was clicked and a picture of its task; in the callback."""
    slug = state.component(ModelsKey.MATRIX, "opened")
    try:
        card = models.find_card(slug) if slug else None
    except InvalidInput:  # the zoo has changed since the page was drawn
        return
    if card is not None:
        models.select_model(card.slug)
        state.put(Key.SAMPLE, sample_of(card))


def legend(cells: Cells) -> str:
    """The meaning of numbers and colors, and the number of empty cells."""
    counts = sorted({card.pictures for card in cells.values()})
    lines = [word("matrix.legend")]
    if counts:
        lines.append(word("matrix.pictures", pictures=whole(counts[0])))
    if len(cells) < len(TASKS) * len(MECHANISMS):
        lines.append(word("matrix.missing", count=len(TASKS) * len(MECHANISMS) - len(cells)))
    return together(*lines)


def show_studies() -> None:
    """Draw the learning curves, and the accuracy of a model without attention that sees the whole picture."""
    try:
        studies = open_studies()
    except InvalidInput as error:
        st.warning(literal(error))
        return
    for task in TASKS:
        if curves := studies.curves.get(task.slug):
            show_curves(task, curves)
        if task.slug in studies.full_reach:
            st.markdown(full_reach(task, studies))


def show_curves(task: Task, curves: Mapping[str, Sequence[tuple[int, float]]]) -> None:
    """Draw a learning curve for each mechanism, and how many training pictures each needs."""
    titles = {slug: mechanism_title(slug) for slug in curves if slug in {one.slug for one in MECHANISMS}}
    st.markdown(f"**{word('learning.title', task=task_title(task))}**")
    st.markdown("  \n".join(enough(titles[slug], curves[slug]) for slug in titles))
    chart = figures.learning_curves(
        {titles[slug]: curves[slug] for slug in titles}, ENOUGH, plain("learning.pictures"), plain("learning.accuracy")
    )
    st.plotly_chart(chart, key=f"learning.{task.slug}", config=CHART, alt=word("learning.title", task=task_title(task)))
    st.caption(word("learning.line", share=percent(ENOUGH, 0)))


def enough(title: str, points: Sequence[tuple[int, float]]) -> str:
    """In a sentence: how many training pictures a mechanism needs."""
    needed, share = pictures_for(points), percent(ENOUGH, 0)
    if needed is None:
        return word("learning.never", mechanism=title, share=share, most=whole(max(one for one, _ in points)))
    return word("learning.needs", mechanism=title, share=share, pictures=whole(needed))


def full_reach(task: Task, studies: TaskStudies) -> str:
    """In a sentence: the accuracy of ``plain`` with a receptive field of the whole picture."""
    facts: Mapping[str, Any] = studies.full_reach[task.slug]
    share = percent(facts["accuracy"])
    if isinstance(facts.get("epochs"), int):
        return word("learning.reach.epochs", task=task_title(task), accuracy=share, epochs=facts["epochs"])
    return word("learning.reach", task=task_title(task), accuracy=share)
