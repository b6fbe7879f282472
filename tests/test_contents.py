"""What ``core`` says of itself: a docstring for all that is public, and tables of contents that are complete."""

from __future__ import annotations

import ast
import importlib
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

import core.attention
import core.attribution
from tests.source_files import ROOT, Source, agree, imports, sources


def without_docstring(source: Source) -> list[str]:
    """A sentence for a file, and for each public function and class at its top, that does not say what it is."""
    top = [node for node in source.tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    public = {"the file": source.tree, **{node.name: node for node in top if not node.name.startswith("_")}}
    return [f"{source.path}: {name} has no docstring" for name, node in public.items() if not ast.get_docstring(node)]


def test_the_app_takes_what_core_offers():
    """What the app imports of ``core`` is in ``core.__all__``, in that of a subpackage, or a room of one file."""
    wrong = []
    for source in sources(ROOT, "app"):
        for node in (one for one in ast.walk(source.tree) if isinstance(one, ast.ImportFrom | ast.Import)):
            modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names]
            for module in (one for one in modules if one.split(".")[0] == "core"):
                offered = getattr(importlib.import_module(module), "__all__", None)
                if module.count(".") > 1:
                    wrong.append(f"{source.path}: {module} lies within a room")
                elif offered is not None and isinstance(node, ast.ImportFrom):
                    stray = [
                        one.name for one in node.names if one.name not in offered and not is_room(module, one.name)
                    ]
                    wrong += [f"{source.path}: {module} does not offer {name}" for name in stray]
    agree(wrong)


def is_room(module: str, name: str) -> bool:
    """Whether a name of ``core`` is one of its rooms."""
    return module == "core" and any((ROOT / "core" / end).exists() for end in (name, f"{name}.py"))


def test_no_test_imports_another():
    """What tests share stands in a file of its own next to them."""
    taken = [(one.path, module) for one in sources(ROOT, "tests") for module in imports(ROOT, one)]
    wrong = [(path, module) for path, module in taken if module.startswith("tests.") and ".test_" in module]
    agree([f"{path}: imports the test {module}" for path, module in wrong])


def test_everything_public_in_core_says_what_it_is():
    agree([line for source in sources(ROOT, "core") for line in without_docstring(source)])


def test_the_version_is_one():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert project == core.__version__ and f"\nversion: {project}\n" in (ROOT / "CITATION.cff").read_text()


@pytest.mark.parametrize(
    ("package", "contents"),
    [(core.attention, core.attention.MECHANISMS), (core.attribution, core.attribution.METHODS)],
    ids=["mechanisms", "methods"],
)
def test_the_table_of_contents_is_complete(package: ModuleType, contents: tuple):
    """Each mechanism and method that a file of its package defines is in the tuple, once."""
    listed, slugs = {id(one) for one in contents}, [one.slug for one in contents]
    wrong = [f"{package.__name__}: {slug} is listed twice" for slug in set(slugs) if slugs.count(slug) > 1]
    for path in sorted(Path(package.__file__).parent.glob("[!_]*.py")):
        module = importlib.import_module(f"{package.__name__}.{path.stem}")
        defined = {name: one for name, one in vars(module).items() if isinstance(one, type(contents[0]))}
        wrong += [f"{module.__name__}: {name} is not listed" for name, one in defined.items() if id(one) not in listed]
    agree(wrong)
