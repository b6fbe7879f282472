"""Read a lesson's folder: its structure, its texts in each language, and every error in them.

The folder is data of unknown origin: large files, links, and paths out of the folder are refused, and no code is run.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from core.lessons.claims import with_answers
from core.lessons.pack import SKELETON, Lesson, Problem, Words
from core.lessons.reading.markdown import Reader
from core.lessons.reading.structure import Skeleton
from core.messages import Message
from core.types import InvalidInput

LARGEST = 256 * 1024
"""The largest size of a lesson's file in bytes."""
FOLDER = "FOVEA_LESSONS"
"""The variable that names a folder with the user's own lessons."""
SHIPPED = Path(__file__).resolve().parents[3] / "app" / "lessons"


def read_file(path: Path, folder: Path) -> str | Problem:
    """The text of a file in a lesson's folder, or why it cannot be read."""
    name = path.relative_to(folder).as_posix()
    if path.is_symlink() or not path.resolve().is_relative_to(folder.resolve()):
        return Problem(name, 0, Message("This is a link out of the lesson's folder. Put the file itself there."))
    if not path.is_file():
        return Problem(name, 0, Message("The file is missing. Add it."))
    if path.stat().st_size > LARGEST:
        return Problem(name, 0, Message("The file is larger than {most} KB. Make it smaller.", most=LARGEST // 1024))
    try:
        return path.read_text("utf-8-sig")  # some editors begin a file with a byte order mark
    except UnicodeDecodeError:
        return Problem(name, 0, Message("The file is not text in UTF-8. Save it as UTF-8."))
    except OSError:
        return Problem(name, 0, Message("The file cannot be read. Check its permissions."))


def check_lesson(folder: Path, *, fits: bool = True) -> tuple[Lesson | None, tuple[Problem, ...]]:
    """The lesson in a folder, or None, and all errors in it.

    ``fits`` also checks that its models, pictures and claims exist and suit each other, which takes seconds. For the
    shipped lessons, the tests check this.
    """
    text = read_file(folder / SKELETON, folder)
    if isinstance(text, Problem):
        return None, (text,)
    skeleton = Skeleton(text, folder.name, fits=fits)
    problems = [*skeleton.problems, *_same_name(folder, skeleton)]
    words: dict[str, Words] = {}
    if skeleton.data:
        steps, claims = {step.name: step for step in skeleton.steps}, {claim.name for claim in skeleton.claims}
        used: set[str] = {step.exercise.claim for step in skeleton.steps if step.exercise}
        seen, read = set[str](), not skeleton.unsure
        for language in skeleton.languages:
            file = f"{language}.md"
            text = read_file(folder / file, folder)
            if isinstance(text, Problem):
                problems.append(text)
                read = False
                continue
            reader = Reader(file, text, folder, skeleton.given)
            seen |= reader.seen
            if not skeleton.unsure:  # otherwise an unread step or claim would count as missing
                words[language] = reader.words(steps, claims)
            used |= {name for name in claims if f"{{{name}}}" in text}
            problems += reader.problems
        for one in skeleton.given if read else ():
            if one.casefold() not in seen:
                sentence = Message(
                    "'{key}' lists '{given}', which the text does not contain. Remove it.", key="given", given=one
                )
                problems.append(Problem(SKELETON, skeleton.lines.find("", 0, "given"), sentence))
        for number, claim in enumerate(skeleton.claims if read else ()):
            if claim.name not in used:
                line = skeleton.lines.find("claim", number, "id")
                sentence = Message("The claim '{claim}' is not used. Use it or remove it.", claim=claim.name)
                problems.append(Problem(SKELETON, line, sentence))
    if problems:
        return None, tuple(sorted(problems, key=lambda one: (one.file, one.line)))
    lesson = Lesson(
        folder.name,
        folder,
        skeleton.number("order", 1),
        skeleton.number("minutes", 10),
        skeleton.breaks,
        skeleton.text("author"),
        skeleton.text("license"),
        skeleton.steps,
        skeleton.claims,
        words,
        skeleton.tour,
    )
    return with_answers(lesson), ()


def _same_name(folder: Path, skeleton: Skeleton) -> Iterator[Problem]:
    """A problem if a shipped lesson has the same folder name, because links identify a lesson by its folder."""
    shipped = SHIPPED / folder.name
    if folder.resolve().parent != SHIPPED and (shipped / SKELETON).is_file():
        sentence = Message("Fovea already has a lesson '{name}'. Rename the folder and its id.", name=folder.name)
        yield Problem(SKELETON, skeleton.lines.find("", 0, "id"), sentence)


def read_lesson(folder: Path) -> Lesson:
    """The lesson in a folder.

    Raises:
        InvalidInput: it has errors; the message is that of the first one, with file and line.
    """
    lesson, problems = check_lesson(folder)
    if lesson is None:
        raise InvalidInput(
            "The lesson {name} contains an error. {problem}", name=folder.name, problem=problems[0].message
        )
    return lesson


def lesson_folders() -> Iterator[Path]:
    """The folders of all lessons: the shipped ones, then those in the folder that FOVEA_LESSONS names."""
    own = os.environ.get(FOLDER)
    yield from (one for one in _folders(SHIPPED) if (one / SKELETON).is_file())
    if own and not (Path(own) / SKELETON).is_file():
        yield from _folders(Path(own))


def _folders(place: Path) -> list[Path]:
    """The folders in a folder, except hidden ones and those of Python; none if it cannot be read."""
    try:
        return sorted(one for one in place.iterdir() if one.is_dir() and one.name[0] not in "._")
    except OSError:
        return []


def folder_problems() -> tuple[Problem, ...]:
    """The problems with the folder that FOVEA_LESSONS names."""
    own = os.environ.get(FOLDER)
    if own and (Path(own) / SKELETON).is_file():
        sentence = Message(
            "{path} is a lesson itself. Set {variable} to the folder above it.", path=own, variable=FOLDER
        )
    elif own and not Path(own).is_dir():
        sentence = Message(
            "There is no folder {path}. Create it, or set {variable} to the folder of your lessons.",
            path=own,
            variable=FOLDER,
        )
    else:
        return ()
    return (Problem(FOLDER, 0, sentence),)
