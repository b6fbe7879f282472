"""Runs: what is read of them while they grow, when a part is damaged, and what is kept of each picture."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from torch import nn

import core
from core.classifier import outputs
from core.types import InvalidInput
from tests.core.small_scans import MAPPING


def test_a_damaged_part_is_reported_and_scanned_again(tiny: Callable, data: Path, tmp_path: Path, often: None) -> None:
    whole = core.scan(tiny("cbam"), data, tmp_path / "run")
    run = core.open_run(tmp_path / "run")
    run.parts[1].path.write_bytes(b"PAR1 and no more")
    with pytest.raises(InvalidInput, match=r"is damaged. .+\.$"):
        run.table()
    assert core.scan(tiny("cbam"), data, tmp_path / "run").equals(whole)
    (run.folder / "run.json").write_text("{}")
    with pytest.raises(InvalidInput, match=r"run.json is damaged.+\.$"):
        core.open_run(run.folder)
    assert core.list_runs(tmp_path) == ()


def test_parts_that_overlap_give_each_row_once(tiny: Callable, data: Path, tmp_path: Path, often: None) -> None:
    """As two scans into one folder at the same time may leave it."""
    whole = core.scan(tiny("cbam"), data, tmp_path / "run")
    run = core.open_run(tmp_path / "run")
    first = run.parts[0].path
    shutil.copy(first, first.with_name("part-000000000-000000015.parquet"))
    assert run.table().equals(whole) and len(run.array("cam")) == 36


def test_a_part_of_somebody_elses_is_damaged_too(tiny: Callable, data: Path, tmp_path: Path, often: None) -> None:
    whole = core.scan(tiny("cbam"), data, tmp_path / "run")
    run = core.open_run(tmp_path / "run")
    pq.write_table(pq.read_table(run.parts[1].path).replace_schema_metadata(), run.parts[1].path)
    with pytest.raises(InvalidInput, match=r"is damaged. .+\.$"):
        run.broken()
    assert core.scan(tiny("cbam"), data, tmp_path / "run").equals(whole)


def test_what_is_held_still_goes_together_while_parts_come(
    tiny: Callable, data: Path, tmp_path: Path, often: None
) -> None:
    whole = core.scan(tiny("cbam"), data, tmp_path / "run")
    run = core.open_run(tmp_path / "run")
    first, maps = run.parts[0].path, run.array("cam")
    first.rename(tmp_path / "away")  # as under torchrun, where another process is not as far
    still = run.snapshot()
    table = still.table()
    (tmp_path / "away").rename(first)
    assert len(table) == 20 == still.scanned and run.scanned == 36 and run.table().equals(whole)
    assert np.array_equal(still.array("cam"), maps[table["number"]])


def test_features_are_kept_at_length_one_however_large(tiny: Callable, data: Path, tmp_path: Path) -> None:
    model = tiny("plain")
    loud = replace(model, module=deepcopy(model.module))
    for module in loud.module.get_submodule("stage4").modules():
        if isinstance(module, nn.BatchNorm2d):
            module.weight.mul_(1e3)
    for name, one in (("own", model), ("loud", loud)):
        core.scan(one, data, tmp_path / name)
        features, last = core.open_run(tmp_path / name).array("features"), list(one.stages.values())[-1]
        assert np.isfinite(features).all() and np.allclose(np.linalg.norm(features, axis=1), 1, atol=2e-3)
    with torch.no_grad(), outputs({"last": last.module}) as kept:
        loud.module(loud.prepare(core.open_image(data / "ash" / "00.png")))
    means = last.arrange(kept["last"])[0].mean((1, 2)).numpy()
    assert np.abs(means).max() > np.finfo(np.float16).max
    assert np.allclose(features[0], means / np.linalg.norm(means), atol=2e-3)


def test_two_scans_into_one_folder_at_once(tiny: Callable, data: Path, tmp_path: Path, often: None) -> None:
    with ThreadPoolExecutor(3) as pool:
        tables = [pool.submit(core.scan, tiny("cbam"), data, tmp_path / "run") for _ in range(3)]
    assert all(one.result().equals(tables[0].result()) and len(one.result()) == 36 for one in tables)


def test_runs_lie_side_by_side_and_open_their_pictures(tiny: Callable, tmp_path: Path) -> None:
    for name in ("a", "b"):
        core.scan(tiny("cbam"), "scenes-tag", tmp_path / name, seed=5, pictures=20, mapping=MAPPING)
    runs = core.list_runs(tmp_path)
    assert {run.folder.name for run in runs} == {"a", "b"} and runs[0].finished
    facts = json.loads((tmp_path / "a" / "run.json").read_text())
    assert facts["model"] == "tiny/cbam" and facts["pictures"] == 20 and facts["unmatched"] == []
    table = runs[0].table()
    kinds = table["path"].str.partition("/")[0]
    assert set(kinds) == {"scenes", "scenes-tag"} and table["true"].notna().all()
    assert runs[0].picture(3).sha256 == table["sha256"][3]
    assert core.scan(tiny("cbam"), "scenes-tag", seed=5, pictures=20, mapping=MAPPING).equals(table)
