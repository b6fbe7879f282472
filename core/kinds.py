"""The kinds of attention: the axes of their weights, and how these relate to the picture."""

from __future__ import annotations

from typing import ClassVar

LAYOUT = ("row", "column", "window", "query", "key")
"""Axes for the position of weights; any other axis counts parts."""


class Kind(str):
    """A kind of attention map: its name, and the ``axes`` of its weights for one picture.

    Everything else follows from the axes. "row" and "column" are those of the feature map. "query" and "key" count
    tokens that are compared with each other: all tokens, or those of one "window". Any other axis counts parts that can
    be switched off individually, such as heads. ``growing``: the model computes the first axis step by step, each step
    from the previous ones. ``signed``: weights may be negative, and their rows do not sum to one, as after head mixing.
    ``others``: the queries of a window are not its keys, and no cells of the grid.
    """

    axes: tuple[str, ...]
    growing: bool
    signed: bool
    others: bool

    CHANNEL: ClassVar[Kind]
    SPATIAL: ClassVar[Kind]
    FEATURE: ClassVar[Kind]
    PAIRWISE: ClassVar[Kind]
    WINDOWED: ClassVar[Kind]
    KEY_WINDOWS: ClassVar[Kind]
    SEQUENCE: ClassVar[Kind]
    MIXED: ClassVar[Kind]

    def __new__(
        cls, name: str, axes: tuple[str, ...], growing: bool = False, signed: bool = False, others: bool = False
    ) -> Kind:
        """A kind of that name, with its axes."""
        kind = super().__new__(cls, name)
        kind.axes, kind.growing, kind.signed, kind.others = axes, growing, signed, others
        return kind

    # A copy of a module copies the kinds of its taps.
    def __getnewargs__(self) -> tuple[str, tuple[str, ...], bool, bool, bool]:  # type: ignore[override]
        return str(self), self.axes, self.growing, self.signed, self.others

    @property
    def on_picture(self) -> bool:
        """Whether its weights belong to cells of the picture."""
        return "row" in self.axes or "key" in self.axes

    @property
    def compares(self) -> bool:
        """Whether it compares tokens with each other."""
        return "query" in self.axes

    @property
    def windowed(self) -> bool:
        """Whether tokens are compared within windows only."""
        return "window" in self.axes

    @property
    def compares_all(self) -> bool:
        """Whether every token is compared with every other."""
        return self.compares and not self.windowed

    @property
    def mixes_all(self) -> bool:
        """Whether every cell depends on the whole picture after it."""
        return self.compares_all or self.growing

    @property
    def stacked(self) -> bool:
        """Whether it has a map over the picture for each of its parts."""
        return "row" in self.axes and bool(self.part)

    @property
    def shape(self) -> str:
        """What has a weight: "parts", "positions", a "stack" of both, "pairs" of tokens, or pairs in "windows"."""
        if self.compares:
            return "windows" if self.windowed else "pairs"
        if not self.on_picture:
            return "parts"
        return "stack" if self.part else "positions"

    @property
    def part(self) -> str:
        """The name of its parts: "head", "channel" or "glimpse"; "" without parts."""
        return next((axis for axis in self.axes if axis not in LAYOUT), "")

    @property
    def part_axis(self) -> int:
        """The axis of the parts in one picture's weights; 0 without parts."""
        return self.axes.index(self.part) if self.part else 0

    @property
    def cell_axes(self) -> tuple[int, ...]:
        """The axes over which a softmax sums to one, counted from the end: 1 / n there is uniform attention."""
        return (-2, -1) if "row" in self.axes else (-1,)

    def other_axes(self, *kept: str) -> tuple[int, ...]:
        """The axes of one picture's weights other than those named."""
        return tuple(index for index, axis in enumerate(self.axes) if axis not in kept)


KINDS = (
    Kind("channel", ("channel",)),
    Kind("spatial", ("row", "column")),
    Kind("feature", ("channel", "row", "column")),
    Kind("pairwise", ("head", "query", "key")),
    Kind("windowed", ("window", "head", "query", "key")),
    Kind("key-windows", ("window", "head", "query", "key"), others=True),
    Kind("sequence", ("glimpse", "row", "column"), growing=True),
    Kind("mixed", ("head", "query", "key"), signed=True),
)
"""Every kind; a WINDOWED map has the ``cells`` (windows, n) of its tokens. KEY_WINDOWS have those of their keys, which
may be in several windows, and other queries. A MIXED map is a PAIRWISE one after its heads were mixed."""

for _kind in KINDS:
    setattr(Kind, _kind.upper().replace("-", "_"), _kind)
