"""Reports: what a run found, to be taken along."""

from __future__ import annotations

from core.reporting.report import Report, report

__all__ = ["Report", "report"]
