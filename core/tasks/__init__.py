"""Tasks that need attention: drawn pictures with a question, and a cue in the picture that shows which object counts.

The cue is farther from that object than a network with a small receptive field sees, except in ``marked``, where a
frame surrounds the object. Each task is one definition in a file of its own and one name in ``catalog.TASKS``.
"""

from core.tasks.catalog import TASKS, find_task, task
from core.tasks.layout import ANSWER, CUE, ROLES, STEP, Item, Layout
from core.tasks.painting import Drawn, draw, draw_pixels
from core.tasks.task import Task

__all__ = [
    "ANSWER",
    "CUE",
    "ROLES",
    "STEP",
    "TASKS",
    "Drawn",
    "Item",
    "Layout",
    "Task",
    "draw",
    "draw_pixels",
    "find_task",
    "task",
]
