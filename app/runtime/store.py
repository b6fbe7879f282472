"""Results within a limit in bytes; the least recently used are dropped first."""

from __future__ import annotations

import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from core import Classifier
from core.device import on_worker


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
    """Results by key; the least recently used are dropped first if their bytes exceed the limit. Thread-safe.

    If several threads request the same result, the first one computes it for all. With ``newest``, the last added
    result stays even if it alone exceeds the limit.
    """

    def __init__(self, limit: int, newest: bool = False):
        self.limit, self.newest, self.bytes = limit, newest, 0
        self._entries: OrderedDict[Hashable, tuple[Any, int, float]] = OrderedDict()  # value, bytes, last use
        self._making: dict[Hashable, tuple[Future[Any], int]] = {}
        self._lock = threading.Lock()

    def find(self, key: Hashable) -> Any | None:
        """The stored result, or None."""
        with self._lock:
            if key not in self._entries:
                return None
            value, size, _ = self._entries.pop(key)
            self._entries[key] = (value, size, time.monotonic())
            return value

    def put(self, key: Hashable, value: Any) -> Any:
        """Store and return a result; one larger than the limit is returned only, unless the newest stays."""
        size = size_of(value)
        with self._lock:
            if key in self._entries:
                self.bytes -= self._entries.pop(key)[1]
            if size <= self.limit or self.newest:
                self._entries[key] = (value, size, time.monotonic())
                self.bytes += size
            while self.bytes > self.limit and len(self._entries) > self.newest:
                self.bytes -= self._entries.popitem(last=False)[1][1]
        return value

    def drop_unused(self, seconds: float) -> int:
        """Drop results that were not used for that long; return their number."""
        with self._lock:
            old = [key for key, (*_, used) in self._entries.items() if time.monotonic() - used > seconds]
            for key in old:
                self.bytes -= self._entries.pop(key)[1]
        return len(old)

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """The stored result, or the result of ``make()``, which is stored; other threads wait for it.

        If ``make`` fails, the next waiting thread calls it. A thread that the result depends on never waits: neither
        the one that computes it, nor the worker of a device, which may have to compute a part of it.
        """
        if on_worker():
            found = self.find(key)
            return self.put(key, make()) if found is None else found
        while (found := self.find(key)) is None:
            with self._lock:
                under_way = self._making.get(key)
                if under_way is None:
                    self._making[key] = (Future(), threading.get_ident())
            if under_way is None:
                return self._make(key, make)
            future, maker = under_way
            if maker == threading.get_ident():
                return self.put(key, make())
            if (made := future.result()) is not None:
                return made
        return found

    def _make(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Store the result of ``make()`` and pass it to the waiting threads; they get None if it fails."""
        found = None
        try:
            found = self.find(key)  # it may have been made since this thread searched
            found = self.put(key, make()) if found is None else found
            return found
        finally:
            with self._lock:
                future, _ = self._making.pop(key)
            future.set_result(found)
