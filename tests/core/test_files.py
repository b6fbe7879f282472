"""Files written atomically: whole or not there, by any writer, and nothing left behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core import files
from core.files import put, sweep, unfinished


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


def test_what_a_killed_process_left_is_swept_and_nothing_else(tmp_path: Path) -> None:
    past = time.time() - files.LEFT - 60
    old, fresh, folder = (unfinished(tmp_path / name) for name in ("old.json", "fresh.json", "folder"))
    busy = unfinished(tmp_path / "busy")
    earlier = tmp_path / ".1733043535123456789"  # as older versions named them
    others = [tmp_path / name for name in (".bashrc", "old.json", ".old.json.bak", "0" * 32, ".git.0123")]
    for one in (old, fresh, earlier, *others):
        one.write_bytes(b"x")
    for one in (folder, busy):
        (one / "inside").mkdir(parents=True)
        (one / "inside" / "file").write_bytes(b"x")
    for one in (old, earlier, *others, folder, folder / "inside", folder / "inside" / "file", busy, busy / "inside"):
        os.utime(one, (past, past))
    sweep(tmp_path, "other.json")
    assert old.exists()
    sweep(tmp_path, "old.json")
    assert not old.exists() and folder.exists()
    sweep(tmp_path)
    assert {one.name for one in tmp_path.iterdir()} == {one.name for one in (fresh, busy, *others)}
    sweep(tmp_path / "nowhere")


def test_a_private_file_is_private_from_the_start(tmp_path: Path) -> None:
    put(tmp_path / "secret", b"x", mode=0o600)
    assert (tmp_path / "secret").stat().st_mode & 0o077 == 0


def test_an_empty_cache_variable_is_the_cache_folder_of_the_home(tmp_path: Path) -> None:
    script = (
        "from core.data import home; from core.models.libraries import hub, text_features;"
        "from core.models.libraries import torchvision_models as torchvision;"
        "print(*(one.folder() for one in (hub, text_features, torchvision)), home(), sep='\\n')"
    )
    known = {name: value for name, value in os.environ.items() if name not in ("TORCH_HOME", "HF_HOME", "HF_HUB_CACHE")}
    known |= {"XDG_CACHE_HOME": "", "HOME": str(tmp_path), "PYTHONPATH": str(Path(files.__file__).parents[1])}
    found = subprocess.run([sys.executable, "-c", script], env=known, cwd=tmp_path, check=True, capture_output=True,
                           text=True)  # fmt: skip
    assert all(Path(one).is_relative_to(tmp_path / ".cache") for one in found.stdout.splitlines()), found.stdout
    assert not list(tmp_path.iterdir()), "nothing is written where the program is started"
