"""Functions of a classifier that run once: the result is kept as long as the classifier exists."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar
from weakref import WeakKeyDictionary

from core.classifier import Classifier

T = TypeVar("T")


def memoize(find: Callable[[Classifier], T]) -> Callable[[Classifier], T]:
    """The same function, run on the classifier's worker at the first call and never again."""
    known: WeakKeyDictionary[Classifier, T] = WeakKeyDictionary()

    @wraps(find)
    def recall(classifier: Classifier) -> T:
        def job() -> T:
            if classifier not in known:
                known[classifier] = find(classifier)
            return known[classifier]

        return known[classifier] if classifier in known else classifier.run(job)

    return recall
