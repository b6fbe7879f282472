"""Stand-ins for packages that a measurement does not need, so that it runs where only torch and a few others are.

``core`` imports pandas, pyarrow, scipy and safetensors for tables, files and tests of significance. On a machine where
they are missing they are replaced here: nothing is computed with them, and weights are read by ``read_safetensors``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any
from unittest.mock import MagicMock

import torch

REPLACED = ("pandas", "pyarrow", "scipy", "safetensors")
DTYPES = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "I64": torch.int64,
          "I32": torch.int32, "I16": torch.int16, "I8": torch.int8, "U8": torch.uint8, "BOOL": torch.bool}  # fmt: skip
"""The types of a safetensors file."""


def read_safetensors(data: bytes) -> dict[str, torch.Tensor]:
    """The tensors of a safetensors file: eight bytes with the length of a JSON, the JSON, and the values."""
    length = int.from_bytes(data[:8], "little")
    stated, body = json.loads(data[8 : 8 + length]), data[8 + length :]
    found = {}
    for name, one in stated.items():
        if name != "__metadata__":
            begin, end = one["data_offsets"]
            values = torch.frombuffer(bytearray(body[begin:end]), dtype=torch.uint8) if end > begin else torch.empty(0)
            found[name] = values.view(DTYPES[one["dtype"]]).reshape(one["shape"])
    return found


class StandIn(ModuleType):
    """A module with every name; what it has does nothing."""

    __path__: Sequence[str] = ()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return {"load": read_safetensors, "SafetensorError": ValueError}.get(name) or MagicMock(name=name)


class Finder(MetaPathFinder, Loader):
    """Finds a stand-in for each of some packages and their modules."""

    def __init__(self, packages: Sequence[str]):
        self.packages = packages

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        return ModuleSpec(name, self, is_package=True) if name.partition(".")[0] in self.packages else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return StandIn(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing is run."""


def replace_missing(packages: Sequence[str] = REPLACED) -> list[str]:
    """Put stand-ins for those of the packages that are not installed; their names."""
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        sys.meta_path.insert(0, Finder(missing))
    return missing
