"""The size of a batch, how long it takes, and a score that reports progress.

Large batches are slower on many processors and waste memory, so the size is found by a short timed probe, once for
each classifier. A run can only be stopped between batches, so a batch stays short.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, replace
from types import MappingProxyType
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from core.classifier import Classifier, Question
from core.models.architecture import blank
from core.types import Progress

LARGEST = {"cpu": 16}
LARGEST_ELSEWHERE = 64
USUAL_SIDE = 128  # pixels; a gradient takes fewer larger pictures at once, because it keeps the output of every layer
GROWTH = 4  # factor between sizes: with smaller steps the gain may pause and come back
LONGEST = 1.5  # seconds that a batch may take, estimated from the last smaller one: the longest wait for a Stop
LONG_ENOUGH = 0.05  # seconds to time a size for
SHORTEST_RUN, LARGEST_DRIFT = 0.2, 5.0  # seconds of a run that corrects estimates, and the largest correction
WORTHWHILE = 0.95  # a larger batch must take at most this share of the time per picture


@dataclass(frozen=True)
class Pace:
    """The ``size`` of a model's batches, and the ``seconds`` that one picture takes in a batch.

    ``alone`` is the time of a picture in a batch of one, where that was measured.
    """

    size: int
    seconds: float
    alone: float = 0.0

    def total(self, count: float) -> float:
        """The seconds for ``count`` pictures: in whole batches, and the rest one by one."""
        left = count % self.size
        return (count - left) * self.seconds + min(left * max(self.alone, self.seconds), self.size * self.seconds)


FORWARD, GRADIENT = "forward", "gradient"

_paces: WeakKeyDictionary[Classifier, dict[bool, Pace]] = WeakKeyDictionary()
_fixed: ContextVar[Mapping[str, int]] = ContextVar("fixed batch sizes", default=MappingProxyType({}))


def pace(classifier: Classifier, gradient: bool = False) -> Pace:
    """The pace of a forward pass, or of a ``gradient`` to the input; probed at the first call, on the worker."""
    before = _paces.get(classifier, {}).get(gradient)
    if before is not None and not _fixed.get():
        return before  # without a wait for the worker, which may be at somebody's long job

    def measure_pace() -> Pace:
        known = _paces.setdefault(classifier, {})
        if gradient not in known:
            known[gradient] = probe(classifier, gradient)
        found, size = known[gradient], _fixed.get().get(GRADIENT if gradient else FORWARD)
        return found if size is None else replace(found, size=min(size, max(1, largest_batch(classifier, gradient))))

    return classifier.run(measure_pace)


def batch_sizes(classifier: Classifier) -> dict[str, int]:
    """The sizes of the batches that are known so far, by ``FORWARD`` and ``GRADIENT``."""
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
    """Whether both paces of the classifier are known."""
    return len(_paces.get(classifier, {})) == 2


def share_pace(copy: Classifier, original: Classifier) -> None:
    """Use the pace of the original for a copy with other weights, so that only one of them is probed."""

    def share_paces() -> None:
        _paces[copy] = _paces.setdefault(original, {})

    original.run(share_paces)


def largest_batch(classifier: Classifier, gradient: bool) -> int:
    """The most pictures that are tried in a batch on the classifier's device."""
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
            y = classifier.scores(x)[:, 0].sum()  # of a blank picture, finite or not
            if gradient:
                (y,) = torch.autograd.grad(y, x)
        y.cpu()  # waits for the device
        return time.perf_counter() - start

    def timed(n: int) -> Pace:
        times = [seconds(n), seconds(n)]
        while sum(times) < LONG_ENOUGH:
            times.append(seconds(n))
        return Pace(n, min(times) / n)  # the fastest: the others were disturbed

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
"""The ratio of actual to estimated time of the last run of each name; "" stands for the last long run of any name."""


def expect(classifier: Classifier, name: str, seconds: float) -> float:
    """The estimate of a run's seconds, corrected by the last run of that name, else by the last long run of any name.

    A probe is short: other load on the machine, and the work of a method outside the model, only show in real runs.
    """
    known = _drifts.get(classifier, {})
    return seconds * known.get(name, known.get("", 1.0))


def learn(classifier: Classifier, name: str, seconds: float, took: float) -> None:
    """Note how long a run of that name ``took``; ``seconds`` is its uncorrected estimate. Short runs are ignored."""
    if min(seconds, took) < SHORTEST_RUN:
        return
    drift = min(max(took / seconds, 1 / LARGEST_DRIFT), LARGEST_DRIFT)
    _drifts.setdefault(classifier, {}).update({name: drift, "": drift})


def counted(classifier: Classifier, target: Question, total: int, progress: Progress) -> Callable[[Tensor], Tensor]:
    """The target's score (b, c, h, w) -> (b,), as a function that reports progress after each batch.

    Captum runs a whole method in one call; an exception from ``progress`` ends that call between two batches. The
    pictures are laid out channels last, as by ``prepare``: convolutions on the CPU are faster then.
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
    """The model with its ``counted`` score (b, c, h, w) -> (b,) as a module, for methods that set hooks."""

    def __init__(self, classifier: Classifier, target: Question, total: int, progress: Progress):
        super().__init__()
        self.module = classifier.module
        self.score = counted(classifier, target, total, progress)

    def forward(self, x: Tensor) -> Tensor:
        """The scores of x (b, 3, h, w)."""
        return self.score(x)
