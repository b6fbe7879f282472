"""The session keys of Mistakes, and those that its link contains."""

from __future__ import annotations

from enum import StrEnum

from app.state import Key


class MistakesKey(StrEnum):
    """Every key; the link uses the same names."""

    DATA = "data"
    TAKEN = "taken"
    SCENES = "scenes"
    TASK = "data-task"
    ZIP = "zip"
    ZIP_UPLOADER = "zip_uploader"
    ZIP_REFUSED = "zip_refused"
    SCANNING = "scanning"
    RUNS = "runs"
    RUN = "run"
    SHARED = "shared"
    SHOWN_RUN = "shown_run"
    OTHER_RUN = "with"
    FILTER = "filter"
    SUMMARY = "summary"
    CLASSES = "classes"
    COMMONEST = "commonest"
    SHEET = "sheet"
    SHOTS = "shots"
    NUMBER = "number"
    OPENING = "opening"
    ARRIVED = "arrived"
    AWAY = "away"
    FOLLOWED = "followed"
    SCATTER = "scatter"
    MAPS_SHOWN = "maps_shown"
    CLUSTERING = "clustering"
    GROUPING = "grouping"
    PAIR_METHOD = "pair_method"
    EXPORTED = "exported"


ADDRESS = (Key.MODEL, MistakesKey.RUN, MistakesKey.OTHER_RUN)
PASSING = (MistakesKey.ZIP_REFUSED,)
"""Notices on files that are gone."""
