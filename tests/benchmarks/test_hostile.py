"""Hostile files are opened or refused: a sample of them, those that once failed, and what counts as a failure."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from core.data import archive, open_collection
from core.types import InvalidInput
from tests.benchmarks import hostile
from tests.benchmarks.hostile import Outcome, judge, summary
from tests.benchmarks.hostile_readers import READERS, items, open_item
from tests.benchmarks.hostile_tables import packed, sound, written

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="pipes and limits of memory are those of Linux")

ONCE_FAILED = {
    "progressive with 500 more scans": "too many to decode",
    "name b'caf\\xe9.png'": "",
    "name b'\\xff\\xfe\\xfd.png'": "",
    "pipe called a picture": "is not a file",
    "device called a picture": "is not a file",
    "webp of 7000 × 7000": "more than 40 million pixels",
    "table of a million rows of one picture": "more than 200,000 lines",
    "table of a million cells in a row": "more than 5,000 columns",
    "weights with 300,000 names": "too many for a model",
    "card with value 10 as its title": "not valid Unicode",
    "card with value 15 as its facts": "not valid Unicode",
    "run with value 4 as its pictures": "is damaged",
    "run with value 0 as its classes": "is damaged",
    "run with value 10 as its taken": "is damaged",
    "run of JSON 0": "is damaged",
    "tags of JSON 0": "cannot be read",
}
"""Items that took too long, too much memory, or ended in an exception, and what is said instead."""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_there_are_many_hostile_files_of_every_kind() -> None:
    kinds = {kind for kind, *_ in items()}
    assert len(items()) >= 800 and kinds == set(READERS)
    assert len({(kind, name) for kind, name, _ in items()}) == len(items())


@pytest.mark.parametrize("name", ONCE_FAILED)
def test_what_once_failed_is_opened_or_refused(name: str, here: Path) -> None:
    kind, make = next((kind, make) for kind, known, make in items() if known == name)
    outcome, sentence = open_item(kind, make(here))
    assert (outcome, ONCE_FAILED[name] in sentence) == ("refused" if ONCE_FAILED[name] else "opened", True), sentence


@pytest.mark.parametrize("limit", ["ENTRIES", "CONTENTS"])
def test_a_zip_of_too_many_files_is_refused(limit: str, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(packed({f"a/{number}.png": b"" for number in range(3)}), here, "data.zip")
    assert len(open_collection(path)) == 3
    monkeypatch.setattr(archive, limit, 2)
    with pytest.raises(InvalidInput, match="too many files"):
        open_collection(path)


@pytest.mark.parametrize("kind", ["bzip2", "lzma"])
def test_a_picture_that_would_be_unpacked_at_once_is_refused(kind: str, here: Path) -> None:
    path = written(packed({"a/1.png": sound()["png"]}, kind), here, "data.zip")
    with pytest.raises(InvalidInput, match="its compression is not supported"):
        open_collection(path).read(0)


def test_a_sample_of_all_items_in_limited_processes(capsys: pytest.CaptureFixture[str]) -> None:
    failed = hostile.main(["--jobs", "1", "--every", "101"])
    assert not failed, capsys.readouterr().out
    assert " 0 failed." in capsys.readouterr().out


def reader(error: BaseException) -> Callable[[Path], None]:
    def read(path: Path) -> None:
        raise error

    return read


def test_what_counts_as_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    for error in (TypeError("wrong"), MemoryError(), UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates")):
        monkeypatch.setitem(READERS, "card", reader(error))
        outcome, sentence = open_item("card", Path("x"))
        assert outcome == "failed" and type(error).__name__ in sentence
    monkeypatch.setitem(READERS, "card", reader(InvalidInput("No.")))
    assert open_item("card", Path("x")) == ("refused", "No.")
    good = Outcome("picture", "a", "opened", "", 1.0, 100.0)
    slow, big = Outcome("picture", "b", "opened", "", 2.1, 1.0), Outcome("picture", "c", "refused", "x", 0.1, 501.0)
    assert judge(good) == good and judge(slow).outcome == judge(big).outcome == "failed"
    rows = summary([judge(one) for one in (good, slow, big)])
    assert rows == [{"kind": "picture", "items": "3", "opened": "1", "refused": "0", "failed": "2", "seconds": "2.10",
                     "MB": "501"}]  # fmt: skip
