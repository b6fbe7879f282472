"""Results kept under a limit in bytes, the least recently used dropped first."""

from __future__ import annotations

import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from core import Classifier


def size_of(value: Any) -> int:
    """The bytes of a result: its arrays and byte strings, and a little for the rest; of a model, its weights."""
    if isinstance(value, Classifier):
        return sum(tensor.nbytes for tensor in value.module.state_dict().values())
    if isinstance(value, np.ndarray):
        return value.nbytes
    if isinstance(value, bytes):
        return len(value)
    if isinstance(value, tuple | list):
        return 64 + sum(map(size_of, value))
    if is_dataclass(value):
        return 64 + sum(size_of(getattr(value, one.name)) for one in fields(value))
    return sys.getsizeof(value)


class Store:
    """Results by key, the least recently used dropped first when their bytes pass the limit. Thread-safe.

    Two threads that request the same result at once may both compute it; both get a right result. With ``newest`` the
    last one that was put in stays even when it alone is larger than the limit.
    """

    def __init__(self, limit: int, newest: bool = False):
        self.limit, self.newest, self.bytes = limit, newest, 0
        self._entries: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, key: Hashable) -> Any | None:
        """The stored result, or None."""
        with self._lock:
            if key not in self._entries:
                return None
            self._entries.move_to_end(key)
            return self._entries[key][0]

    def put(self, key: Hashable, value: Any) -> Any:
        """Store and return a result; one larger than the limit is returned only, unless the newest stays."""
        size = size_of(value)
        with self._lock:
            if key in self._entries:
                self.bytes -= self._entries.pop(key)[1]
            if size <= self.limit or self.newest:
                self._entries[key] = (value, size)
                self.bytes += size
            while self.bytes > self.limit and len(self._entries) > self.newest:
                self.bytes -= self._entries.popitem(last=False)[1][1]
        return value

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """The stored result, or ``make()`` stored."""
        found = self.find(key)
        return self.put(key, make()) if found is None else found
