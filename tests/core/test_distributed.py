"""One training by several processes: their shares are the batches of one, and they reach what one reaches."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from core.distributed import Processes, gather
from core.types import InvalidInput
from tests.core.small_runs import ALONE

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("world", [2, 4])
def test_the_shares_of_all_together_are_the_batches_of_one(world: int) -> None:
    whole = ALONE.batches(53, 8, seed=5)
    assert len(whole) == 6 and len({index for batch in whole for index in batch}) == 48
    shares = [Processes(torch.device("cpu"), rank, world).batches(53, 8, seed=5) for rank in range(world)]
    for step, batch in enumerate(whole):
        assert [index for share in shares for index in share[step]] == batch
    assert whole == ALONE.batches(53, 8, seed=5) != ALONE.batches(53, 8, seed=6)
    with pytest.raises(InvalidInput, match=r"^3 processes cannot divide a batch of 8 equally[^\n]+\.$"):
        Processes(torch.device("cpu"), 0, 3).batches(53, 8, seed=5)


def test_one_process_alone_needs_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    module, value = torch.nn.Linear(2, 2), object()
    monkeypatch.setenv("WORLD_SIZE", "4")  # what a cluster may set for its own purposes
    with gather("cpu") as processes:
        assert (processes, processes.first) == (ALONE, True)
        assert processes.join(module) is module and processes.share(lambda: value) is value
    assert processes.workers >= 1


def pictures(root: Path) -> Path:
    """Four classes: noise with a bright bar whose place and color tell the class."""
    draw = np.random.default_rng(2)
    for half, count in (("train", 64), ("val", 100)):
        for index in range(4):
            (root / half / f"kind{index}").mkdir(parents=True)
            for n in range(count):
                pixels = draw.integers(0, 160, (32, 32, 3), dtype=np.uint8)
                pixels[8 * index : 8 * index + 6, :, index % 3] = draw.integers(120, 256)
                Image.fromarray(pixels).save(root / half / f"kind{index}/{n}.png")
    return root


def launch(folder: Path, processes: int, *words: str) -> tuple[str, str]:
    """What a command of python prints, run by so many processes, and what it says on the way."""
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    folder.mkdir(exist_ok=True)
    paths = {"PYTHONPATH": str(ROOT), "FOVEA_PRETRAINED": str(folder / "catalog"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, *(torchrun if processes > 1 else []), *words],
        cwd=folder, env={**os.environ, **paths}, capture_output=True, text=True, timeout=500, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def start(folder: Path, processes: int, *words: str) -> tuple[dict, str]:
    """The card of a training by so many processes, and what it says on the way."""
    printed, said = launch(folder, processes, "-m", "core", "train", *words, "--json")
    return json.loads(printed), said


GRADIENTS = """
import torch
from torch.nn import functional as F
from core.distributed import gather

x, y = torch.randn((24, 5), generator=torch.Generator().manual_seed(0)), torch.arange(24) % 3
with gather("cpu") as processes:
    torch.manual_seed(processes.rank)  # other first weights in each
    model = torch.nn.Linear(5, 3)
    joined = processes.join(model)
    mine = processes.batches(24, 24, seed=1)[0]
    F.cross_entropy(joined(x[mine]), y[mine]).backward()
    torch.manual_seed(0)
    alone = torch.nn.Linear(5, 3)
    F.cross_entropy(alone(x), y).backward()
    assert torch.equal(model.weight, alone.weight), "the first one's weights"
    torch.testing.assert_close(model.weight.grad, alone.weight.grad)
    assert not torch.allclose(torch.autograd.grad(F.cross_entropy(alone(x[mine]), y[mine]), alone.weight)[0],
                              alone.weight.grad), "a share has another gradient"
    assert processes.share(lambda: {"from": processes.rank, "x": x * processes.rank})["from"] == 0
    assert (processes.world, len(mine)) == (2, 12)
    if processes.first:
        print("same_weights")
"""


WAITING = """
import sys, time
from pathlib import Path
from core.distributed import gather

with gather("cpu") as processes:
    if processes.rank == processes.world - 1:
        time.sleep(3)
        Path("last").touch()
    processes.wait()
    assert Path("last").exists()
if processes.first:
    print(processes.world)
"""


@pytest.mark.slow
def test_all_wait_for_the_last_one(tmp_path: Path) -> None:
    (tmp_path / "waiting.py").write_text(WAITING)
    assert launch(tmp_path, 8, "waiting.py")[0] == "8\n"


@pytest.mark.slow
def test_the_gradients_of_two_processes_are_those_of_one_with_the_whole_batch(tmp_path: Path) -> None:
    (tmp_path / "gradients.py").write_text(GRADIENTS)
    assert launch(tmp_path, 2, "gradients.py")[0] == "same_weights\n"


@pytest.mark.slow
def test_two_processes_reach_the_accuracy_of_one(tmp_path: Path) -> None:
    data = pictures(tmp_path / "data")
    words = ("made/cbam", "--data", str(data), "--device", "cpu", "--epochs", "8", "--sizes", "1:32", "--batch", "32",
             "--average", "0.9", "--crop", "0.8", "--erase", "0")  # fmt: skip
    one, _ = start(tmp_path / "one", 1, *words)
    two, said = start(tmp_path / "two", 2, *words)
    assert (one["facts"]["processes"], two["facts"]["processes"]) == (1, 2)
    assert one["pictures"] == two["pictures"] == 400 and one["accuracy"] > 0.9
    assert abs(one["accuracy"] - two["accuracy"]) <= 0.01
    assert said.count("epoch   8 ") == 1  # one of the two speaks
    assert one["facts"]["checksum"] != two["facts"]["checksum"]
    again, said = start(tmp_path / "two", 2, *words)  # both go on from the first one's checkpoint
    assert again["facts"]["checksum"] == two["facts"]["checksum"] and "epoch   8 " not in said
