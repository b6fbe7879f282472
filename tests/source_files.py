"""The files of the project as the tests of its plan read them: paths, modules, syntax trees and imports."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
TEXT = {".py", ".js", ".css", ".html", ".md", ".toml", ".txt", ".json", ""}


class Source(NamedTuple):
    """One Python file: its path from the root, the dotted module that it is, and its syntax tree."""

    path: str
    module: str
    tree: ast.Module

    @property
    def room(self) -> str:
        """The first two parts of the module: ``core.scenes`` for ``core.scenes.drawing``."""
        return ".".join(self.module.split(".")[:2])


def sources(root: Path, *packages: str) -> Iterator[Source]:
    """Every Python file of the packages."""
    for path in sorted(one for package in packages for one in (root / package).rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        yield Source(str(path.relative_to(root)), module, ast.parse(path.read_text(encoding="utf-8")))


def imports(root: Path, source: Source) -> Iterator[str]:
    """The dotted modules that a file imports; ``from core import device`` is the module ``core.device``."""
    package = source.module.split(".") if source.path.endswith("__init__.py") else source.module.split(".")[:-1]
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) + 1 - node.level] if node.level else []
            origin = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                inner = root.joinpath(*origin.split("."), alias.name)
                yield f"{origin}.{alias.name}" if inner.is_dir() or inner.with_suffix(".py").exists() else origin


def names_used(source: Source) -> Iterator[str]:
    """Every dotted name in a file, such as ``st.cache_data``, and every name that it imports from somewhere."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute):
            yield ast.unparse(node)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def within(module: str, rooms: Iterable[str]) -> bool:
    """Whether a module is one of the rooms or lies in one."""
    return any(module == room or module.startswith(f"{room}.") for room in rooms)


def files(root: Path, *folders: str) -> list[Path]:
    """The text files of the folders."""
    found = [one for folder in folders for one in (root / folder).rglob("*") if "__pycache__" not in one.parts]
    return sorted(one for one in found if one.is_file() and one.suffix in TEXT)


def agree(wrong: list[str]) -> None:
    """Fail with every line of what is wrong."""
    assert not wrong, "\n" + "\n".join(wrong)
