"""Data sets that torchvision fetches: with progress, whole or not at all, checked, and only when that is asked for."""

from __future__ import annotations

import hashlib
import os
import pickle
import tarfile
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
import torchvision

from core import files
from core.data import datasets, fetching
from core.data.datasets import find_folder, open_dataset
from core.types import InvalidInput
from tests.core.class_folders import fill

pytestmark = pytest.mark.usefixtures("nowhere")


class Fetched:
    """Stands for torchvision's Imagenette: leaves an archive and a folder, or an archive and half a folder."""

    _ARCHIVES = {"160px": ("https://nowhere.example/imagenette2-160.tgz", "")}
    fails = False

    def __init__(self, root: str, size: str, download: bool):
        assert size == "160px" and download
        (Path(root) / "imagenette2-160.tgz").write_bytes(b"12345")
        time.sleep(1)
        fill(Path(root) / "imagenette2-160", val=0 if self.fails else 2)
        if self.fails:
            raise RuntimeError("the network went away")


@pytest.mark.parametrize("answers", [True, False])
def test_imagenette_is_downloaded_with_progress(nowhere: Path, monkeypatch: pytest.MonkeyPatch, answers: bool) -> None:
    def length(address: str) -> int:
        assert address == "https://nowhere.example/imagenette2-160.tgz"
        if not answers:
            raise OSError("no length")
        return 10

    calls: list[tuple[int, int]] = []
    monkeypatch.setattr(torchvision.datasets, "Imagenette", Fetched)
    monkeypatch.setattr(fetching, "_length", length)
    found = datasets.fetch_imagenette(progress=lambda done, total: calls.append((done, total)))
    assert found == nowhere / "imagenette2-160" == find_folder() and os.listdir(nowhere) == ["imagenette2-160"]
    assert set(calls) <= {(5, 10)} and bool(calls) == answers


def test_a_fetch_that_fails_is_one_sentence_and_leaves_nothing(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torchvision.datasets, "Imagenette", type("Failing", (Fetched,), {"fails": True}))
    monkeypatch.setattr(fetching, "_length", lambda address: 10)
    with pytest.raises(InvalidInput, match=r"^[^\n]*the network went away[^\n]+\.$"):
        datasets.fetch_imagenette()
    assert os.listdir(nowhere) == [] and find_folder() is None


def test_an_unfinished_download_of_imagenette_is_not_used(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a process leaves that is killed while it unpacks: the next one begins again, and removes it in the end."""
    fill(nowhere / ".imagenette2-160.0123456789abcdef0123456789abcdef" / "imagenette2-160")
    assert find_folder() is None
    monkeypatch.setattr(torchvision.datasets, "Imagenette", Fetched)
    monkeypatch.setattr(fetching, "_length", lambda address: 10)
    monkeypatch.setattr(files, "LEFT", 0.0)
    assert datasets.fetch_imagenette() == nowhere / "imagenette2-160"
    assert os.listdir(nowhere) == ["imagenette2-160"]


def test_imagenette_is_downloaded_only_on_request(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torchvision.datasets, "Imagenette", Fetched)
    monkeypatch.setattr(fetching, "_length", lambda address: 10)
    with pytest.raises(InvalidInput, match="FOVEA_DATA"):
        open_dataset("imagenette")
    with pytest.raises(InvalidInput, match="FOVEA_DATA"):
        open_dataset("birds", download=True)  # nobody knows where from
    assert open_dataset("mine", "imagenette", download=True).name == "imagenette2-160"
    monkeypatch.setattr(torchvision.datasets, "Imagenette", None)
    assert len(open_dataset("imagenette", download=True).training) == 6  # it is there


def cifar(root: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """Small files of the kind that torchvision reads, with their hashes; their pictures (6 + 4, 32, 32, 3)."""
    kind, pixels = (
        getattr(torchvision.datasets, fetching.CIFAR[name]),
        np.random.default_rng(1).integers(0, 256, (10, 32, 32, 3), dtype=np.uint8),
    )
    key, names = ("labels", "label_names") if name == "cifar10" else ("fine_labels", "fine_label_names")
    raw = pixels.transpose(0, 3, 1, 2).reshape(10, -1)
    files = {
        "one": {"data": raw[:4], key: [0, 1, 1, 0]},
        "two": {"data": raw[4:6], key: [1, 0]},
        "test": {"data": raw[6:], key: [0, 0, 1, 1]},
        "meta": {names: ["lamp_post", "cat"]},
    }
    (root / kind.base_folder).mkdir(parents=True)
    sums = {}
    for file, content in files.items():
        data = pickle.dumps(content)
        (root / kind.base_folder / file).write_bytes(data)
        sums[file] = hashlib.md5(data).hexdigest()
    monkeypatch.setattr(kind, "train_list", [[file, sums[file]] for file in ("one", "two")])
    monkeypatch.setattr(kind, "test_list", [["test", sums["test"]]])
    monkeypatch.setattr(kind, "meta", {"filename": "meta", "key": names, "md5": sums["meta"]})
    return pixels


@pytest.mark.parametrize("name", ["cifar10", "cifar100"])
def test_cifar_is_read_from_torchvisions_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    with pytest.raises(InvalidInput, match=rf"^{name} is not in [^\n]+ or add --download\.$"):
        open_dataset(name, tmp_path)
    pixels = cifar(tmp_path, name, monkeypatch)
    monkeypatch.setenv("FOVEA_DATA", str(tmp_path))
    for data in (open_dataset(name, tmp_path), open_dataset(name), open_dataset("mine", name)):
        assert (data.name, data.classes) == (name, ("lamp post", "cat"))
        assert data.training.labels.tolist() == [0, 1, 1, 0, 1, 0] and data.validation.labels.tolist() == [0, 0, 1, 1]
        assert all(np.array_equal(data.training.read(i), pixels[i]) for i in range(6))
        assert all(np.array_equal(data.validation.read(i), pixels[6 + i]) for i in range(4))
    (tmp_path / getattr(torchvision.datasets, fetching.CIFAR[name]).base_folder / "two").write_bytes(b"damaged")
    with pytest.raises(InvalidInput, match="is not in"):
        open_dataset(name)


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder and says nothing of it."""

    def log_message(self, *_: object) -> None:
        pass


def test_cifar_is_downloaded_and_unpacked_on_request(
    tmp_path: Path, nowhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cifar(tmp_path / "server", "cifar10", monkeypatch)
    kind, archive = torchvision.datasets.CIFAR10, tmp_path / "server/cifar.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(tmp_path / "server" / kind.base_folder, kind.base_folder)
    monkeypatch.setattr(kind, "tgz_md5", hashlib.md5(archive.read_bytes()).hexdigest())
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=tmp_path / "server")) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(kind, "url", f"http://127.0.0.1:{server.server_port}/cifar.tar.gz")
        assert len(open_dataset("cifar10", download=True).training) == 6
        server.shutdown()
    assert (nowhere / kind.base_folder).is_dir() and len(open_dataset("cifar10").validation) == 4
    with pytest.raises(InvalidInput, match=r"^cifar10 cannot be downloaded: [^\n]+\.$"):
        open_dataset("cifar10", tmp_path / "elsewhere", download=True)
