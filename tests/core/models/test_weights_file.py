"""Files of weights: what lies next to weights does no harm and runs nothing, and what other files are is reported."""

from __future__ import annotations

import argparse
import collections
import enum
import io
import json
import os
import pathlib
import pickle
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save
from torch import nn

from core.models import zoo
from core.models.files.weights import read_weights
from core.models.user_models import own
from core.types import ModelCard
from tests.core.refusals import refusal
from tests.core.small_weights import fitted, is_same, named, net, stored


class Rate(enum.Enum):
    FAST = 1


@dataclass
class Settings:
    rate: float = 0.1
    more: dict = field(default_factory=lambda: {"deep": [1, 2]})


class Attributes(dict):
    """As Lightning, yacs and others keep their settings."""

    __getattr__ = dict.get


class Slots:
    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 3


HARMLESS = {
    "a namespace": argparse.Namespace(lr=0.1, path=pathlib.PurePosixPath("a/b")),
    "a path": pathlib.Path("a/b"),
    "a path of Windows": pathlib.PureWindowsPath("C:/a"),
    "numbers of numpy": [np.float64(0.5), np.int64(3), np.float32(1), np.bool_(True), np.str_("a")],
    "arrays": {"a": np.arange(3), "b": np.ones((2, 2)), "c": np.dtype("float32")},
    "an enum": Rate.FAST,
    "a dataclass": Settings(),
    "a table of one's own": Attributes(lr=1, deep=Attributes(a=2)),
    "a default": collections.defaultdict(list, a=[1]),
    "slots": Slots(),
    "sets": {1, 2, frozenset({3})},
    "types": [int, float, torch.float16, slice(1, 2), complex(1, 2)],
    "keys": {Rate.FAST: 1, pathlib.PurePosixPath("a"): 2},
    "a loss": nn.CrossEntropyLoss(),
    "a scheduler": torch.optim.lr_scheduler.StepLR(torch.optim.SGD([nn.Parameter(torch.ones(1))]), 3),
}


@pytest.mark.parametrize("kind", HARMLESS)
@pytest.mark.parametrize("options", [{}, {"_use_new_zipfile_serialization": False}], ids=["zip", "old"])
def test_settings_of_every_class_lie_next_to_weights_and_nothing_is_made_of_them(kind: str, options: dict) -> None:
    right, made = net(5), []
    if kind == "a loss" and options:
        pytest.skip("the old format keeps a module's source with it, which is refused")
    content = {"hyper_parameters": HARMLESS[kind], "state_dict": named(right.state_dict(), "model."), "epoch": 3}
    data = stored(content, **options)
    before = set(torch.serialization.get_safe_globals())
    init, Settings.__init__ = Settings.__init__, lambda *_: made.append(1)
    try:
        assert is_same(fitted(data), right)
    finally:
        Settings.__init__ = init
    assert not made and set(torch.serialization.get_safe_globals()) == before


def touch(path: Path) -> None:
    path.touch()


class Runs:
    """Pickled, it calls something when it is opened."""

    def __init__(self, *call: object):
        self.call = call

    def __reduce__(self) -> tuple:
        return self.call[0], tuple(self.call[1:])


@pytest.mark.parametrize("options", [{}, {"_use_new_zipfile_serialization": False}], ids=["zip", "old"])
def test_what_might_run_is_refused_and_does_not_run(tmp_path: Path, options: dict) -> None:
    weights, mark = net().state_dict(), tmp_path / "ran"
    for call in ((os.mkdir, str(mark)), (eval, f"open({str(mark)!r}, 'w')"), (os.system, f"touch {mark}"),
                 (exec, f"open({str(mark)!r}, 'w')"), (getattr, 3, "real")):  # fmt: skip
        told = refusal(lambda call=call: fitted(stored({"state_dict": weights, "more": Runs(*call)}, **options)))
        assert told.startswith("x.pt is refused: it is a pickle with more than tensors,")
    known = stored({"state_dict": weights, "more": Runs(touch, mark)}, **options)
    assert is_same(fitted(known), net())  # no part of Python's own, so a stand-in takes its place
    assert not mark.exists()


def scripted() -> bytes:
    file = io.BytesIO()
    torch.jit.save(torch.jit.script(nn.Sequential(nn.Conv2d(3, 4, 3))), file)
    return file.getvalue()


def zipped(**entries: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        for name, data in entries.items():
            packed.writestr(name, data)
    return file.getvalue()


FOREIGN = {
    "empty": (lambda: b"", "x.pt is empty. "),
    "script": (scripted, "x.pt is a TorchScript program. Save module.state_dict() of the original module."),
    "module": (
        lambda: stored(net()),
        "it is a pickle of a whole module (Net), and opening it can run code",
    ),
    "whole": (lambda: stored({"model": net(), "ema": None}), "a whole module (Net)"),
    "lfs": (lambda: b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 9\n", "a Git LFS pointer"),
    "page": (lambda: b"\n <!DOCTYPE html>\n<html>", "x.pt is a web page. Download the file itself."),
    "bom": (lambda: b"\xef\xbb\xbf<?xml version='1.0'?><Error/>", "x.pt is a web page"),
    "keras": (
        lambda: b"\x89HDF\r\n\x1a\n" + bytes(99),
        "x.pt is a Keras or HDF5 file. Save a PyTorch state dict.",
    ),
    "keras zip": (lambda: zipped(**{"config.json": b"{}", "model.weights.h5": b""}), "x.pt is a Keras model"),
    "onnx": (lambda: b"\x08\x08\x12\x07pytorch\x1a\x052.6.0", "x.pt is an ONNX model"),
    "gzip": (lambda: b"\x1f\x8b\x08" + bytes(50), "x.pt is compressed (gzip). Unpack it first."),
    "tar": (lambda: b"a/b".ljust(257, b"\0") + b"ustar\x0000" + bytes(300), "x.pt is a tar archive. Unpack it first."),
    "zip": (lambda: zipped(**{"a.pth": b"x"}), "x.pt is a zip that torch.save did not write. Unpack it first."),
    "npz": (lambda: zipped(**{"a.npy": b"x"}), "x.pt is a zip that torch.save did not write. Unpack it first."),
    "protocol": (lambda: stored({"a": torch.ones(1)}, pickle_protocol=4), "was saved with a newer pickle protocol."),
    "plain": (lambda: pickle.dumps({"a": [1]}, 2), "x.pt is damaged, or neither safetensors nor a state dict."),
    "text": (lambda: b"hello\nworld\n", "x.pt is damaged, or neither safetensors nor a state dict."),
    "random": (
        lambda: np.random.default_rng(0).bytes(5000),
        "x.pt is damaged, or neither safetensors nor a state dict.",
    ),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_other_files_are_called_by_their_name(kind: str, tmp_path: Path) -> None:
    make, words = FOREIGN[kind]
    assert words in refusal(lambda: read_weights(make(), "x.pt"))
    (tmp_path / "x.pt").write_bytes(make())
    assert words in refusal(lambda: read_weights(tmp_path / "x.pt", "x.pt"))
    card = {"architecture": "torchvision/resnet50", "classes": ["a", "b"], "size": 64}
    told = refusal(lambda: own.open_model(json.dumps(card).encode(), make()))  # and not that it is too small
    assert words.replace("x.pt", "The file of the weights") in told


def test_safetensors_of_any_length_are_read() -> None:
    """The first bytes are a length, and may look like the begin of anything."""
    seen = set()
    for extra in range(60, 330):
        data = save({"weight": torch.ones(1)}, {"note": "x" * extra})
        seen.add(data[:1])
        assert read_weights(data, "x").keys() == {"weight"}
    assert b"<" in seen or len(seen) > 20


def test_a_table_that_lies_in_itself_ends() -> None:
    table: dict = {"weight": torch.ones(1)}
    table["again"] = table
    assert set(read_weights(stored({"a": table, "b": table}), "x")) == {"a.weight"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
def test_cards_and_weights_are_regular_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    os.mkfifo(tmp_path / "pets.pt")
    (tmp_path / "pets.json").write_text("{}")
    (tmp_path / "folder.json").mkdir()
    for place in (tmp_path / "pipe.json", tmp_path / "folder.json", Path("/dev/zero")):
        told = refusal(lambda place=place: own.read_card(place, "own/x"))
        assert "is not a regular file" in told or "is a folder" in told
        assert refusal(lambda place=place: read_weights(place, "x.pt")) == told
    monkeypatch.setenv("FOVEA_MODELS", str(tmp_path))
    assert len(own.problems()) == 3 and own.cards() == ()
    (tmp_path / "tiny").mkdir()
    for suffix in (".json", ".safetensors"):
        os.mkfifo(tmp_path / "tiny" / f"plain{suffix}")
    assert "is not a regular file" in refusal(lambda: zoo.read_card(tmp_path / "tiny" / "plain.json"))
    monkeypatch.setenv("FOVEA_PRETRAINED", str(tmp_path))
    card = ModelCard("tiny/plain", "Plain", "plain", ("a", "b"))
    assert "no such file or folder" in refusal(lambda: zoo.fetch(card))


@pytest.mark.parametrize("suffix", own.WEIGHT_SUFFIXES)
def test_every_usual_ending_is_found_next_to_a_card(suffix: str, tmp_path: Path) -> None:
    card = {"architecture": "torchvision/resnet18", "classes": ["a", "b"], "size": 64}
    (tmp_path / "pets.json").write_text(json.dumps(card))
    (tmp_path / f"pets{suffix}").write_bytes(b"x")
    assert own.read_card(tmp_path / "pets.json", "own/pets").facts["file"] == str(tmp_path / f"pets{suffix}")
