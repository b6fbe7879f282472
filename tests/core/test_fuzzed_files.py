"""Files that hypothesis makes: each is opened, or refused with a sentence."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

hypothesis = pytest.importorskip("hypothesis", reason="hypothesis is not installed")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from core.lessons import SHIPPED  # noqa: E402
from core.scanning import RUN_FILE  # noqa: E402
from tests.benchmarks.hostile_pictures import sound, written  # noqa: E402
from tests.benchmarks.hostile_readers import open_item  # noqa: E402
from tests.benchmarks.hostile_records import CARD, LESSON, lesson_with, run_with, sound_run  # noqa: E402
from tests.benchmarks.hostile_tables import table_with_pictures  # noqa: E402

fuzzed = settings(max_examples=60, deadline=None, derandomize=True, database=None)
"""As many files in each test, the same in each run, whatever the time that one takes."""
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
"""Values of JSON, lone surrogates among them."""
FACTS = st.deferred(lambda: st.sampled_from(sorted(json.loads(sound_run()[RUN_FILE]))))
CHANGES = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(max_size=4)), max_size=20)
"""Places in a file, as shares of its length, with the bytes that are put there."""


def opened(kind: str, make: Callable[[Path], Path]) -> None:
    """Open a file in a folder of its own; it must not fail."""
    with tempfile.TemporaryDirectory() as folder:
        outcome, sentence = open_item(kind, make(Path(folder)))
    assert outcome in ("opened", "refused"), sentence
    assert (outcome == "refused") == bool(sentence)


def changed(data: bytes, changes: list[tuple[float, bytes]]) -> bytes:
    """The bytes with some replaced."""
    found = bytearray(data)
    for place, new in changes:
        at = int(place * len(found))
        found[at : at + len(new)] = new
    return bytes(found)


@fuzzed
@given(st.sampled_from(sorted(sound())), CHANGES, st.floats(0, 1))
def test_pictures(kind: str, changes: list[tuple[float, bytes]], kept: float) -> None:
    data = changed(sound()[kind], changes)
    opened("picture", lambda folder: written(data[: int(len(data) * max(kept, 0.1))], folder))


@fuzzed
@given(st.dictionaries(st.sampled_from(sorted(CARD)), VALUES, max_size=3), st.sets(st.sampled_from(sorted(CARD))))
def test_cards(values: dict[str, Any], missing: set[str]) -> None:
    stated = {key: value for key, value in {**CARD, **values}.items() if key not in missing or key in values}
    opened("card", lambda folder: written(json.dumps(stated).encode(), folder, "card.json"))


@fuzzed
@given(
    st.lists(st.lists(st.sampled_from(["a.png", "b.png", "", "train", "1"]) | st.text(max_size=9), max_size=5)),
    st.sampled_from([",", ";", "\t", "|", ", "]),
    st.sampled_from(["utf-8", "utf-16", "cp1252", "latin-1"]),
    CHANGES,
)
def test_tables(rows: list[list[str]], separator: str, encoding: str, changes: list[tuple[float, bytes]]) -> None:
    text = "\n".join(separator.join(row) for row in rows)
    data = changed(text.encode(encoding, "replace"), changes)
    opened("table", lambda folder: table_with_pictures(data, folder))


@fuzzed
@given(st.dictionaries(FACTS, VALUES, max_size=3), CHANGES)
def test_runs(values: dict[str, Any], changes: list[tuple[float, bytes]]) -> None:
    facts = {**json.loads(sound_run()[RUN_FILE]), **values}
    opened("run", lambda folder: run_with(RUN_FILE, changed(json.dumps(facts).encode(), changes[:2]), folder))
    part = next(name for name in sound_run() if name.endswith(".parquet"))
    opened("run", lambda folder: run_with(part, changed(sound_run()[part], changes), folder))


@settings(fuzzed, max_examples=20)  # a lesson takes longer: its models and pictures are looked up
@given(st.sampled_from(["lesson.toml", "en.md"]), CHANGES, st.lists(st.tuples(st.floats(0, 1), st.text(max_size=30))))
def test_lessons(file: str, changes: list[tuple[float, bytes]], lines: list[tuple[float, str]]) -> None:
    data = changed((SHIPPED / LESSON / file).read_bytes(), changes)
    text = data.decode(errors="replace").splitlines()
    for place, line in lines:
        text.insert(int(place * len(text)), line)
    opened("lesson", lambda folder: lesson_with(text, file, folder))
