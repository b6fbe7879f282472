"""The cache of the lessons, updated when one of their files changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import streamlit as st

from core.lessons import (
    SHIPPED,
    Kept,
    Lesson,
    Problem,
    check_lesson,
    folder_problems,
    lesson_folders,
    read_figure,
    stored,
)
from core.messages import Message

Checked = tuple[Lesson | None, tuple[Problem, ...]]


def _stamps(folder: Path) -> tuple[tuple[str, int], ...]:
    """The files of a folder with the times of their last change."""
    return tuple(sorted((one.name, one.stat().st_mtime_ns) for one in folder.iterdir() if one.is_file()))


@st.cache_resource(show_spinner=False, max_entries=100)
def _checked(folder: str, stamps: tuple[tuple[str, int], ...]) -> Checked:
    return check_lesson(Path(folder), fits=Path(folder).parent != SHIPPED)


@st.cache_resource(show_spinner=False, max_entries=100)
def _measured(folder: str, stamps: tuple[tuple[str, int], ...]) -> dict[str, Kept]:
    lesson, _ = _checked(folder, stamps)
    return stored(lesson) if lesson else {}


def lessons() -> tuple[Lesson, ...]:
    """Every lesson without a mistake, in order."""
    found = [_checked(str(folder), _stamps(folder))[0] for folder in lesson_folders()]
    return tuple(sorted(filter(None, found), key=lambda one: (one.order, one.name)))


def lesson_problems() -> tuple[Message, ...]:
    """A sentence for each mistake in a lesson, with its file and line."""
    found = [
        replace(one, file=f"{folder.name}/{one.file}")
        for folder in lesson_folders()
        for one in _checked(str(folder), _stamps(folder))[1]
    ]
    return tuple(one.message for one in (*folder_problems(), *found))


def why_broken(name: str) -> Message | None:
    """The first mistake in the lesson of that name, with its file and line; None where there is no such folder."""
    folders = [folder for folder in lesson_folders() if folder.name == name]
    found = [problem for folder in folders for problem in _checked(str(folder), _stamps(folder))[1]]
    return found[0].message if found else None


def find_lesson(name: str) -> Lesson | None:
    """The lesson of that name, or None. Only its own folder, which has its name, is read."""
    found = (_checked(str(folder), _stamps(folder))[0] for folder in lesson_folders() if folder.name == name)
    return next(filter(None, found), None)


@st.cache_resource(show_spinner=False, max_entries=50)
def _figure(folder: str, file: str, stamp: int) -> bytes:
    return read_figure(Path(folder), file)


def figure(lesson: Lesson, file: str) -> bytes:
    """A picture in the words of a lesson as a JPEG. Raises as ``read_figure``."""
    path = lesson.folder / file
    return _figure(str(lesson.folder), file, path.stat().st_mtime_ns if path.is_file() else 0)


def measured(lesson: Lesson) -> dict[str, Kept]:
    """What was measured of a lesson's claims, by their names."""
    return _measured(str(lesson.folder), _stamps(lesson.folder))
