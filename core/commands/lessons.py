"""``lessons``: check lessons and their claims, and write worksheets."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import core
from core.commands.printing import bar, print_answer
from core.files import put, reason
from core.lessons import (
    Kept,
    Lesson,
    check_lesson,
    comparisons,
    folder_problems,
    lesson_folders,
    measure,
    store,
    stored,
    worksheet,
)

CHECK = "check"
"""The word before the folders that has the claims measured again."""


def lessons(options: argparse.Namespace) -> None:
    """Check the files of lessons and the bounds of their claims; check or --measure measures the claims again.

    --worksheets writes worksheets and teacher's keys to print.
    """
    again, given = options.measure or options.folders[:1] == [CHECK], [one for one in options.folders if one != CHECK]
    folders = [Path(one) for one in given] or list(lesson_folders())
    places = () if given else folder_problems()
    lines, wrong, data = list(map(str, places)), len(places), dict[str, Any]()
    for folder in folders:
        lesson, problems = check_lesson(folder)
        if lesson is None:
            lines += [f"{folder.name}/{one}" for one in problems]
            wrong += len(problems)
            data[folder.name] = {"problems": list(map(str, problems))}
            continue
        if again:
            store(lesson, measure(lesson, bar(folder.name)))
        found = stored(lesson)
        if options.worksheets:
            write_worksheets(lesson, found, Path(options.worksheets))
        wrong += sum(one.name not in found or not found[one.name].clearly for one in lesson.claims)
        wrong += sum(one.least <= 0 for one in comparisons(lesson, found))
        lines += [
            f"{lesson.name}: {len(lesson.steps)} steps, {lesson.minutes} minutes",
            *state(lesson, found),
            *compare(lesson, found),
        ]
        data[lesson.name] = {name: one.measured.value for name, one in found.items()}
    print_answer(data, "\n".join(lines) or "There are no lessons.", options)
    if wrong:
        raise core.InvalidInput(
            "Problems: {count}. Correct them, or measure the claims again with --measure.", count=wrong
        )


def state(lesson: Lesson, found: dict[str, Kept]) -> list[str]:
    """Return a line for each claim: its value, its error, its bound, and whether the bound holds."""
    lines = []
    for claim in lesson.claims:
        bound = f"{claim.bound.sign} {claim.bound.value}"
        one = found.get(claim.name)
        if one is None:
            lines.append(f"  {claim.name:24} not measured, or its model was trained again; bound {bound}")
            continue
        value = one.measured.value
        text = value if isinstance(value, str) else f"{value:.3f} ± {one.measured.error:.3f}"
        verdict = "holds" if one.clearly else "holds, but not with a margin" if one.holds else "BROKEN"
        lines.append(f"  {claim.name:24} {text} of {one.measured.pictures} pictures; bound {bound}: {verdict}")
    return lines


def compare(lesson: Lesson, found: dict[str, Kept]) -> list[str]:
    """Return a line for each comparison: the difference, the lower end of its interval, and whether it exceeds zero."""
    lines = []
    for one in comparisons(lesson, found):
        name = f"{one.larger.claim.name} > {one.smaller.claim.name}"
        verdict = "holds" if one.least > 0 else "holds, but not with a margin" if one.difference > 0 else "BROKEN"
        lines.append(f"  {name:24} by {one.difference:.3f}, at least {one.least:.3f}: {verdict}")
    return lines


def write_worksheets(lesson: Lesson, found: dict[str, Kept], folder: Path) -> None:
    """Write the worksheet and the teacher's key of a lesson in each of its languages as HTML files to print.

    Raises:
        InvalidInput: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for language in lesson.languages:
            for key, end in ((False, "worksheet"), (True, "key")):
                page = worksheet(lesson, language, found, key=key)
                put(folder / f"{lesson.name}.{language}.{end}.html", page.encode())
    except OSError as error:
        raise core.InvalidInput(
            "The worksheets cannot be written to {folder}: {reason}. Choose another folder.",
            folder=folder,
            reason=reason(error),
        ) from error
