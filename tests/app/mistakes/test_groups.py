"""Where a model looks in the pictures of a run: the mean map, the furthest from it, and groups of alike maps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import core
from app.runtime import cases, runs
from app.state import Key
from app.widgets.mistakes import groups
from app.words import word
from core.evaluation.groups import group
from tests.app.mistakes.mistakes_page import RUN, open_page, open_picture, press, said, well


def test_groups_are_those_of_the_core_and_a_click_shows_one(home: Path) -> None:
    page = well(open_page(run=RUN))
    page = well(page.button_group(key=Key.LOOK).set_value(groups.GROUPS).run())
    run = core.open_run(home / RUN)
    found = group(run.array("attention"))
    assert all(f"**{word('groups.title', number=number)}**" in said(page) for number in range(1, len(found) + 1))
    page = press(page, "group.off.1")
    chosen = page.session_state[Key.FILTER].group
    assert sorted(chosen.numbers) == sorted(found[0].members.tolist())
    tagged = run.table()["path"].str.startswith("scenes-tag/").to_numpy()
    assert tagged[list(chosen.numbers)].mean() >= 0.9  # the tag is a group of its own
    assert word("gallery.count", count=len(found[0].members)) in said(page)
    assert press(page, "group.on.1").session_state[Key.FILTER].group is None
    page = well(page.button_group(key=Key.CLUSTERING).set_value("spectral").run())
    assert word("groups.title", number=2) in said(page)


def test_the_mean_map_is_of_what_is_shown_and_too_few_are_not_grouped(home: Path) -> None:
    page = open_picture(None, true="car")
    count = int((core.open_run(home / RUN).table()["true"] == "car").sum())
    assert word("looks.mean.title", count=count) in said(page) and word("case.none") in said(page)
    opened = runs.open_one(RUN)
    places = np.flatnonzero(opened.table["true"] == "car")
    maps = core.open_run(home / RUN).array("attention")[places]
    mean, far = cases.mean(opened, places, "attention", 3)
    assert np.allclose(mean, sum(maps) / len(maps), atol=1e-3) and set(far) <= set(places)
    page = well(page.button_group(key=Key.LOOK).set_value(groups.GROUPS).run())
    assert (word("looks.few") in said(page)) == (count < groups.FEWEST)


def test_many_maps_wait_to_be_asked_for(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "QUICK", 10)
    page = well(open_page(run=RUN))
    assert word("looks.furthest") not in said(page)
    page = well(page.button_group(key=Key.LOOK).set_value(groups.GROUPS).run())
    start = next(one for one in page.button if one.label == word("groups.start", count=64))
    assert word("groups.title", number=1) not in said(page)
    assert word("groups.title", number=1) in said(well(start.click().run()))
