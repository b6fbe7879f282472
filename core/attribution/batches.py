"""The batch size of a model, the time of a batch, and a score function that reports progress.

Large batches are slower on many processors and waste memory, so the size is determined by a short timed probe, once for
all classifiers that compute the same with other weights. A run can only be stopped between batches, so batches are kept
short.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, replace
from hashlib import sha256
from types import MappingProxyType
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from core.classifier import Classifier, Question
from core.memory import makes_smaller
from core.models.architecture import blank
from core.types import FOVEA, SHORT_SIGHTED, Progress

LARGEST = {"cpu": 16}
LARGEST_ELSEWHERE = 64
# pixels; batches with a gradient are smaller for large pictures, because the output of every layer is kept
USUAL_SIDE = 128
GROWTH = 4  # factor between sizes: with smaller steps, the speed may stagnate at one size and then rise again
LONGEST = 1.5  # seconds that a batch may take, estimated from the previous size: the longest wait after Stop
LONG_ENOUGH = 0.05  # seconds for which one size is timed
SHORTEST_RUN, LARGEST_DRIFT = 0.2, 5.0  # least seconds of a run that corrects estimates, and the largest correction
WORTHWHILE = 0.95  # a larger batch must reduce the time per picture to at most this share


@dataclass(frozen=True)
class Pace:
    """The batch ``size`` of a model, and the ``seconds`` for one picture in such a batch.

    ``alone`` is the time of a picture in a batch of one, where that was measured.
    """

    size: int
    seconds: float
    alone: float = 0.0

    def total(self, count: float) -> float:
        """Return the seconds for ``count`` pictures: full batches, and the rest one by one."""
        left = count % self.size
        return (count - left) * self.seconds + min(left * max(self.alone, self.seconds), self.size * self.seconds)


FORWARD, GRADIENT = "forward", "gradient"

_paces: WeakKeyDictionary[Classifier, dict[bool, Pace]] = WeakKeyDictionary()
_alike: dict[tuple[str, bool], Pace] = {}
"""The paces by what a classifier computes, whatever its weights."""
_fixed: ContextVar[Mapping[str, int]] = ContextVar("fixed batch sizes", default=MappingProxyType({}))


def pace(classifier: Classifier, gradient: bool = False) -> Pace:
    """Return the pace of a forward pass, or with a ``gradient`` to the input; probed once, on the worker."""
    before = _paces.get(classifier, {}).get(gradient)
    if before is not None and not _fixed.get():
        return before  # without waiting for the worker, which may be running a long job

    def measure_pace() -> Pace:
        known = _paces.setdefault(classifier, {})
        if gradient not in known:
            key = (computation(classifier), gradient)
            known[gradient] = _alike[key] if key in _alike else _alike.setdefault(key, probe(classifier, gradient))
        found, size = known[gradient], _fixed.get().get(GRADIENT if gradient else FORWARD)
        return found if size is None else replace(found, size=min(size, max(1, largest_batch(classifier, gradient))))

    return classifier.run(measure_pace)


def computation(classifier: Classifier) -> str:
    """Return what a classifier computes and where: two that differ only in their weights have the same."""
    module, card = classifier.module, classifier.card
    if card.architecture in (FOVEA, SHORT_SIGHTED):  # the number of classes takes no time
        return f"{card.architecture}/{card.mechanism} {card.widths} {card.size} {classifier.device}"
    state = module.state_dict().items()  # a quantized module has entries that are no tensors
    shapes = [(name, one.dtype, tuple(one.shape)) if isinstance(one, Tensor) else (name, one) for name, one in state]
    parts = (type(module), module, shapes, card.size, classifier.device, classifier.alone)
    return sha256(repr(parts).encode()).hexdigest()


@makes_smaller
def reduce_batches(classifier: Classifier) -> bool:
    """Make the batches of a classifier smaller by the factor ``GROWTH``; return False if all have one picture."""
    known = _paces.get(classifier, {})
    _paces[classifier] = {kind: replace(one, size=max(1, one.size // GROWTH)) for kind, one in known.items()}
    return any(one.size > 1 for one in known.values())


def batch_sizes(classifier: Classifier) -> dict[str, int]:
    """Return the batch sizes that are known so far, by ``FORWARD`` and ``GRADIENT``."""
    return {GRADIENT if gradient else FORWARD: one.size for gradient, one in _paces.get(classifier, {}).items()}


@contextmanager
def fixed_batches(sizes: Mapping[str, int]) -> Iterator[None]:
    """Use these sizes, as ``batch_sizes`` gives them, instead of the fastest: sums differ in their last bits otherwise.

    It holds within a job of the worker. Sizes below 1 are ignored, and none is larger than ``largest_batch``.
    """
    token = _fixed.set({name: size for name, size in sizes.items() if size >= 1})
    try:
        yield
    finally:
        _fixed.reset(token)


def is_paced(classifier: Classifier) -> bool:
    """Return whether both paces of the classifier are known."""
    return len(_paces.get(classifier, {})) == 2


def share_pace(copy: Classifier, original: Classifier) -> None:
    """Use the pace of the original for a copy with other weights, so that only one of them is probed."""

    def share_paces() -> None:
        _paces[copy] = _paces.setdefault(original, {})

    original.run(share_paces)


def largest_batch(classifier: Classifier, gradient: bool) -> int:
    """Return the largest batch to try on the device of the classifier."""
    most = LARGEST.get(classifier.device.type, LARGEST_ELSEWHERE)
    return min(most, most * USUAL_SIDE**2 // classifier.card.size**2) if gradient else most


def probe(classifier: Classifier, gradient: bool) -> Pace:
    """Time batches of 1, 4, 16 ... and stop at the first that is not faster."""
    kind = blank(classifier.module, classifier.card.size).dtype
    size, largest = classifier.card.size, largest_batch(classifier, gradient)

    def seconds(n: int) -> float:
        x = torch.zeros(n, 3, size, size, dtype=kind, device=classifier.device)
        x = x.to(memory_format=torch.channels_last).requires_grad_(gradient)
        start = time.perf_counter()
        with nullcontext() if gradient else torch.no_grad():
            y = classifier.scores(x)[:, 0].sum()  # the output for a blank picture may be infinite or NaN
            if gradient:
                (y,) = torch.autograd.grad(y, x)
        y.cpu()  # waits for the device
        return time.perf_counter() - start

    def timed(n: int) -> Pace:
        times = [seconds(n)]
        while sum(times) < LONG_ENOUGH:
            times.append(seconds(n))
        return Pace(n, min(times) / n)  # the minimum: slower passes were disturbed by other work

    seconds(1)  # warm up
    best, n = timed(1), GROWTH
    alone = best.seconds
    if classifier.alone:
        return replace(best, alone=alone)
    while n <= largest and n * best.seconds <= LONGEST:
        tried = timed(n)
        if tried.seconds > WORTHWHILE * best.seconds:
            break
        best, n = tried, n * GROWTH
    return best


_drifts: WeakKeyDictionary[Classifier, dict[str, float]] = WeakKeyDictionary()
"""The ratio of actual to estimated time for the last run of each name; the name "" is the last long run of any name."""


def expect(classifier: Classifier, name: str, seconds: float) -> float:
    """Return the estimated seconds of a run, corrected by the last run of that name, else by the last long run.

    The probe is too short to include other load on the machine and the work of a method outside the model.
    """
    known = _drifts.get(classifier, {})
    return seconds * known.get(name, known.get("", 1.0))


def learn(classifier: Classifier, name: str, seconds: float, took: float) -> None:
    """Store the seconds that a run ``took`` next to its uncorrected estimate (``seconds``); short runs are ignored."""
    if min(seconds, took) < SHORTEST_RUN:
        return
    drift = min(max(took / seconds, 1 / LARGEST_DRIFT), LARGEST_DRIFT)
    _drifts.setdefault(classifier, {}).update({name: drift, "": drift})


def counted(classifier: Classifier, target: Question, total: int, progress: Progress) -> Callable[[Tensor], Tensor]:
    """Return a function that computes the target's score, (b, c, h, w) -> (b,), and reports progress after each batch.

    Captum runs a whole method in one call; an exception from ``progress`` ends that call between two batches. The
    pictures have the channels-last layout of ``prepare``, which makes convolutions faster on the CPU.
    """
    done = 0

    def score(x: Tensor) -> Tensor:
        nonlocal done
        scores = classifier.score(x.to(memory_format=torch.channels_last), target)
        done += len(x)
        progress(done, total)
        return scores

    return score


class CountedScore(nn.Module):
    """A module around the model that returns its ``counted`` score (b, c, h, w) -> (b,), for methods that set hooks."""

    def __init__(self, classifier: Classifier, target: Question, total: int, progress: Progress):
        super().__init__()
        self.module = classifier.module
        self.score = counted(classifier, target, total, progress)

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores (b,) of x (b, 3, h, w)."""
        return self.score(x)
