"""The derivation of one attention weight: every term, from the input and the parameters of its module."""

from __future__ import annotations

from core.attention.derivation import gates, products
from core.attention.derivation.terms import Derivation, Place, Term, TermTable, derive_weight

__all__ = ["Derivation", "Place", "Term", "TermTable", "derive_weight", "gates", "products"]
