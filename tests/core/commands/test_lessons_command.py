"""``python -m core lessons check`` measures what lessons claim again; without the word nothing is measured."""

from __future__ import annotations

import pytest

from core.__main__ import main
from core.commands import lessons as command
from core.lessons import SHIPPED

LESSON = "attention-that-is-needed"


@pytest.mark.parametrize(("words", "measured"), [((), 0), (("check",), 1), (("--measure",), 1)])
def test_check_measures_again(
    words: tuple[str, ...], measured: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    calls: list[str] = []
    monkeypatch.setattr(
        command, "measure", lambda lesson, progress: calls.append(lesson.name) or command.stored(lesson)
    )
    monkeypatch.setattr(command, "store", lambda lesson, found: None)
    assert main(["lessons", *words, str(SHIPPED / LESSON)]) == 0
    assert calls == [LESSON] * measured and LESSON in capsys.readouterr().out
