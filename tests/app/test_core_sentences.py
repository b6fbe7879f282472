"""What core says is shown in the language of the run, wherever the app shows it, and letter by letter."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app import words
from app.words import Marked, known, literal, plain, recall, say, use, word
from core import InvalidInput
from core.attribution import method
from core.messages import Message

SHORT = "{path} cannot be read: {reason}."
GERMAN = {
    "upload.refused": "{name} geht nicht; {files}.",
    SHORT: "{path} ist nicht lesbar: {reason}.",
    "permission denied": "keine Berechtigung",
    method("occlusion").needs: "Nur mit gleichen Fenstern.",
    "Occlusion": "Verdeckung",
}


@pytest.fixture
def german(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(words.LANGUAGES, "de", GERMAN)
    use("de")
    yield
    use(None)


def test_english_needs_no_table() -> None:
    error = InvalidInput(SHORT, path="a.png", reason=Message("permission denied"))
    assert say(error) == str(error) == say(error.message) == "a.png cannot be read: permission denied."
    assert say("model.label") == "model.label" and say(3) == "3" and isinstance(say(Marked("**a**")), Marked)


def test_another_language_says_it_in_its_words(german: None) -> None:
    error = InvalidInput(SHORT, path="a.png", reason=Message("permission denied"))
    assert say(error) == literal(error) == "a.png ist nicht lesbar: keine Berechtigung."
    assert say(InvalidInput("Stop.")) == "Stop."
    assert plain("upload.refused", name=Message("permission denied"), files="x") == "keine Berechtigung geht nicht; x."
    assert word("upload.refused", name=Message("permission denied"), files="x") == "keine Berechtigung geht nicht; x."
    assert known("method.nowhere.title", method("occlusion").title) == "Verdeckung"
    assert say(method("occlusion").needs) == "Nur mit gleichen Fenstern." and say("Occlusion") == "Occlusion"


@pytest.mark.parametrize("name", ["*a*.png", "{0}.png", "%s", "[x](https://y.z)", "$a$", ":red[b]"])
def test_markdown_in_a_name_stays_literal(german: None, name: str) -> None:
    error = InvalidInput(SHORT, path=name, reason=Message("permission denied"))
    assert say(error) == f"{name} ist nicht lesbar: keine Berechtigung."
    assert literal(error) == literal(f"{name} ist nicht lesbar: keine Berechtigung.")


def test_what_was_stored_in_english_is_known_again(german: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(GERMAN, "{path} holds {count:,} of {total:,} files.", "{total:,} Dateien, {count:,} in {path}")
    error = InvalidInput(SHORT, path="a {0}: *b*.png", reason=Message("permission denied"))
    assert recall(str(error)) == say(error) == "a {0}: *b*.png ist nicht lesbar: keine Berechtigung."
    assert recall("x/ holds 1,200 of 3,400 files.") == "3,400 Dateien, 1,200 in x/"
    assert (
        recall("Occlusion") == "Occlusion"
        and recall("something else (such as this)") == "something else (such as this)"
    )
    use(None)
    assert recall(str(error)) == str(error)
