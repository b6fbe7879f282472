"""What the tests of recorded views share."""

from __future__ import annotations

from typing import Any

import core

SAMPLE = "scenes/24"


def question_about(
    classifier: core.Classifier, picture: core.Picture, method: str = "grad-cam", **more: Any
) -> core.Question:
    """A question about the predicted class and the last map on the picture."""
    reading = core.read(classifier, picture)
    tap = next((one.tap for one in reversed(reading.maps) if one.kind.on_picture), "")
    return core.Question(method, reading.predicted, **{"tap": tap, **more})


def reopened(view: core.Record) -> core.Record:
    """The view from its own text."""
    return core.open_record(view.to_json().encode())
