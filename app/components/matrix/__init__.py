"""A table whose cells are links: a number, what is left of it in another case, and a color for what is lost."""

from app.components.matrix.matrix import Cell, Head, show_matrix

__all__ = ["Cell", "Head", "show_matrix"]
