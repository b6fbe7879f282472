"""Scans: a table of a model's answers over a collection of pictures, with what it looked at, made once and kept."""

from __future__ import annotations

from core.scanning.run import Run, list_runs, open_run
from core.scanning.scan import scan

__all__ = ["Run", "list_runs", "open_run", "scan"]
