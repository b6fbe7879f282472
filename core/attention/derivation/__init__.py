"""How one attention weight is computed: every term, from the input of its module and the module's parameters."""

from __future__ import annotations

from core.attention.derivation import gates, products
from core.attention.derivation.terms import Derivation, Place, Term, TermTable, derive_weight

__all__ = ["Derivation", "Place", "Term", "TermTable", "derive_weight", "gates", "products"]
