"""The house keeps to its plan: which room may import which, who may use what, how large a file may be, and its names.

A room is a package or a file right under ``core`` or ``app``. Imports are read from the source, so that one inside a
function counts as well. A new room gets its place in ``FLOORS``, and in no other list.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from tests.source_files import ROOT, TEXT, agree, files, imports, names_used, sources, within

FLOORS = (
    ("core.spacing", "core.numbers", "core.version", "core.families"),
    ("core.legacy", "core.messages", "core.kinds"),
    ("core.types", "core.terms"),
    ("core.checking", "core.files", "core.formulas"),
    ("core.images", "core.device", "core.attention"),
    ("core.models", "core.scenes", "core.distributed"),
    ("core.tasks", "core.memory"),
    ("core.classifier",),
    ("core.data", "core.loading"),
    ("core.attribution",),
    ("core.evaluation",),
    ("core.training",),
    ("core.scanning",),
    ("core.reporting",),
    ("core.lessons",),
    ("core.replay",),
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
    "core.scenes": ("core.types", "core.families"),
    "core.data": (
        "core.families",
        "core.terms",
        "core.types",
        "core.messages",
        "core.checking",
        "core.files",
        "core.images",
        "core.scenes",
        "core.tasks",
    ),
    "core.tasks": ("core.types", "core.messages", "core.scenes"),
}
"""Rooms that may see less than the floors below them."""

NEIGHBORS = ("app.views", "app.components")
"""Rooms whose own rooms do not know each other: no page imports another, no component another."""

INNER = ("app.runtime.explore", "app.runtime.mistakes", "app.runtime.trust")
"""Rooms that the rest of their own room does not know: what only one page asks."""

UNLIMITED = ("app.runtime.leftovers",)
"""What may enter these nevertheless: killed servers leave unfinished files in each."""

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


def enters_neighbor(source: str, module: str) -> bool:
    """Whether a module that is imported lies in another room of ``NEIGHBORS``, or in one of ``INNER`` from outside."""
    own, other = source.split("."), module.split(".")
    inner = [room for room in INNER if within(module, (room,))]
    if inner and own[:2] == other[:2] and not within(source, (*inner, *UNLIMITED)):
        return True
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


def circles(root: Path) -> list[str]:
    """A sentence for each circle of imports between the modules and packages that lie in one package."""
    arrows: defaultdict[str, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for source in sources(root, "core", "app"):
        for module in imports(root, source):
            own, other = source.module.split("."), module.split(".")
            apart = next((depth for depth, (a, b) in enumerate(zip(own, other, strict=False)) if a != b), 0)
            if apart:
                arrows[".".join(own[:apart])][own[apart]].add(other[apart])
    wrong = []
    for package, inner in sorted(arrows.items()):
        try:
            TopologicalSorter(inner).prepare()
        except CycleError as circle:
            wrong.append(f"{package}: {' <- '.join(circle.args[1])}")
    return wrong


def test_arrows_run_one_way():
    agree(wrong_arrows(ROOT))


def test_imports_make_no_circle():
    agree(circles(ROOT))


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
        "core/models/guard.py": "from core.models.seam import find",
        "core/models/seam/find.py": "from core.models import guard",
        "app/figures.py": "import core.types, torch\nimport streamlit as st\nst.session_state['a']",
        "app/widgets/models.py": "from app.views.trust import page",
        "app/views/trust/page.py": "import app.views, app.views.trust\nfrom app.views.models import cards",
        "app/views/models/cards.py": "",
        "app/views/explore.py": "from streamlit import cache_data\nimport app.main, app.runtime\nfunctools.cache",
        "app/runtime/mistakes/runs.py": "import app.runtime.store, app.runtime.trust.benchmark",
        "app/runtime/trust/benchmark.py": "",
        "app/runtime/leftovers.py": "import app.runtime.mistakes.runs",
        "app/runtime/store.py": "from app.runtime.mistakes import runs",
        "app/runtime/__init__.py": "import streamlit as st\nst.cache_data, st.query_params.x",
    }
    for name, text in house.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "app/main.py").touch()
    arrows = [line.split(": ")[1].removesuffix(" runs the wrong way") for line in wrong_arrows(tmp_path)]
    assert sorted(arrows) == [
        "app.runtime.mistakes.runs -> app.runtime.trust.benchmark enters another's room",
        "app.runtime.store -> app.runtime.mistakes.runs enters another's room",
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
    assert [line.split(":")[0] for line in circles(tmp_path)] == ["app.runtime", "core", "core.models"]
    assert wrong_packages(tmp_path) == [
        "app/figures.py: app.figures -> streamlit is not allowed there",
        "app/figures.py: app.figures -> torch is not allowed there",
        "core/device.py: core.device -> streamlit is not allowed there",
        "core/images.py: core.images -> captum is not allowed there",
    ]
    assert borrowed_names(tmp_path) == [
        "app/figures.py: st.session_state belongs to app.state",
        "app/runtime/__init__.py: st.query_params belongs to app.state",
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
