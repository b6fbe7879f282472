"""Files that are no record, or hold what no record would: one sentence, and nothing of the machine."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import core
from core.data import open_sample
from tests.core.replay.recorded_views import SAMPLE, question_about


def entries(facts: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of every entry that a replay needs."""
    free = {"prediction", "code", "machine", "batches", "checks", "bank", "shuffle_seed", "view"}
    for key, value in facts.items():
        if not path and key in free:
            continue
        yield (*path, key)
        if isinstance(value, dict):
            yield from entries(value, (*path, key))


WRONG = (None, True, -1, 10**400, 1.5, "\ud800", "x" * 10_000, [], {}, [[]], {"shape": [True], "float32": "AAAA"})


def test_no_entry_of_a_file_ends_in_another_error(view: core.Record, tmp_path: Path) -> None:
    """Each entry in turn is missing, or of a wrong type: one sentence, or numbers that differ."""
    classifier = core.load("scenes/cbam", "cpu")
    whole = json.loads(view.to_json())
    whole["checks"] = []
    refused = 0
    for path in entries(whole):
        for wrong in WRONG:
            facts = copy.deepcopy(whole)
            place = facts
            for key in path[:-1]:
                place = place[key]
            place[path[-1]] = wrong
            try:
                found = core.open_record(json.dumps(facts).encode(), "view.json")
            except core.InvalidInput as error:
                refused += 1
                assert "view.json" in str(error)
                continue
            try:
                if path[0] in ("question", "model"):
                    core.replay(found, classifier)
            except core.InvalidInput:
                refused += 1
    assert refused > 100


@pytest.mark.parametrize("name", ["contrast", "progress", "target", "picture", "slug", "classifier", "nonsense"])
def test_a_parameter_that_the_method_lacks_is_one_sentence(name: str, view: core.Record) -> None:
    facts = json.loads(view.to_json())
    facts["question"]["parameters"][name] = 1
    with pytest.raises(core.InvalidInput, match=f"has no parameter '{name}'"):
        core.replay(core.open_record(json.dumps(facts).encode()), core.load("scenes/cbam", "cpu"))


def test_no_path_of_a_record_is_opened(view: core.Record) -> None:
    for slug in ("file:/etc/passwd", "file:" + "x" * 5000, "file:"):
        facts = json.loads(view.to_json())
        facts["model"]["slug"] = slug
        with pytest.raises(core.InvalidInput, match="The recorded model was in the file"):
            core.replay(core.open_record(json.dumps(facts).encode()))


def test_a_path_is_not_recorded() -> None:
    classifier, picture = core.load("scenes/cbam", "cpu"), open_sample(SAMPLE)
    other = replace(classifier, card=replace(classifier.card, slug="file:/srv/somebody/secret/card.json"))
    assert core.record(other, picture, question_about(classifier, picture)).facts["model"]["slug"] == "file:card.json"
    assert "somebody" not in core.record(other, picture, question_about(classifier, picture)).to_json()


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"format": "other"}'])
def test_a_file_that_is_no_record_is_refused(data: bytes) -> None:
    with pytest.raises(core.InvalidInput, match="is not a view that Fovea recorded"):
        core.open_record(data, "photo.jpg")


@pytest.mark.parametrize(
    ("version", "sentence"),
    [(2, "by a later version of Fovea"), (0, "'version'"), ("1", "'version'"), (1.5, "'version'")],
)
def test_another_version_is_refused(version: Any, sentence: str, view: core.Record) -> None:
    with pytest.raises(core.InvalidInput, match=sentence):
        core.open_record(json.dumps({**view.facts, "version": version}).encode())
