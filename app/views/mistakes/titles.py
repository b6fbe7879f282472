"""The title of a run: its model, data, size and start."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from app.runtime.mistakes import runs
from app.widgets import models
from app.words import say, whole, word
from core.scanning import Run
from core.scenes import SHORTCUTS
from core.tasks import find_task


def model_title(run: Run) -> str:
    """What the run's model is called, also when it is no longer here."""
    card = models.offered().get(run.facts["model"])
    return models.model_title(card) if card else run.facts["model"]


def short_title(run: Run) -> str:
    """The same in few words, for a list."""
    card = models.offered().get(run.facts["model"])
    if card is None or not models.shortcut(card.family):
        return model_title(run)
    return f"{models.mechanism_title(card)} · {word(f'shortcut.{models.shortcut(card.family)}')}"


def data_title(run: Run) -> str:
    """The data of a run: scenes or task with their seed, or the name of the folder or file."""
    family, stated = run.facts["data"], run.facts["identity"].split(" ")
    if family in SHORTCUTS and len(stated) == 3:
        return word(f"runs.{run.facts['data']}", seed=stated[1])
    if (task := find_task(family)) and len(stated) == 3:
        return word("runs.task", task=say(task.title), seed=stated[1])
    place = Path(family)
    return f"{place.parent.name}/{place.name}" if place.suffix == "" else place.name


def started(run: Run) -> str:
    """The start of a run, in the machine's local time."""
    try:
        return f"{datetime.fromisoformat(run.facts['started']).astimezone():%Y-%m-%d %H:%M}"
    except (KeyError, ValueError, TypeError):
        return ""


def pictures(run: Run) -> str:
    """How many pictures of a run have a prediction, and of how many if it is unfinished."""
    done, total = run.scanned, run.facts["pictures"]
    found = runs.brief(run)
    sentence = whole(done - found.broken - found.unanswered)
    return sentence if done == total else word("scan.progress", done=sentence, total=whole(total))


def with_broken(run: Run, sentence: str) -> str:
    """The counts of a run's pictures, with broken ones and those without a finite output, if any."""
    found = runs.brief(run)
    sentence = word("runs.broken", sentence=sentence, broken=whole(found.broken)) if found.broken else sentence
    return word("runs.unanswered", sentence=sentence, count=whole(found.unanswered)) if found.unanswered else sentence
