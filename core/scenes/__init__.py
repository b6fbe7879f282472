"""Synthetic scenes: ten objects in front of ten backgrounds, with the exact mask of the object."""

from __future__ import annotations

from core.scenes.drawing import BACKGROUNDS, OBJECTS, Plan, Scene, dataset, draw, paint, plan, seeds, series
from core.scenes.shortcuts import SHORTCUTS

__all__ = [
    "BACKGROUNDS",
    "OBJECTS",
    "SHORTCUTS",
    "Plan",
    "Scene",
    "dataset",
    "draw",
    "paint",
    "plan",
    "seeds",
    "series",
]
