"""torchvision's models in the zoo: their cards, and their weights fetched, checked, and asked for in one sentence."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
from torchvision import models

import core
from core.attention import mechanism
from core.models import zoo
from core.models.files.download import CHUNK, download
from core.models.libraries import torchvision_models
from core.types import ModelCard, Picture, Stopped
from tests.conftest import redraw
from tests.core.refusals import refusal

NAMES = ("resnet50", "mobilenet_v3_large", "efficientnet_b0", "regnet_y_400mf", "vit_b_16", "swin_t", "maxvit_t",
         "convnext_tiny")  # fmt: skip
FAMILIES = ("alexnet", "convnext_tiny", "densenet121", "efficientnet_v2_s", "googlenet", "inception_v3", "maxvit_t",
            "mnasnet0_5", "mobilenet_v2", "regnet_x_400mf", "resnext50_32x4d", "shufflenet_v2_x0_5", "squeezenet1_0",
            "swin_v2_t", "vgg11_bn", "vit_b_32")  # fmt: skip


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own where torchvision keeps its weights."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    return tmp_path / "hub/checkpoints"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder and the address at which it is served; a file called ``cut`` breaks off in the middle."""
    folder = tmp_path / "served"
    folder.mkdir()

    class Quiet(SimpleHTTPRequestHandler):
        def __init__(self, *arguments: object):
            super().__init__(*arguments, directory=str(folder))

        def log_message(self, *_: object) -> None:
            pass

        def copyfile(self, source: object, target: object) -> None:
            target.write(source.read(1000)) if "cut" in self.path else super().copyfile(source, target)

    with ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as http:
        thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield folder, f"http://127.0.0.1:{http.server_port}"
        http.shutdown()
        thread.join()


def serve(folder: Path, data: bytes, name: str = "made", digest: str | None = None) -> str:
    """Put data into the folder, under a name with its own digest or another one; the name."""
    file = f"{name}-{digest or hashlib.sha256(data).hexdigest()[:8]}.pth"
    (folder / file).write_bytes(data)
    return file


def test_the_cards_say_what_torchvision_says() -> None:
    cards = {card.slug: card for card in core.cards()}
    for name in NAMES:
        card, weights = cards[f"torchvision/{name}"], models.get_model_weights(name).DEFAULT
        prepared = weights.transforms()
        assert card.architecture == card.slug and card.family == "torchvision" and card.title
        assert card.accuracy == pytest.approx(weights.meta["_metrics"]["ImageNet-1K"]["acc@1"] / 100)
        assert card.facts["parameters"] == weights.meta["num_params"] and card.pictures == 50_000
        assert list(card.classes) == weights.meta["categories"] and len(set(card.classes)) == 1000
        assert ([card.size], list(card.mean), list(card.std)) == (prepared.crop_size, prepared.mean, prepared.std)
        assert card.facts["url"] == weights.url and card.facts["checksum"] in weights.url and card.facts["paper"]
        assert mechanism(card.mechanism).slug == card.mechanism and "ImageNet" in card.facts["license"]
        assert core.ModelCard.from_json(card.to_json()) == card
    slugs = list(cards)
    assert slugs.index("torchvision/resnet50") == len(zoo.stored())


def test_the_stored_metadata_are_torchvisions(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stored = torchvision_models.TABLE.read_bytes()
    monkeypatch.setattr(torchvision_models, "TABLE", tmp_path / "table.json")
    torchvision_models.write()
    assert torchvision_models.TABLE.read_bytes() == stored
    assert torchvision_models.imagenet_classes() == tuple(models.ResNet50_Weights.DEFAULT.meta["categories"])


def test_any_other_classification_model_has_a_card() -> None:
    card = zoo.find_card("torchvision/densenet121")
    assert card.mechanism == "plain" and card.title == "densenet121" and card not in core.cards()
    renormalized = zoo.find_card("torchvision/inception_v3")
    assert renormalized.mean == renormalized.std == (0.5, 0.5, 0.5) and renormalized.size == 299
    for name in ("resnet51", "", "fasterrcnn_resnet50_fpn", "raft_small"):
        told = refusal(lambda name=name: core.load(f"torchvision/{name}", "cpu"))
        assert told.startswith(f"torchvision has no classification model {name!r}. Choose one such as resnet50")


def small_card(server: str, name: str, monkeypatch: pytest.MonkeyPatch) -> ModelCard:
    """The card of the smallest model, with weights at the server's address, in place of torchvision's own card."""
    card = torchvision_models.make_card("squeezenet1_1")
    card = replace(card, facts=card.facts | {"url": f"{server}/{name}"})
    monkeypatch.setattr(torchvision_models, "make_card", lambda _: card)
    return card


def test_weights_are_downloaded_once_and_give_torchvisions_logits(
    home: Path, server: tuple, picture: Picture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    theirs = redraw(models.squeezenet1_1(), 3).eval()
    torch.save(theirs.state_dict(), tmp_path / "weights")
    data = (tmp_path / "weights").read_bytes()
    file = serve(server[0], data, "squeezenet1_1")
    card = small_card(server[1], file, monkeypatch)
    calls: list[tuple[int, int]] = []
    assert not zoo.present(card)
    classifier = core.load("torchvision/squeezenet1_1", "cpu", progress=lambda *call: calls.append(call))
    assert zoo.present(card) and [one.name for one in home.iterdir()] == [file]
    assert (home / file).read_bytes() == data
    assert calls == [(min(done, len(data)), len(data)) for done in range(CHUNK, len(data) + CHUNK, CHUNK)]
    assert len(calls) > 3 and not any(parameter.requires_grad for parameter in classifier.module.parameters())
    with torch.no_grad():
        expected = theirs(classifier.prepare(picture))
    torch.testing.assert_close(torch.from_numpy(core.read(classifier, picture).logits.copy()), expected[0])
    (server[0] / file).unlink()
    calls.clear()
    again = core.load("torchvision/squeezenet1_1", "cpu", progress=lambda *call: calls.append(call))
    assert calls == [] and again.card == card


def test_without_a_network_one_sentence_says_which_file_goes_where(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(*_: object, **__: object) -> None:
        raise OSError("Network is unreachable")

    monkeypatch.setattr("core.models.files.download.urlopen", no_network)
    assert refusal(lambda: core.load("torchvision/vit_b_16", "cpu")) == (
        "vit_b_16-c867db91.pth cannot be downloaded: Network is unreachable. Get it from "
        f"https://download.pytorch.org/models/vit_b_16-c867db91.pth and put it into {home}."
    )
    assert list(home.iterdir()) == []


def test_a_server_that_is_not_there_or_has_no_such_file(home: Path, server: tuple) -> None:
    told = refusal(lambda: download(f"{server[1]}/none-01234567.pth", home))
    assert "cannot be downloaded: the server responds with 404 File not found. Get it from http://127.0.0.1" in told
    assert f"put it into {home}" in told
    assert "cannot be downloaded: " in refusal(lambda: download("http://127.0.0.1:9/none-01234567.pth", home))
    home.parent.joinpath("file").write_bytes(b"")
    assert "cannot be downloaded: " in refusal(lambda: download(f"{server[1]}/a.pth", home.parent / "file"))
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("name", ["wrong", "cut"])
def test_what_is_not_whole_is_not_kept(home: Path, server: tuple, name: str) -> None:
    file = serve(server[0], b"x" * 5000, name, digest="01234567" if name == "wrong" else None)
    told = refusal(lambda: download(f"{server[1]}/{file}", home))
    assert told.startswith(f"{file} was damaged in the download: its sha256 is not the one in its name. Get it from")
    assert list(home.iterdir()) == []


def test_a_damaged_file_on_this_machine_is_reported(home: Path, server: tuple) -> None:
    file = serve(server[0], b"whole")
    path = download(f"{server[1]}/{file}", home)
    path.write_bytes(b"whol")
    assert refusal(lambda: download(f"{server[1]}/{file}", home)) == (
        f"{path} is damaged, because its sha256 is not the one in its name. Delete it and load the model again."
    )
    path.unlink()
    assert download((server[0] / file).as_uri(), home).read_bytes() == b"whole"  # from a folder as well


def test_a_stop_in_the_middle_leaves_nothing(home: Path, server: tuple) -> None:
    file = serve(server[0], bytes(3 * CHUNK))

    def stop(done: int, total: int) -> None:
        if done > CHUNK:
            raise Stopped("enough")

    with pytest.raises(Stopped):
        download(f"{server[1]}/{file}", home, stop)
    assert list(home.iterdir()) == []


def test_names_of_the_oldest_files_are_read() -> None:
    weights = {"features.denseblock1.denselayer2.norm.1.weight": 1, "features.norm0.weight": 2, "AuxLogits.fc.bias": 3}
    assert torchvision_models.renamed(weights) == {
        "features.denseblock1.denselayer2.norm1.weight": 1, "features.norm0.weight": 2
    }  # fmt: skip
    own = models.densenet121().state_dict()
    assert torchvision_models.renamed(own).keys() == own.keys()


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_of_torchvision_is_built_for_other_classes(name: str) -> None:
    card = replace(zoo.find_card(f"torchvision/{name}"), classes=("a", "b", "c"))
    classifier = core.adopt(zoo.build(card), card, "cpu")
    assert classifier.stages and classifier.module(torch.zeros(1, 3, card.size, card.size)).shape == (1, 3)
