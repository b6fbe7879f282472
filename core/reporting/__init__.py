"""Reports and exported files of a run."""

from __future__ import annotations

from core.reporting.archive import described, to_csv, to_parquet, to_zip
from core.reporting.page import document, paragraph, section, table
from core.reporting.painting import paint, paint_map, to_png
from core.reporting.report import Report, report
from core.reporting.wording import Wording

__all__ = [
    "Report",
    "Wording",
    "described",
    "document",
    "paint",
    "paint_map",
    "paragraph",
    "report",
    "section",
    "table",
    "to_csv",
    "to_parquet",
    "to_png",
    "to_zip",
]
