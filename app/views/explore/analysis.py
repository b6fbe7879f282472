"""What Explore analyzes and shows: one model, one picture, one class, and the two maps on the panes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app import titles
from app.state import Subject
from app.views.explore.panes import Shown
from app.words import word
from core import Attribution, Reading
from core.attribution import Method


@dataclass(frozen=True, eq=False)
class Analysis:
    """A reading explained for the ``target``: the attention map ``shown``, and what the ``method`` ``found``.

    ``found`` is None where the method has not been computed with these ``parameters`` yet.
    """

    subject: Subject
    reading: Reading
    target: int
    shown: Shown
    method: Method
    parameters: dict[str, Any]
    found: Attribution | None

    @property
    def names(self) -> tuple[str, ...]:
        """The class names of the model."""
        return titles.class_titles(self.subject.classifier.card.classes)

    @property
    def title(self) -> str:
        """The title of the attribution: the method, and the classes if two are compared."""
        title, found = titles.method_title(self.method), self.found
        if found is None or (found.contrast is None and found.target == self.target):
            return title
        classes = titles.contrast_title(self.names, found)
        return word("contrast.title", method=title, classes=classes)

    @property
    def blank(self) -> str:
        """The reason why the attribution is blank; empty if it is not blank or not computed yet."""
        return "" if self.found is None else titles.blank_note(self.method, self.found, self.reading, self.names)
