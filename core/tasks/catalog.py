"""The catalog of tasks, in the order in which pickers show them."""

from __future__ import annotations

from core.tasks.marked import MARKED
from core.tasks.odd_one_out import ODD_ONE_OUT
from core.tasks.same_row import SAME_ROW
from core.tasks.signposts import SIGNPOSTS
from core.tasks.sun_or_moon import SUN_OR_MOON
from core.tasks.task import Task
from core.types import InvalidInput

TASKS: tuple[Task, ...] = (SUN_OR_MOON, MARKED, SAME_ROW, SIGNPOSTS, ODD_ONE_OUT)


def find_task(family: str) -> Task | None:
    """The task that a family of models is trained on, or None where it is none."""
    return next((one for one in TASKS if one.slug == family), None)


def task(slug: str) -> Task:
    """The task of that slug; InvalidInput where there is none."""
    if found := find_task(slug):
        return found
    raise InvalidInput(
        "There is no task '{slug}'. Choose one of: {tasks}.", slug=slug, tasks=[one.slug for one in TASKS]
    )
