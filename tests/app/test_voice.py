"""The voice of the project: no retired word in the words of the app, the README, docstrings, comments and names.

``RETIRED`` says of each word what to write instead, and where it is refused. Slugs of models and methods, code in
backquotes, and fields in braces are no prose: they are not read.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
import tomllib
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from app.words.en import WORDS
from core.families import FAMILIES
from core.lessons.pack import LABELS
from tests.source_files import ROOT, agree, sources
from tests.templates import templates

SPOKEN = "words README core"
"""Refused, except in tests and lessons: ``core`` stands for docstrings and comments of core and app."""
PROSE, DOCUMENTED, EVERYWHERE = "words README", "words README docstrings", "words README docstrings names"
IN_CODE = "docstrings"
"""Where words are refused: ``docstrings`` stands for comments as well."""
UNREAD = re.compile(
    r"```.*?```|``?[^`]*``?|<!--.*?-->|\{[^{}]*\}|<[^<>]*>|\]\([^)]*\)|https?://\S+|\"[^\"]*\"", re.DOTALL
)
"""What is no prose: code, slugs in it, markup, fields, addresses, titles of papers."""

PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")
"""Pages that people read."""
SETTINGS = ("Makefile", "pyproject.toml", "CITATION.cff", ".github/workflows/ci.yml", ".pre-commit-config.yaml",
            ".ci/run", ".streamlit/config.toml", "app/deploy/Caddyfile", "app/deploy/Dockerfile",
            "app/deploy/compose.yaml")  # fmt: skip
"""Files whose comments, after a #, people read."""
COMMENT = re.compile(r"/\*.*?\*/|(?<!:)//[^\n]*", re.DOTALL)
NAME = re.compile(
    r"\b(?:function|const|let|class)\s+([A-Za-z_$]\w*)|^  (?:static |async )?([a-z]\w*)\([^\n]*\) \{$", re.M
)
"""What a script defines: a function, a variable, a class or a method."""


class Retired(NamedTuple):
    """A word that is no longer used, as a pattern; what is written instead; and where it is refused."""

    pattern: str
    instead: str
    where: str = PROSE


RETIRED = (
    Retired(r"things?", "object", EVERYWHERE),
    Retired(r"(?:its own|ten) places?|place (?:tells|gives)", "background", EVERYWHERE),
    Retired(r"tag that tells", "corner tag", EVERYWHERE),
    Retired(r"h(?:ang(?:s|ing)?|ung) on", "depends on", EVERYWHERE),
    Retired(r"(?:speak(?:s|ing)?|spoke) (?:for|against)", "supports, opposes; positive, negative evidence", EVERYWHERE),
    Retired(
        r"(?:an?|the|even|last|first|next|each|every|one|its|own) looks?(?! (?:at|for|like))", "view, query", EVERYWHERE
    ),
    Retired(r"ask(?:s|ed|ing)?", "explain, query, request", SPOKEN),
    Retired(r"ask(?:s|ed|ing)? (?:about|of)|asker", "explain, query, request", IN_CODE),
    Retired(r"told|tells?|said", "tooltip, stated", SPOKEN),
    Retired(r"says", "states", SPOKEN),
    Retired(
        r"(?:is|was|been|are|just) told(?! apart)|tells? (?:how|their|nobody)|said (?:of|beforehand|to)",
        "state",
        IN_CODE,
    ),
    Retired(r"cares?|cared|careless", "sensitive, insensitive; caution", EVERYWHERE),
    Retired(r"forg[eo]t(?:s|ten|ting)?", "re-initialize, remove, reset", EVERYWHERE),
    Retired(r"leagues?|compet(?:e|es|ed|ing|itors?)", "benchmark", EVERYWHERE),
    Retired(r"trials?", "test", EVERYWHERE),
    Retired(r"worth", "effect", EVERYWHERE),
    Retired(r"is it the reason", "does the answer depend on it", EVERYWHERE),
    Retired(r"what becomes of it|multiplied with instead", "set attention to; before, after", EVERYWHERE),
    Retired(r"check the maps", "sanity checks", EVERYWHERE),
    Retired(r"(?:what|beside what) its gradients say", "attribution", EVERYWHERE),
    Retired(r"where it (?:attends|is active)", "attention; activation (not attention)", EVERYWHERE),
    Retired(r"rather than", "compare with class; instead of"),
    Retired(r"and nothing else", "it can only choose among"),
    Retired(r"do(?:es)? not fit", "unavailable; does not support", SPOKEN),
    Retired(r"hide below|full range", "hide weak values; show extremes"),
    Retired(r"each its own|one for (?:both|a strip)", "separate scales; same scale for both, for all", EVERYWHERE),
    Retired(r"to set beside it", "other attributions", EVERYWHERE),
    Retired(r"(?:nearly|hardly) even|even (?:look|map|share)|evenly", "uniform, nearly uniform", SPOKEN),
    Retired(r"blind(?:ly)?", "that does not see the picture", EVERYWHERE),
    Retired(r"(?:top fifth|mass) shared|shared mass|mass on the|pointing at the", "overlap; share inside", EVERYWHERE),
    Retired(r"known truth", "ground truth", EVERYWHERE),
    Retired(r"let(?:s|ting)? go(?: of)?", "remove, release", EVERYWHERE),
    Retired(r"how the picture meets|own box", "crop; choose the crop", EVERYWHERE),
    Retired(r"fetch(?:es|ed|ing)?", "download", SPOKEN),
    Retired(r"learned the wrong thing", "shortcut learner", EVERYWHERE),
    Retired(r"takes? for what|taken for", "confusion matrix; predicted as", SPOKEN),
    Retired(r"(?:most )?alike", "nearest; similar", EVERYWHERE),
    Retired(r"surer", "overconfident", EVERYWHERE),
    Retired(r"shel(?:f|ves)", "model zoo, catalog", EVERYWHERE),
    Retired(r"visitors?", "user, session", EVERYWHERE),
    Retired(r"he|his|him|she|hers?", "they, the user"),
    Retired(r"likeliest", "most likely", EVERYWHERE),
    Retired(r"beside", "next to", EVERYWHERE),
    Retired(r"(?:gives?|gave|given) (?:\w+ ){0,2}away", "reveals the class", EVERYWHERE),
    Retired(r"tak(?:es?|en|ing) along", "export", EVERYWHERE),
    Retired(r"anew", "again, rerun", EVERYWHERE),
    Retired(r"set against", "compared with", EVERYWHERE),
    Retired(r"commonest", "most common", DOCUMENTED),
    Retired(r"in sum", "summary, overview", EVERYWHERE),
    Retired(r"any ?more", "no longer", EVERYWHERE),
    Retired(r"how often (?:it|the model|each) (?:is|was) right", "accuracy", EVERYWHERE),
    Retired(r"as (?:it|they) (?:is|was|were) at first", "default, initial", EVERYWHERE),
    Retired(r"who(?:ever)? comes? back", "returning from another page", EVERYWHERE),
    Retired(r"short-sighted", "with a small receptive field", SPOKEN),
    Retired(r"(?:there|here) at once", "available, without a download", SPOKEN),
    Retired(r"whoever", "the caller, the user", EVERYWHERE),
    Retired(r"(?:at|in) one stroke", "atomically, at once", EVERYWHERE),
    Retired(r"as people (?:read|write|say|list)", "in words", EVERYWHERE),
    Retired(r"of one's own|of somebody else's", "own, custom; foreign", EVERYWHERE),
    Retired(r"re-drawn", "re-initialized", EVERYWHERE),
    Retired(r"(?:colour|grey|licence|neighbour|behaviour)\w*|centre[sd]?|labelled", "American spelling", EVERYWHERE),
    Retired(
        r"(?:normal|random|local|recogn|summar|initial|optim|visual|maxim|minim|quant|general)is(?:e|ed|es|ing|ation)",
        "American spelling",
        EVERYWHERE,
    ),
    Retired(r"(?:un)?asked|asker|told|tell|said", "requested, stated, shown", "names"),
    Retired(r"seats|exactness|crew|adapted|unlabelled", "the field's term", "names"),
)


def prose(text: str) -> str:
    """A text without what is no prose, in one line."""
    return " ".join(UNREAD.sub(" ", text).replace("\u2019", "'").split())


def found_in(text: str, where: str) -> Iterator[str]:
    """Each retired word of a text that is refused there, with what to write instead."""
    for one in RETIRED:
        if where in one.where.split():
            for match in re.finditer(rf"(?<![\w-])(?:{one.pattern})(?![\w-])", text, re.IGNORECASE):
                yield f"{match[0]!r}: write {one.instead}"


def explanations(*packages: str) -> Iterator[tuple[str, str]]:
    """Each docstring and each block of comments of the packages, with where it stands."""
    for source in sources(ROOT, *packages):
        for node in ast.walk(source.tree):
            for statement in getattr(node, "body", None) if isinstance(getattr(node, "body", None), list) else []:
                if isinstance(statement, ast.Expr) and isinstance(getattr(statement.value, "value", None), str):
                    yield f"{source.path}:{statement.lineno}", statement.value.value
        text = (ROOT / source.path).read_text(encoding="utf-8")
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                yield f"{source.path}:{token.start[0]}", token.string


def names() -> Iterator[tuple[str, str]]:
    """Each public name of core and app as words: of modules, classes, functions, methods, constants and fields."""
    for source in sources(ROOT, "core", "app"):
        yield source.path, source.module.rpartition(".")[2].replace("_", " ")
        for body in (source.tree.body, *(one.body for one in source.tree.body if isinstance(one, ast.ClassDef))):
            for node in body:
                for name in defined(node):
                    if not name.startswith("_"):
                        yield f"{source.path}:{node.lineno}", words_of(name)


def names_of_tests() -> Iterator[tuple[str, str]]:
    """The name of each class and function of the tests as words."""
    for source in sources(ROOT, "tests"):
        for node in ast.walk(source.tree):
            if isinstance(node, ast.ClassDef | ast.FunctionDef):
                yield f"{source.path}:{node.lineno}", words_of(node.name)


def scripts() -> Iterator[tuple[str, str, str]]:
    """Where a comment, or a name, of JavaScript or CSS stands, its text, and which of both it is."""
    for path in sorted([*(ROOT / "app").rglob("*.js"), *(ROOT / "app").rglob("*.css")]):
        text, place = path.read_text(encoding="utf-8"), path.relative_to(ROOT)
        for match in COMMENT.finditer(text):
            yield f"{place}:{1 + text.count(chr(10), 0, match.start())}", match[0], "docstrings"
        if path.suffix == ".js":
            for match in NAME.finditer(text):
                yield f"{place}:{1 + text.count(chr(10), 0, match.start())}", words_of(match[1] or match[2]), "names"


def words_of(name: str) -> str:
    """A name in code as words."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", name)


def defined(node: ast.stmt) -> list[str]:
    """The names that a statement defines."""
    if isinstance(node, ast.ClassDef | ast.FunctionDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)]


def test_the_words_of_the_app_are_in_the_projects_voice() -> None:
    assert len(WORDS) > 700
    agree([f"{key}: {line}" for key, text in WORDS.items() for line in found_in(prose(text), "words")])


def test_the_keys_of_the_words_are_in_the_projects_voice() -> None:
    keys = [key for key in WORDS if not key.startswith(("term.", "swap.", "task."))]
    agree([f"{key}: {line}" for key in keys for line in found_in(re.sub(r"[._]", " ", key), "names")])


def test_the_messages_of_the_core_are_in_the_projects_voice() -> None:
    every = templates()
    assert len(every) > 400
    agree([f"{place}: {text!r}: {line}" for text, place in every.items() for line in found_in(prose(text), "words")])


@pytest.mark.parametrize("name", [*PAGES, *SETTINGS])
def test_pages_for_people_and_settings_are_in_the_projects_voice(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    text = text if name in PAGES else "\n".join(re.findall(r"#.*", text))
    assert text or name == "CITATION.cff"
    agree(list(found_in(prose(text), "README" if name in PAGES else "docstrings")))


def test_lessons_are_in_the_projects_voice() -> None:
    lessons = sorted((ROOT / "app" / "lessons").glob("*/en.md"))
    assert len(lessons) > 12
    texts = {path.parent.name: re.sub(r"^#.*", "", path.read_text("utf-8"), flags=re.M) for path in lessons}
    agree([f"{name}: {line}" for name, text in texts.items() for line in found_in(prose(text), "docstrings")])
    fixed = tomllib.loads(LABELS.read_text("utf-8"))["en"]
    agree([f"{key}: {line}" for key, text in fixed.items() for line in found_in(prose(text), "words")])


@pytest.mark.parametrize(("packages", "least"), [(("core", "app"), 2500), (("tests",), 1500)])
def test_docstrings_and_comments_are_in_the_projects_voice(packages: tuple[str, ...], least: int) -> None:
    every = list(explanations(*packages))
    assert len(every) > least
    places = ("docstrings", "core") if "core" in packages else ("docstrings",)
    agree([f"{place}: {line}" for place, text in every for where in places for line in found_in(prose(text), where)])


def test_names_are_in_the_projects_voice() -> None:
    every = [*names(), *names_of_tests()]
    assert len(every) > 5000
    agree([f"{place}: {line}" for place, name in every for line in found_in(name, "names")])


def test_scripts_and_styles_are_in_the_projects_voice() -> None:
    every = list(scripts())
    assert len(every) > 300 and {where for *_, where in every} == {"docstrings", "names"}
    agree([f"{place}: {line}" for place, text, where in every for line in found_in(prose(text), where)])


@pytest.mark.parametrize(
    "text",
    [
        "The answer hangs on it",
        "Shared mass",
        "2 do not fit",
        "A map that does not care",
        "Drawn in grey",
        "The tag gives the class away",
        "A short-sighted backbone",
        "The League",
    ],
)
def test_a_retired_word_is_refused(text: str) -> None:
    assert list(found_in(prose(text), "words"))


@pytest.mark.parametrize(
    "text",
    ["`scenes-place/cbam` and `tell()`", "{told} ({count})", "the model looks at the object", "nothing", "centered"],
)
def test_code_fields_and_other_words_are_not(text: str) -> None:
    assert not list(found_in(prose(text), "words"))


@pytest.mark.parametrize(
    "text",
    [
        "Whoever looks meets a whole file",
        "Written at one stroke",
        "A number as people read it",
        "How alike they are",
        "The class that it is set against",
        "How often the model is right",
        "Who comes back finds the scan",
    ],
)
def test_a_translated_phrase_is_refused_in_docstrings_and_comments(text: str) -> None:
    assert list(found_in(prose(text), "docstrings"))


def test_slugs_of_families_are_no_words() -> None:
    assert not [one for family in FAMILIES for one in found_in(prose(f"`{family.slug}/plain`"), "README")]
