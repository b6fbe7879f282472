"""Frozen results that the packages exchange, and the two exceptions that callers handle.

Every result is for one picture. Arrays are numpy, on the CPU, float32 unless stated otherwise, raw and signed, and
read-only.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from core.kinds import Kind
from core.legacy import current
from core.messages import Message

FOVEA, SHORT_SIGHTED = "fovea", "short-sighted"
"""Fovea's own architectures, as named on a card."""

LOGITS, SIGMOID, PROBABILITIES = OUTPUTS = ("logits", "sigmoid", "probabilities")
"""The kinds of model outputs; see ``core.models.answers``."""

UNNAMED = Message("This")
"""The name of a model card without a file, in messages."""

Progress = Callable[[int, int], None]
"""Called as ``progress(done, total)`` after each batch; raise ``Stopped`` in it to end the work."""

Box = tuple[float, float, float, float]
"""Left, top, right, bottom, in pixels of the whole picture; a model's square may reach beyond the picture."""


class InvalidInput(ValueError):
    """An error of the caller, in one or two sentences: what is wrong and what to do.

    ``message`` is a ``Message``, with its template and values.
    """

    def __init__(self, template: str, /, **values: object) -> None:
        super().__init__(Message(template, **values))

    @property
    def message(self) -> Message:
        """What is wrong, as it can be translated."""
        return self.args[0]

    def localized(self, table: Mapping[str, str]) -> str:
        """The same by a table of templates and their translations."""
        return self.message.localized(table)


class Stopped(Exception):
    """Raised by a progress callable to end a long function, and by the worker for a job that a newer one replaced."""


def frozen(array: np.ndarray) -> np.ndarray:
    """The same array as contiguous, read-only memory."""
    array = np.ascontiguousarray(array)
    array.setflags(write=False)
    return array


@dataclass(frozen=True, eq=False)
class Picture:
    """An RGB picture and the square of it that a model sees.

    ``pixels`` (h, w, 3) uint8; ``box`` the model's square; ``sha256`` the checksum of its source bytes. ``centered``
    states that the square was left at its default, so that a model may take the center crop that it was measured with.
    ``notes`` are sentences about what was done to the file's values to show them. ``squares`` are the squares that were
    cut already: cutting one costs half of a small model's forward pass.
    """

    pixels: np.ndarray
    box: Box
    name: str
    sha256: str
    centered: bool = True
    notes: tuple[str, ...] = ()
    squares: dict[Hashable, np.ndarray] = field(default_factory=dict, init=False, repr=False)

    @property
    def key(self) -> tuple[str, Box, bool]:
        """What a cache may know this picture by: its content and its crop."""
        return self.sha256, self.box, self.centered


@dataclass(frozen=True, eq=False)
class AttentionMap:
    """The attention weights of one tap, exactly as the model used them.

    ``weights`` has the shape of its ``kind``; ``grid`` (h, w) is the feature map it belongs to. ``prefix`` and
    ``suffix`` name the tokens of a PAIRWISE map before and after those of the grid's cells: "class" for the one from
    which the class is predicted, "distillation" for a second one, "unread-class" for one that is a class token by its
    name alone, "register" for any other. ``cells`` (windows, n) states which cell of the grid, counted row by row, each
    token of a WINDOWED map is, or each key of KEY_WINDOWS; -1 for the padding. ``model`` is the checksum of the model's
    weights, by which maps of other pictures are found. ``unmapped`` names an attention layer of the same model that has
    no map, if there is one.
    """

    tap: str
    kind: Kind
    weights: np.ndarray
    grid: tuple[int, int]
    cells: np.ndarray | None = None
    prefix: tuple[str, ...] = ()
    suffix: tuple[str, ...] = ()
    model: str = ""
    unmapped: str = ""


@dataclass(frozen=True, eq=False)
class Reading:
    """One forward pass: ``probabilities`` (k,), ``logits`` (k,), every attention map, and ``energy`` (h, w).

    All are finite. ``logits`` are the scores, one for each class, as the model outputs them, which may be
    probabilities. ``probabilities`` sum to one, unless the classes are independent (``core.models.answers``).
    ``energy`` is the mean square over channels of the last stage's activations: shown, labeled "not attention", where a
    model has no map. ``steps`` (s, k) holds the probabilities after each step of a recurrent model, else None.
    """

    probabilities: np.ndarray
    logits: np.ndarray
    maps: tuple[AttentionMap, ...]
    energy: np.ndarray
    steps: np.ndarray | None = None

    @property
    def predicted(self) -> int:
        """Index of the most likely class."""
        return int(self.probabilities.argmax())


@dataclass(frozen=True, eq=False)
class Attribution:
    """The contribution of each cell to the score of a class: ``values`` (h, w) signed, on the native grid.

    ``gap`` is |sum of values − (F(x) − F(baseline))| / |F(x) − F(baseline)| of the score, a fraction, or None where the
    method claims no completeness, or where the score hardly changes compared with the values. If the ``target`` was
    compared with another class, the ``contrast``, the score is the difference of both, and the values are signed: above
    zero for the target, below for the other. ``model`` is the checksum of the weights, and ``parameters`` are the
    method's, all of them, as pairs of name and value.
    """

    values: np.ndarray
    grid: tuple[int, int]
    gap: float | None
    method: str = ""
    target: int = 0
    contrast: int | None = None
    model: str = ""
    parameters: tuple[tuple[str, int | float | str], ...] = ()


@dataclass(frozen=True, eq=False)
class Panel:
    """The results of one forward and one backward pass for a picture and a class, the ``target``.

    ``attributions`` are by slug: saliency, input × gradient, and Grad-CAM of its default stage. ``stages`` holds
    Grad-CAM of every stage by name, first to last. A model without stages has no Grad-CAM.
    """

    reading: Reading
    target: int
    attributions: dict[str, Attribution]
    stages: dict[str, Attribution]


@dataclass(frozen=True)
class Measure:
    """How similar two maps are: the ``value``, with those of unrelated pictures and of a center blob.

    ``low`` to ``high`` hold 95 % of pairs of maps of unrelated pictures, and ``standing`` is the share of such pairs
    that are less similar, 0 to 1. All three are None if there are no maps of other pictures, or one map is blank.
    ``blob`` is the value of a center blob, which does not see the picture, in the place of the first map.
    """

    value: float
    low: float | None
    high: float | None
    blob: float
    standing: float | None = None

    @property
    def related(self) -> bool | None:
        """Whether they are more similar than unrelated maps and than the center blob; None without a range."""
        return None if self.high is None else self.value > max(self.high, self.blob)


@dataclass(frozen=True)
class Agreement:
    """How similar two maps are on their common ``grid``, by three measures.

    ``unrelated`` counts the maps of other pictures behind the ranges; 0 if no range is stated. If one of the maps is
    ``flat``, with the same value everywhere, there is no range and no verdict.
    """

    rank_correlation: Measure
    top_overlap: Measure
    overlap: Measure
    grid: tuple[int, int]
    unrelated: int = 0
    flat: bool = False

    @property
    def measures(self) -> tuple[Measure, Measure, Measure]:
        """The three of them."""
        return self.rank_correlation, self.top_overlap, self.overlap


def _current_keys(value: Any) -> Any:
    return {current(name): one for name, one in value.items()} if isinstance(value, dict) else value


@dataclass(frozen=True)
class ModelCard:
    """The facts about a model. Accuracies are fractions, measured from the stored file on ``pictures`` pictures.

    ``architecture`` is "fovea" (the mechanism in our own backbone), "short-sighted" (in one whose cells see a small
    part of the picture), "torchvision/<name>", "timm/<name>", "hf:<owner>/<name>", or "module" for any other.

    ``size`` is the side of the model's square in pixels; ``mean`` and ``std`` normalize RGB in 0..1. The model was
    measured on pictures whose short side was resized to ``resize`` pixels by ``interpolation``, a filter of PIL,
    and whose central square of ``size`` pixels was cut out; None is the largest central square. ``ablation`` gives the
    accuracy with every attention map made ``uniform``, ``shuffled`` and ``off``. ``facts`` holds the rest (epochs,
    seed, device, seconds, parameters, checksum, license, command ...).

    ``output`` is the kind of the model's outputs: "logits", "sigmoid" for independent logits, or "probabilities", which
    are also detected. A model with one output has two class names, or one, the class of the output.
    """

    slug: str
    title: str
    mechanism: str
    classes: tuple[str, ...]
    accuracy: float | None = None
    pictures: int = 0
    size: int = 128
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)
    widths: tuple[int, ...] = (32, 64, 128, 256)
    architecture: str = FOVEA
    ablation: dict[str, float] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    resize: int | None = None
    interpolation: str = "bilinear"
    output: str = LOGITS

    @property
    def family(self) -> str:
        """The part of the slug before the first slash or colon."""
        return self.slug.partition("/")[0].partition(":")[0]

    def to_json(self) -> dict[str, Any]:
        """A dict that ``json.dump`` takes."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    @classmethod
    def from_json(cls, data: dict[str, Any], name: str = UNNAMED) -> ModelCard:
        """The card in a dict read from JSON, a file of that name; keys that a card does not know are an error of it."""
        if isinstance(facts := data.get("facts"), dict):
            data = {**data, "facts": {current(name): _current_keys(value) for name, value in facts.items()}}
        known = {f.name for f in fields(cls)}
        unknown, missing = set(data) - known, {"slug", "title", "mechanism", "classes"} - set(data)
        if unknown or missing:
            raise InvalidInput(
                "{name} is not a model card. Unknown entries: {keys}. Compare it with a card in pretrained/."
                if unknown
                else "{name} is not a model card. Missing entries: {keys}. Compare it with a card in pretrained/.",
                name=name,
                keys=sorted(unknown or missing),
            )
        tuples = {"classes", "mean", "std", "widths"}
        given: dict[str, Any] = {key: tuple(value) if key in tuples else value for key, value in data.items()}
        return cls(**given)
