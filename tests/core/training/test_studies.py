"""Studies of tasks: learning curves and a plain model with a receptive field of the whole picture, on tiny runs."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch

from core.__main__ import main
from core.data.datasets import Dataset, open_dataset
from core.data.drawn import draw_task
from core.models import zoo
from core.tasks import task
from core.training import recipe, studies
from core.training.studies import first_pictures, full_reach, learning_curve
from core.types import SHORT_SIGHTED, InvalidInput
from tests.core.small_runs import TINY, learn, made_data

TASK = "tasks-sun-or-moon"
SHORT = replace(recipe(TASK), epochs=1, batch=8, sizes=((1.0, 64),))


@pytest.fixture(scope="module")
def few() -> Dataset:
    return draw_task(task(TASK), 32, 16)


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[tuple]:
    """What each run was given: its card, its labels and its recipe."""
    seen: list[tuple] = []
    train = studies.fit

    def note(card: object, data: Dataset, one: object, *others: object) -> object:
        seen.append((card, data.training.labels.tolist(), one))
        return train(card, data, one, *others)

    monkeypatch.setattr(studies, "fit", note)
    return seen


def test_a_learning_curve_takes_as_many_steps_on_fewer_pictures(few: Dataset, trained: list, tmp_path: Path) -> None:
    found = learning_curve(f"{TASK}/spatial-gate", few, SHORT, (16, 8), device="cpu", cache=tmp_path)
    assert [size for size, _ in found] == [8, 16] and all(0 <= share <= 1 for _, share in found)
    assert all((share * 16) == pytest.approx(round(share * 16)) for _, share in found)  # of 16 pictures
    for (card, labels, one), size in zip(trained, (8, 16), strict=True):
        assert card.architecture == SHORT_SIGHTED and card.mechanism == "spatial-gate"
        assert labels == few.training.labels[:size].tolist() and one.epochs * size == 32
    again = learning_curve(f"{TASK}/spatial-gate", few, SHORT, (16, 8), device="cpu", cache=tmp_path)
    assert again == found  # finished runs lie in the cache


def test_a_curve_of_more_pictures_than_there_are_is_refused(few: Dataset) -> None:
    for count in (0, 33):
        with pytest.raises(InvalidInput, match=f"There are only 32 training pictures, not {count}"):
            first_pictures(few.training, count)


def test_with_full_reach_every_cell_sees_the_whole_picture(few: Dataset, trained: list, tmp_path: Path) -> None:
    share, epochs = full_reach(TASK, few, SHORT, device="cpu", cache=tmp_path)
    assert 0 <= share <= 1 and epochs == 1
    module = zoo.build(trained[0][0]).eval()
    x = torch.randn(1, 3, 128, 128, requires_grad=True)
    features = x
    for name in ("stem", "stage1", "stage2", "stage3", "stage4"):
        features = module.get_submodule(name)(features)
    features[0, :, 4, 4].sum().backward()
    reached = x.grad.abs().sum((0, 1)) > 0
    assert reached.any(1).sum() > 100 and reached.any(0).sum() > 100  # of 128 rows and columns


def test_a_training_without_mistakes_ends_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = made_data()
    shares = iter([0.5, 1.0, 1.0, 0.9, 1.0, 1.0, 1.0, 1.0])
    monkeypatch.setattr("core.training.loop.accuracy", lambda *given: next(shares))
    recipe = replace(TINY, epochs=8, sizes=((1.0, 32),))
    _, lines = learn(data, tmp_path, recipe, solved=3)
    assert [line["accuracy"] for line in lines] == [0.5, 1.0, 1.0, 0.9, 1.0, 1.0, 1.0]
    _, again = learn(data, tmp_path, recipe, solved=3)  # it is over
    assert again == lines
    _, longer = learn(data, tmp_path, recipe)
    assert len(longer) == 8 and longer[:7] == lines


def test_the_command_keeps_what_it_found_next_to_the_rest(
    few: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "tasks.json"
    file.write_text(json.dumps({"learning_curves": {TASK: {"cbam": [[5, 0.5]]}}}))
    monkeypatch.setattr("core.commands.studying.open_dataset", lambda name: few)
    monkeypatch.setattr("core.commands.studying.recipe", lambda name: SHORT)
    monkeypatch.setattr("core.commands.studying.learning_curve", partial(learning_curve, cache=tmp_path))
    monkeypatch.setattr("core.commands.studying.full_reach", partial(full_reach, cache=tmp_path))
    common = ["--device", "cpu", "--out", str(file)]
    assert main(["study", f"{TASK}/plain", "--pictures", "8", *common]) == 0
    assert main(["study", f"{TASK}/plain", "--full-reach", "2", *common]) == 0
    stored = json.loads(file.read_text())
    curves = stored["learning_curves"][TASK]
    assert curves["cbam"] == [[5, 0.5]] and curves["plain"][0][0] == 8
    assert stored["full_reach"][TASK].keys() == {"accuracy", "epochs", "pictures"}
    assert (stored["full_reach"][TASK]["epochs"], stored["full_reach"][TASK]["pictures"]) == (2, 16)
    assert "training pictures" in capsys.readouterr().out
    assert main(["study", f"{TASK}/cbam", "--full-reach", "2", *common]) == 2
    assert main(["study", "scenes/cbam", *common]) == 2
    assert "There is no task 'scenes'" in capsys.readouterr().err


def test_the_pictures_of_a_task_are_a_named_data_set() -> None:
    data = open_dataset(TASK)
    assert data.classes == task(TASK).classes and (len(data.training), len(data.validation)) == (12_000, 1_000)
