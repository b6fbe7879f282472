"""What opens hostile items: the readers of the app by kind, each with all that a page does with what it has opened."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from functools import cache
from pathlib import Path

import core
from app.runtime.mistakes import scans, tags
from core.data import open_collection
from core.files import to_json
from core.images import thumbnail
from core.lessons import check_lesson
from core.models.files.weights_file import read_weights
from core.models.user_models.user_card import parse_card
from core.scanning import list_runs, open_run
from core.types import InvalidInput
from tests.benchmarks.hostile_pictures import Make, pictures
from tests.benchmarks.hostile_records import cards, lessons, runs, weights
from tests.benchmarks.hostile_tables import folders, tables, zips

SOME = 3
"""Pictures that are read of a collection."""


def open_picture(path: Path) -> None:
    """A picture and its thumbnail, from the file and from its bytes."""
    picture = core.open_image(path)
    thumbnail(picture)
    check_text(picture.name)


def open_pictures(path: Path) -> None:
    """A collection and its first pictures, of which each may be refused."""
    found = open_collection(path)
    for text in (found.origin, *found.paths[:SOME], *found.names, found.taken.note):
        check_text(text)
    for number in range(min(SOME, len(found))):
        try:
            check_text(found.read(number).name)
        except InvalidInput as error:
            check_text(str(error))


def open_card(path: Path) -> None:
    """A card, and all of its texts as they are sent to a browser."""
    card, weights_name = parse_card(path.read_bytes(), "own/x", path.name)
    check_text(f"{card.title} {weights_name} {list(card.classes)} {to_json(card.to_json())}")


def open_run_with_tags(path: Path) -> None:
    """A run, its table, arrays and tags, and what would go on with it."""
    list_runs(path.parent)
    run = open_run(path).snapshot()
    check_text(f"{len(run.table())} {run.scanned} {run.finished} {run.unmatched()} {list(run.classes)}")
    for name in ("attention", "cam", "features", "top", "answers"):
        if run.keeps(name):
            run.array(name)
    run.bank()
    check_text(f"{run.broken()} {run.unanswered()} {scans.request(run)} {tags.used(run)}")


def open_lesson(path: Path) -> None:
    """A lesson, or all that is wrong with it."""
    lesson, problems = check_lesson(path)
    for problem in problems:
        check_text(str(problem))
    if lesson is not None:
        check_text(f"{lesson.author} {lesson.words}")


def check_text(text: str) -> None:
    """Encode a text as for a browser."""
    text.encode()


READERS: dict[str, Callable[[Path], None]] = {
    "picture": open_picture,
    "table": open_pictures,
    "zip": open_pictures,
    "folder": open_pictures,
    "card": open_card,
    "weights": lambda path: read_weights(path, path.name) and None,
    "run": open_run_with_tags,
    "lesson": open_lesson,
}


@cache
def items() -> tuple[tuple[str, str, Make], ...]:
    """Every item: its kind, its name, and what writes it into a folder."""
    made = {"picture": pictures, "table": tables, "zip": zips, "folder": folders, "card": cards, "weights": weights,
            "run": runs, "lesson": lessons}  # fmt: skip
    return tuple((kind, name, make) for kind, listed in made.items() for name, make in listed())


def open_item(kind: str, path: Path) -> tuple[str, str]:
    """The outcome of opening an item, "opened", "refused" or "failed", and a sentence."""
    try:
        READERS[kind](path)
    except InvalidInput as error:
        return "refused", str(error).encode(errors="backslashreplace").decode()
    except Exception:
        return "failed", " < ".join(line.strip() for line in reversed(traceback.format_exc().splitlines()[-7:]))
    return "opened", ""
