"""The lesson that is open: what its step sets and hides, and the panel above the page."""

from app.widgets.lesson.panel import show_panel
from app.widgets.lesson.playing import (
    answers,
    asks,
    begin,
    close,
    hidden,
    open_step,
    point_wanted,
    redraw_when_done,
    restore,
)
from app.widgets.lesson.projector import digits, project

__all__ = [
    "answers",
    "asks",
    "begin",
    "close",
    "digits",
    "hidden",
    "open_step",
    "point_wanted",
    "project",
    "redraw_when_done",
    "restore",
    "show_panel",
]
