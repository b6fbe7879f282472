"""A measured ratio against its bar, and how a table of them reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Line:
    """One ratio of a model against its bar: at most so much, or at least where ``least``; None where there is none.

    A whole number is a count.
    """

    model: str
    what: str
    ratio: float | int
    bar: float | None = None
    least: bool = False

    @property
    def held(self) -> bool:
        if self.bar is None:
            return True
        return self.ratio >= self.bar if self.least else self.ratio <= self.bar

    @property
    def missed_by(self) -> float:
        """How far the ratio is on the wrong side of its bar, as a share of the bar; zero where it held."""
        return 0.0 if self.held else abs(self.ratio / self.bar - 1)

    def number(self) -> str:
        """The ratio as it is read, starred where its bar was missed."""
        form = "d" if isinstance(self.ratio, int) else ".2f" if self.ratio > 0.001 else ".0e"
        return f"{self.ratio:{form}}{' ' if self.held else '*'}"

    def limit(self) -> str:
        """The bar in words."""
        return "" if self.bar is None else f"{'at least' if self.least else 'at most'} {self.bar:g}"

    def miss(self) -> str:
        """How far the bar was missed, in words."""
        if self.missed_by >= 1:
            return f"{1 + self.missed_by:.1f} times the target"
        return f"missed by {100 * self.missed_by:.{0 if self.missed_by >= 0.01 else 1}f} %"

    def to_json(self) -> dict[str, object]:
        return asdict(self) | {"held": self.held, "missed_by": self.missed_by}


def table(lines: Sequence[Line]) -> str:
    """A row for each ratio, a column for each model, and the bars."""
    models = list(dict.fromkeys(line.model for line in lines))
    rows = [["", *[f"{model} " for model in models], "target"]]
    for what in in_order(lines):
        found = {line.model: line for line in lines if line.what == what}
        numbers = [found[model].number() if model in found else " " for model in models]
        limits = dict.fromkeys(line.limit() for line in found.values() if line.bar is not None)
        rows.append([what, *numbers, " / ".join(limits)])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    places = [str.ljust, *[str.rjust] * len(models), str.ljust]
    cells = [[put(*cell) for put, *cell in zip(places, row, widths, strict=True)] for row in rows]
    return "\n".join("  ".join(row).rstrip() for row in cells)


def in_order(lines: Sequence[Line]) -> list[str]:
    """What was measured, each once; what only some models have stands behind what it follows there."""
    order: list[str] = []
    for before, line in zip([None, *lines], lines, strict=False):
        if line.what not in order:
            follows = before is not None and before.model == line.model
            order.insert(order.index(before.what) + 1 if follows else len(order), line.what)
    return order


def verdict(lines: Sequence[Line]) -> str:
    """Which bars were missed, and by how much, the farthest first; and how many held."""
    missed = sorted((line for line in lines if not line.held), key=lambda line: -line.missed_by)
    bars = sum(line.bar is not None for line in lines)
    sentences = [f"* {line.what}, {line.model}: {line.miss()}" for line in missed]
    return "\n".join([*sentences, f"{bars - len(missed)} of {bars} targets met."])
