"""Attention: the catalog of mechanisms, and the reduction of their maps to the picture."""

from __future__ import annotations

from core.attention.catalog import MECHANISMS, mechanism
from core.attention.derivation import Derivation, Term, TermTable
from core.attention.mechanism import Mechanism
from core.attention.plain import PLAIN
from core.attention.recurrent import RECURRENT
from core.attention.reduction import has_rows, has_token, heads, rows, share_off_grid, to_grid
from core.attention.rollout import ROLLOUT, can_roll, rollout_map
from core.attention.tap import Record, Tap
from core.attention.variation import NEARLY_CONSTANT, is_nearly_constant, variation

__all__ = [
    "MECHANISMS",
    "NEARLY_CONSTANT",
    "PLAIN",
    "RECURRENT",
    "ROLLOUT",
    "Derivation",
    "Mechanism",
    "Record",
    "Tap",
    "Term",
    "TermTable",
    "can_roll",
    "has_rows",
    "has_token",
    "heads",
    "is_nearly_constant",
    "mechanism",
    "rollout_map",
    "rows",
    "share_off_grid",
    "to_grid",
    "variation",
]
