"""Read files of weights: all formats of state dicts, without ever running code; other files are identified.

``torch.load`` with ``weights_only`` reads tensors and plain values. Checkpoints also hold arguments, settings and numpy
numbers. Any other class in a checkpoint is replaced by a stand-in that does nothing, so the tensors are read and no
code of the file is run.
"""

from __future__ import annotations

import io
import pickle
import pickletools
import threading
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import torch
from safetensors import SafetensorError
from safetensors.torch import load, load_file
from torch import Tensor

from core.files import open_regular, reason
from core.messages import Message
from core.types import InvalidInput

Weights = dict[str, Tensor]
HYPER_PARAMETERS = ("hyper_parameters", "datamodule_hyper_parameters")
"""The entries of a checkpoint of Lightning with the arguments of its module, and of what gives it its data."""
STATED = (
    *HYPER_PARAMETERS,
    "arch",
    "architecture",
    "model_name",
    "model_arch",
    "args",
    "opt",
    "config",
    "cfg",
    "hparams",
)
"""The entries of a checkpoint that may state what its model is."""


class Checkpoint(dict[str, Tensor]):
    """The tensors of a checkpoint, by name, and its other ``content`` that is used."""

    content: Mapping[str, object] = {}


HEAD = 512  # bytes that identify the kind of a file
LONGEST, ABSURD = 16 << 20, 1 << 30
"""Bytes of the JSON in a safetensors file: of one that is read, and from which on the file is no safetensors."""
FOREIGN = (
    (
        b"version https://git-lfs",
        Message("a Git LFS pointer instead of the file itself"),
        Message("Download it with git lfs pull"),
    ),
    (b"<", Message("a web page"), Message("Download the file itself")),
    (b"\x89HDF", Message("a Keras or HDF5 file"), Message("Save a PyTorch state dict")),
    (b"GGUF", Message("a GGUF file"), Message("Save a PyTorch state dict")),
    (b"\x93NUMPY", Message("a NumPy array"), Message("Save a PyTorch state dict")),
    (b"\x1f\x8b", Message("compressed (gzip)"), Message("Unpack it first")),
    (b"BZh", Message("compressed (bzip2)"), Message("Unpack it first")),
    (b"\xfd7zXZ", Message("compressed (xz)"), Message("Unpack it first")),
    (b"7z\xbc\xaf", Message("a 7z archive"), Message("Unpack it first")),
    (b"Rar!", Message("a RAR archive"), Message("Unpack it first")),
)
"""The first bytes of other files, what they are, and what to do."""

ENTRIES = (
    ("constants.pkl", Message("a TorchScript program"), Message("Save module.state_dict() of the original module")),
    ("archive_format", Message("an exported program"), Message("Save module.state_dict() of the original module")),
    ("model.weights.h5", Message("a Keras model"), Message("Save a PyTorch state dict")),
)
"""Entries of zips that are not state dicts."""

HARMLESS = {"list", "dict", "set", "frozenset", "tuple", "int", "float", "complex", "bool", "str", "bytes", "bytearray",
            "slice", "range", "object"}  # fmt: skip
"""Names of Python that are allowed in a checkpoint; any other might run code."""
PYTHON = {"builtins", "os", "posix", "nt", "sys", "subprocess", "shutil", "importlib", "runpy", "pty",
          "socket", "ctypes", "code", "operator", "webbrowser"}  # fmt: skip
"""Modules of Python that settings do not need: a file that names one is refused."""

PYTHON_2 = {"__builtin__": "builtins", "copy_reg": "copyreg", "long": "int", "unicode": "str", "xrange": "range"}
"""Names of Python 2 in pickles of torch's protocol."""
OLD = 4
"""Pickles at the beginning of a file in torch's old format: two numbers, the machine, and then the object."""

_loading = threading.Lock()  # torch's list of allowed classes is global


class Likeness(type):
    """The type of stand-ins: it equals ``dict`` where torch checks which objects may be filled."""

    def __eq__(cls, other: object) -> bool:
        return cls is other or other is dict

    __hash__ = type.__hash__


class StandIn(dict[Any, Any], metaclass=Likeness):
    """Replaces an object of any other class: it accepts all arguments, and does nothing."""

    def __new__(cls, *_: Any, **__: Any) -> StandIn:
        """An empty stand-in, whatever it is built with."""
        return super().__new__(cls)

    def __init__(self, *_: Any, **__: Any):
        super().__init__()
        self.state: Any = None

    __hash__ = object.__hash__  # type: ignore[assignment]  # dict has none, but a stand-in may be a key

    def __setstate__(self, state: Any) -> None:
        self.state = state


def read_weights(source: Path | bytes, name: str) -> Weights:
    """The tensors in a safetensors file or a checkpoint, by name; ``name`` is the name of the file in messages.

    Names of tensors in nested dicts begin with the keys that lead to them, as in ``model.state_dict.fc.bias``; ``fit``
    finds those of a module.

    Raises:
        InvalidInput: the file cannot be read, is a pickle that might run code, is not a file of weights, or holds no
            tensors.
    """
    try:
        with open_regular(source) if isinstance(source, Path) else io.BytesIO(source) as file:
            head = file.read(HEAD)
            file.seek(0)
            length = int.from_bytes(head[:8], "little") if head[8:9] == b"{" else ABSURD  # of the JSON that follows
            if LONGEST < length < ABSURD:
                raise InvalidInput(
                    "{name} lists more than {megabytes} MB of names of tensors, too many for a model. Save "
                    "module.state_dict() again.",
                    name=name,
                    megabytes=LONGEST >> 20,
                )
            if length <= LONGEST:
                return load_file(source) if isinstance(source, Path) else load(source)
            refuse_foreign(file, head, name)
            return unwrap(_load(file, name), name)
    except InvalidInput:
        raise
    except pickle.UnpicklingError as error:
        raise InvalidInput(
            "{name} is refused: it is a pickle with more than tensors, and opening it can run code. Save only "
            "module.state_dict(), preferably as safetensors.",
            name=name,
        ) from error
    except (OSError, SafetensorError) as error:
        raise InvalidInput(
            "{name} cannot be read: {reason}. Save or copy it again.", name=name, reason=reason(error)
        ) from error
    except Exception as error:  # torch.load may raise anything
        raise InvalidInput(
            "{name} is damaged, or neither safetensors nor a state dict. Save module.state_dict() again, "
            "preferably as safetensors.",
            name=name,
        ) from error


def refuse_foreign(file: BinaryIO, head: bytes, name: str) -> None:
    """Refuse a file whose ``head`` is not that of ``torch.save``; the file is rewound to its beginning.

    Raises:
        InvalidInput: it is another kind of file, or empty.
    """
    if not head:
        raise InvalidInput("{name} is empty. Save or copy it again.", name=name)
    kinds = [(what, do) for start, what, do in FOREIGN if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(start)]
    if head[4:8] == b"TFL3":
        kinds.append((Message("a TensorFlow Lite model"), Message("Save a PyTorch state dict")))
    if head[:1] == b"\x08" and head[2:3] in (b"\x12", b"\x1a", b"\x22", b"\x3a") and head[1] < 32:
        kinds.append((Message("an ONNX model"), Message("Save module.state_dict() of the original module")))
    if head[257:262] == b"ustar":
        kinds.append((Message("a tar archive"), Message("Unpack it first")))
    if head[:4] == b"PK\3\4" and zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            inside = {one.rpartition("/")[2] for one in archive.namelist()}
        kinds += [(what, do) for entry, what, do in ENTRIES if entry in inside]
        if not kinds and not any(one.endswith(".pkl") for one in inside):
            kinds.append((Message("a zip that torch.save did not write"), Message("Unpack it first")))
    file.seek(0)
    for what, do in kinds[:1]:
        raise InvalidInput("{name} is {what}. {action}.", name=name, what=what, action=do)


def unwrap(found: object, name: str) -> Weights:
    """The tensors in the content of a file, each by the keys that lead to it; InvalidInput if there is none."""
    weights = Checkpoint(_tensors(found, "", set()))
    if weights:
        weights.content = {key: found[key] for key in STATED if isinstance(found, Mapping) and key in found}
        return weights
    modules = [type(one).__name__ for one in _values(found) if isinstance(one, StandIn) and _is_module(one)]
    if modules:
        raise InvalidInput(
            "{name} is refused: it is a pickle of a whole module ({module}), and opening it can run code. Save "
            "only module.state_dict(), preferably as safetensors.",
            name=name,
            module=modules[0],
        )
    raise InvalidInput("{name} holds no state dict. Save module.state_dict().", name=name)


def _tensors(found: object, before: str, seen: set[int]) -> Iterator[tuple[str, Tensor]]:
    """Every named tensor in nested dicts; each dict once, because it may contain itself."""
    if not isinstance(found, Mapping) or id(found) in seen:
        return
    seen.add(id(found))
    for key, value in found.items():
        if isinstance(key, str):
            if isinstance(value, Tensor):
                yield before + key, value
            else:
                yield from _tensors(value, f"{before}{key}.", seen)


def _values(found: object) -> list[object]:
    return [found, *(found.values() if isinstance(found, Mapping) else ())]


def _is_module(one: StandIn) -> bool:
    return isinstance(one.state, dict) and "_modules" in one.state


def _load(file: BinaryIO, name: str) -> object:
    """The content of a file of ``torch.save``; a zip that unpacks to more than its own size is not opened."""
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            if any(one.compress_type != zipfile.ZIP_STORED for one in archive.infolist()):
                raise zipfile.BadZipFile("torch.save does not compress")
            pickled = next((one for one in archive.namelist() if one.endswith("data.pkl")), None)
            named = _named(io.BytesIO(archive.read(pickled)), name) if pickled else set()
    else:
        file.seek(0)
        named = set().union(*(_named(file, name) for _ in range(OLD)))
    file.seek(0)
    # Stand-ins for classes that torch does not allow.
    stand_ins: list[Callable[..., Any] | tuple[Callable[..., Any], str]] = [
        (Likeness(one.rpartition(".")[2], (StandIn,), {}), one) for one in named
    ]
    with _loading, torch.serialization.safe_globals(stand_ins), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's warnings about a pickle before it refuses it
        return torch.load(file, map_location="cpu", weights_only=True)


def _named(pickled: BinaryIO, name: str) -> set[str]:
    """The classes and functions in a pickle, by module and name.

    Raises:
        InvalidInput: torch does not read this kind of pickle.
        UnpicklingError: it names an object of Python that is not a plain value.
    """
    named = set()
    for operation, argument, _ in pickletools.genops(pickled):
        if operation.name in ("FRAME", "STACK_GLOBAL"):
            raise InvalidInput(
                "{name} was saved with a newer pickle protocol. Omit pickle_protocol in torch.save.", name=name
            )
        if operation.name == "GLOBAL":
            module, _, what = str(argument).partition(" ")
            module, what = PYTHON_2.get(module, module), PYTHON_2.get(what, what)
            if module.partition(".")[0] in PYTHON and not (module == "builtins" and what in HARMLESS):
                raise pickle.UnpicklingError(f"{module}.{what} might be run.")
            named.add(f"{module}.{what}")
    return named
