"""Files of the hub: downloaded once with progress, checked each time, found without the network, refused in words."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants

from core.models.libraries import hub
from core.types import Stopped
from tests.core.models.small_hub import SmallHub, connected, patch_address
from tests.core.refusals import refusal as refused

REPOSITORY, FILE = "made/birds", "model.safetensors"
DATA = os.urandom(100_000)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[SmallHub]:
    """A hub with one repository; its cache is the test's folder."""
    made = SmallHub()
    made.files[REPOSITORY] = {FILE: DATA, "config.json": b"{}"}
    with connected(made, tmp_path):
        yield made


def refusal(files: tuple[str, ...] = (FILE,), repository: str = REPOSITORY) -> str:
    return refused(hub.fetch, repository, files)


def test_a_file_is_downloaded_once_with_progress(served: SmallHub):
    ticks: list[tuple[int, int]] = []
    assert hub.find_file(REPOSITORY, FILE) is None
    path = hub.fetch(REPOSITORY, ("missing.bin", FILE), lambda done, total: ticks.append((done, total)))
    assert path.read_bytes() == DATA and path.resolve().name == hashlib.sha256(DATA).hexdigest()
    assert ticks[-1] == (len(DATA), len(DATA)) and all(total == len(DATA) for _, total in ticks)
    assert [done for done, _ in ticks] == sorted(done for done, _ in ticks)
    before = len(served.asked)
    assert hub.fetch(REPOSITORY, (FILE,)) == path == hub.find_file(REPOSITORY, FILE) and len(served.asked) == before


def test_a_small_file_has_no_sha256_and_is_read(served: SmallHub):
    assert hub.fetch(REPOSITORY, ("config.json",)).read_bytes() == b"{}"


def test_a_file_that_is_damaged_here_or_on_the_way_is_reported(served: SmallHub):
    path = hub.fetch(REPOSITORY, (FILE,)).resolve()
    path.write_bytes(DATA[:-1])
    assert (
        refusal()
        == f"{path} is damaged, because its sha256 is not the one in its name. Delete it and load the model again."
    )
    path.unlink()
    served.flipped = True
    assert "is damaged, because its sha256" in refusal()


def test_stopping_leaves_no_file(served: SmallHub):
    def stop(done: int, total: int) -> None:
        raise Stopped("enough")

    with pytest.raises(Stopped):
        hub.fetch(REPOSITORY, (FILE,), stop)
    assert hub.find_file(REPOSITORY, FILE) is None


def test_what_the_hub_does_not_have_is_reported(served: SmallHub):
    assert refusal(("a.bin", "b.bin")) == (
        "The model made/birds of Hugging Face has no file a.bin, b.bin. Choose a model with PyTorch weights."
    )
    assert refusal(repository="made/cats").startswith("Hugging Face has no public model 'made/cats'.")
    served.status, served.code = 403, "GatedRepo"
    assert "requires consent to its terms" in refusal()
    served.status, served.code = 500, ""
    assert "cannot be downloaded: " in refusal()


def test_without_a_network_the_sentence_names_the_address_and_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    folder = tmp_path / "models--made--birds" / "snapshots" / "main"
    for offline, address, why in (
        (False, "http://127.0.0.1:9", "the server cannot be reached"),  # nothing listens on this port
        (True, "https://huggingface.co", "the variable HF_HUB_OFFLINE is set"),
    ):
        patch_address(monkeypatch, address)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", offline)
        assert refusal() == (
            f"{FILE} of made/birds cannot be downloaded: {why}. Get it from {address}/made/birds/blob/main/{FILE} and "
            f"put it into {folder}."
        )
    folder.mkdir(parents=True)
    (folder / FILE).write_bytes(DATA)  # as the sentence says
    assert hub.fetch(REPOSITORY, (FILE,)).read_bytes() == DATA


@pytest.mark.parametrize("name", ["../birds", "made/../birds", "made/birds/wings", "", "made birds", "a" * 97, "/etc"])
def test_names_that_lead_elsewhere_are_refused(name: str, served: SmallHub):
    assert "is not the name of a model of Hugging Face" in refusal(repository=name)
    assert not served.asked


@pytest.mark.parametrize("file", ["../model.safetensors", "a/b.bin", "/etc/passwd", ".hidden", "a\\b"])
def test_files_outside_of_the_repository_are_refused(file: str, served: SmallHub):
    assert "Only files in its own folder are read." in refusal((file,))
    assert not served.asked
