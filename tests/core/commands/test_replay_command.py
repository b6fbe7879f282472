"""``explain --record`` and ``--replay``: what they print, and with which status they end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.__main__ import main
from core.data import open_sample
from core.reporting import to_png

EXPLAIN = ("explain", "photo.png", "--model", "scenes/cbam", "--method", "occlusion", "--record", "view.json")
REPLAY = ("explain", "--replay", "view.json")


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a picture, and with a file that is no record."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photo.png").write_bytes(to_png(open_sample("scenes/24").pixels))
    (tmp_path / "text.json").write_text("[]")
    return tmp_path


def run(*words: str) -> int:
    """The exit status of a command on the processor."""
    return main([*words, "--device", "cpu"])


def test_a_recorded_view_is_computed_again(capsys: pytest.CaptureFixture) -> None:
    assert run(*EXPLAIN) == 0
    capsys.readouterr()
    assert run(*REPLAY, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["identical"] and found["same"] and not found["changed"] and set(found["differences"].values()) == {0}
    assert run(*REPLAY) == 0
    assert "are the same as recorded, to the last bit." in capsys.readouterr().out


def test_a_number_that_differs_is_named_and_has_its_own_status(capsys: pytest.CaptureFixture, place: Path) -> None:
    assert run(*EXPLAIN) == 0
    view = json.loads((place / "view.json").read_text())
    view["numbers"]["intervention.uniform"] = 0.0
    (place / "view.json").write_text(json.dumps(view))
    assert run(*REPLAY) == 1
    assert (
        "numbers differ from the recorded ones: probability with the attention changed: uniform."
        in capsys.readouterr().out
    )


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("explain --replay text.json", "text.json is not a view that Fovea recorded"),
        ("explain", "Name a picture to explain, or a recorded view"),
        ("explain --replay none.json", "none.json cannot be read"),
        ("explain --replay .", ". is a folder"),
        ("explain photo.png --model scenes/cbam --record none/view.json", "none/view.json cannot be written"),
    ],
)
def test_a_file_that_does_not_fit_is_one_sentence(capsys: pytest.CaptureFixture, words: str, sentence: str) -> None:
    assert run(*words.split()) == 2
    printed = capsys.readouterr()
    assert not printed.out
    assert sentence in printed.err
    assert printed.err.count("\n") == 1
