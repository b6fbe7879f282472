"""The overlay: attention next to attribution on one picture, drawn in the browser."""

from __future__ import annotations

from app.components.overlay.layer import Layer, Rows, Stack
from app.components.overlay.overlay import ADDRESS, SETTINGS, WORDS, Sight, pack, readable, show_overlay
from app.components.overlay.standalone import PLACE, standalone

__all__ = [
    "ADDRESS",
    "PLACE",
    "SETTINGS",
    "WORDS",
    "Layer",
    "Rows",
    "Sight",
    "Stack",
    "pack",
    "readable",
    "show_overlay",
    "standalone",
]
