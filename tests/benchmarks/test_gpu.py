"""The measurement of a GPU, with the CPU in its place: its arithmetic, and what it needs and says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save

from tests.benchmarks import gpu
from tests.benchmarks.missing_packages import DTYPES, read_safetensors
from tests.source_files import ROOT

SMALL = ["--device", "cpu", "--models", "1", "--pictures", "4", "--rounds", "1", "--json"]


def test_a_difference_is_a_share_of_the_peak() -> None:
    assert gpu.difference([1.0, 2.0, -4.0], [1.0, 2.0, -4.0]) == 0
    assert gpu.difference([1.0, 2.1, -4.0], [1.0, 2.0, -4.0]) == pytest.approx(0.1 / 4)
    assert gpu.difference([0.5], [0.0]) == 0.5  # a map of zeros has no peak


def test_the_cpu_equals_itself_also_without_the_packages_that_are_not_needed() -> None:
    hidden = (
        "import sys; from tests.benchmarks import missing_packages as m; sys.meta_path.insert(0, m.Finder(m.REPLACED));"
    )
    program = f"{hidden} from tests.benchmarks import gpu; sys.exit(gpu.main({SMALL}))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr
    rows, _ = json.JSONDecoder().raw_decode(done.stdout)
    assert len(rows) == 1 and rows[0]["difference"] == 0
    assert all(rows[0][name] > 0 for name in ("pictures / s", "scan / forward", "panel / pass"))
    assert f"torch {torch.__version__}" in done.stderr and f"numpy {np.__version__}" in done.stderr


def test_without_a_gpu_it_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(gpu, "find_gpu", lambda: "")
    assert gpu.main([]) == 0 and "There is no GPU" in capsys.readouterr().out


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(gpu, "NEEDED", ("torch", "no_such_package"))
    assert gpu.main([]) == 1
    said = capsys.readouterr().err
    assert "no_such_package is missing" in said and "make gpu PYTHON=python3" in said


def test_a_difference_above_the_goal_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(gpu, "measure", lambda *_: [{"model": "a", "difference": 2e-4}])
    assert gpu.main(["--device", "cpu"]) == 1 and "2.0e-04" in capsys.readouterr().out


def test_weights_are_read_without_safetensors(tmp_path: Path) -> None:
    tensors = {str(kind): torch.arange(6).reshape(2, 3).to(kind) for kind in DTYPES.values()} | {"none": torch.empty(0)}
    found = read_safetensors(save(tensors))
    assert found.keys() == tensors.keys()
    assert all(torch.equal(found[name], one) and found[name].dtype == one.dtype for name, one in tensors.items())
