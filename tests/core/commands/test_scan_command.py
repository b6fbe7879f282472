"""``python -m core scan``: what it prints parses and is true, and a mistake is one sentence."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sklearn.metrics import accuracy_score

import core
from core.__main__ import main
from core.models import zoo
from tests.core.small_scans import ROOT, draw, fill, wait_for


@pytest.fixture(autouse=True)
def place(tmp_path: Path, tiny: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small model in a zoo of its own, and a folder of pictures of which one is broken and some are unknown."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FOVEA_PRETRAINED", str(tmp_path / "catalog"))
    zoo.store(tiny("cbam").module, tiny("cbam").card)
    zoo.store_card(replace(tiny("cbam").card, facts={}))
    fill(tmp_path / "data", 5, ("ash", "Birch", "shrub", "weed"))
    draw(tmp_path / "data" / "alone.png", 3)
    (tmp_path / "data" / "ash" / "00.png").write_bytes(b"nothing")


def run(*words: str) -> int:
    return main(["scan", "--model", "tiny/cbam", "--data", "data", "--out", "run", "--device", "cpu", *words])


def test_it_prints_what_the_table_says(capsys: pytest.CaptureFixture) -> None:
    assert run("--json", "--map", "shrub=elm") == 0
    printed = capsys.readouterr()
    answer, table = json.loads(printed.out), core.open_run("run").table()
    known = table.dropna(subset="true")
    assert answer["pictures"] == 20 == len(table) and answer["labeled"] == len(known) == 14
    assert answer["accuracy"]["value"] == pytest.approx(accuracy_score(known["true"], known["predicted"]))
    assert answer["unmatched"] == {"weed": 5} and [one["path"] for one in answer["broken"]] == ["ash/00.png"]
    assert set(table["true"].dropna()) == {"ash", "birch", "elm"}
    assert answer["agreement"] == pytest.approx(table["agreement"].mean()) and "scanning" in printed.err
    assert run("--map", "shrub=elm") == 0  # it is all there
    text = capsys.readouterr().out
    share = f"accuracy {100 * answer['accuracy']['value']:.1f} %"
    assert (
        share in text
        and "label without a class of the model: weed (5 pictures)" in text
        and "unreadable: ash/00.png: " in text
    )


def test_it_leaves_agreement_out(capsys: pytest.CaptureFixture) -> None:
    assert run("--agreement", "none", "--json") == 0
    assert json.loads(capsys.readouterr().out)["agreement"] is None
    assert core.open_run("run").facts["agreement"] is None


def test_scenes_have_a_seed_and_a_number(capsys: pytest.CaptureFixture) -> None:
    assert run("--data", "scenes", "--seed", "4", "--pictures", "18", "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert run("--data", "scenes", "--seed", "4", "--pictures", "18") == 0
    assert "no accuracy: no label matches a class" in capsys.readouterr().out
    assert answer["pictures"] == 18 and answer["accuracy"] is None and len(answer["unmatched"]) == 10
    assert core.open_run("run").table()["path"][0] == f"scenes/{4 << 32}"


@pytest.mark.parametrize(
    "words",
    [("--data", "nowhere"), ("--map", "shrub"), ("--map", "shrub=oaks"), ("--map", "shrug=elm"), ("--model", "none")],
)
def test_a_mistake_is_one_sentence(words: tuple[str, ...], capsys: pytest.CaptureFixture) -> None:
    assert run(*words) == 2
    printed = capsys.readouterr()
    assert printed.out == "" and printed.err.count("\n") == 1 and printed.err.endswith(".\n")


def test_interrupted_it_says_so_and_is_no_crash(tmp_path: Path) -> None:
    words = ("-m", "core", "scan", "--model", "tiny/cbam", "--data", "scenes", "--pictures", "4000", "--out", "cut")
    command = [sys.executable, *words, "--device", "cpu"]
    process = subprocess.Popen(
        command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # the process of the tests may ignore it
    )  # fmt: skip
    wait_for(1, tmp_path / "cut", process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130 and not out, err
    assert "Stopped; what was finished is kept, and the same command continues from there.\n" in err
    assert "Traceback" not in err and 0 < core.open_run(tmp_path / "cut").scanned < 4000


def test_reading_a_part_of_it_is_no_mistake(tmp_path: Path) -> None:
    assert run("--json") == 0  # so that nothing is left to scan
    words = "scan --model tiny/cbam --data data --out run --device cpu --json"
    command = f"{sys.executable} -m core {words} | head -c 10; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", command], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True,
        text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode in (0, 141) and "Traceback" not in done.stderr and "Error" not in done.stderr


def test_a_split_and_columns_are_stated_and_can_be_chosen(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    for number, name in enumerate(("train", "valid", "test"), 1):
        fill(tmp_path / "parted" / name, number, ("ash", "elm"))
    assert run("--data", "parted", "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["pictures"], answer["taken"]["split"]) == (4, "valid")
    assert run("--data", "parted", "--split", "test", "--out", "other") == 0
    assert "\nsplit test of test, train, valid; --split chooses another one, or all\n" in capsys.readouterr().out
    facts = core.open_run("other").facts
    assert facts["taken"]["splits"] == ["test", "train", "valid"] and facts["pictures"] == 6
    assert core.scan(core.load("tiny/cbam", "cpu"), facts["data"], "other", split="test").shape[0] == 6  # it goes on
    assert run("--data", "parted", "--split", "fourth", "--out", "none") == 2
    assert "no split 'fourth'. Choose one of: test, train, valid, all." in capsys.readouterr().err
    lines = "".join(f"{name}/0{n}.png,{name},x{name}\n" for name in ("ash", "shrub") for n in (1, 2))
    (tmp_path / "data" / "list.csv").write_text(f"image_id,kind,species\n{lines}")
    assert run("--data", "data/list.csv", "--out", "table") == 0
    assert "\ncolumns: path 'image_id', label 'species'; --column chooses others\n" in capsys.readouterr().out
    words = ("--data", "data/list.csv", "--out", "kinds", "--column", "label=kind", "--json")
    assert run(*words) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["labeled"] == 2 and answer["unmatched"] == {"shrub": 2}
    assert answer["taken"]["columns"] == {"path": "image_id", "label": "kind", "split": ""}
    assert run(*words[:4], "--column", "kind") == 2
    assert "Write --column WHAT=HEADING" in capsys.readouterr().err
    assert run("--data", "data/list.csv", "--out", "plain", "--column", "label=") == 0
    assert core.open_run("plain").table()["label"].isna().all()


def test_a_file_that_is_no_table_is_refused_without_its_lines(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    (tmp_path / "secret.csv").symlink_to("/etc/passwd")
    assert run("--data", "secret.csv", "--out", "none") == 2
    told = capsys.readouterr()
    assert told.err.strip().endswith("Write one path per line.") and "root" not in told.err.replace(str(tmp_path), "")
    assert not told.out and not (tmp_path / "none").exists()
