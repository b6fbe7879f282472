"""The overlay: attention next to attribution on one picture, drawn in the browser."""

from __future__ import annotations

from app.components.overlay.layer import Layer, Rows, Stack
from app.components.overlay.overlay import ADDRESS, SETTINGS, WORDS, Sight, pack, readable, show_overlay
from app.components.overlay.rows import ROW_ADDRESS, ROW_WORDS, Bar, Row, Shown, pack_rows, readable_row, show_rows
from app.components.overlay.standalone import PLACE, standalone

__all__ = [
    "ADDRESS",
    "PLACE",
    "ROW_ADDRESS",
    "ROW_WORDS",
    "SETTINGS",
    "WORDS",
    "Bar",
    "Layer",
    "Row",
    "Rows",
    "Shown",
    "Sight",
    "Stack",
    "pack",
    "pack_rows",
    "readable",
    "readable_row",
    "show_overlay",
    "show_rows",
    "standalone",
]
