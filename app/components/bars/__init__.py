"""Shares of one as horizontal bars, a row for each name; a row can be a button."""

from app.components.bars.bars import Bar, chosen_row, show_bars

__all__ = ["Bar", "chosen_row", "show_bars"]
