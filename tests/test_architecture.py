"""The house keeps to its plan: which room may import which, who may use what, how large a file may be, and its names.

A room is a package or a file right under ``core`` or ``app``. Imports are read from the source, so that one inside a
function counts as well. A new room gets its place in ``FLOORS``, and in no other list.
"""

from __future__ import annotations

import ast
import importlib
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest

import core.attention
import core.attribution

ROOT = Path(__file__).resolve().parents[1]

FLOORS = (
    ("core.legacy",),
    ("core.types",),
    ("core.checking", "core.files", "core.formulas"),
    ("core.images", "core.device", "core.attention"),
    ("core.models", "core.scenes", "core.distributed"),
    ("core.classifier",),
    ("core.data", "core.loading"),
    ("core.attribution",),
    ("core.evaluation",),
    ("core.training",),
    ("core.scanning",),
    ("core.reporting",),
    ("core",),
    ("core.commands",),
    ("core.__main__",),
    ("app.words", "app.components", "app.attention_maps"),
    ("app.titles",),
    ("app.state", "app.figures", "app.layers"),
    ("app.runtime",),
    ("app.widgets",),
    ("app.views",),
    ("app.main",),
)
"""From the ground up: a room imports from the floors below its own; rooms on one floor do not know each other."""

ONLY = {
    "core.scenes": ("core.types",),
    "core.data": ("core.types", "core.checking", "core.files", "core.images", "core.scenes"),
}
"""Rooms that may see less than the floors below them."""

NEIGHBORS = ("app.views", "app.components")
"""Rooms whose own rooms do not know each other: no page imports another, no component another."""

HOMES = {"streamlit": ("app",), "captum": ("core.attribution",)}
"""Where a package may be imported, and nowhere else."""

STRANGERS = {
    "torch": ("app.views", "app.figures"),
    "torchvision": ("app.views", "app.figures"),
    "streamlit": ("app.figures",),
}
"""Where a package may not be imported."""

OWNERS = {
    "app.runtime": re.compile(r"(^|\.)(cache_data|cache_resource|lru_cache)$|^functools\.cache$"),
    "app.state": re.compile(r"(^|\.)(session_state|query_params)$"),
}
"""Names that one room of the app has to itself: the caches, and what Streamlit keeps of a user."""

LONGEST = 300
VAGUE = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc"}
PRIVATE = re.compile(r"(?<![\w.])/(?:home|root|work|workspace|Users|mnt)/\w|\bwork[p]lace\b|\.\./shar[e]d")
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


def enters_neighbor(source: str, module: str) -> bool:
    """Whether a module that is imported lies in another room of ``NEIGHBORS`` than the one that imports it."""
    own, other = source.split("."), module.split(".")
    within_one = own[:2] == other[:2] and ".".join(own[:2]) in NEIGHBORS
    return within_one and len(own) > 2 < len(other) and own[2] != other[2]


def wrong_arrows(root: Path) -> list[str]:
    """A sentence for each import that runs up, across a floor, to a neighbor, or past what its room may see."""
    floor = {room: height for height, rooms in enumerate(FLOORS) for room in rooms}
    wrong = []
    for source in sources(root, "core", "app"):
        if source.room not in floor:
            wrong.append(f"{source.path}: the room {source.room} has no place in FLOORS")
            continue
        for module in imports(root, source):
            room = ".".join(module.split(".")[:2])
            if enters_neighbor(source.module, module):
                wrong.append(f"{source.path}: {source.module} -> {module} enters another's room")
            if module.split(".")[0] not in ("core", "app") or room == source.room:
                continue
            if floor.get(room, len(FLOORS)) >= floor[source.room] or room not in ONLY.get(source.room, (room,)):
                wrong.append(f"{source.path}: {source.room} -> {module} runs the wrong way")
    return wrong


def wrong_packages(root: Path) -> list[str]:
    """A sentence for each import of a package where it has no business."""
    wrong = []
    for source in sources(root, "core", "app"):
        for package in sorted({module.split(".")[0] for module in imports(root, source)}):
            away = not within(source.module, HOMES.get(package, (source.module,)))
            if away or within(source.module, STRANGERS.get(package, ())):
                wrong.append(f"{source.path}: {source.room} -> {package} is not allowed there")
    return wrong


def borrowed_names(root: Path) -> list[str]:
    """A sentence for each name of the app that is used outside of the room that owns it."""
    return [
        f"{source.path}: {name} belongs to {owner}"
        for source in sources(root, "app")
        for owner, pattern in OWNERS.items()
        for name in sorted(set(names_used(source)))
        if source.room != owner and pattern.search(name)
    ]


def files(root: Path, *folders: str) -> list[Path]:
    """The text files of the folders."""
    found = [one for folder in folders for one in (root / folder).rglob("*") if "__pycache__" not in one.parts]
    return sorted(one for one in found if one.is_file() and one.suffix in TEXT)


def without_docstring(source: Source) -> list[str]:
    """A sentence for a file, and for each public function and class at its top, that does not say what it is."""
    top = [node for node in source.tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    public = {"the file": source.tree, **{node.name: node for node in top if not node.name.startswith("_")}}
    return [f"{source.path}: {name} has no docstring" for name, node in public.items() if not ast.get_docstring(node)]


def agree(wrong: list[str]) -> None:
    assert not wrong, "\n" + "\n".join(wrong)


def test_arrows_run_one_way():
    agree(wrong_arrows(ROOT))


def test_packages_stay_where_they_belong():
    agree(wrong_packages(ROOT))


def test_caches_and_state_have_one_owner():
    agree(borrowed_names(ROOT))


def test_the_walk_sees_what_is_wrong(tmp_path):
    """The three tests above can fail: a house built wrong in every way."""
    house = {
        "core/types.py": "def late():\n    import core.images",
        "core/images.py": "import core.types, core.device\nimport captum.attr",
        "core/device.py": "from core import types\nfrom .attention import tap\nimport core\nimport streamlit",
        "core/attention/tap.py": "import app.state\nfrom core.types import Kind",
        "core/scenes/drawing.py": "from ..types import Box\nfrom core.device import choose",
        "core/attic.py": "",
        "app/figures.py": "import core.types, torch\nimport streamlit as st\nst.session_state['a']",
        "app/widgets/models.py": "from app.views.trust import page",
        "app/views/trust/page.py": "import app.views, app.views.trust\nfrom app.views.models import cards",
        "app/views/models/cards.py": "",
        "app/views/explore.py": "from streamlit import cache_data\nimport app.main, app.runtime\nfunctools.cache",
        "app/runtime.py": "import streamlit as st\nst.cache_data, st.query_params.x",
    }
    for name, text in house.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "app/main.py").touch()
    arrows = [line.split(": ")[1].removesuffix(" runs the wrong way") for line in wrong_arrows(tmp_path)]
    assert sorted(arrows) == [
        "app.views -> app.main",
        "app.views.trust.page -> app.views.models.cards enters another's room",
        "app.widgets -> app.views.trust.page",
        "core.attention -> app.state",
        "core.device -> core",
        "core.device -> core.attention.tap",
        "core.images -> core.device",
        "core.scenes -> core.device",
        "core.types -> core.images",
        "the room core.attic has no place in FLOORS",
    ]
    assert wrong_packages(tmp_path) == [
        "app/figures.py: app.figures -> streamlit is not allowed there",
        "app/figures.py: app.figures -> torch is not allowed there",
        "core/device.py: core.device -> streamlit is not allowed there",
        "core/images.py: core.images -> captum is not allowed there",
    ]
    assert borrowed_names(tmp_path) == [
        "app/figures.py: st.session_state belongs to app.state",
        "app/runtime.py: st.query_params belongs to app.state",
        "app/views/explore.py: functools.cache belongs to app.runtime",
        "app/views/explore.py: streamlit.cache_data belongs to app.runtime",
    ]


def test_no_file_is_too_long():
    code = [one for one in files(ROOT, "app", "core", "tests") if one.suffix in {".py", ".js", ".css"}]
    lengths = {one: len(one.read_text(encoding="utf-8").splitlines()) for one in code}
    agree([f"{one.relative_to(ROOT)}: {n} lines, {LONGEST} at most" for one, n in lengths.items() if n > LONGEST])


def test_names_say_something():
    named = [one.relative_to(ROOT) for one in files(ROOT, "app", "core", "tests")]
    wrong = [f"{one}: a vague name" for one in named if VAGUE & set(re.split(r"[/_.\-]", str(one).lower()))]
    # Streamlit puts app/ at the front of the path, where such a file would stand before Python's own of that name.
    front = [one for one in named if one.parent.name == "app" and one.parent.parent == Path()]
    wrong += [f"{one}: hides a module of Python" for one in front if one.stem in sys.stdlib_module_names]
    pages = [one for one in named if one.parts[:2] == ("app", "pages")]
    wrong += [f"{one}: Streamlit makes pages of this folder by itself" for one in pages]
    agree(wrong)


def test_the_project_speaks_of_itself_alone():
    top = [one for one in ROOT.iterdir() if one.is_file() and one.suffix in TEXT and one.name != ".git"]  # a worktree's
    everything = top + files(ROOT, "app", "core", "tests", "pretrained", ".streamlit")
    found = {one: PRIVATE.search(one.read_text(encoding="utf-8", errors="replace")) for one in everything}
    agree([f"{one.relative_to(ROOT)}: names {hit[0]!r}, a place on one machine" for one, hit in found.items() if hit])


def test_everything_public_in_core_says_what_it_is():
    agree([line for source in sources(ROOT, "core") for line in without_docstring(source)])


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
