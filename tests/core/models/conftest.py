"""A saved model that several tests open and damage."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.core.models.saved_models import save_transformers, transformers_model


@pytest.fixture(scope="module")
def vit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small ViT as transformers saves it."""
    return save_transformers(transformers_model("ViT"), tmp_path_factory.mktemp("saved") / "vit")


@pytest.fixture
def copy(vit: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return Path(shutil.copytree(vit, tmp_path / "copy"))
