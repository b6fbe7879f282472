"""Tiny training runs on made pictures: learned, seeded, resumed to the last bit, stored, and measured once more."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torchvision.transforms import v2

import core
from core.attention import mechanism
from core.attention.tap import shuffled, steer, switched_off, uniform
from core.classifier import Classifier
from core.data.datasets import Dataset, Split
from core.evaluation.accuracy import evaluate
from core.models import shelf
from core.models.backbone import Backbone
from core.training import RECIPES, Recipe, recipe, train_model
from core.training.augmentation import Pictures, vary_colour
from core.training.loop import train
from core.training.run import start_from
from core.types import InvalidInput

WIDTHS = (8, 8, 16, 16)
TINY = Recipe(epochs=2, batch=8, average=0.8, sizes=((0.5, 32), (0.5, 48)), seed=3)
ONCE = replace(TINY, epochs=1, sizes=((1.0, 32),))


def made(count: int, seed: int) -> Split:
    """Noise with a bright square in the top left, the middle or the bottom right: three classes in turn."""
    draw = np.random.default_rng(seed)
    pixels = draw.integers(0, 90, (count, 48, 48, 3), dtype=np.uint8)
    for i, one in enumerate(pixels):
        corner = (2, 18, 34)[i % 3]
        one[corner : corner + 12, corner : corner + 12, i % 3] = 250
    return Split(np.arange(count, dtype=np.int64) % 3, pixels.__getitem__)


@pytest.fixture(scope="module")
def data() -> Dataset:
    return Dataset("made", ("left", "middle", "right"), made(26, 1), made(15, 2))


def fresh(slug: str = "cbam", seed: int = 0) -> Backbone:
    torch.manual_seed(seed)
    return Backbone(mechanism(slug), 3, WIDTHS, 48)


def learn(data: Dataset, folder: Path, one: Recipe = TINY, module: nn.Module | None = None, **calls: object) -> tuple:
    """Train a tiny model; its state dict and the history."""
    module, history = train(
        module or fresh(),
        data,
        one,
        prepare=lambda pixels: pixels,
        normalise=v2.Normalize((0.5, 0.5, 0.5), (0.25, 0.25, 0.25)),
        device=torch.device("cpu"),
        checkpoint=folder / "run.pt",
        **calls,
    )
    return module.state_dict(), history


def alike(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


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
    assert alike(found, expected) and seen == [2]
    kept = ("epoch", "loss", "accuracy", "size")
    assert [[line[key] for key in kept] for line in history] == [[line[key] for key in kept] for line in lines]
    again, _ = learn(data, tmp_path, module=fresh(slug, 8))  # a finished run is not run again
    assert alike(again, expected)


def test_a_run_is_decided_by_its_recipe_and_first_weights(data: Dataset, tmp_path: Path) -> None:
    first, _ = learn(data, tmp_path / "first", ONCE)
    again, _ = learn(data, tmp_path / "again", ONCE)
    other, _ = learn(data, tmp_path / "other", replace(ONCE, seed=4))
    assert alike(first, again) and not alike(first, other)
    left, history = learn(data, tmp_path / "first", replace(ONCE, seed=4))  # another recipe's checkpoint is not used
    assert alike(left, other) and len(history) == 1
    assert torch.load(tmp_path / "first/run.pt", weights_only=True)["recipe"] == repr(replace(ONCE, seed=4))


def test_training_learns_and_its_history_tells_the_truth(data: Dataset, tmp_path: Path) -> None:
    one = Recipe(epochs=6, batch=8, rate=2e-2, average=0.3, crop=0.8, flip=False, erase=0.0, sizes=((1.0, 48),))
    seen: list[dict] = []
    weights, history = learn(data, tmp_path, one, report=lambda line: seen.append(dict(line)))
    assert seen == history and [line["epoch"] for line in history] == list(range(1, 7))
    assert history[-1]["loss"] < 0.8 * history[0]["loss"]
    module = shelf.freeze(Backbone(mechanism("cbam"), 3, WIDTHS, 48))
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
        decay = min(0.3, (1 + t) / (10 + t))  # 2/11, 3/12, 0.3 ...: the first weights are soon forgotten
        expected = decay * expected + (1 - decay) * step
    torch.testing.assert_close(kept["classify.weight"], expected, rtol=1e-4, atol=1e-6)
    assert not torch.allclose(expected, steps[-1])


def test_pictures_vary_within_their_bounds(data: Dataset) -> None:
    torch.manual_seed(0)
    pictures = Pictures(data.training, 24, TINY)
    looks = [pictures[4][0] for _ in range(6)]
    assert len(pictures) == 26 and pictures[4][1] == 1
    assert all(one.shape == (3, 24, 24) and one.dtype == torch.uint8 for one in looks)
    assert any(not torch.equal(looks[0], one) for one in looks[1:])
    pictures.resize(40)
    assert pictures[0][0].shape == (3, 40, 40)
    still = Pictures(data.training, 48, replace(TINY, crop=1.0, flip=False))
    still.transform.transforms[0].ratio = (1.0, 1.0)
    assert np.array_equal(still[4][0].permute(1, 2, 0), data.training.read(4))


def test_colours_vary_by_brightness_contrast_and_saturation(monkeypatch: pytest.MonkeyPatch) -> None:
    x = torch.rand((2, 3, 4, 5), generator=torch.Generator().manual_seed(0)) * 0.4 + 0.3
    torch.testing.assert_close(vary_colour(x, 0.0), x)
    drawn = torch.rand((3, 2, 1, 1, 1), generator=torch.Generator().manual_seed(1))
    monkeypatch.setattr(torch, "rand", lambda *shape, **_: drawn)
    found = vary_colour(x, 0.2)
    for b in range(2):
        bright, contrast, saturation = (1 + 0.2 * (2 * float(one) - 1) for one in drawn[:, b].flatten())
        pixels = [[float(x[b, c, i, j]) * bright for c in range(3)] for i in range(4) for j in range(5)]
        mean = sum(map(sum, pixels)) / 60
        pixels = [[(v - mean) * contrast + mean for v in one] for one in pixels]
        pixels = [[(v - sum(one) / 3) * saturation + sum(one) / 3 for v in one] for one in pixels]
        assert found[b].permute(1, 2, 0).reshape(20, 3).tolist() == [pytest.approx(one, abs=1e-5) for one in pixels]


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty shelf and a family of narrow models."""
    monkeypatch.setenv("FOVEA_PRETRAINED", str(tmp_path / "shelf"))
    monkeypatch.setitem(shelf.WIDTHS, "made", WIDTHS)
    return tmp_path


@pytest.mark.parametrize("slug", ["plain", "cbam"])
def test_a_model_is_stored_with_a_card_measured_from_the_stored_file(data: Dataset, small: Path, slug: str) -> None:
    lines: list[dict] = []
    card = train_model(f"made/{slug}", data, ONCE, device="cpu", cache=small, command="how", report=lines.append)
    path = small / f"shelf/made/{slug}.safetensors"
    stored = load_file(path)
    assert all(tensor.dtype == (torch.float16 if tensor.ndim else torch.int64) for tensor in stored.values())
    assert core.cards() == (core.ModelCard.from_json(json.loads(path.with_suffix(".json").read_text())),)
    assert core.load(f"made/{slug}", "cpu").card == core.ModelCard.from_json(json.loads(json.dumps(card.to_json())))
    assert (card.mechanism, card.classes, card.widths, card.pictures) == (slug, ("left", "middle", "right"), WIDTHS, 15)
    facts = card.facts
    assert facts["checksum"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert facts["parameters"] == sum(t.numel() for name, t in stored.items() if "running" not in name and t.ndim)
    assert [facts[name] for name in ("seed", "epochs", "start", "command", "data")] == [3, 1, None, "how", "made"]
    assert facts["history"] == lines and facts["recipe"] == ONCE.to_json() and facts["licence"] and facts["device"]
    assert facts["seconds"] == round(sum(line["seconds"] for line in lines))

    module = Backbone(mechanism(slug), 3, WIDTHS, card.size).eval()
    module.load_state_dict({name: tensor.float() for name, tensor in stored.items()})
    steers = {"accuracy": {}, "uniform": {}, "shuffled": {}, "off": {}}
    for name, function in (("uniform", uniform), ("shuffled", shuffled(0)), ("off", switched_off)):
        steers[name] = dict.fromkeys(Classifier(card, module, torch.device("cpu")).taps, function)
    squares = [core.images.square(core.open_image(data.validation.read(i)), 128) for i in range(15)]
    x = (torch.tensor(np.stack(squares)).permute(0, 3, 1, 2) / 255 - torch.tensor(card.mean)[:, None, None])
    x = x / torch.tensor(card.std)[:, None, None]
    measured = {"accuracy": card.accuracy, **card.ablation}
    assert set(measured) == ({"accuracy"} if slug == "plain" else set(steers))
    for name, value in measured.items():
        with torch.no_grad(), steer(module, steers[name]):
            assert value == sum(int(row.argmax()) == i % 3 for i, row in enumerate(module(x))) / 15


def test_a_checkpoint_of_another_data_set_is_not_used(data: Dataset, small: Path) -> None:
    train_model("made/plain", data, ONCE, device="cpu", cache=small)
    other = Dataset("other", ("a", "b", "c"), made(26, 7), data.validation)
    card = train_model("made/plain", other, ONCE, device="cpu", cache=small)
    anew = train_model("made/plain", other, ONCE, device="cpu", cache=small / "empty")
    assert card.facts["checksum"] == anew.facts["checksum"]


def test_what_is_measured_is_the_stored_file(data: Dataset, small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain_store = shelf.store
    one = Dataset(data.name, data.classes, data.training, Split(np.array([2, 2, 0, 2]), data.validation.read))
    for only, share in enumerate((1 / 4, 0, 3 / 4)):  # the share of each class, which a file that says only it gets

        def biased(module: nn.Module, card: core.ModelCard, only: int = only) -> Path:
            path = plain_store(module, card)
            save_file({**load_file(path), "classify.bias": 1e4 * torch.eye(3)[only].half()}, path)
            return path

        monkeypatch.setattr(shelf, "store", biased)
        assert train_model("made/plain", one, ONCE, device="cpu", cache=small).accuracy == share


@pytest.mark.parametrize("slug", ["spatial-gate", "cbam", "self-attention"])
def test_each_measurement_takes_the_attention_as_it_says(tiny: Callable, slug: str) -> None:
    classifier, draw = tiny(slug), np.random.default_rng(3)
    pixels = draw.integers(0, 256, (40, 8, 8, 3), dtype=np.uint8).repeat(8, 1).repeat(8, 2)
    x = torch.cat([classifier.prepare(core.open_image(one)) for one in pixels])
    answers = classifier.module(x).argmax(1).numpy()
    found = evaluate(classifier, Split(answers, pixels.__getitem__), batch=40)
    expected, logits = {"accuracy": 1.0}, {}
    for name, function in (("uniform", uniform), ("shuffled", shuffled(0)), ("off", switched_off)):
        with steer(classifier.module, dict.fromkeys(classifier.taps, function)):
            logits[name] = classifier.module(x)
            expected[name] = sum(map(int, logits[name].argmax(1).numpy() == answers)) / 40
    assert found == expected and not torch.allclose(logits["uniform"], logits["off"])
    # a tiny self-attention has no shortcut: even or off it gives every picture the same class
    assert slug == "self-attention" or found["uniform"] != found["off"]


def test_a_measurement_in_batches_is_the_same_and_tells_how_far_it_is(data: Dataset, small: Path) -> None:
    train_model("made/plain", data, ONCE, device="cpu", cache=small)
    classifier, calls = core.load("made/plain", "cpu"), []
    found = evaluate(classifier, data.validation, batch=4, progress=lambda done, total: calls.append((done, total)))
    assert found == evaluate(classifier, data.validation) == {"accuracy": classifier.card.accuracy}
    assert calls == [(4, 15), (8, 15), (12, 15), (15, 15)]


def test_a_model_may_start_from_anothers_weights(data: Dataset, small: Path) -> None:
    train_model("made/plain", data, ONCE, device="cpu", cache=small)
    plain = load_file(small / "shelf/made/plain.safetensors")
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
    with pytest.raises(InvalidInput, match="There is no model 'made/none' on the shelf"):
        train_model("made/plain", data, TINY, device="cpu", cache=small, start="made/none")
    assert not list(small.rglob("*.pt")) and not list(small.rglob("*.safetensors"))


def test_recipes_say_the_size_of_each_epoch_and_what_may_be_changed() -> None:
    for one in (*RECIPES.values(), TINY, replace(RECIPES["imagenette"], epochs=37)):
        sizes = [one.size(epoch) for epoch in range(one.epochs)]
        assert sizes == sorted(sizes) and sizes[-1] == one.sizes[-1][1] == max(side for _, side in one.sizes)
        for share, side in one.sizes:
            assert abs(sizes.count(side) - share * one.epochs) <= 1
        assert sum(share for share, _ in one.sizes) == pytest.approx(1) and json.loads(json.dumps(one.to_json()))
    assert recipe("imagenette") == RECIPES["imagenette"] == recipe("unheard-of")
    assert recipe("scenes", epochs=None, seed=7, rate=None) == replace(RECIPES["scenes"], seed=7)
    started = recipe("imagenette", started=True)
    assert 0 < started.epochs < RECIPES["imagenette"].epochs and 0 < started.rate < RECIPES["imagenette"].rate
    assert recipe("scenes", started=True, epochs=5, rate=1e-3) == replace(RECIPES["scenes"], epochs=5, rate=1e-3)
