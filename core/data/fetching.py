"""Data sets that torchvision can download: Imagenette, CIFAR-10 and CIFAR-100."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from urllib.request import Request, urlopen

import numpy as np

from core.data.folders import place
from core.data.split import Dataset, Split
from core.files import home, reason, sweep, unfinished
from core.types import InvalidInput, Progress

CIFAR = {"cifar10": "CIFAR10", "cifar100": "CIFAR100"}
"""The names of torchvision's data sets."""
IMAGENETTE_BYTES = 99_003_388
"""The size of Imagenette's archive at 160 px."""


def open_cifar(name: str, folder: str | Path | None = None, *, download: bool = False) -> Dataset:
    """CIFAR-10 or CIFAR-100 (Krizhevsky, 2009): 50,000 pictures of 32 px for training and 10,000 for validation.

    torchvision's files are searched in ``folder`` (default: FOVEA_DATA, else ``home()``), checked by their hashes, and
    downloaded only if ``download`` is true.

    Raises:
        InvalidInput: they are not there, or cannot be downloaded.
    """
    from torchvision import datasets

    kind, root = getattr(datasets, CIFAR[name]), place(folder)
    try:
        halves = kind(root, train=True, download=download), kind(root, train=False)
    except (RuntimeError, OSError) as error:
        if download:
            raise InvalidInput(
                "{name} cannot be downloaded: {reason}. Give the folder that holds {inside}/.",
                name=name,
                reason=reason(error),
                inside=kind.base_folder,
            ) from error
        raise InvalidInput(
            "{name} is not in {root}. Give the folder that holds {inside}/, or add --download.",
            name=name,
            root=root,
            inside=kind.base_folder,
        ) from error
    classes = tuple(one.replace("_", " ") for one in halves[0].classes)
    train, val = (Split(np.array(one.targets, np.int64), one.data.__getitem__) for one in halves)
    return Dataset(name, classes, train, val)


def _length(address: str) -> int:
    """The size in bytes of the file at an address, as stated by its server."""
    with urlopen(Request(address, method="HEAD"), timeout=30) as answer:
        return int(answer.headers["Content-Length"])


def fetch_imagenette(root: Path | None = None, progress: Progress | None = None) -> Path:
    """Download Imagenette at 160 px by torchvision, check and unpack it; returns the folder that holds train/ and val/.

    ``progress(bytes, total)`` is called twice a second in the caller's thread.

    The folder gets its name when it is complete.

    Raises:
        InvalidInput: it cannot be downloaded, for example without a network. No partial files are left.
    """
    from torchvision import datasets

    root = root or home()
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput(
            "The folder {root} cannot be created: {reason}. Name another folder with FOVEA_DATA.",
            root=root,
            reason=reason(error),
        ) from error
    address = datasets.Imagenette._ARCHIVES["160px"][0]
    found = root / address.rpartition("/")[2].removesuffix(".tgz")
    if found.is_dir():
        return found
    sweep(root, found.name)
    beside = unfinished(found)  # torchvision takes a folder that is half unpacked for a whole one
    archive = beside / f"{found.name}.tgz"

    def fetch() -> None:
        beside.mkdir()
        datasets.Imagenette(str(beside), size="160px", download=True)
        (beside / found.name).replace(found)

    try:
        with ThreadPoolExecutor(1) as pool:
            total, future = pool.submit(_length, address), pool.submit(fetch)
            while not future.done():
                wait([future], timeout=0.5)
                if progress and total.done() and not total.exception() and archive.exists():
                    progress(min(archive.stat().st_size, total.result()), total.result())
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    if (failure := future.exception()) is not None and not found.is_dir():  # else another process was faster
        raise InvalidInput(
            "Imagenette cannot be downloaded: {reason}. Check the network, or unpack {archive} into {root} by hand.",
            reason=reason(failure),
            archive=archive.name,
            root=root,
        ) from failure
    return found
