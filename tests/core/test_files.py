"""Files written atomically: whole or not there, by any writer, and nothing left behind."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core import files
from core.files import put


def test_a_reader_meets_one_whole_file(tmp_path: Path) -> None:
    place = tmp_path / "file"
    wholes = [bytes([n]) * 100_000 for n in range(8)]
    put(place, wholes[0])
    with ThreadPoolExecutor(8) as pool:
        writing = [pool.submit(put, place, one) for one in wholes * 5]
        seen = {place.read_bytes() for _ in range(200)}
    assert not [one.exception() for one in writing if one.exception()]
    assert seen <= set(wholes) and [one.name for one in tmp_path.iterdir()] == ["file"]


def test_what_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "file", b"old")

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        put(tmp_path / "file", b"new")
    assert (tmp_path / "file").read_bytes() == b"old" and len(list(tmp_path.iterdir())) == 1
    with pytest.raises(OSError, match="No such file"):
        put(tmp_path / "nowhere" / "file", b"new")
