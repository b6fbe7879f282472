"""Models in memory: each model is loaded once for all users, in a separate thread that can be stopped."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future, wait
from weakref import WeakValueDictionary

from app.runtime.store import Store
from app.runtime.uploads import give_back
from core import Classifier, Stopped
from core.types import Progress

Load = Callable[[Progress], Classifier]
"""Loads a model and reports its progress, in bytes."""

GRACE = 3.0
"""Seconds for which loading continues without a waiting user, since a rerun of the page requests the model again."""


ROUND = 60.0
"""Seconds between two searches for unused models."""


class Loading:
    """The state of a loading model: its progress, the number of waiting users, and the time since nobody waits."""

    def __init__(self) -> None:
        self.future: Future[Classifier] = Future()
        self.done, self.total = 0, 0
        self.waiting, self.alone_since = 0, time.monotonic()


class Models:
    """Loaded models within a limit in bytes; the newest stays even if it exceeds the limit. Thread-safe.

    A model that was not requested for ``unused`` seconds is dropped. While a page still shows it, it is not loaded a
    second time.
    """

    def __init__(self, limit: int, grace: float = GRACE, unused: float | None = None):
        self.store, self.grace, self.unused = Store(limit, newest=True), grace, unused
        self._on_their_way: dict[Hashable, Loading] = {}
        self._shown: WeakValueDictionary[Hashable, Classifier] = WeakValueDictionary()
        self._lock = threading.Lock()
        if unused is not None:
            threading.Thread(target=self._watch, name="fovea-unused", daemon=True).start()

    def get(self, key: Hashable, load: Load, tick: Progress | None = None) -> Classifier:
        """The model of that key, loaded by ``load(progress)`` if it is missing.

        ``tick(done, total)`` is called ten times a second in this thread. If it raises, this thread stops waiting, and
        loading stops as well unless another thread waits for it within ``grace`` seconds.
        """
        found = self._find(key)
        if found is not None:
            return found
        one = self._join(key, load)
        try:
            while not one.future.done():
                if tick is not None:
                    tick(one.done, one.total)
                wait((one.future,), timeout=None if tick is None else 0.1)
            return one.future.result()
        finally:
            with self._lock:
                one.waiting, one.alone_since = one.waiting - 1, time.monotonic()

    def on_the_way(self, key: Hashable) -> tuple[int, int] | None:
        """The progress (done, total) of a loading model, or None if it is not loading.

        The caller counts as waiting, so loading continues for another ``grace`` seconds.
        """
        with self._lock:
            one = self._on_their_way.get(key)
            if one is None:
                return None
            one.alone_since = time.monotonic()
            return one.done, one.total

    def _find(self, key: Hashable) -> Classifier | None:
        """The loaded model of that key, even if it was dropped but is still in use; or None."""
        found = self.store.find(key)
        if found is None and (found := self._shown.get(key)) is not None:
            self.store.put(key, found)
        return found

    def _watch(self) -> None:
        """Drop unused models."""
        while True:
            time.sleep(ROUND)
            if self.store.drop_unused(self.unused):
                give_back()

    def _join(self, key: Hashable, load: Load) -> Loading:
        with self._lock:
            one = self._on_their_way.get(key)
            found = None if one else self.store.find(key)
            if found is not None:  # it was loaded in the meantime
                one = Loading()
                one.future.set_result(found)
            elif one is None:
                one = self._on_their_way[key] = Loading()
                threading.Thread(target=self._run, args=(key, one, load), name="fovea-loading", daemon=True).start()
            one.waiting += 1
            return one

    def _run(self, key: Hashable, one: Loading, load: Load) -> None:
        def progress(done: int, total: int) -> None:
            with self._lock:
                if not one.waiting and time.monotonic() - one.alone_since > self.grace:
                    del self._on_their_way[key]  # the next caller starts again
                    raise Stopped("nobody waits for this model any more")
                one.done, one.total = done, total

        try:
            found, error = self.store.put(key, load(progress)), None
            if isinstance(found, Classifier):  # a scan is none
                self._shown[key] = found
        except BaseException as raised:  # raised in the waiting threads
            found, error = None, raised
        with self._lock:
            if self._on_their_way.get(key) is one:
                del self._on_their_way[key]
        one.future.set_exception(error) if error else one.future.set_result(found)
