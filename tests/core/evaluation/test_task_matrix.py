"""The matrix of tasks and mechanisms: cards by their place, spreads, learning curves, and what the command prints."""

from __future__ import annotations

import json
import re
import statistics
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import core
from core.__main__ import main
from core.attention import MECHANISMS
from core.evaluation import TaskStudies, levels_of, lost, open_studies, pictures_for, spread_of, task_cells
from core.models import zoo
from core.tasks import TASKS
from core.training.run import spread
from core.types import InvalidInput, ModelCard

CURVES = {"tasks-marked": {"plain": [[2000, 0.95], [500, 0.3]], "spatial-gate": [[500, 0.9]]}}


def card(family: str, mechanism: str, accuracy: float | None = 0.5, **changes: object) -> ModelCard:
    return ModelCard(f"{family}/{mechanism}", "A task", mechanism, ("a", "b"), accuracy, 2000, **changes)


def test_cells_are_the_measured_models_of_tasks_in_order() -> None:
    cards = [card("tasks-marked", "cbam"), card("scenes", "cbam"), card("tasks-marked", "plain", None)]
    cards += [card("tasks-sun-or-moon", "transformer"), card("tasks-marked", "squeeze-excitation")]
    found = task_cells(cards)
    assert list(found) == [("tasks-sun-or-moon", "transformer"), ("tasks-marked", "squeeze-excitation"),
                           ("tasks-marked", "cbam")]  # fmt: skip
    assert all(one.slug == "/".join(place) for place, one in found.items())


def test_what_is_lost_and_how_far_seeds_are_apart() -> None:
    one = card("tasks-marked", "cbam", 0.9, ablation={"uniform": 0.25})
    assert lost(one, "uniform") == pytest.approx(0.65) and lost(one, "off") is None
    assert spread_of(one) is None
    several = replace(one, facts={"seeds": spread(range(3), [0.9, 0.8, 0.94], [{}] * 3)})
    found = spread_of(several)
    assert found.accuracies == (0.9, 0.8, 0.94) and found.mean == pytest.approx(2.64 / 3)
    assert found.deviation == pytest.approx(statistics.stdev([0.9, 0.8, 0.94]))
    for wrong in ("many", {"accuracies": [0.9]}, {"accuracies": [0.9, "b"], "mean": 0.9, "std": 0}, {"accuracies": 3}):
        assert spread_of(replace(one, facts={"seeds": wrong})) is None


@pytest.mark.parametrize("wrong", [None, 0.5, {"1": "high"}, {"1": 2.0}, [0.5]])
def test_levels_that_are_no_accuracies_are_left_out(wrong: object) -> None:
    one = card("tasks-marked", "cbam", facts={"levels": {"1": 1.0, "2": 0.5}})
    assert levels_of(one) == (1.0, 0.5) and levels_of(card("tasks-marked", "cbam")) == ()
    assert levels_of(replace(one, facts={"levels": wrong})) == ()


def test_the_fewest_pictures_are_those_from_which_on_every_point_is_enough() -> None:
    assert pictures_for([(500, 0.2), (1000, 0.99), (2000, 0.2), (4000, 0.95)]) == 4000
    assert pictures_for([(2000, 0.2), (1000, 0.99)]) is None
    assert pictures_for([(500, 0.5), (1000, 0.9), (2000, 0.99)]) == 1000
    assert pictures_for([(500, 0.5), (1000, 0.8)]) is None and pictures_for([]) is None


def test_studies_are_read_from_their_file(tmp_path: Path) -> None:
    path = tmp_path / "tasks.json"
    assert open_studies(path) == TaskStudies()
    path.write_text(json.dumps({"learning_curves": CURVES, "full_reach": {"tasks-marked": {"accuracy": 1}}}))
    found = open_studies(path)
    assert found.curves["tasks-marked"]["plain"] == ((500, 0.3), (2000, 0.95))  # the fewest pictures first
    assert found.full_reach == {"tasks-marked": {"accuracy": 1}}


@pytest.mark.parametrize(
    "wrong",
    [
        "[]",
        "{",
        '{"learning_curves": [1]}',
        '{"learning_curves": {"a": {"plain": [[1, 2, 3]]}}}',
        '{"learning_curves": {"a": {"plain": [["many", 0.5]]}}}',
        '{"learning_curves": {"a": {"plain": [[10, 50]]}}}',
        '{"full_reach": {"a": {}}}',
        '{"full_reach": {"a": 3}}',
    ],
)
def test_a_file_that_holds_something_else_is_refused(tmp_path: Path, wrong: str) -> None:
    path = tmp_path / "tasks.json"
    path.write_text(wrong)
    with pytest.raises(InvalidInput, match="not a valid file of task studies"):
        open_studies(path)


# --- the command


@pytest.fixture
def catalog(tiny: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], ModelCard]:
    """A zoo with three models of tasks."""
    monkeypatch.setenv("FOVEA_PRETRAINED", str(tmp_path))
    monkeypatch.delenv("FOVEA_MODELS", raising=False)
    ways = {"uniform": 0.243, "shuffled": 0.3, "off": 0.1}
    cards = [
        card("tasks-sun-or-moon", "plain", 0.653, facts={"levels": {"1": 0.91, "2": 0.52}}),
        card("tasks-sun-or-moon", "squeeze-excitation", 0.998, ablation=ways),
        card("tasks-marked", "cbam", 0.9, ablation=ways, facts={"seeds": spread(range(2), [0.9, 0.8], [{}] * 2)}),
    ]
    for one in cards:
        zoo.store(tiny(one.mechanism).module, one)
        zoo.store_card(one)
    (tmp_path / "tasks.json").write_text(json.dumps({"learning_curves": CURVES}))
    return task_cells(cards)


def test_the_command_prints_every_cell(catalog: dict, capsys: pytest.CaptureFixture) -> None:
    assert main(["tasks"]) == 0
    printed = capsys.readouterr().out
    head, guess, *rows = printed.splitlines()[: 2 + len(MECHANISMS)]
    ends = [match.end() for match in re.finditer(r"\S+( \S+)*", head)]  # columns are right-aligned
    assert len(ends) == len(TASKS) and [guess[end - 4 : end] for end in ends] == [
        f"{100 * one.chance:.1f}" for one in TASKS
    ]
    for kind, row in zip(MECHANISMS, rows, strict=True):
        assert row.split()[0] == kind.slug
        starts = [len(kind.slug), *ends]
        for task, start, end in zip(TASKS, starts, ends, strict=False):
            one = catalog.get((task.slug, kind.slug))
            left = f" ({100 * one.ablation['uniform']:.1f})" if one and one.ablation else ""
            assert row[start:end].strip() == (f"{100 * one.accuracy:.1f}{left}" if one else "")
    assert "42 of 45 cells" in printed and all(one.question in printed for one in TASKS)
    assert "85.0 ± 7.1 (90.0, 80.0)" in printed
    assert "tasks-sun-or-moon/plain" in printed and "91.0    52.0" in printed
    assert "500: 30.0, 2,000: 95.0; 2,000" in printed and "plain with a receptive field" not in printed


def test_the_command_prints_another_change_and_json(catalog: dict, capsys: pytest.CaptureFixture) -> None:
    assert main(["tasks", "--attention", "off"]) == 0
    assert "99.8 (10.0)" in capsys.readouterr().out
    assert main(["tasks", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {(one["task"], one["mechanism"]): one["accuracy"] for one in told["cells"]} == {
        place: one.accuracy for place, one in catalog.items()
    }
    gate = next(one for one in told["cells"] if one["mechanism"] == "squeeze-excitation")
    assert gate["uniform"] == 0.243 and gate["lost"]["uniform"] == pytest.approx(0.998 - 0.243)
    assert gate["levels"] == []
    assert next(one for one in told["cells"] if one["mechanism"] == "plain")["levels"] == [0.91, 0.52]
    assert told["learning_curves"]["tasks-marked"]["spatial-gate"] == [[500, 0.9]]
    assert [one["chance"] for one in told["tasks"]] == [one.chance for one in TASKS]
    assert core.cards()  # the zoo of the test is the one that was printed
