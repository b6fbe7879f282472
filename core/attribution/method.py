"""The description of an attribution method, from which pickers, sliders, the command line and the tests are built."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from core.attribution.differentiable import differentiable
from core.checking import brief
from core.classifier import Classifier
from core.legacy import current
from core.messages import Message, translatable
from core.types import InvalidInput

Number = int | float | np.integer | np.floating
Value = int | float | str
Compute = Callable[..., tuple[Tensor, float | None]]
"""``compute(classifier, x, target, progress, **parameters)`` -> values (h, w) and the gap, or None.

``x`` is one prepared picture (1, c, size, size), ``target`` a class index, or the pair of indices of two compared
classes. The function runs inside a job of the device's worker, takes every parameter by name, leaves ``x`` and the
module unchanged, and computes in their dtype."""

GRADIENT = 2.0
"""Cost of a forward and a backward pass, in forward passes; measured 1.5 (small CNN) to 2.4 (EfficientNet-B0)."""


@dataclass(frozen=True)
class Parameter:
    """One parameter of a method.

    A number lies between ``low`` and ``high``; ``step`` is the step of its slider, and an integer ``step`` makes it an
    integer. Any other parameter has ``choices``. ``default`` and ``choices`` may be functions of the classifier; read
    them with ``initial`` and ``options``. ``remark`` is a sentence on what is not offered for a classifier, or "".
    """

    name: str
    title: str
    help: str
    default: Value | Callable[[Classifier], Value]
    low: int | float | None = None
    high: int | float | None = None
    step: int | float | None = None
    choices: tuple[Value, ...] | Callable[[Classifier], tuple[Value, ...]] = ()
    remark: Callable[[Classifier], str] = lambda classifier: ""

    def __post_init__(self) -> None:
        """Make the title and the help translatable."""
        translatable(self, "title", "help")

    @property
    def numeric(self) -> bool:
        """Whether the value is a number in a range, not one of several options."""
        return self.step is not None

    @property
    def depends(self) -> bool:
        """Whether the default or the choices depend on the classifier, so that a value is not valid for others."""
        return callable(self.default) or callable(self.choices)

    def initial(self, classifier: Classifier) -> Value:
        """Return the default for this classifier."""
        return self.default(classifier) if callable(self.default) else self.default

    def options(self, classifier: Classifier) -> tuple[Value, ...]:
        """Return the choices for this classifier; none for a number."""
        return self.choices(classifier) if callable(self.choices) else self.choices

    def check(self, classifier: Classifier, value: Any) -> Value:
        """Return the value if it is valid for this classifier, converted to an integer if necessary.

        Raises:
            InvalidInput: it is out of range or not among the choices.
        """
        if self.low is not None and self.high is not None:
            whole = isinstance(self.step, int)
            fits = isinstance(value, Number) and not isinstance(value, bool) and self.low <= value <= self.high
            if fits and (not whole or int(value) == value):
                return int(value) if whole else float(value)
            raise InvalidInput(
                "{title} must be a whole number from {low} to {high}, not {given}."
                if whole
                else "{title} must be a number from {low} to {high}, not {given}.",
                title=self.title,
                low=self.low,
                high=self.high,
                given=brief(value),
            )
        options = self.options(classifier)
        if isinstance(value, bool) or not isinstance(value, str | Number) or value not in options:
            raise InvalidInput(
                "{title} must be one of: {choices}, not {given}.",
                title=self.title,
                choices=[*options],
                given=brief(value),
            )
        return options[options.index(value)]

    def parse(self, classifier: Classifier, text: str) -> Value:
        """Parse a value from a link or the command line; raises InvalidInput as ``check`` does."""
        text = current(text)
        if self.numeric:
            value: float | str = text
            with suppress(ValueError):  # not a number: check raises the error
                value = float(text)
            return self.check(classifier, value)
        return self.check(classifier, next((one for one in self.options(classifier) if str(one) == text), text))


@dataclass(frozen=True)
class Method:
    """A method that computes the contribution of each pixel to a class score.

    ``summary`` is one plain sentence; ``signed``: values below zero are evidence against the class; ``one_sided``:
    negative evidence was left out. ``fits(classifier)`` tests whether it can run on a model, and ``exact(classifier)``
    whether the result is exact enough to be offered. ``evaluations(classifier, **parameters)`` counts the pictures that
    go through the model, with a backward pass each if ``gradient`` is set; a ``shallow`` backward pass ends at a late
    layer and costs very little. ``complete``: its values should sum to a change of the score, or with ``no_baseline``
    to the score itself; the ``gap`` measures the difference. ``in_panel``: it is computed with a panel, in the same
    passes. ``family`` is "gradients", "removal" of parts of the picture, or "attention". ``ignores_class``: the map is
    the same for every class. ``needs`` is the requirement for a model, if not every model meets it;
    ``reason(classifier)`` is the specific reason why a model does not meet it, if known.
    """

    slug: str
    title: str
    summary: str
    equation: str
    paper: str
    signed: bool
    compute: Compute
    parameters: tuple[Parameter, ...] = ()
    fits: Callable[[Classifier], bool] = lambda classifier: True
    evaluations: Callable[..., int] = lambda classifier, **parameters: 1
    gradient: bool = True
    one_sided: bool = False
    complete: bool = False
    exact: Callable[[Classifier], bool | None] = lambda classifier: True
    shallow: bool = False
    no_baseline: bool = False
    in_panel: bool = False
    family: str = "gradients"
    ignores_class: bool = False
    needs: str = ""
    reason: Callable[[Classifier], Message | None] = lambda classifier: None

    def __post_init__(self) -> None:
        """Make the title, the summary and the requirement translatable."""
        translatable(self, "title", "summary", "needs", "equation")

    def usable(self, classifier: Classifier) -> bool:
        """Return whether the model supports the method, and has a gradient if the method needs one."""
        return (not self.gradient or differentiable(classifier)) and self.fits(classifier)

    def lacking(self, classifier: Classifier) -> str:
        """Return why a model does not support the method, or its requirement; "" if it only needs a gradient."""
        return self.reason(classifier) or self.needs

    @property
    def keeps_positive(self) -> bool:
        """Whether it keeps only positive evidence, so that the map is blank if all evidence is negative."""
        return self.one_sided and not self.signed

    @property
    def contrasts(self) -> bool:
        """Whether it can compare two classes, because it separates positive from negative evidence."""
        return self.signed or self.one_sided

    def forwards(self, classifier: Classifier, **parameters: Any) -> float:
        """Return the cost in forward passes of one picture, with these parameters and defaults for the rest."""
        count = self.evaluations(classifier, **self.settle(classifier, parameters))
        return count * (GRADIENT if self.gradient else 1.0)

    def settle(self, classifier: Classifier, given: Mapping[str, Any]) -> dict[str, Value]:
        """Return the value of every parameter: the given values after a check, and defaults for the rest.

        Raises:
            InvalidInput: the model does not support the method, there is no such parameter, or a value is not allowed.
        """
        if self.gradient and not differentiable(classifier):
            raise InvalidInput(
                "{title} needs gradients, but none can be computed through {model}. Choose a method without "
                "gradients, such as occlusion.",
                title=self.title,
                model=classifier.card.slug,
            )
        if not self.fits(classifier):
            if (why := self.reason(classifier)) is not None:
                raise InvalidInput(
                    "{title} does not work with {model}. {reason}",
                    title=self.title,
                    model=classifier.card.slug,
                    reason=why,
                )
            raise InvalidInput(
                "{title} does not work with {model}. Choose another method.",
                title=self.title,
                model=classifier.card.slug,
            )
        known = {parameter.name: parameter for parameter in self.parameters}
        for name in given:
            if name not in known:
                raise InvalidInput(
                    "{title} has no parameter '{name}'. It has: {names}.",
                    title=self.title,
                    name=name,
                    names=[*known] or [Message("none")],
                )
        return {
            name: parameter.check(classifier, given[name]) if name in given else parameter.initial(classifier)
            for name, parameter in known.items()
        }
