"""Scans: a stored table of a model's predictions over a collection of pictures, with its maps."""

from __future__ import annotations

from core.scanning.facts import MOST_PICTURES
from core.scanning.run import RUN_FILE, Run, list_runs, open_run
from core.scanning.scan import scan
from core.scanning.start import SAME_MODEL, run_facts

__all__ = [
    "MOST_PICTURES",
    "RUN_FILE",
    "SAME_MODEL",
    "Run",
    "list_runs",
    "open_run",
    "run_facts",
    "scan",
]
