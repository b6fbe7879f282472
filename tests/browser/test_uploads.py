"""In a real browser a model of 45 MB and a zip of 24 MB arrive and work, and a page that does not exist is reported."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image

from app.words import word
from tests.browser.pages import MAIN, PATIENCE

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The files of a ResNet-18: a state dict of 45 MB, and a card."""
    folder = tmp_path_factory.mktemp("model")
    torch.manual_seed(0)
    torch.save(torchvision.models.resnet18(num_classes=2).state_dict(), folder / "pets.pt")
    assert (folder / "pets.pt").stat().st_size > 44e6
    card = {"architecture": "torchvision/resnet18", "title": "My pets", "classes": ["cat", "dog"], "size": 64}
    (folder / "pets.json").write_text(json.dumps(card))
    return [str(folder / "pets.json"), str(folder / "pets.pt")]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A zip of 24 MB with pictures in two classes."""
    path, draw = tmp_path_factory.mktemp("zip") / "pictures.zip", np.random.default_rng(0)
    with zipfile.ZipFile(path, "w") as found:
        for number in range(8):
            file = io.BytesIO()
            Image.fromarray(draw.integers(0, 255, (1000, 1000, 3), dtype=np.uint8)).save(file, "png")
            found.writestr(f"{'boat' if number % 2 else 'car'}/{number}.png", file.getvalue())
    assert path.stat().st_size > 23e6
    return str(path)


def test_a_resnet_of_45_megabytes_arrives_and_answers(serve, browser_page, model: list[str]) -> None:
    browser_page.goto(f"{serve(MAIN)}/models", timeout=PATIENCE)
    browser_page.get_by_text(word("own.title")).first.click(timeout=PATIENCE)
    uploader = browser_page.locator("[class*=st-key-model_uploader]")
    uploader.locator("input[type=file]").set_input_files(model, timeout=PATIENCE)
    browser_page.get_by_role("heading", name="My pets").first.wait_for(timeout=PATIENCE)
    assert "1GB per file" in uploader.first.inner_text()
    browser_page.goto(f"{serve(MAIN)}/nonsense", timeout=PATIENCE)
    browser_page.get_by_text("The link names an unknown page (nonsense)").wait_for(timeout=PATIENCE)


def test_a_zip_of_24_megabytes_arrives_and_is_listed(serve, browser_page, archive: str) -> None:
    browser_page.goto(f"{serve(MAIN)}/mistakes", timeout=PATIENCE)
    browser_page.get_by_text(word("data.zip"), exact=True).first.click(timeout=PATIENCE)
    uploader = browser_page.locator("[class*=st-key-zip_uploader]")
    uploader.locator("input[type=file]").set_input_files(archive, timeout=PATIENCE)
    browser_page.get_by_role("button", name=word("scan.start", count=8)).first.wait_for(timeout=PATIENCE)
    assert "500MB per file" in uploader.first.inner_text()
