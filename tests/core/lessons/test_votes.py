"""The votes of a class: what is stored of an answer, both rounds, a clear, a bound on the file, and damaged files."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.lessons import (
    CHOICE,
    CODE,
    NUMBER,
    POINT,
    RANK,
    TEXT,
    Exercise,
    Question,
    Votes,
    bin_of,
    bins,
    given_of,
    new_code,
)
from core.lessons import votes as module
from core.types import InvalidInput

ASKED = Question("ABC234", "lesson", "step")


def test_an_answer_becomes_a_bin_and_a_text_is_not_kept() -> None:
    choice = Exercise(CHOICE, ("a", "b"), ("a",))
    assert bin_of(choice, ("b",)) == "b" and bins(choice) == ("a", "b")
    number = Exercise(NUMBER, low=0, high=50)
    assert [bin_of(number, (value,)) for value in (0.0, 4.9, 5.0, 50.0)] == ["0", "0", "1", "9"]
    assert [bin_of(Exercise(POINT), point) for point in ((0.0, 0.0), (0.9, 0.1), (0.5, 0.5), (1.0, 1.0))] == list(
        "0248"
    )
    assert (
        bin_of(Exercise(RANK, ("a", "b")), ("b", "a")) == "b,a" and bin_of(Exercise(TEXT), ("My name is Ann.",)) == ""
    )


def test_two_rounds_are_counted_apart_and_a_clear_is_of_one_question(tmp_path: Path) -> None:
    votes, other = Votes(tmp_path / "new" / "votes.jsonl"), Question("ABC234", "lesson", "other")
    assert votes.tally(ASKED).round == 1 and not votes.path.exists(), "nothing is written before a vote"
    assert [votes.vote(ASKED, one) for one in ("a", "a", "b")] == [1, 1, 1] and votes.vote(other, "c") == 1
    votes.begin_second(ASKED)
    assert votes.vote(ASKED, "b") == 2 and votes.vote(Question("XYZ234", "lesson", "step"), "a") == 1
    found = Votes(votes.path).tally(ASKED)
    assert (found.round, found.counts, found.total(1)) == (2, {1: {"a": 2, "b": 1}, 2: {"b": 1}}, 3)
    votes.clear(ASKED)
    assert (votes.tally(ASKED).round, votes.tally(ASKED).total(1)) == (1, 0) and votes.tally(other).total(1) == 1
    keys = {key for line in votes.path.read_text().splitlines() for key in json.loads(line)}
    assert keys == {"question", "round", "bin"}, "no name, no session, no time"


def test_a_voter_votes_once_in_each_round(tmp_path: Path) -> None:
    votes = Votes(tmp_path / "votes.jsonl")
    assert votes.own(ASKED, "one") == {} and [votes.vote(ASKED, one, "one") for one in ("a", "b")] == [1, 1]
    votes.vote(ASKED, "b", "other")
    assert votes.tally(ASKED).counts[1] == {"a": 1, "b": 1} and votes.own(ASKED, "one") == {1: "a"}
    votes.begin_second(ASKED)
    assert [votes.vote(ASKED, one, "one") for one in ("b", "a")] == [2, 2]
    assert votes.own(ASKED, "one") == {1: "a", 2: "b"} and votes.tally(ASKED).total(2) == 1
    assert votes.own(Question("ABC234", "lesson", "other"), "one") == {} and votes.own(ASKED, "") == {}
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: votes.vote(ASKED, "a", "third"), range(20)))
    assert votes.tally(ASKED).counts[2] == {"b": 1, "a": 1}, "also with many clicks at once"
    votes.clear(ASKED)
    assert votes.vote(ASKED, "a", "one") == 1 and votes.tally(ASKED).total(1) == 1, "who was cleared votes again"


def test_the_answer_of_a_bin_is_known_for_options() -> None:
    assert given_of(Exercise(CHOICE, ("a", "b")), "b") == ("b",)
    assert given_of(Exercise(RANK, ("a", "b")), "b,a") == ("b", "a")
    assert given_of(Exercise(NUMBER), "3") == () == given_of(Exercise(TEXT), "")


def test_nothing_is_written_without_a_code(tmp_path: Path) -> None:
    votes = Votes(tmp_path / "votes.jsonl")
    for code in ("", "abc234", "ABC2345", "../..."):
        with pytest.raises(InvalidInput, match="cannot be stored"):
            votes.vote(Question(code, "lesson", "step"), "a")
    with pytest.raises(InvalidInput, match="cannot be stored"):
        votes.vote(ASKED, "a" * 1000)
    assert not votes.path.exists() and all(CODE.fullmatch(new_code()) for _ in range(20))
    assert new_code() != new_code()


def test_votes_at_once_are_all_counted(tmp_path: Path) -> None:
    votes = Votes(tmp_path / "votes.jsonl")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: votes.vote(ASKED, str(number % 2)), range(40)))
    assert votes.tally(ASKED).counts[1] == {"0": 20, "1": 20}


def test_a_full_file_loses_its_oldest_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST", 2000)
    votes = Votes(tmp_path / "votes.jsonl")
    for number in range(60):
        votes.vote(ASKED, str(number))
        assert votes.path.stat().st_size <= 2000
    kept = votes.tally(ASKED).counts[1]
    assert "59" in kept and "0" not in kept


@pytest.mark.parametrize("kept", [1, 20, -1])
def test_half_a_vote_is_dropped(tmp_path: Path, kept: int) -> None:
    """A full disk, or the end of the process, may leave a part of a line."""
    votes = Votes(tmp_path / "votes.jsonl")
    for bin_ in ("a", "b"):
        votes.vote(ASKED, bin_)
    first, second = votes.path.read_bytes().splitlines(keepends=True)
    votes.path.write_bytes(first + second[:kept])
    assert votes.tally(ASKED).counts[1] == {"a": 1}
    votes.vote(ASKED, "c")
    assert votes.tally(ASKED).counts[1] == {"a": 1, "c": 1} and votes.path.read_bytes().startswith(first)


@pytest.mark.parametrize(
    "text", ["no json", "[]", '{"round": 3, "question": ["a", "b", "c"]}', '{"round": 1}', "\udcff"]
)
def test_a_file_that_is_not_one_of_votes_is_one_sentence(tmp_path: Path, text: str) -> None:
    votes = Votes(tmp_path / "votes.jsonl")
    votes.path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(InvalidInput, match="is not a file of votes. Delete it"):
        votes.vote(ASKED, "a")
    with pytest.raises(InvalidInput, match="is not a file of votes"):
        Votes(tmp_path).tally(ASKED)
    assert votes.path.read_bytes() == text.encode(errors="surrogateescape"), "it is left as it is"
