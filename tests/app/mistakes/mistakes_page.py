"""The page Mistakes as the tests open it, and a small folder of pictures to scan."""

from __future__ import annotations

from pathlib import Path

from PIL import Image
from streamlit.testing.v1 import AppTest

import core
from app.runtime.mistakes.filters import Filter
from app.views.mistakes.keys import MistakesKey
from app.views.mistakes.selection import Opening
from core.data import samples
from tests.app.mistakes.conftest import MODEL
from tests.app.pages import open_page, well

RUN, PLAIN = "scenes-tag-cbam", "scenes-tag-plain"


def open_run(**address: str) -> AppTest:
    """The page with the model of the runs, unless the address names another."""
    return open_page("mistakes", **{"model": MODEL, **address})


def control(page: AppTest, name: str) -> str:
    """The present key of the control of one field of the filter."""
    return f"{MistakesKey.FILTER}.{page.session_state[f'{MistakesKey.FILTER}.renewed']}.{name}"


def folder_of_pictures(place: Path) -> Path:
    """Two labels that the model knows, by other spellings; one that it does not; and a broken picture."""
    for label, seeds in {"House": (1, 2, 3), "umbrella_": (4,), "teapot": (5, 6)}.items():
        (place / label).mkdir(parents=True)
        for seed in seeds:
            pixels = samples.open_sample(f"scenes/{seed}").pixels
            Image.fromarray(pixels).save(place / label / f"{seed}.png")
    (place / "House" / "broken.png").write_bytes(b"no pixels")
    return place


def open_picture(number: int | None, run: str = RUN, **chosen: object) -> AppTest:
    """The page with a picture open, and what the gallery shows."""
    page = open_run(run=run)
    page.session_state[MistakesKey.NUMBER] = number
    page.session_state[MistakesKey.FILTER] = Filter(**chosen)
    page.session_state[MistakesKey.OPENING] = Opening(1, Filter(**chosen))
    return well(page.run())


def html(page: AppTest) -> str:
    return "\n".join(one.proto.body for one in page.get("html"))


def wrong(home: Path, run: str = RUN) -> list[int]:
    table = core.open_run(home / run).table()
    return table[table["true"] != table["predicted"]].sort_values("confidence", ascending=False)["number"].tolist()
