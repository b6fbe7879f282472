"""The overlay: attention next to attribution on one picture, drawn in the browser."""

from __future__ import annotations

from app.components.overlay.layer import Layer, Rows, Stack
from app.components.overlay.overlay import ADDRESS, SETTINGS, WORDS, Sight, pack, readable, show_overlay

__all__ = ["ADDRESS", "SETTINGS", "WORDS", "Layer", "Rows", "Sight", "Stack", "pack", "readable", "show_overlay"]
