"""A table whose cells are links, with two numbers each and a color for their difference."""

from app.components.matrix.matrix import Cell, Head, show_matrix

__all__ = ["Cell", "Head", "show_matrix"]
