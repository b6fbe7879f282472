"""The app's only caches: asks the core once, and keeps the answers under a limit in bytes, known by content."""

from __future__ import annotations

import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import wait
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import streamlit as st

import core
from core import Attribution, Classifier, Picture, Reading, Stopped
from core import attribution as attributions
from core.attribution import Method, methods
from core.data import samples
from core.data.datasets import find_folder
from core.device import devices, worker
from core.images import encode_jpeg, thumbnail

LIMIT = 256 * 1024 * 1024


def size_of(value: Any) -> int:
    """The bytes of a result: its arrays and byte strings, and a little for the rest."""
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

    Two visitors who ask for the same thing at once may both compute it; both get a right answer.
    """

    def __init__(self, limit: int):
        self.limit, self.bytes = limit, 0
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
        """Store and return a result; one larger than the limit is returned only."""
        size = size_of(value)
        with self._lock:
            if key in self._entries:
                self.bytes -= self._entries.pop(key)[1]
            if size <= self.limit:
                self._entries[key] = (value, size)
                self.bytes += size
            while self.bytes > self.limit:
                self.bytes -= self._entries.popitem(last=False)[1][1]
        return value

    def get(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """The stored result, or ``make()`` stored."""
        found = self.find(key)
        return self.put(key, make()) if found is None else found


@st.cache_resource(show_spinner=False)
def store() -> Store:
    """The one store that all visitors share."""
    return Store(LIMIT)


@st.cache_resource(show_spinner=False, max_entries=12)
def classifier(slug: str, device: str) -> Classifier:
    """A model on a device, loaded once for all visitors."""
    return core.load(slug, device)


def device_names() -> tuple[str, ...]:
    """The devices to choose from, the fastest first."""
    return devices()


def cards() -> tuple[core.ModelCard, ...]:
    """Every model of the shelf."""
    return core.cards()


def has_photographs() -> bool:
    """Whether Imagenette's folder is on this machine."""
    return find_folder() is not None


def sample_picture(slug: str) -> Picture:
    """The picture of a sample's slug."""
    return store().get(("sample", slug), lambda: samples.open_sample(slug))


def picture_thumbnail(picture: Picture) -> bytes:
    """A small JPEG of the model's square of a picture."""
    return store().get(("thumbnail", picture.key), lambda: thumbnail(picture))


def picture_jpeg(picture: Picture) -> bytes:
    """The whole picture as a JPEG for the overlay."""
    return store().get(("jpeg", picture.key), lambda: encode_jpeg(picture.pixels))


def _key(model: Classifier, picture: Picture, *rest: Hashable) -> tuple:
    return (model.card.slug, str(model.device), model.card.facts.get("checksum"), picture.key, *rest)


def reading(model: Classifier, picture: Picture) -> Reading:
    """The model's reading of a picture."""
    return store().get(_key(model, picture, "reading"), lambda: core.read(model, picture))


def seconds(model: Classifier, method: Method, parameters: dict) -> float:
    """About how long a method takes on this device."""
    return attributions.seconds(model, method.slug, **parameters)


def attribution_key(model: Classifier, picture: Picture, method: Method, target: int, parameters: dict) -> tuple:
    """What an attribution is known by."""
    return _key(model, picture, method.slug, target, tuple(sorted(parameters.items())))


def fitting(model: Classifier) -> tuple[Method, ...]:
    """The methods that fit a model."""
    return methods(model)


def find_attribution(key: tuple) -> Attribution | None:
    """An attribution that was computed before, or None."""
    return store().find(key)


def attribution(
    model: Classifier,
    picture: Picture,
    method: Method,
    target: int,
    parameters: dict,
    *,
    owner: Hashable = None,
    tick: Callable[[int, int], None] | None = None,
) -> Attribution:
    """An attribution, computed on the device's worker while this thread calls ``tick(done, total)`` ten times a second.

    Whatever ends this thread's waiting (Stop, a newer request, a closed tab: ``tick`` raises) stops the worker's job
    too.
    """
    key = attribution_key(model, picture, method, target, parameters)
    found = store().find(key)
    if found is not None:
        return found
    state = {"done": 0, "total": 1}
    stop = threading.Event()

    def progress(done: int, total: int) -> None:
        if stop.is_set():
            raise Stopped
        state.update(done=done, total=total)

    def job() -> Attribution:
        if stop.is_set():
            raise Stopped
        return core.attribute(model, picture, method.slug, target, progress=progress, **parameters)

    future = worker(model.device).submit(job, owner)
    try:
        while not future.done():
            if tick is not None:
                tick(state["done"], state["total"])
            wait((future,), timeout=None if tick is None else 0.1)
        return store().put(key, future.result())
    finally:
        stop.set()


def agreement(model: Classifier, picture: Picture, a: np.ndarray, b: np.ndarray, *names: Hashable) -> core.Agreement:
    """How far two maps of one picture agree; ``names`` say which maps they are."""
    return store().get(_key(model, picture, "agreement", *names), lambda: core.agreement(a, b))
