"""Memoization of functions of a classifier: the result is kept as long as the classifier exists."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar
from weakref import WeakKeyDictionary

from core.classifier import Classifier

T = TypeVar("T")


def memoize(find: Callable[[Classifier], T]) -> Callable[[Classifier], T]:
    """Wrap a function of a classifier: it runs once, at the first call, on the classifier's worker."""
    known: WeakKeyDictionary[Classifier, T] = WeakKeyDictionary()

    @wraps(find)
    def recall(classifier: Classifier) -> T:
        def job() -> T:
            if classifier not in known:
                known[classifier] = find(classifier)
            return known[classifier]

        return known[classifier] if classifier in known else classifier.run(job)

    return recall
