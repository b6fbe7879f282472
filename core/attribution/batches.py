"""The size of a batch, how long it takes, and a score that reports progress.

Large batches are slower on many processors and use memory for nothing, so the size is found by a short timed probe,
once for each classifier. No Stop is heard inside a batch, so a batch stays short.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from core.classifier import Classifier, Question
from core.models.architecture import blank
from core.types import Progress

LARGEST = {"cpu": 16}
LARGEST_ELSEWHERE = 64
USUAL_SIDE = 128  # pixels; of larger pictures a gradient takes fewer at once: it keeps what every layer made of them
GROWTH = 4  # each size to the next: between neighbors the gain may pause and come back
LONGEST = 1.5  # seconds a batch may take, judged by the last smaller one: how long a Stop waits
LONG_ENOUGH = 0.05  # seconds to time a size for
WORTH_LEARNING, LARGEST_DRIFT = 0.2, 5.0  # seconds of a run that estimates learn from, and how far it may correct them
WORTHWHILE = 0.95  # a larger batch must take at most this share of the time for a picture


@dataclass(frozen=True)
class Pace:
    """How a model is fed: the ``size`` of a batch, and the ``seconds`` that one picture takes in it.

    ``alone`` are the seconds that one takes by itself, where that was measured.
    """

    size: int
    seconds: float
    alone: float = 0.0

    def total(self, count: float) -> float:
        """The seconds that so many pictures take: in whole batches, and one by one what is left over."""
        left = count % self.size
        return (count - left) * self.seconds + min(left * max(self.alone, self.seconds), self.size * self.seconds)


_paces: WeakKeyDictionary[Classifier, dict[bool, Pace]] = WeakKeyDictionary()


def pace(classifier: Classifier, gradient: bool = False) -> Pace:
    """The pace of a forward pass, or of a ``gradient`` to the input; probed at the first call, on the worker."""

    def job() -> Pace:
        known = _paces.setdefault(classifier, {})
        if gradient not in known:
            known[gradient] = probe(classifier, gradient)
        return known[gradient]

    return classifier.run(job)


def is_paced(classifier: Classifier) -> bool:
    """Whether both its paces are known."""
    return len(_paces.get(classifier, {})) == 2


def share_pace(copy: Classifier, original: Classifier) -> None:
    """Let a copy with other weights go by the pace of its original, so that it is probed once for both."""

    def job() -> None:
        _paces[copy] = _paces.setdefault(original, {})

    original.run(job)


def probe(classifier: Classifier, gradient: bool) -> Pace:
    """Time batches of 1, 4, 16 ... and stop at the first that does not pay."""
    kind = blank(classifier.module, classifier.card.size).dtype
    size, largest = classifier.card.size, LARGEST.get(classifier.device.type, LARGEST_ELSEWHERE)
    if gradient:
        largest = min(largest, largest * USUAL_SIDE**2 // size**2)

    def seconds(n: int) -> float:
        x = torch.zeros(n, 3, size, size, dtype=kind, device=classifier.device)
        x = x.to(memory_format=torch.channels_last).requires_grad_(gradient)
        start = time.perf_counter()
        with nullcontext() if gradient else torch.no_grad():
            y = classifier.scores(x)[:, 0].sum()  # of a picture of nothing, finite or not
            if gradient:
                (y,) = torch.autograd.grad(y, x)
        y.cpu()  # waits for the device
        return time.perf_counter() - start

    def timed(n: int) -> Pace:
        times = [seconds(n), seconds(n)]
        while sum(times) < LONG_ENOUGH:
            times.append(seconds(n))
        return Pace(n, min(times) / n)  # the quickest: the others were disturbed

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
"""How many times as long as estimated the last run of each kind took, by its name; "" is the last long one of any."""


def expect(classifier: Classifier, name: str, seconds: float) -> float:
    """An estimate for a run of that name, set right by how long the last one took, else by the last long one of any.

    A probe is a moment: other work beside it, then or now, and what a method does beside the model, show in real runs.
    """
    known = _drifts.get(classifier, {})
    return seconds * known.get(name, known.get("", 1.0))


def learn(classifier: Classifier, name: str, seconds: float, took: float) -> None:
    """Note that a run of that name, estimated without any correction, took so long; short ones say nothing."""
    if min(seconds, took) < WORTH_LEARNING:
        return
    drift = min(max(took / seconds, 1 / LARGEST_DRIFT), LARGEST_DRIFT)
    _drifts.setdefault(classifier, {}).update({name: drift, "": drift})


def counted(classifier: Classifier, target: Question, total: int, progress: Progress) -> Callable[[Tensor], Tensor]:
    """The target's score (b, c, h, w) -> (b,) as a function that tells after each batch how many of ``total`` are done.

    Captum runs a whole method in one call; what ``progress`` raises here ends that call between two batches. The
    pictures are laid out channels last, as ``prepare`` lays them out: convolutions on the CPU are faster then.
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
    """The model with its ``counted`` score (b, c, h, w) -> (b,) as a module, for what sets hooks in it."""

    def __init__(self, classifier: Classifier, target: Question, total: int, progress: Progress):
        super().__init__()
        self.module = classifier.module
        self.score = counted(classifier, target, total, progress)

    def forward(self, x: Tensor) -> Tensor:
        return self.score(x)
