"""A scan that is killed goes on: what it gives in the end is what an unbroken one gives, row by row."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

import core
from core.models import zoo
from core.scanning.parts import list_parts
from core.scenes.drawing import OBJECTS
from tests.core.small_scans import MAPPING, ROOT, assert_same, scanned, wait_for

TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")

SCRIPT = """
import sys
from core.scanning import scan
from tests.conftest import build_tiny
from tests.core.small_scans import LOOP, MAPPING
LOOP.SOONEST = LOOP.SHARE = 0.0
scan(build_tiny("cbam"), "scenes", sys.argv[1], pictures=int(sys.argv[2]), mapping=MAPPING)
"""
"""A scan that writes a part for each batch."""


def launch(*words: str, **variables: str) -> subprocess.Popen:
    """A command of python in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, *words], cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1", **variables},
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip


def children(process: int) -> list[int]:
    """The processes that another one started."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == process:
            found.append(int(path.parent.name))
    return found


def test_killed_and_resumed_it_equals_an_unbroken_scan(tiny: Callable, tmp_path: Path) -> None:
    process = launch("-c", SCRIPT, str(tmp_path / "run"), "320")
    wait_for(32, tmp_path / "run", process)
    time.sleep(Random(0).random() / 4)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, process.stderr.read()
    run = core.open_run(tmp_path / "run")
    assert 32 <= run.scanned == len(run.table()) < 320
    for folder in ("run", "whole"):
        core.scan(tiny("cbam"), "scenes", tmp_path / folder, pictures=320, mapping=MAPPING)
    assert_same(run, core.open_run(tmp_path / "whole"))


@pytest.fixture
def stored_model(tiny: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A small model in a zoo of its own, which knows the objects of the scenes; the variable that names the zoo."""
    monkeypatch.setenv("FOVEA_PRETRAINED", str(tmp_path / "catalog"))
    card = replace(tiny("cbam").card, classes=OBJECTS, ablation={}, facts={})
    zoo.store(tiny("cbam").module, card)
    zoo.store_card(card)
    return {"FOVEA_PRETRAINED": str(tmp_path / "catalog")}


@pytest.mark.slow
def test_killed_ten_times_at_random_moments(stored_model: dict[str, str], tmp_path: Path) -> None:
    words = ("-m", "core", "scan", "--model", "tiny/cbam", "--data", "scenes", "--pictures", "6000", "--device", "cpu")
    chance, kills = Random(1), 0
    while kills < 10:
        before = scanned(tmp_path / "run")
        process = launch(*words, "--out", str(tmp_path / "run"), **stored_model)
        wait_for(before + 1, tmp_path / "run", process)
        time.sleep(3 * chance.random())
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL, process.stderr.read()
        kills += 1
    assert scanned(tmp_path / "run") < 6000
    last = launch(*words, "--out", str(tmp_path / "run"), **stored_model)
    assert last.wait() == 0, last.stderr.read()
    whole = launch(*words, "--out", str(tmp_path / "whole"), **stored_model)
    assert whole.wait() == 0, whole.stderr.read()
    assert_same(core.open_run(tmp_path / "run"), core.open_run(tmp_path / "whole"))


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds the processes of torchrun by /proc")
def test_of_two_processes_one_is_killed(stored_model: dict[str, str], tmp_path: Path) -> None:
    words = ("-m", "core", "scan", "--model", "tiny/cbam", "--data", "scenes", "--pictures", "1600", "--device", "cpu")
    process = launch(*TORCHRUN, *words, "--out", str(tmp_path / "run"), **stored_model)
    wait_for(200, tmp_path / "run", process)
    workers = children(process.pid)
    assert len(workers) == 2
    os.kill(workers[1], signal.SIGKILL)
    assert process.wait() != 0
    parts = list_parts(tmp_path / "run")
    assert {part.first < 800 for part in parts} == {True, False}  # both had written parts of their own
    assert scanned(tmp_path / "run") < 1600
    again = launch(*TORCHRUN, *words, "--out", str(tmp_path / "run"), **stored_model)
    assert again.wait() == 0, again.stderr.read()
    whole = launch(*words, "--out", str(tmp_path / "whole"), **stored_model)
    assert whole.wait() == 0, whole.stderr.read()
    assert_same(core.open_run(tmp_path / "run"), core.open_run(tmp_path / "whole"))
