"""The table of words holds every label of the app and nothing else; braces and their fillers match.

Which words the app uses is read from its source: each call of ``word``, ``plain`` and ``known``, with its key worked
out from literals, from a choice between two, from a variable that was given one, and from what ``VALUES`` says an open
part of a key may be.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from string import Formatter
from typing import NamedTuple

import pytest
from streamlit.delta_generator import DeltaGenerator

from app import words
from app.components.overlay import ROW_WORDS, WORDS
from app.words import decimal, known, percent, use, word
from app.words.en import WORDS as ENGLISH
from core import Classifier
from tests.app.open_words import PARTS, VALUES

APP = Path(__file__).parents[2] / "app"


class Call(NamedTuple):
    """A call of ``word``, ``plain`` or ``known``: where it stands, the keys that it may ask for, what it fills in."""

    place: str
    function: str
    keys: tuple[str, ...]
    fields: frozenset[str]


def values(node: ast.expr, scope: ast.AST) -> Iterator[str]:
    """The texts that an expression may be; an open part stays in braces."""
    if isinstance(node, ast.Constant):
        yield str(node.value)
    elif isinstance(node, ast.IfExp):
        yield from values(node.body, scope)
        yield from values(node.orelse, scope)
    elif isinstance(node, ast.JoinedStr):
        for parts in product(*(list(values(part, scope)) for part in node.values)):
            yield "".join(parts)
    elif isinstance(node, ast.FormattedValue):
        yield from values(node.value, scope)
    elif isinstance(node, ast.Name) and (given := list(assigned(node.id, scope))):
        for one in given:
            yield from values(one, scope)
    else:
        yield f"{{{ast.unparse(node)}}}"


def assigned(name: str, scope: ast.AST) -> Iterator[ast.expr]:
    """The expressions that a function gives to a name."""
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign) and any(isinstance(one, ast.Name) and one.id == name for one in node.targets):
            yield node.value


def calls(text: str, place: str) -> Iterator[Call]:
    """Every call of ``word``, ``plain``, ``known`` in a source, with the innermost function round it as its scope."""

    def visit(node: ast.AST, scope: ast.AST) -> Iterator[Call]:
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in ("word", "plain", "known", "means")
        ):
            given = node.args[:1] if node.func.id == "known" else node.args
            keys = [key for arg in given for key in values(arg, scope)]
            keys = [f"term.{key}.means" for key in keys] if node.func.id == "means" else keys
            found = [one for key in keys for one in VALUES.get(key, [key])]
            fields = frozenset(one.arg or "**" for one in node.keywords)
            yield Call(f"{place}:{node.lineno}", node.func.id, tuple(found), fields)
        for child in ast.iter_child_nodes(node):
            yield from visit(child, node if isinstance(node, ast.FunctionDef | ast.Lambda) else scope)

    tree = ast.parse(text)
    yield from visit(tree, tree)


def sources(*folders: str) -> Iterator[tuple[str, str]]:
    """Each Python file of the app, or of folders of it, as its name and its text."""
    for path in sorted(one for folder in folders or (".",) for one in (APP / folder).rglob("*.py")):
        yield str(path.relative_to(APP)), path.read_text(encoding="utf-8")


def braces(text: str) -> frozenset[str]:
    """The names that a label waits for."""
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name is not None)


CALLS = [call for name, text in sources() if not name.startswith("words") for call in calls(text, name)]
OVERLAY = "{key}"
"""The key of the two calls that go through ``overlay.WORDS``, for Explore and for rows."""


def test_every_word_that_the_app_asks_for_is_in_the_table() -> None:
    asked = [(call.place, key) for call in CALLS if call.function != "known" for key in call.keys if key != OVERLAY]
    assert len(asked) > 80 and sum(key == OVERLAY for call in CALLS for key in call.keys) == 2
    assert not [f"{place}: {key}" for place, key in asked if key not in ENGLISH]
    assert not [f"{call.place}: {key}" for call in CALLS for key in call.keys if "{" in key.replace(OVERLAY, "")]
    assert not [key for key in (*WORDS, *ROW_WORDS) if key not in ENGLISH]


def test_every_word_of_the_table_is_requested() -> None:
    asked = {key for call in CALLS for key in call.keys} | {
        *WORDS,
        *ROW_WORDS,
        "glossary.entry",
    }  # asked for by ``words``
    assert not [key for key in ENGLISH if key.removesuffix(".one") not in asked and key not in asked]


def test_a_label_for_one_is_that_of_the_same_key_for_many() -> None:
    ones = [key for key in ENGLISH if key.endswith(".one") and "{count}" in ENGLISH.get(key.removesuffix(".one"), "")]
    assert len(ones) > 5 and all("{count}" not in ENGLISH[key] for key in ones)


def test_each_part_of_a_tap_has_a_word(classifier: Classifier) -> None:
    parts = {part for tap in classifier.taps for part in tap.split(".")[1:] if not part.startswith("block")}
    assert parts <= PARTS and all(f"tap.{part}" in ENGLISH for part in parts)


def test_callers_fill_the_braces_that_a_label_has_and_no_others() -> None:
    wrong = []
    for call in CALLS:
        for key in call.keys:
            if key in ENGLISH and braces(ENGLISH[key]) != call.fields:
                wrong.append(f"{call.place}: {key} waits for {sorted(braces(ENGLISH[key]))}, got {sorted(call.fields)}")
    assert not wrong, "\n".join(wrong)


def test_no_label_is_empty_or_ends_in_a_space() -> None:
    assert not [key for key, text in ENGLISH.items() if not text or text != text.strip()]


def test_the_walk_sees_how_a_key_is_made() -> None:
    """The three tests above can fail: keys of every make, and the one that nothing is known of."""
    text = """
def a(x, flag):
    key = "b.one" if flag else "b.two"
    def inner():
        return word("inner", n=1)
    return word(key, left=1), word(f"c.{key}"), word("d" if x else "e"), word(f"framing.{kind}"), known(f"f.{x}", x)
"""
    found = {call.keys: call.fields for call in calls(text, "here")}
    assert found == {
        ("inner",): {"n"},
        ("b.one", "b.two"): {"left"},
        ("c.b.one", "c.b.two"): set(),
        ("d", "e"): set(),
        ("framing.center", "framing.fit", "framing.box"): set(),
        ("f.{x}",): set(),
    }


def test_another_language_is_english_where_it_lacks_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    table = {"model.label": "Modell", "device.is": "Läuft auf {device}", "method.saliency.title": "Empfindlichkeit"}
    monkeypatch.setitem(words.LANGUAGES, "de", table)
    try:
        use("de")
        assert word("model.label") == "Modell" and word("device.is", device="cpu") == "Läuft auf cpu"
        assert word("page.explore") == ENGLISH["page.explore"] == "Explore"
        assert known("method.saliency.title", "Saliency") == "Empfindlichkeit"
        assert known("tap.channel", "channel") == ENGLISH["tap.channel"] != "channel"
        assert known("tap.nowhere", "nowhere") == "nowhere"
        use("tlh")
        assert word("model.label") == ENGLISH["model.label"]
        with pytest.raises(KeyError):
            word("model.nowhere")
    finally:
        use(None)


def test_decimals_have_a_true_minus_sign() -> None:
    assert (decimal(-0.042), decimal(-0.001), decimal(1.25, 1)) == ("−0.04", "0.00", "1.2")


def test_percent_has_a_unit() -> None:
    assert [percent(0.918), percent(1), percent(0), percent(0.9184, 2)] == [
        f"{one}\u00a0%" for one in ("91.8", "100.0", "0.0", "91.84")
    ]


# --- labels outside of the table

TEXTS = {"label", "help", "text", "body", "placeholder", "alt", "caption", "title", "options", "tabs", "unit"}
"""The arguments of Streamlit's elements that a user reads, in addition to the first one."""
ELEMENTS = {name for name in dir(DeltaGenerator) if not name.startswith("_")} | {"toast", "spinner", "dialog", "Page"}
MARKUP = re.compile(r"<[^<>]*>|:[a-z]+/[a-z_]+:")
LETTERS = re.compile(r"[^\W\d_]")


def pieces(node: ast.expr) -> Iterator[str]:
    """The literal texts of an argument, not those inside of another call; an open part is a space."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(one.value) if isinstance(one, ast.Constant) else " " for one in node.values)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return  # a path
    elif isinstance(node, ast.BinOp | ast.IfExp | ast.BoolOp | ast.List | ast.Tuple | ast.Starred | ast.Lambda):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                yield from pieces(child)


def written(text: str, place: str) -> Iterator[str]:
    """Each label that a source gives to an element of Streamlit by itself."""
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if node.func.attr in ELEMENTS and not ast.unparse(node.func).startswith("logging."):
            read = [*node.args, *(one.value for one in node.keywords if one.arg in TEXTS)]
            for piece in (piece for one in read for piece in pieces(one)):
                if LETTERS.search(MARKUP.sub("", piece)):
                    yield f"{place}:{node.lineno}: {piece!r}"


def test_no_label_is_written_outside_of_the_table() -> None:
    found = [line for name, text in sources("widgets", "views") for line in written(text, name)]
    found += written((APP / "main.py").read_text(encoding="utf-8"), "main.py")
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "line",
    [
        'st.button("Compute")',
        'st.caption(f"Runs on {device}")',
        'left.markdown("**" + name + "** wins")',
        'st.slider(word("a"), help="Drag me")',
        'st.tabs(["One", word("b")])',
        'st.button(word("a") if x else "Stop")',
        "st.html(f\"<b class='x'>{name}</b> knows\")",
        'st.selectbox(word("a"), names, format_func=str, placeholder="Äh")',
    ],
)
def test_a_label_outside_of_the_table_is_refused(line: str) -> None:
    assert list(written(line, "here"))


@pytest.mark.parametrize(
    "line",
    [
        'st.button(word("a"), key="run", type="primary", icon=":material/link:")',
        "st.markdown(f\"### {word('a')}\")",
        "st.html(f\"<dl class='x'>{rows}</dl>\")",
        'st.slider(word("a"), 0, 100, format="%d %%")',
        'state.put("model", "scenes/plain")',
        'st.columns([2.7, 1], gap="large")',
    ],
)
def test_keys_icons_and_markup_are_no_labels(line: str) -> None:
    assert not list(written(line, "here"))
