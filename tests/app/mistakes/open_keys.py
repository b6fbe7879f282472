"""What the keys of the page Mistakes may be that are known only when the app runs."""

from __future__ import annotations

from app.runtime.mistakes import filters
from core.scenes.shortcuts import SHORTCUTS

DATA = ("scenes", "tasks", "imagenette", "folder", "csv", "zip")
"""Where the pictures of a scan may come from."""

OF_MISTAKES = {
    "shortcut.{models.shortcut(card.family)}": ["shortcut.tag", "shortcut.background"],
    "data.{one}": [f"data.{one}" for one in DATA],
    "taken.{what}": ["taken.split", "taken.path", "taken.label"],
    "data.scenes.{one}": [f"data.scenes.{one}" for one in SHORTCUTS],
    "data.{kind}.path": ["data.folder.path", "data.csv.path"],
    "data.{kind}.help": ["data.folder.help", "data.csv.help"],
    "runs.{run.facts['data']}": [f"runs.{one}" for one in SHORTCUTS],
    "compare.{kind}": ["compare.right", "compare.wrong", "compare.other_answer"],
    "overview.{one}": ["overview.matrix", "overview.classes", "overview.calibration"],
    "filter.{one.value}": [f"filter.{one.value}" for one in filters.Answers],
    "filter.{name}": [f"filter.{one}" for one in ("true", "predicted", "confidence", "agreement")],
    "chip.{name}": ["chip.confidence", "chip.agreement"],
    "chip.{name}.range": ["chip.confidence.range", "chip.agreement.range"],
    "sort.{one.value}": [f"sort.{one.value}" for one in filters.Sort],
    "sort.{chosen.sort.value}": [f"sort.{one.value}" for one in filters.Sort],
    "tag.{name}": [f"tag.{one}" for one in filters.TAGS],
}
