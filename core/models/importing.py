"""Import libraries when they are needed: torchvision, timm, transformers and open_clip take seconds to import."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

from core.types import InvalidInput

PACKAGES = {"open_clip": "open_clip_torch"}
"""The name of a package for pip, where it differs from that of its module."""


def loaded(name: str) -> ModuleType | None:
    """A library that has been imported, or None: nothing is an instance of a class in a library that has not."""
    return importlib.import_module(name) if name in sys.modules else None


def library(name: str) -> ModuleType:
    """An optional library.

    Raises:
        InvalidInput: it is not installed, or does not work with the installed PyTorch.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        package = PACKAGES.get(name, name)
        raise InvalidInput(
            "This model needs {package}, which is not installed. Install it with: python -m pip install {package}.",
            package=package,
        ) from error
