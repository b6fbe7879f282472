"""The lesson that is open: what its step sets and hides, and the panel above the page."""

from app.widgets.lesson.panel import show_panel
from app.widgets.lesson.playing import (
    answers,
    begin,
    close,
    hidden,
    may_state_answers,
    open_step,
    point_wanted,
    redraw_when_done,
    restore,
)
from app.widgets.lesson.projector import arrange, digits

__all__ = [
    "answers",
    "arrange",
    "begin",
    "close",
    "digits",
    "hidden",
    "may_state_answers",
    "open_step",
    "point_wanted",
    "redraw_when_done",
    "restore",
    "show_panel",
]
