"""The glossary: one sentence for each term, found by a search, and shown in the side bar."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from app.widgets import glossary
from app.words import plain, terms, word

LONGEST = 180  # letters


@pytest.mark.parametrize("slug", terms())
def test_an_entry_is_one_sentence(slug: str) -> None:
    term, means = plain(f"term.{slug}"), plain(f"term.{slug}.means")
    assert term[0].isupper() or term[0].isdigit()
    assert means.endswith(".") and ". " not in means and 20 < len(means) <= LONGEST


def test_terms_are_named_once() -> None:
    names = [plain(f"term.{slug}") for slug in terms()]
    assert len(names) > 50 and len({name.casefold() for name in names}) == len(names)


def test_entries_are_found_by_term_and_meaning_and_stand_in_alphabetical_order() -> None:
    every = glossary.find("")
    names = [one.split("**")[1] for one in every]
    assert len(names) == len(terms()) and names == sorted(names, key=str.casefold)
    found = glossary.find("LOGIT")
    assert [one for one in found if one.startswith(f"**{word('term.logit')}**")]
    assert all("logit" in one.casefold() for one in found) and len(found) < len(every)
    assert glossary.find("no such term") == []


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
