"""The one store of results: a limit in bytes, the least recently used dropped first, and many threads."""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np

from app.runtime.store import Store, size_of
from core import Attribution, Classifier, Picture, read


def weigh(size: int) -> bytes:
    return bytes(size)


def test_the_bytes_stay_within_the_limit_and_the_least_recently_used_goes_first() -> None:
    store = Store(100)
    for key in "abc":
        store.put(key, weigh(30))
    assert store.find("a") is not None  # used again: b is the oldest now
    store.put("d", weigh(30))
    assert [key for key in "abcd" if store.find(key) is not None] == ["a", "c", "d"]
    store.put("e", weigh(75))
    assert [key for key in "abcde" if store.find(key) is not None] == ["e"]
    assert store.bytes == 75


def test_what_is_larger_than_the_limit_is_returned_only() -> None:
    store, large = Store(100), weigh(101)
    store.put("small", weigh(60))
    assert store.put("large", large) is large
    assert store.find("large") is None and store.find("small") is not None and store.bytes == 60


def test_a_key_that_is_put_again_is_counted_once() -> None:
    store = Store(100)
    for size in (80, 40, 20):
        store.put("same", weigh(size))
    assert store.bytes == 20 and len(store.find("same")) == 20
    store.put("same", weigh(101))
    assert store.bytes == 0 and store.find("same") is None


def test_an_answer_is_made_once() -> None:
    store, made = Store(100), []
    first = store.get("key", lambda: made.append(1) or weigh(5))
    assert store.get("key", lambda: made.append(2) or weigh(5)) is first and made == [1]


def test_a_result_weighs_what_its_arrays_weigh(classifier: Classifier, picture: Picture) -> None:
    values = np.zeros((7, 9), np.float32)
    assert size_of(values) == 7 * 9 * 4
    assert size_of(weigh(12)) == 12
    assert 252 <= size_of(Attribution(values, (7, 9), None, "saliency", 3)) < 252 + 1024
    reading = read(classifier, picture)
    arrays = [reading.probabilities, reading.logits, reading.energy, *(one.weights for one in reading.maps)]
    bytes_ = sum(array.nbytes for array in arrays)
    beside = 4096 + 512 * len(reading.maps)  # names and checksums
    assert bytes_ <= size_of(reading) < bytes_ + beside
    assert 2 * bytes_ <= size_of((reading, [reading])) < 2 * (bytes_ + beside)


def test_a_reading_of_self_attention_weighs_its_pairs(tiny: Callable[[str], Classifier], picture: Picture) -> None:
    reading = read(tiny("self-attention"), picture)
    pairs = sum(one.weights.nbytes for one in reading.maps)
    assert pairs > 4 * 4 * 64 * 64 and size_of(reading) > pairs


def test_many_threads_share_a_store() -> None:
    store, switch = Store(2000), sys.getswitchinterval()

    def work(seed: int) -> None:
        draw = np.random.default_rng(seed)
        for key in draw.integers(0, 40, 400):
            size = 20 + 7 * int(key)
            value = store.get(int(key), partial(weigh, size))
            assert len(value) == size
            assert 0 <= store.bytes <= store.limit + 300 * 8  # at most one put in flight a thread

    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(work, range(8)))
    finally:
        sys.setswitchinterval(switch)
    assert store.bytes == sum(len(value) for value in map(store.find, range(40)) if value is not None) <= store.limit
