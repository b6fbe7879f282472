"""What a device cannot compute is tried again: in smaller batches if its memory is too small, then on the CPU."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

import torch

from core.messages import Message
from core.models.copying import duplicate
from core.types import InvalidInput

P = ParamSpec("P")
T = TypeVar("T")
C = TypeVar("C")

LOST = ("CUDA error", "MPS backend", "device-side assert", "NCCL")
"""What PyTorch's messages about a device that failed contain, where their exceptions have no type of their own."""

_smaller: list[Callable[[Any], bool]] = []
_spare: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()


def makes_smaller(reduce: Callable[[C], bool]) -> Callable[[C], bool]:
    """Register a function that makes the batches of a classifier smaller; it returns False if it cannot."""
    _smaller.append(reduce)
    return reduce


def is_full(error: RuntimeError) -> bool:
    """Return whether an error states that the memory of a device is too small."""
    return isinstance(error, torch.OutOfMemoryError) or "out of memory" in str(error) or "can't allocate" in str(error)


def is_lost(error: RuntimeError) -> bool:
    """Return whether an error states that a device failed."""
    own = getattr(torch, "AcceleratorError", torch.OutOfMemoryError)
    return isinstance(error, own) or any(text in str(error) for text in LOST)


def on_cpu(classifier: Any) -> Any:
    """Return a copy of a classifier on the CPU, the same one each time.

    Raises:
        InvalidInput: the weights can no longer be read from the device.
    """
    if classifier not in _spare:
        cpu = torch.device("cpu")
        try:
            module = duplicate(classifier.module).to(cpu)
        except RuntimeError as error:
            raise InvalidInput(
                "{device} failed. Start Fovea again, or choose the CPU.", device=str(classifier.device)
            ) from error
        _spare[classifier] = replace(classifier, module=module, device=cpu)
    return _spare[classifier]


def notes(classifier: Any) -> tuple[str, ...]:
    """A sentence if results of a classifier were computed on the CPU instead of its device."""
    if classifier not in _spare:
        return ()
    return (Message("{device} could not compute some results; the CPU did.", device=str(classifier.device)),)


def retried(function: Callable[P, T]) -> Callable[P, T]:
    """Wrap a public function of a classifier: it is tried again where the device could not compute.

    With the memory full, the batches become smaller, down to one picture. Then, and with a device that failed, a copy
    of the model on the CPU computes the result, with a warning. If the memory of the CPU is too small as well, the
    function raises InvalidInput.
    """

    @wraps(function)
    def run(*arguments: P.args, **named: P.kwargs) -> T:
        while True:
            try:
                return function(*arguments, **named)
            except RuntimeError as error:
                held: Any = named if "classifier" in named else list(arguments)
                place: Any = "classifier" if "classifier" in named else 0
                classifier = held[place]
                if is_full(error) and any([reduce(classifier) for reduce in _smaller]):
                    continue
                held[place] = spare(classifier, error)
                arguments = arguments if held is named else tuple(held)  # type: ignore[assignment]

    return run


def spare(classifier: Any, error: RuntimeError) -> Any:
    """Return the copy on the CPU that computes what the device could not, with a warning; raise any other error.

    Raises:
        InvalidInput: the memory of the CPU is too small, or the weights can no longer be read from the device.
    """
    if not (is_full(error) or is_lost(error)):
        raise error
    device: torch.device = classifier.device
    if device.type == "cpu":
        raise InvalidInput(
            "The memory of this machine is too small for the result. Close other programs, or choose a smaller model."
        ) from error
    copy = on_cpu(classifier)
    warnings.warn(f"{device} could not compute a result; the CPU does.", RuntimeWarning, stacklevel=3)
    return copy
