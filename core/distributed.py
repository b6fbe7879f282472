"""The processes of one training run: a single process, or several under torchrun on one or more machines.

Each process computes a share of every batch, and gradients are averaged over all processes (Li et al., "PyTorch
Distributed", 2020), with nccl on NVIDIA devices and gloo on CPUs. BatchNorm normalizes each share separately, as in
torchvision's reference scripts, and the statistics of the first process are kept. Synchronized BatchNorm would need
NVIDIA devices, and is unnecessary for shares of sixteen pictures or more. Only the first process evaluates and writes
files.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from core import device as devices
from core.types import InvalidInput

T = TypeVar("T")
PATIENCE = timedelta(hours=2)  # the other processes wait while the first one evaluates


@dataclass(frozen=True)
class Processes:
    """The group of ``world`` processes, as seen by the one with this ``rank`` and ``device``."""

    device: torch.device
    rank: int = 0
    world: int = 1

    @property
    def first(self) -> bool:
        """Whether this process evaluates and writes files."""
        return self.rank == 0

    @property
    def workers(self) -> int:
        """The number of workers that read pictures for this process: half of its share of the cores."""
        own = (os.cpu_count() or 1) // int(os.environ.get("LOCAL_WORLD_SIZE", 1))
        return min(8, max(1, own // 2))

    def share(self, make: Callable[[], T]) -> T:
        """Run ``make`` in the first process and return its result in all of them."""
        if self.world == 1:
            return make()
        box: list[Any] = [make() if self.first else None]
        distributed.broadcast_object_list(box, src=0, device=self.device)
        return box[0]

    def wait(self) -> None:
        """Wait until all processes reach this point."""
        if self.world > 1:
            distributed.barrier()

    def join(self, model: nn.Module) -> nn.Module:
        """Wrap the model so that gradients are averaged over all processes; a single process gets the model itself."""
        return DistributedDataParallel(model) if self.world > 1 else model

    def batches(self, count: int, batch: int, seed: int) -> list[list[int]]:
        """The indices of this process's share of every batch: 0..count-1 shuffled by ``seed``, full batches only.

        Together, the shares of all processes are the batches of a single process.

        Raises:
            InvalidInput: the batch size is not a multiple of the number of processes.
        """
        if batch % self.world:
            raise InvalidInput(
                "{count} processes cannot divide a batch of {batch} equally. Choose another batch size.",
                count=self.world,
                batch=batch,
            )
        order = torch.randperm(count, generator=torch.Generator().manual_seed(seed))
        return order[: count // batch * batch].view(-1, batch).chunk(self.world, 1)[self.rank].tolist()


def is_launched() -> bool:
    """Whether torchrun started this process, so that there may be other ones."""
    return distributed.is_available() and distributed.is_torchelastic_launched()


def own_device(name: str = "auto") -> torch.device:
    """The device of that name; under torchrun each process of a machine has its own CUDA device, or the CPU.

    Raises:
        InvalidInput: there is no such device, or fewer devices than processes on this machine.
    """
    device = devices.choose_device(name)
    if not is_launched():
        return device
    return devices.choose_device(f"cuda:{os.environ['LOCAL_RANK']}") if device.type == "cuda" else torch.device("cpu")


@contextmanager
def gather(name: str = "auto") -> Iterator[Processes]:
    """The processes started by torchrun, or this one alone, on the device of that name; all wait at the end.

    Raises:
        InvalidInput: there is no such device, or fewer devices than processes on this machine.
    """
    device = own_device(name)
    if not is_launched():
        yield Processes(device)
        return
    if device.type == "cuda":
        torch.cuda.set_device(device)
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo", timeout=PATIENCE)
    try:
        processes = Processes(device, distributed.get_rank(), distributed.get_world_size())
        yield processes
        processes.wait()  # leaving the group while another process is still in it may abort
    finally:
        distributed.destroy_process_group()
