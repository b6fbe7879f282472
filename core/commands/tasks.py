"""``tasks``: the matrix of tasks and mechanisms, from the cards of the stored models."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

import core
from core.attention import MECHANISMS
from core.commands.printing import print_answer
from core.evaluation.task_matrix import (
    ENOUGH,
    Cells,
    TaskStudies,
    levels_of,
    lost,
    open_studies,
    pictures_for,
    spread_of,
    task_cells,
)
from core.tasks import TASKS, find_task

NAME, WIDTH, TITLE = 20, 15, 13
"""The width of the first column and of the others, in characters."""


def percentage(share: float | None) -> str:
    """Format an accuracy in percent, without the percent sign."""
    return "" if share is None else f"{100 * share:.1f}"


def tasks(options: argparse.Namespace) -> None:
    """Print the matrix of tasks and mechanisms: accuracy, and in brackets the accuracy with changed attention."""
    cells, studies = task_cells(core.cards()), open_studies()
    lines = [*matrix(cells, options.attention), "", *legend(cells, options.attention)]
    lines += [*spreads(cells), *by_level(cells), *trainings(cells), *curves(studies), *full_reach(studies)]
    print_answer(as_json(cells, studies), "\n".join(lines), options)


def matrix(cells: Cells, way: str) -> Iterator[str]:
    """Yield a line for each mechanism, with a column for each task; a cell without a model is blank."""
    yield f"{'':{NAME}}" + "".join(f"{one.title.lower():>{WIDTH}}" for one in TASKS)
    yield f"{'chance':{NAME}}" + "".join(f"{percentage(one.chance):>{WIDTH}}" for one in TASKS)
    for kind in MECHANISMS:
        found = [cell(cells, one.slug, kind.slug, way) for one in TASKS]
        yield (f"{kind.slug:{NAME}}" + "".join(f"{one:>{WIDTH}}" for one in found)).rstrip()


def cell(cells: Cells, task: str, mechanism: str, way: str) -> str:
    """Return the accuracy of one model, and in brackets the accuracy with changed attention."""
    card = cells.get((task, mechanism))
    if card is None:
        return ""
    left = f" ({percentage(card.ablation[way])})" if way in card.ablation else ""
    return percentage(card.accuracy) + left


def legend(cells: Cells, way: str) -> Iterator[str]:
    """Yield an explanation of the numbers, and the question of each task."""
    counts = sorted({card.pictures for card in cells.values()})
    pictures = f" on {' or '.join(f'{one:,}' for one in counts)} validation pictures" if counts else ""
    yield f"Accuracy in %{pictures}; in brackets with the attention {way}."
    yield "Chance: a random choice among the objects that the cue can point to."
    if missing := len(TASKS) * len(MECHANISMS) - len(cells):
        yield f"Blank: no model is stored ({missing} of {len(TASKS) * len(MECHANISMS)} cells)."
    yield ""
    for one in TASKS:
        yield f"{one.title.lower()}: {one.question}"


def spreads(cells: Cells) -> Iterator[str]:
    """Yield a line for each model that was trained with several seeds."""
    found = {place: spread for place, card in cells.items() if (spread := spread_of(card))}
    if found:
        yield ""
        yield "Over training seeds, mean ± standard deviation in %:"
    for (task, mechanism), spread in found.items():
        each = ", ".join(map(percentage, spread.accuracies))
        yield f"{task + '/' + mechanism:38}{percentage(spread.mean):>6} ± {percentage(spread.deviation)} ({each})"


def by_level(cells: Cells) -> Iterator[str]:
    """Yield a line for each model of pictures with levels: its accuracy on each."""
    found = {place: levels for place, card in cells.items() if (levels := levels_of(card))}
    if found:
        yield ""
        yield "By level, in % (signposts: one, two or three flags on a trail):"
    for (task, mechanism), levels in found.items():
        yield f"{task + '/' + mechanism:38}" + "  ".join(f"{percentage(share):>6}" for share in levels)


def trainings(cells: Cells) -> Iterator[str]:
    """Yield a line for each task: how many epochs its models were trained for, and from whose weights they started."""
    if cells:
        yield ""
        yield "Epochs of training; plain + 10: ten more from the weights of plain on the same task;"
        yield "sun or moon + 10: from those of the same mechanism on that task:"
    for task in TASKS:
        found: dict[str, list[str]] = {}
        for (slug, mechanism), card in cells.items():
            if slug == task.slug:
                start = _name_start(str(card.facts.get("start") or ""), slug)
                how = f"{start} + {card.facts.get('epochs')}" if start else str(card.facts.get("epochs"))
                found.setdefault(how, []).append(mechanism)
        if found:
            groups = "; ".join(f"{how}: {', '.join(names)}" for how, names in found.items())
            yield f"{task.title.lower():{TITLE}}{groups}"


def _name_start(model: str, family: str) -> str:
    """The mechanism of a model that another one of its ``family`` started from, or the task of one elsewhere."""
    other, _, mechanism = model.rpartition("/")
    known = find_task(other)
    return mechanism if other == family or known is None else known.title.lower()


def curves(studies: TaskStudies) -> Iterator[str]:
    """Yield a line for each learning curve."""
    for task, of_task in studies.curves.items():
        yield ""
        enough = f"the fewest from which on it is at least {100 * ENOUGH:.0f} %"
        yield f"{task}, accuracy in % by training pictures; {enough}:"
        for mechanism, points in of_task.items():
            needed = pictures_for(points)
            given = ", ".join(f"{pictures:,}: {percentage(accuracy)}" for pictures, accuracy in points)
            yield f"{mechanism:{NAME}}{given}; {'not reached' if needed is None else f'{needed:,}'}"


def full_reach(studies: TaskStudies) -> Iterator[str]:
    """Yield a line for each task with a model without attention whose receptive field is the whole picture."""
    if studies.full_reach:
        yield ""
    for task, facts in studies.full_reach.items():
        epochs = f" after {facts['epochs']} epochs" if "epochs" in facts else ""
        yield f"{task}, plain with a receptive field of the whole picture: {percentage(facts['accuracy'])} %{epochs}"


def as_json(cells: Cells, studies: TaskStudies) -> dict[str, Any]:
    """Return the matrix and the studies as data for JSON."""
    rows = []
    for (task, mechanism), card in cells.items():
        spread = spread_of(card)
        rows.append(
            {
                "task": task,
                "mechanism": mechanism,
                "accuracy": card.accuracy,
                "pictures": card.pictures,
                "levels": list(levels_of(card)),
                **card.ablation,
                "lost": {way: lost(card, way) for way in card.ablation},
                "seeds": None
                if spread is None
                else {"accuracies": spread.accuracies, "mean": spread.mean, "std": spread.deviation},
            }
        )
    about = [
        {"task": one.slug, "title": one.title, "question": one.question, "chance": one.chance, "classes": one.classes}
        for one in TASKS
    ]
    return {
        "tasks": about,
        "cells": rows,
        "learning_curves": {task: dict(found) for task, found in studies.curves.items()},
        "full_reach": dict(studies.full_reach),
    }
