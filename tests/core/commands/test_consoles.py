"""Every command on consoles that are not UTF-8: no traceback, and valid JSON; wrong values are refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.__main__ import main
from tests.conftest import ROOT

CONSOLES = {
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "cp1252": {"PYTHONIOENCODING": "cp1252"},
    "C": {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "utf-8": {"PYTHONIOENCODING": "utf-8"},
}
SCRIPT = """
import json, os, sys
from core.__main__ import main
for arguments in json.load(open(sys.argv[1], encoding="utf-8")):
    try:
        code = main([os.fsdecode(one.encode("utf-8", "surrogateescape")) for one in arguments])
    except SystemExit as end:
        code = end.code
    print("\\0end", code, flush=True)
    print("\\0end", file=sys.stderr, flush=True)
"""
"""Runs command after command in one process, for starting one takes seconds; words come as the shell gives them."""


def run(folder: Path, console: str, commands: list[list[str]]) -> list[tuple[int, bytes, bytes]]:
    """The exit status, the standard output and the standard error of each command."""
    (folder / "commands.json").write_text(json.dumps(commands), encoding="utf-8")
    own = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "LC_", "LANG"))}
    own |= {"PYTHONPATH": str(ROOT.parent), "OMP_NUM_THREADS": "1", **CONSOLES[console]}
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(folder / "commands.json")], capture_output=True, env=own, timeout=500
    )
    assert b"Traceback" not in ended.stderr and ended.returncode == 0, ended.stderr[-2000:]
    outs, errs = ended.stdout.split(b"\0end")[:-1], ended.stderr.split(b"\0end")
    codes = [int(one.split()[0]) for one in ended.stdout.split(b"\0end ")[1:]]
    outs = [outs[0], *(one.split(b"\n", 1)[1] for one in outs[1:])]
    return list(zip(codes, outs, errs, strict=False))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two pictures with names that ASCII has no letters for, in folders whose names no model knows."""
    for label in ("Äpfel", "梨"):
        for name in ("größe–1.png", "2 × 3.png"):
            (tmp_path / "data" / label).mkdir(parents=True, exist_ok=True)
            draws = np.random.default_rng(len(name))
            Image.fromarray(draws.integers(0, 256, (48, 48, 3), np.uint8)).save(tmp_path / "data" / label / name)
    (tmp_path / "data" / "梨" / "kaputt – ü.png").write_bytes(b"no pixels")
    return tmp_path / "data"


@pytest.mark.parametrize("console", CONSOLES)
def test_no_command_ends_in_a_traceback(data: Path, tmp_path: Path, console: str) -> None:
    shown, scenes = str(data / "Äpfel" / "2 × 3.png"), ["--model", "scenes/cbam"]
    scan = ["scan", *scenes, "--data", str(data), "--map", "Äpfel=house"]
    commands = [
        ["--help"],
        *([name, "--help"] for name in ("models", "explain", "scan", "train", "evaluate", "benchmark")),
        ["models"],
        ["models", "--json"],
        ["explain", shown, *scenes],
        ["explain", shown, *scenes, "--json"],
        ["explain", str(data / "fehlt – ü.png"), *scenes],
        ["explain", shown, "--model", "scenes/ü×"],
        [*scan, "--out", str(tmp_path / "Läufe")],
        [*scan, "--out", str(tmp_path / "Läufe"), "--json"],
        ["scan", *scenes, "--data", str(tmp_path / "nichts – ü"), "--out", str(tmp_path / "x")],
        ["train", "mine/ü×", "--data", str(tmp_path / "nichts – ü")],
        ["evaluate", "scenes/ü×"],
        ["benchmark", "scenes/ü×", "--json"],
        ["benchmark", "scenes/cbam", "--sources", "×", "--data", "–", "--out", str(tmp_path / "ü.json")],
    ]
    for command, (code, out, err) in zip(commands, run(tmp_path, console, commands), strict=True):
        mistake = any("ü" in word and "Läufe" not in word for word in command) or "×" in command
        assert code == (2 if mistake else 0), (command, err)
        assert bool(out) != mistake, command
        encoding = {"C": "ascii"}.get(console, console)
        out.decode(encoding)
        err.decode(encoding)
        if "--json" in command and not mistake:
            said = json.loads(out.decode(encoding), parse_constant=pytest.fail)
            if command[0] == "scan":
                assert said["labeled"] == 2 and said["unmatched"] == {"梨": 2}
                if console != "C":  # there its name is bytes, and escaped
                    assert said["broken"][0]["path"] == "梨/kaputt – ü.png"


def test_names_that_are_no_text_at_all(tmp_path: Path) -> None:
    """Linux allows any bytes in a name; Python carries them as surrogates, which no encoding can write."""
    name = os.fsdecode(b"caf\xe9.png")
    commands = [["explain", str(tmp_path / name), "--model", "scenes/cbam"]]
    Image.fromarray(np.zeros((48, 48, 3), np.uint8)).save(tmp_path / "a.png")
    os.rename(tmp_path / "a.png", tmp_path / name)
    commands += [["explain", str(tmp_path / f"no-{name}"), "--model", "scenes/cbam", "--json"]]
    for console in ("utf-8", "ascii"):
        (code, out, _), (other, _, err) = run(tmp_path, console, commands)
        assert (code, other) == (0, 2) and b"grad-cam for" in out and b"\\udce9" in err


def test_wrong_shares_are_refused_with_an_example(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit):
        main(["train", "a/plain", "--sizes", "large"])
    assert "'large' is not a list such as 0.4:96,0.6:128" in capsys.readouterr().err
