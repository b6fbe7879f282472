"""A zoo with small models of tasks next to the shipped ones: small receptive fields, random weights, never trained."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from core.models import zoo
from core.tasks import task
from core.types import SHORT_SIGHTED, ModelCard
from tests.conftest import redraw


def make_zoo(folder: Path, slugs: Iterable[str], shipped: Iterable[str] = ("scenes",)) -> Path:
    """A folder with those models of tasks, and the shipped families of those names: for FOVEA_PRETRAINED."""
    for name in shipped:
        (folder / name).symlink_to(zoo.PRETRAINED / name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FOVEA_PRETRAINED", str(folder))
        for slug in slugs:
            family, _, mechanism = slug.partition("/")
            card = ModelCard(
                slug,
                f"{mechanism} · {task(family).title}",
                mechanism,
                task(family).classes,
                widths=zoo.SHORT_SIGHTED_WIDTHS,
                architecture=SHORT_SIGHTED,
                accuracy=task(family).chance,  # without it the matrix has no cell
            )
            path = zoo.store(redraw(zoo.build(card), seed=len(slug)), card)
            zoo.store_card(
                replace(card, facts={"checksum": zoo.checksum(path)})
            )  # no other zoo's model is taken for it
    return folder
