"""The sentences that ``core`` and ``app`` say to users, read from the source: each template, and what it waits for."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from string import Formatter
from typing import NamedTuple

from core.attention import MECHANISMS
from core.attribution import METHODS
from core.messages import Message
from core.tasks import TASKS

ROOT = Path(__file__).parents[1]
MAKERS = {"InvalidInput", "Changed", "Message", "wording.say"}
"""What is made of a template and its values."""
MACHINERY = {"core/messages.py", "core/types.py", "core/reporting/wording.py"}
"""Where a template is passed on in a variable."""


class Sentence(NamedTuple):
    """One making of a message: where, its templates (several where a condition chooses), and the names of its values.

    ``templates`` is None for one that is not written out there.
    """

    place: str
    templates: tuple[str, ...] | None
    values: frozenset[str]


def sources(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    """Each Python file of the folders, by its path from the root, as its syntax tree."""
    for path in sorted(one for folder in folders for one in (ROOT / folder).rglob("*.py")):
        yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def named(node: ast.expr) -> str:
    """The last part of what is called: ``InvalidInput`` for ``core.InvalidInput``."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def written(node: ast.expr) -> tuple[str, ...] | None:
    """The templates that an argument may be; none for one that is a message already; None for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return (node.value,)
    if isinstance(node, ast.IfExp):
        both = written(node.body), written(node.orelse)
        return None if None in both else (*both[0], *both[1])
    if isinstance(node, ast.Name) and node.id.isupper():  # a constant, which is a message of its own
        return ()
    if isinstance(node, ast.Attribute) and node.attr == "message":  # of an error that was caught
        return ()
    if isinstance(node, ast.Call) and named(node.func) in ("renamed", "plain"):  # a message; the app's own table
        return ()
    return None


def sentences(files: Iterable[tuple[str, ast.Module]]) -> Iterator[Sentence]:
    """Every making of a message in the files."""
    for name, tree in files:
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and {named(node.func), ast.unparse(node.func)} & MAKERS and node.args:
                found = written(node.args[0])
                if found is None and name in MACHINERY:
                    continue
                values = frozenset(one.arg or "**" for one in node.keywords)
                yield Sentence(f"{name}:{node.lineno}", found, values)


def fields(template: str) -> frozenset[str]:
    """The names of the values that a template waits for."""
    return frozenset(name for _, name, _, _ in Formatter().parse(template) if name is not None)


@cache
def templates() -> dict[str, str]:
    """Every template that there is, with a place where it stands."""
    found = {template: one.place for one in sentences(sources("core", "app")) for template in one.templates or ()}
    for described in (*METHODS, *MECHANISMS, *TASKS, *(one for method in METHODS for one in method.parameters)):
        for name, text in vars(described).items():
            if isinstance(text, Message) and text:
                found.setdefault(text.template, f"{getattr(described, 'slug', described.title)}: {name}")
    return found


def options() -> set[str]:
    """The keys of the labels of parameters' choices, which English has by their spelling."""
    parameters = (one for method in METHODS for one in method.parameters if isinstance(one.choices, tuple))
    return {f"option.{choice}" for one in parameters for choice in one.choices if isinstance(choice, str)}


def untranslated(table: Mapping[str, str]) -> list[str]:
    """The templates and options that a language's table lacks, and translations that wait for other values."""
    wrong = [
        f"{place}: {template!r}"
        for template, place in templates().items()
        if template not in table or fields(template) != fields(table[template])
    ]
    return wrong + sorted(options() - table.keys())
