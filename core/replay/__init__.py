"""Recorded views: the results for one picture, model and method as JSON, which can be computed again."""

from __future__ import annotations

from core.replay.measuring import Question
from core.replay.opening import open_record
from core.replay.recording import Record, record, save_record
from core.replay.replaying import Difference, Replayed, original, recorded_model, replay

__all__ = [
    "Difference",
    "Question",
    "Record",
    "Replayed",
    "open_record",
    "original",
    "record",
    "recorded_model",
    "replay",
    "save_record",
]
