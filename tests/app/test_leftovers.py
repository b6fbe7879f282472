"""What servers that were killed have left: nothing half is used, and the next server removes it, but nothing in use."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

import core
from app.runtime import kept_runs, leftovers, votes
from app.runtime.mistakes import owners, scans, zips
from app.runtime.trust import benchmark
from core import files
from core.data import home, open_collection
from core.lessons import Question
from core.scanning import RUN_FILE
from tests.benchmarks.hostile_tables import sound

ROOT = Path(__file__).resolve().parents[2]
UPLOAD = """
import sys, time
from app.runtime.mistakes import zips

class Endless:
    def read(self, size):
        print("writing", flush=True)
        time.sleep(0.05)
        return bytes(size)

zips.keep(Endless(), "photos.zip")
"""
MEASURE = """
import sys
import core
from app.runtime.trust import benchmark
benchmark.own_file().parent.mkdir(parents=True, exist_ok=True)
core.benchmark(core.load("scenes/plain", "cpu"), benchmark.own_file(), sources=("grad-cam", "edges", "random"),
               pictures=2, progress=lambda done, total: print(done, flush=True))
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in (kept_runs.FOLDER, benchmark.FILE, votes.FILE):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return home()


def killed_after(script: str, line: str) -> None:
    """Run a script, and kill its process once it has printed a line."""
    process = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True,
                               env={**os.environ, "OMP_NUM_THREADS": "1"})  # fmt: skip
    try:
        while (found := process.stdout.readline().strip()) != line:
            assert process.poll() is None or found, f"it ended before {line}"
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert process.returncode == -signal.SIGKILL


def all_files(folder: Path) -> set[str]:
    return {str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file()}


def make_older(folder: Path, seconds: float) -> None:
    then = time.time() - seconds
    for one in (folder, *folder.rglob("*")):
        os.utime(one, (then, then))


def zipped(picture: str) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(f"a/{picture}.png", sound()["png"])
    file.seek(0)
    return file


def test_a_killed_upload_of_a_zip_is_removed_later(cache: Path) -> None:
    killed_after(UPLOAD, "writing")
    left = all_files(cache)
    assert len(left) == 1 and next(iter(left)).startswith("runs/zips/.zip.")
    leftovers.remove_leftovers()
    assert all_files(cache) == left, "another server may be writing it"
    make_older(cache, files.LEFT + 1)
    leftovers.remove_leftovers()
    assert not all_files(cache)


def test_a_killed_benchmark_holds_whole_sources_and_goes_on(cache: Path) -> None:
    killed_after(MEASURE, "3")
    before = core.open_benchmark(benchmark.own_file())
    assert {"grad-cam"} <= {row.source for row in before} <= {"grad-cam", "edges"}
    assert {row.wanted for row in before} == {2}
    rows = core.benchmark(core.load("scenes/plain", "cpu"), benchmark.own_file(), sources=("grad-cam",), pictures=2)
    assert set(rows) == {row for row in before if row.source == "grad-cam"}, "what is there is not measured again"
    make_older(cache, files.LEFT + 1)
    leftovers.remove_leftovers()
    assert all_files(cache) == {"benchmark.json"}


def test_what_is_in_use_stays(cache: Path) -> None:
    used, unused = zips.keep(zipped("1"), "used.zip"), zips.keep(zipped("2"), "unused.zip")
    core.scan(core.load("scenes/plain", "cpu"), used, kept_runs.folder() / "mine")
    owners.claim(kept_runs.folder() / "mine-too", "mark")
    owners.claim(kept_runs.folder() / "begun", "mark")
    (kept_runs.folder() / "begun" / RUN_FILE).write_text("damaged, but it may be repaired")
    (kept_runs.folder() / "not a run").mkdir()
    votes.votes().vote(Question("ABC234", "lesson", "step"), "a")
    for path in (kept_runs.folder() / "mine" / "tags.json", votes.votes().path, cache / "banks" / "x.npz"):
        path.parent.mkdir(exist_ok=True)
        files.unfinished(path).write_bytes(b"half")
    foreign = files.unfinished(kept_runs.folder() / "not a run" / "x")
    foreign.write_bytes(b"of another program")
    kept = {one for one in all_files(cache) if not Path(one).name.startswith(".")} | {str(foreign.relative_to(cache))}
    for seconds, expected in (
        (0.0, all_files(cache)),
        (files.LEFT + 1, kept - {"runs/mine-too/owner.json"}),
        (zips.UNUSED + 1, kept - {"runs/mine-too/owner.json", str(unused.relative_to(cache))}),
    ):
        make_older(cache, seconds)
        leftovers.remove_leftovers()
        assert all_files(cache) == expected
    assert not (kept_runs.folder() / "mine-too").exists() and len(open_collection(used)) == 1
    assert scans.request(core.open_run(kept_runs.folder() / "mine")).data == str(used)


EXPORT = """
import core, sys
from app.runtime import kept_runs
from app.runtime.mistakes import exports, runs
core.scan(core.load("scenes/plain", "cpu"), "scenes", kept_runs.folder() / "mine", pictures=6)
opened = runs.open_one("mine")
print("scanned", flush=True)
exports.{what}
"""
MODEL = """
import io, json, torch, core
from pathlib import Path
from app import runtime
from app.views.models import own_models
from core.models import zoo
model = core.load("scenes/plain", "cpu")
file = io.BytesIO()
torch.save(model.module.state_dict(), file)
card = json.dumps(own_models.EXAMPLES["fovea"] | {"architecture": "fovea/plain", "classes": list(model.card.classes)})
from core.models.user_models import own
taken = own.admitted
def admitted(*given):
    print("opening", flush=True)
    return [taken(*given) for _ in range(10**6)][0]
own.admitted = admitted
runtime.own_model(card.encode(), file.getvalue(), "card.json", "cpu")
"""


@pytest.mark.parametrize("what", ["zip", "report"])
def test_a_killed_export_leaves_nothing(cache: Path, what: str) -> None:
    """An export is in the memory of the server until it is complete."""
    work = {
        "zip": 'zipped(opened, np.arange(6), "cam", say)',
        "report": "export_report(opened, np.arange(6), say)",
    }[what]
    tick = "import numpy as np\nsay = lambda done, total: print(f'{what} {done}', flush=True)\n"
    killed_after(tick.replace("{what}", what) + EXPORT.format(what=work), f"{what} 2")
    run = kept_runs.folder() / "mine"
    assert {one.name for one in home().iterdir()} == {"runs"} and list(kept_runs.folder().iterdir()) == [run]
    before = all_files(cache)
    assert not [name for name in before if Path(name).name.startswith(".") or name.endswith((".zip", ".html"))]
    assert len(core.open_run(run).table()) == 6, "the run is whole"
    make_older(cache, zips.UNUSED + 1)
    leftovers.remove_leftovers()
    assert all_files(cache) == before


def test_a_killed_upload_of_a_model_leaves_nothing(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its files are in the memory of the server, also while the model is opened and tested."""
    spool = tmp_path / "tmp"
    spool.mkdir()
    monkeypatch.setenv("TMPDIR", str(spool))
    killed_after(MODEL, "opening")
    assert not all_files(cache) and not all_files(spool)
