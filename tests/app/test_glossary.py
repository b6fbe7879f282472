"""The glossary: one sentence for each term, found by a search, and shown in the side bar."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from streamlit.testing.v1 import AppTest

from app.widgets import glossary
from app.words import plain, terms, word
from app.words.en import WORDS
from app.words.en.glossary import TERMS
from core.attention import MECHANISMS
from core.attribution import METHODS
from core.kinds import KINDS
from tests.source_files import ROOT, agree
from tests.templates import templates

LONGEST = 180  # letters


@pytest.mark.parametrize("slug", terms())
def test_an_entry_is_one_sentence(slug: str) -> None:
    term, means = plain(f"term.{slug}"), plain(f"term.{slug}.means")
    assert term[0].isupper() or term[0].isdigit()
    assert means.endswith(".") and ". " not in means and 20 < len(means) <= LONGEST


def test_terms_are_named_once() -> None:
    names = [plain(f"term.{slug}") for slug in terms()]
    assert len(names) > 50 and len({name.casefold() for name in names}) == len(names)


def test_words_of_the_field_that_the_app_uses_are_explained() -> None:
    """Those that a first-year student may not know, wherever a text has them."""
    used = " ".join(text for _, text in OWN).casefold()
    names = {plain(f"term.{slug}").casefold() for slug in terms()}
    wanted = ("convolution", "hidden unit", "pre-activation", "bottleneck", "lstm", "bias", "dot product", "register",
              "standard deviation", "standard error", "watermark", "checksum", "kernel")  # fmt: skip
    assert not [one for one in wanted if one in used and one not in names]


def test_what_kinds_methods_and_mechanisms_bring_is_explained() -> None:
    """The parts of a map by the glossary; a method and a mechanism by a sentence of their own, if not there."""
    names = " ".join(plain(f"term.{slug}") for slug in terms()).casefold()
    parts = {axis for kind in KINDS for axis in kind.axes} - {"row", "column"}
    assert parts and not [one for one in parts if not re.search(rf"\b({one}|{one.removesuffix('y')}ie)s?\b", names)]
    brought = [*METHODS, *MECHANISMS]
    assert not [one.slug for one in brought if one.title.casefold() not in names and not str(one.summary).strip()]


def test_entries_are_found_by_term_and_meaning_and_stand_in_alphabetical_order() -> None:
    every = glossary.find_terms("")
    names = [one.split("**")[1] for one in every]
    assert len(names) == len(terms()) and names == sorted(names, key=str.casefold)
    found = glossary.find_terms("LOGIT")
    assert [one for one in found if one.startswith(f"**{word('term.logit')}**")]
    assert all("logit" in one.casefold() for one in found) and len(found) < len(every)
    assert glossary.find_terms("no such term") == []


def test_the_list_is_searched_in_the_side_bar() -> None:
    def page() -> None:
        from app.widgets import glossary

        glossary.show_glossary()

    shown = AppTest.from_function(page).run()
    assert not shown.exception and str(word("term.grad-cam.means")) in shown.markdown[0].value
    shown.text_input(key="glossary-search").set_value("pointing").run()
    assert str(word("term.pointing-game.means")) in shown.markdown[0].value
    assert str(word("term.grad-cam.means")) not in shown.markdown[0].value
    shown.text_input(key="glossary-search").set_value("qwertz").run()
    assert shown.markdown[0].value == word("glossary.none")


# --- labels and their tooltips

HELPED = {
    *("selectbox", "slider", "number_input", "toggle", "checkbox", "radio", "pills", "segmented_control"),
    *(
        "multiselect",
        "text_input",
        "text_area",
        "file_uploader",
        "metric",
        "subheader",
        "header",
        "markdown",
        "caption",
    ),
    *("NumberColumn", "TextColumn", "ProgressColumn", "number", "text"),
}
"""What can have a tooltip: elements of a page, and columns of a table, by the name under which they are drawn."""
TITLES = {term.casefold(): slug for slug, (term, _) in TERMS.items()}
"""The slug of each term by its name."""
SHARED = 7
"""Words in a row that a text has in common with an entry by more than chance."""
OWN = [(key, text) for key, text in WORDS.items() if not key.startswith("term.")]
SOURCES = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in sorted((ROOT / "app").rglob("*.py"))
}


class Label(NamedTuple):
    """A label that is a term of the glossary: where it stands, the term, and its tooltip as it is written."""

    place: str
    term: str
    help: str


def labels(text: str, place: str) -> Iterator[Label]:
    """Each label of a source that is a term and is shown, in bold or as a heading too."""
    for node in ast.walk(ast.parse(text)):
        name = getattr(node.func, "attr", getattr(node.func, "id", "")) if isinstance(node, ast.Call) else ""
        if name not in HELPED or not node.args:
            continue
        first, given = node.args[0], {one.arg: ast.unparse(one.value) for one in node.keywords}
        parts = first.values if isinstance(first, ast.JoinedStr) else [first]
        sentence = any(isinstance(one, ast.Constant) and str(one.value).strip("#* ") for one in parts)
        if sentence or "collapsed" in given.get("label_visibility", ""):
            continue
        for call in (one for part in parts for one in ast.walk(part) if isinstance(one, ast.Call)):
            if getattr(call.func, "id", "") in ("word", "plain") and isinstance(call.args[0], ast.Constant):
                label = WORDS.get(call.args[0].value, "").casefold()
                if slug := TITLES.get(label, TITLES.get(label.removesuffix("s"))):
                    yield Label(f"{place}:{node.lineno}", slug, given.get("help", ""))


def explained(text: str) -> set[str]:
    """The terms whose sentence a source shows as a tooltip: named there, if not in the call itself."""
    given = [ast.unparse(one) for one in ast.walk(ast.parse(text)) if isinstance(one, ast.Call) and is_means(one)]
    within = text if any("'" not in one for one in given) else " ".join(given)
    named = {slug for slug in terms() if re.search(rf"['\"]{slug}['\"]", within)}
    begun = tuple(begin for one in given for begin in re.findall(r"f'([a-z-]+)\{", one)) or ("?",)
    return named | {slug for slug in terms() if slug.startswith(begun)}


def is_means(call: ast.Call) -> bool:
    return getattr(call.func, "id", "") == "means"


def runs(text: str) -> set[tuple[str, ...]]:
    """Every row of so many words of a text."""
    found = re.findall(r"[^\W_]+", text.casefold())
    return {tuple(found[start : start + SHARED]) for start in range(len(found) - SHARED + 1)}


def test_a_label_that_is_a_term_has_the_glossarys_sentence_as_its_tooltip() -> None:
    found = [one for name, text in SOURCES.items() for one in labels(text, name)]
    assert len(found) > 15
    agree(
        [
            f"{one.place}: needs means({one.term!r})"
            for one in found
            if not re.search(rf"means\([^)]*['\"]{one.term}['\"]", one.help)
        ]
    )


def test_every_term_is_explained_where_it_is_used_or_named_in_a_text() -> None:
    lessons = " ".join(path.read_text(encoding="utf-8") for path in (ROOT / "app/lessons").rglob("en.md"))
    text = " ".join([*(text for _, text in OWN), *templates(), lessons, (ROOT / "README.md").read_text("utf-8")])
    known = set().union(*map(explained, SOURCES.values()))
    assert len(known) > 55
    agree(
        [
            f"{slug}: no tooltip and no text has it"
            for slug, (term, _) in TERMS.items()
            if slug not in known and not re.search(rf"\b{re.escape(term)}", text, re.IGNORECASE)
        ]
    )


def test_no_text_defines_a_term_a_second_time() -> None:
    entries = {run: slug for slug, (_, sentence) in TERMS.items() for run in runs(sentence)}
    shown = [(key, text) for key, text in OWN if text not in [sentence for _, sentence in TERMS.values()]]
    agree([f"{key}: as in {entries[run]}" for key, text in shown for run in sorted(runs(text) & entries.keys())[:1]])


def test_the_readers_of_labels_and_of_definitions_can_fail() -> None:
    assert [one.term for one in labels("st.slider(word('card.seed'))", "")] == ["seed"]
    assert not list(labels("st.slider(word('card.seed'), label_visibility='collapsed')", ""))
    assert explained("a = {'x': 'seed'}\nmeans(a[one])") == explained("means('seed')") == {"seed"}
    assert runs("one two three four five six seven eight") & runs("Two, three four five six seven eight!")
