"""Sentences that can be translated: what a message is, and that everything that users read is one."""

from __future__ import annotations

import ast
import copy
import pickle
from pathlib import Path

import numpy as np
import pytest

from core import InvalidInput
from core.attribution import METHODS
from core.data.collection import Changed
from core.messages import Message
from tests.templates import fields, options, sentences, sources, templates, untranslated

GERMAN = {
    "There is no {what} '{name}'. Choose one of: {choices}.": "{what} „{name}“ gibt es nicht; es gibt {choices}.",
    "permission denied": "keine Berechtigung",
    "{path} cannot be read: {reason}.": "{path} ist nicht lesbar: {reason}.",
    "scene": "Szene",
    "{count:,} files": "{count} Dateien",
    ", ": " und ",
}


def test_a_message_is_its_english_sentence() -> None:
    found = Message("There is no scene '{name}'.", name="x")
    assert found == "There is no scene 'x'." and str(found) == found and isinstance(found, str)
    assert (found.template, found.values) == ("There is no scene '{name}'.", {"name": "x"})
    assert found in {"There is no scene 'x'."} and Message(found) is found
    assert Message("Stop.") == "Stop." and Message("Stop.").values == {}


def test_lists_are_joined_and_messages_nest() -> None:
    why = Message("permission denied")
    assert (
        Message("{path} cannot be read: {reason}.", path=Path("a/b"), reason=why)
        == "a/b cannot be read: permission denied."
    )
    assert Message("Choose one of {choices}.", choices=["a", Message("none"), 3]) == "Choose one of a, none, 3."
    assert Message("not {shape}", shape=(3, 4)) == "not (3, 4)" and Message("{choices}", choices=("a", "b")) == "a, b"
    assert Message("{error}", error=InvalidInput("No {what}.", what="x")).values["error"].template == "No {what}."
    assert Message("{error}", error=ValueError("loud")) == "loud"
    assert Message("{count:,} and {share:.1f}", count=np.int64(12345), share=0.25) == "12,345 and 0.2"


@pytest.mark.parametrize("name", ["{0}.png", "%s", "{name}", "}{", "{{}}", "a\\b", "50 % *bold* _x_ [a](b).png", "“ü”"])
def test_what_stands_in_a_name_stays_as_it_is(name: str) -> None:
    assert Message("{path} is empty.", path=name) == f"{name} is empty." == Message("{path} is empty.", path=Path(name))
    assert Message(name) == name  # without values there is nothing to fill in
    nested = Message("{what}!", what=Message("{path} is empty.", path=name))
    assert nested == f"{name} is empty.!" == nested.localized(GERMAN)
    assert str(InvalidInput("{path} is empty.", path=name)) == f"{name} is empty."


def test_a_value_stays_on_one_line_and_can_be_encoded() -> None:
    found = Message("No '{name}'.", name="a\nb\x1b[31m\u2028\udce9")
    assert found == r"No 'a\nb\x1b[31m\u2028\udce9'." and found.encode() and len(found.splitlines()) == 1


def test_a_table_translates_a_message_and_what_is_in_it() -> None:
    choices = Message(
        "There is no {what} '{name}'. Choose one of: {choices}.",
        what=Message("scene"),
        name="scene",
        choices=["a", "b"],
    )
    assert choices.localized(GERMAN) == "Szene „scene“ gibt es nicht; es gibt a und b."
    read = InvalidInput("{path} cannot be read: {reason}.", path="scene", reason=Message("permission denied"))
    assert read.localized(GERMAN) == "scene ist nicht lesbar: keine Berechtigung."
    assert Message("{count:,} files", count=1234).localized(GERMAN) == "1234 Dateien"
    assert Message("scene").localized({}) == "scene" == Message("{name}", name="scene").localized(GERMAN)


def test_other_names_can_be_put_in() -> None:
    found = Message(
        "{path} in {paths}: {why}", path="/tmp/x.zip/a", paths=["x.zip", "b"], why=Message("{p}", p="/tmp/x.zip")
    )
    assert found.renamed({"/tmp/x.zip": "mine", "x.zip": "mine"}) == "mine/a in mine, b: mine"


@pytest.mark.parametrize("make", [InvalidInput, Changed])
def test_an_error_is_its_message(make: type[InvalidInput]) -> None:
    found = make("{path} is gone: {why}.", path="a", why=Message("permission denied"))
    assert str(found) == found.message == "a is gone: permission denied." and isinstance(found, ValueError)
    again = make(found.message)
    for one in (
        again,
        copy.copy(found),
        copy.deepcopy(found),
        *(pickle.loads(pickle.dumps(found, n)) for n in range(2, 6)),
    ):
        assert type(one) is make and one.message == found.message
        assert one.message.template == found.message.template and one.message.values == found.message.values
        assert one.localized(GERMAN) == "a is gone: keine Berechtigung."


def test_everything_that_is_shown_to_users_is_a_template_with_named_values() -> None:
    wrong = []
    for one in sentences(sources("core", "app")):
        if one.templates is None:
            wrong.append(f"{one.place}: write the template out, and give what is filled in by name")
        for template in one.templates or ():
            if one.values and fields(template) != one.values:
                wrong.append(f"{one.place}: {sorted(fields(template))} in the template, {sorted(one.values)} given")
            if not one.values and fields(template):
                wrong.append(f"{one.place}: {template!r} waits for {sorted(fields(template))}")
    assert not wrong, "\n".join(wrong)


def test_the_walk_sees_what_is_wrong() -> None:
    text = """
raise InvalidInput(f"There is no {name}.")
raise core.InvalidInput("There is no " + name)
raise InvalidInput("No {a}.", a=1)
raise Changed("No {a}." if one else "No {a} or {b}.", a=1, b=2)
raise InvalidInput(error.message) from error
raise InvalidInput(plain("key", count=1))
raise InvalidInput(str(error))
x = Message(RANDOM)
"""
    found = [one.templates for one in sentences([("here", ast.parse(text))])]
    assert found == [None, None, ("No {a}.",), ("No {a}.", "No {a} or {b}."), (), (), None, ()]


def test_a_list_shows_what_a_language_lacks() -> None:
    wanted = templates()
    assert len(wanted) > 150 and all(method.title in wanted and method.needs in {*wanted, ""} for method in METHODS)
    assert {"option.uniform", "option.blurred"} <= options()
    full = {template: template for template in (*wanted, *options())}
    one = next(template for template in wanted if fields(template))
    assert untranslated(full) == [] and len(untranslated({})) == len(full)
    assert untranslated(full | {one: "ohne"}) == [f"{wanted[one]}: {one!r}"]
