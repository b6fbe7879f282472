"""Tiny training runs on made pictures: learned, seeded, resumed to the last bit, stored, and measured once more."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

import core
from core.attention import mechanism
from core.attention.tap import shuffled, steer, switched_off, uniform
from core.classifier import Classifier
from core.data.datasets import Dataset, Split
from core.families import FAMILIES, Family
from core.models import zoo
from core.models.networks.backbone import Backbone
from core.training import Recipe, train_model
from core.training.run import draw_card, start_from
from core.types import InvalidInput
from tests.core.small_runs import TINY, WIDTHS, fresh, learn, made, made_data, same_weights

ONCE = replace(TINY, epochs=1, sizes=((1.0, 32),))


@pytest.fixture(scope="module")
def data() -> Dataset:
    return made_data()


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """The order of floating-point sums depends on the number of threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize(("slug", "moment"), [("cbam", "in an epoch"), ("self-attention", "before a checkpoint")])
def test_a_killed_run_goes_on_to_the_same_weights(data: Dataset, tmp_path: Path, slug: str, moment: str) -> None:
    expected, lines = learn(data, tmp_path / "whole", module=fresh(slug))

    def batches(loader: Iterator, epoch: int) -> Iterator:
        for step, batch in enumerate(loader):
            if moment == "in an epoch" and (epoch, step) == (1, 2):
                raise KeyboardInterrupt
            yield batch

    def report(line: dict) -> None:
        if line["epoch"] == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        learn(data, tmp_path, module=fresh(slug), batches=batches, report=report)
    assert len(torch.load(tmp_path / "run.pt", weights_only=True)["history"]) == 1
    (tmp_path / "run.part").write_bytes(b"half a checkpoint")
    seen: list[int] = []
    found, history = learn(data, tmp_path, module=fresh(slug, 9), report=lambda line: seen.append(line["epoch"]))
    assert same_weights(found, expected) and seen == [2]
    kept = ("epoch", "loss", "accuracy", "size")
    assert [[line[key] for key in kept] for line in history] == [[line[key] for key in kept] for line in lines]
    again, _ = learn(data, tmp_path, module=fresh(slug, 8))  # a finished run is not run again
    assert same_weights(again, expected)


def test_a_run_is_decided_by_its_recipe_and_first_weights(data: Dataset, tmp_path: Path) -> None:
    first, _ = learn(data, tmp_path / "first", ONCE)
    again, _ = learn(data, tmp_path / "again", ONCE)
    other, _ = learn(data, tmp_path / "other", replace(ONCE, seed=4))
    assert same_weights(first, again) and not same_weights(first, other)
    left, history = learn(data, tmp_path / "first", replace(ONCE, seed=4))  # another recipe's checkpoint is not used
    assert same_weights(left, other) and len(history) == 1
    assert torch.load(tmp_path / "first/run.pt", weights_only=True)["recipe"] == repr(replace(ONCE, seed=4))


def test_a_checkpoint_from_before_a_part_was_known_still_counts(data: Dataset, tmp_path: Path) -> None:
    weights, _ = learn(data, tmp_path, ONCE)
    saved = torch.load(tmp_path / "run.pt", weights_only=True)
    old = re.sub(r", shift=.*(?=\))", "", saved["recipe"])
    assert old.endswith("muon=True)") and "Recipe(epochs=1" in old
    torch.save({**saved, "recipe": old}, tmp_path / "run.pt")
    seen: list[dict] = []
    again, history = learn(data, tmp_path, ONCE, fresh(seed=9), report=seen.append)
    assert same_weights(again, weights) and len(history) == 1 and not seen
    for other in (old.replace("muon=True", "magic=1"), old.replace("rate=0.008", "rate=8.0"), "Recipe(", "torch.load"):
        torch.save({**saved, "recipe": other}, tmp_path / "run.pt")
        _, history = learn(data, tmp_path, ONCE, report=seen.append)
    assert len(seen) == 4


def test_an_order_of_its_own_for_each_epoch(data: Dataset, tmp_path: Path) -> None:
    orders: list[list[int]] = []

    def batches(loader: Iterator, epoch: int) -> Iterator:
        orders.append([index for batch in loader.batch_sampler for index in batch])
        yield from loader

    learn(data, tmp_path, batches=batches)
    assert len(orders) == 2 and orders[0] != orders[1] and all(len(set(one)) == 24 for one in orders)


def test_a_curriculum_begins_with_the_easy_pictures(data: Dataset, tmp_path: Path) -> None:
    shown: list[set[int]] = []

    def batches(loader: Iterator, epoch: int) -> Iterator:
        shown.append({index for batch in loader.batch_sampler for index in batch})
        yield from loader

    levels = 1 + np.arange(len(data.training)) % 3
    staged = replace(data, training=replace(data.training, levels=levels))
    learn(staged, tmp_path, replace(TINY, epochs=4, curriculum=((0.25, 1), (0.5, 2), (0.25, 3))), batches=batches)
    assert [{int(levels[index]) for index in one} for one in shown] == [{1}, {1, 2}, {1, 2}, {1, 2, 3}]
    assert [len(one) for one in shown] == [8, 16, 16, 24]  # full batches only
    with pytest.raises(InvalidInput, match=r"made has 9 training pictures up to level 1, but a batch takes 10"):
        draw_card("made/plain", staged, replace(TINY, batch=10, curriculum=((0.5, 1), (0.5, 3))))
    shown.clear()
    learn(data, tmp_path / "even", replace(TINY, curriculum=((1.0, 1),)), batches=batches)
    assert [len(one) for one in shown] == [24, 24]  # pictures without levels are all shown


def test_training_learns_and_its_history_tells_the_truth(data: Dataset, tmp_path: Path) -> None:
    one = Recipe(epochs=6, batch=8, rate=2e-2, average=0.3, crop=0.8, flip=False, erase=0.0, sizes=((1.0, 48),))
    seen: list[dict] = []
    weights, history = learn(data, tmp_path, one, report=lambda line: seen.append(dict(line)))
    assert seen == history and [line["epoch"] for line in history] == list(range(1, 7))
    assert history[-1]["loss"] < 0.8 * history[0]["loss"]
    module = zoo.freeze(Backbone(mechanism("cbam"), 3, WIDTHS, 48))
    module.load_state_dict(weights)
    right = 0
    for i in range(15):
        x = (torch.from_numpy(data.validation.read(i).astype(np.float32)).permute(2, 0, 1) / 255 - 0.5) / 0.25
        right += int(module(x[None]).argmax()) == i % 3
    assert history[-1]["accuracy"] == right / 15 >= 0.9


def test_the_average_is_the_decayed_sum_of_every_step(data: Dataset, tmp_path: Path) -> None:
    module, steps = fresh(), []

    def batches(loader: Iterator, epoch: int) -> Iterator:
        for batch in loader:
            yield batch
            steps.append(module.classify.weight.detach().clone())

    kept, history = learn(data, tmp_path, replace(TINY, average=0.3), module, batches=batches)
    saved = torch.load(tmp_path / "run.pt", weights_only=True)
    assert len(steps) == 2 * (26 // 8) == int(saved["mean"]["n_averaged"])
    assert [(line["epoch"], line["size"]) for line in history] == [(1, 32), (2, 48)]
    expected = steps[0]
    for t, step in enumerate(steps[1:], 1):
        decay = min(0.3, (1 + t) / (10 + t))  # 2/11, 3/12, 0.3 ...: the first weights are soon reinitialized
        expected = decay * expected + (1 - decay) * step
    torch.testing.assert_close(kept["classify.weight"], expected, rtol=1e-4, atol=1e-6)
    assert not torch.allclose(expected, steps[-1])


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty catalog and a family of narrow models."""
    monkeypatch.setenv("FOVEA_PRETRAINED", str(tmp_path / "catalog"))
    monkeypatch.setattr("core.families.FAMILIES", (*FAMILIES, Family("made", widths=WIDTHS)))
    return tmp_path


@pytest.mark.parametrize("slug", ["plain", "cbam"])
def test_a_model_is_stored_with_a_card_measured_from_the_stored_file(data: Dataset, small: Path, slug: str) -> None:
    lines: list[dict] = []
    card = train_model(f"made/{slug}", data, ONCE, device="cpu", cache=small, command="how", report=lines.append)
    path = small / f"catalog/made/{slug}.safetensors"
    stored = load_file(path)
    assert all(tensor.dtype == (torch.float16 if tensor.ndim else torch.int64) for tensor in stored.values())
    assert zoo.stored() == (core.ModelCard.from_json(json.loads(path.with_suffix(".json").read_text())),)
    assert core.load(f"made/{slug}", "cpu").card == core.ModelCard.from_json(json.loads(json.dumps(card.to_json())))
    assert (card.mechanism, card.classes, card.widths, card.pictures) == (slug, ("left", "middle", "right"), WIDTHS, 15)
    facts = card.facts
    assert facts["checksum"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert facts["parameters"] == sum(t.numel() for name, t in stored.items() if "running" not in name and t.ndim)
    assert [facts[name] for name in ("seed", "epochs", "start", "command", "data")] == [3, 1, None, "how", "made"]
    assert facts["history"] == lines and facts["recipe"] == ONCE.to_json() and facts["license"] and facts["device"]
    assert facts["seconds"] == round(sum(line["seconds"] for line in lines))

    module = Backbone(mechanism(slug), 3, WIDTHS, card.size).eval()
    module.load_state_dict({name: tensor.float() for name, tensor in stored.items()})
    steers = {"accuracy": {}, "uniform": {}, "shuffled": {}, "off": {}}
    for name, function in (("uniform", uniform), ("shuffled", shuffled(0)), ("off", switched_off)):
        steers[name] = dict.fromkeys(Classifier(card, module, torch.device("cpu")).taps, function)
    squares = [core.images.square(core.open_image(data.validation.read(i)), card.size) for i in range(15)]
    x = torch.tensor(np.stack(squares)).permute(0, 3, 1, 2) / 255 - torch.tensor(card.mean)[:, None, None]
    x = x / torch.tensor(card.std)[:, None, None]
    measured = {"accuracy": card.accuracy, **card.ablation}
    assert set(measured) == ({"accuracy"} if slug == "plain" else set(steers))
    for name, value in measured.items():
        with torch.no_grad(), steer(module, steers[name]):
            assert value == sum(int(row.argmax()) == i % 3 for i, row in enumerate(module(x))) / 15
    confusion = [[0, 0, 0] for _ in range(3)]
    for i, row in enumerate(module(x)):
        confusion[i % 3][int(row.argmax())] += 1
    assert facts["confusion"] == confusion and "independent" not in facts and "split" not in facts
    assert card.size == 32 and facts["processes"] == 1


def test_a_card_says_what_is_left_without_the_shortcut_and_how_the_data_were_parted(data: Dataset, small: Path) -> None:
    labels = np.array([2, 2, 0, 1, 1, 1, 0])
    one = replace(data, independent=Split(labels, data.validation.read), note="Parted by chance.", terms="Free.")
    card = train_model("made/cbam", one, ONCE, device="cpu", cache=small)
    classifier = core.load("made/cbam", "cpu")
    answers = [core.read(classifier, core.open_image(data.validation.read(i))).predicted for i in range(7)]
    assert card.facts["independent"] == {"accuracy": sum(map(int, answers == labels)) / 7, "pictures": 7}
    assert (card.facts["split"], card.facts["license"]) == ("Parted by chance.", "Free.")


@pytest.mark.slow
def test_the_spread_over_seeds_is_of_runs_that_can_be_made_alone(data: Dataset, small: Path) -> None:
    lines: list[dict] = []
    card = train_model("made/plain", data, ONCE, seeds=3, device="cpu", cache=small, report=lines.append)
    found = card.facts["seeds"]
    assert found["seeds"] == [3, 4, 5] and card.facts["seed"] == 3 and len(lines) == 3
    assert zoo.stored() == (core.ModelCard.from_json(json.loads(json.dumps(card.to_json()))),)
    alone = [
        train_model("made/plain", data, replace(ONCE, seed=seed), device="cpu", cache=small / "alone")
        for seed in (3, 4, 5)
    ]
    assert found["accuracies"] == [one.accuracy for one in alone] and card.accuracy == found["accuracies"][0]
    assert card.facts["checksum"] == alone[0].facts["checksum"] != alone[1].facts["checksum"]
    mean = sum(found["accuracies"]) / 3
    assert found["mean"] == pytest.approx(mean)
    assert found["std"] == pytest.approx((sum((one - mean) ** 2 for one in found["accuracies"]) / 2) ** 0.5)
    assert len(list(small.glob("*.pt"))) == 3
    again = train_model("made/plain", data, ONCE, seeds=3, device="cpu", cache=small, report=lines.append)
    assert len(lines) == 3 and again == card  # every seed goes on from a checkpoint of its own


def test_more_seeds_keep_the_model_that_is_there(data: Dataset, small: Path) -> None:
    first = train_model("made/plain", data, ONCE, device="cpu", cache=small)
    lines: list[dict] = []
    elsewhere = small / "another machine"
    card = train_model("made/plain", data, ONCE, seeds=2, device="cpu", cache=elsewhere, report=lines.append)
    assert len(lines) == 1 and card.facts["checksum"] == first.facts["checksum"]
    assert card.facts["seeds"]["seeds"] == [3, 4] and card.facts["seeds"]["accuracies"][0] == first.accuracy
    changed = replace(ONCE, rate=ONCE.rate / 2)
    train_model("made/plain", data, changed, seeds=2, device="cpu", cache=elsewhere, report=lines.append)
    assert len(lines) == 3, "another recipe is trained from its first seed"


def test_a_checkpoint_of_another_data_set_is_not_used(data: Dataset, small: Path) -> None:
    train_model("made/plain", data, ONCE, device="cpu", cache=small)
    other = Dataset("other", ("a", "b", "c"), made(26, 7), data.validation)
    card = train_model("made/plain", other, ONCE, device="cpu", cache=small)
    anew = train_model("made/plain", other, ONCE, device="cpu", cache=small / "empty")
    assert card.facts["checksum"] == anew.facts["checksum"]


def test_what_is_measured_is_the_stored_file(data: Dataset, small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain_store = zoo.store
    one = Dataset(data.name, data.classes, data.training, Split(np.array([2, 2, 0, 2]), data.validation.read))
    for only, share in enumerate((1 / 4, 0, 3 / 4)):  # the share of each class, which a file that says only it gets

        def biased(module: nn.Module, card: core.ModelCard, only: int = only) -> Path:
            path = plain_store(module, card)
            save_file({**load_file(path), "classify.bias": 1e4 * torch.eye(3)[only].half()}, path)
            return path

        monkeypatch.setattr(zoo, "store", biased)
        assert train_model("made/plain", one, ONCE, device="cpu", cache=small).accuracy == share


def test_a_model_may_start_from_anothers_weights(data: Dataset, small: Path) -> None:
    train_model("made/plain", data, ONCE, device="cpu", cache=small)
    plain = load_file(small / "catalog/made/plain.safetensors")
    for slug in ("cbam", "self-attention"):
        module = Backbone(mechanism(slug), 3, WIDTHS, 128)
        before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
        count = start_from(module, "made/plain")
        copied = {name for name, tensor in before.items() if name in plain and plain[name].shape == tensor.shape}
        assert count == len(copied) > 40
        for name, tensor in module.state_dict().items():
            assert torch.equal(tensor, plain[name].to(tensor.dtype) if name in copied else before[name])
        assert all(parameter.requires_grad for parameter in module.parameters())
    card = train_model("made/cbam", data, ONCE, device="cpu", cache=small, start="made/plain")
    assert card.facts["start"] == "made/plain"


@pytest.mark.parametrize("slug", ["made", "made/", "/plain", "made/plain/more", "", "made/magic"])
def test_what_cannot_be_trained_is_one_sentence(data: Dataset, small: Path, slug: str) -> None:
    with pytest.raises(InvalidInput, match=r"^[^\n]+\.$"):
        train_model(slug, data, TINY, device="cpu", cache=small)
    with pytest.raises(InvalidInput, match="There is no model 'made/none'"):
        train_model("made/plain", data, TINY, device="cpu", cache=small, start="made/none")
    with pytest.raises(InvalidInput, match="at least one seed"):
        train_model("made/plain", data, TINY, device="cpu", cache=small, seeds=0)
    assert not list(small.rglob("*.pt")) and not list(small.rglob("*.safetensors"))
