"""Where a model looks in the pictures of a run: the mean map, the furthest from it, and groups of similar maps."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

import core
from app.runtime.mistakes import cases, maps, runs
from app.views.mistakes import groups
from app.views.mistakes.keys import MistakesKey
from app.words import word
from core.evaluation.grids import is_constant
from core.evaluation.groups import group_maps
from core.scanning import Run
from core.scanning.parts import Broken, encode, write_part
from tests.app.mistakes.mistakes_page import RUN, html, open_picture, open_run
from tests.app.pages import press, shown_text, well


def test_groups_are_those_of_the_core_and_a_click_shows_one(home: Path) -> None:
    page = well(open_run(run=RUN))
    page = well(page.button_group(key=MistakesKey.MAPS_SHOWN).set_value(groups.GROUPS).run())
    run = core.open_run(home / RUN)
    found = group_maps(run.array("attention"))
    assert all(f"**{word('groups.title', number=number)}**" in shown_text(page) for number in range(1, len(found) + 1))
    page = press(page, "group.off.1")
    chosen = page.session_state[MistakesKey.FILTER].group
    assert sorted(chosen.numbers) == sorted(found[0].members.tolist())
    tagged = run.table()["path"].str.startswith("scenes-tag/").to_numpy()
    assert tagged[list(chosen.numbers)].mean() >= 0.9  # the tag is a group of its own
    assert word("gallery.count", count=len(found[0].members)) in shown_text(page)
    assert press(page, "group.on.1").session_state[MistakesKey.FILTER].group is None
    page = well(page.button_group(key=MistakesKey.CLUSTERING).set_value("spectral").run())
    assert word("groups.title", number=2) in shown_text(page)


def test_the_mean_map_is_of_what_is_shown_and_too_few_are_not_grouped(home: Path) -> None:
    page = open_picture(None, true="car")
    count = int((core.open_run(home / RUN).table()["true"] == "car").sum())
    assert word("maps.mean.title", count=count) in shown_text(page) and word("case.none") in shown_text(page)
    opened = runs.open_one(RUN)
    places = np.flatnonzero(opened.table["true"] == "car")
    maps = core.open_run(home / RUN).array("attention")[places]
    mean, far = cases.mean(opened, places, "attention", 3)
    assert np.allclose(mean, sum(maps) / len(maps), atol=1e-3) and set(far) <= set(places)
    page = well(page.button_group(key=MistakesKey.MAPS_SHOWN).set_value(groups.GROUPS).run())
    assert (word("maps.few") in shown_text(page)) == (count < groups.FEWEST)


def test_many_maps_wait_for_a_click(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "QUICK", 10)
    page = well(open_run(run=RUN))
    assert word("maps.furthest") not in shown_text(page)
    page = well(page.button_group(key=MistakesKey.MAPS_SHOWN).set_value(groups.GROUPS).run())
    start = next(one for one in page.button if one.label == word("groups.start", count=64))
    assert word("groups.title", number=1) not in shown_text(page)
    assert word("groups.title", number=1) in shown_text(well(start.click().run()))


def test_uniform_attention_is_stated_to_be_uniform_and_grad_cam_takes_its_place(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maps, "EVEN", 2.0)  # every map is
    page, opened = open_picture(3), runs.open_one(RUN)
    attention = core.open_run(home / RUN).array("attention")
    sentence = word("maps.even", span=groups.span(float(attention.min()), float(attention.max())))
    assert shown_text(page).count(sentence) == 2  # where the scatter was, and above the maps
    assert word("maps.mean.cam", count=64) in shown_text(page) and word("maps.mean.title", count=64) not in shown_text(
        page
    )
    assert word("case.erase.even") in shown_text(page) and word("case.erase.hardly") not in shown_text(page)
    assert "· agreement" not in html(page) and not [one for one in page.slider if "agreement" in one.key]
    assert maps.shown(opened) == "cam" and not maps.compares(opened)


def test_which_maps_are_even() -> None:
    noise = np.random.default_rng(0).random((5, 8, 8))
    assert is_constant(1 - 1e-4 * noise, maps.EVEN).all() and not is_constant(1 - 1e-2 * noise, maps.EVEN).any()
    assert is_constant(np.zeros((2, 4, 4)), maps.EVEN).all() and is_constant(np.full((3, 3), 1 / 9), maps.EVEN)


@pytest.mark.parametrize(
    ("uneven", "broken", "opens"),
    [((), (), 40), ((39,), (), 40), ((0, 1, 2), (), 3), ((0, 1, 20), (), 40), ((3, 4, 5), (0, 1, 2), 40)],
    ids=["none", "too few", "the first ones", "not the first ones alone", "behind broken ones"],
)
def test_a_run_is_even_where_nearly_all_its_maps_are(
    uneven: Sequence[int],
    broken: Sequence[int],
    opens: int,
    own_store: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of forty parts of a hundred pictures: in the ``uneven`` ones 15 maps are not even; so many are read at most."""
    facts = {"model": "m", "classes": ["a"], "data": "scenes", "identity": "i", "pictures": 4000}
    facts |= {"unmatched": [], "labels": {}}
    (tmp_path / "run.json").write_text(json.dumps(facts))
    written = []
    for part in range(40):
        numbers = range(100 * part, 100 * part + 100)
        if part in broken:
            data = encode({"number": []}, [Broken(number, "path", "why", (0, 0)) for number in numbers])
        else:
            written.append(np.full((100, 4, 4), 1 / 16, np.float32))
            written[-1][:15, 0, 0] += 0.01 * (part in uneven)
            sure = np.ones(100, np.float32)
            data = encode({"number": numbers, "predicted": ["a"] * 100, "confidence": sure, "attention": written[-1]})
        write_part(tmp_path, numbers.start, numbers.stop, data)
    opened, read, array = runs.open_one(str(tmp_path)), [], Run.array
    monkeypatch.setattr(Run, "array", lambda run, name: read.append(len(run.parts)) or array(run, name))
    values = np.concatenate(written)
    even = np.ptp(values, (1, 2)) <= 1e-3 * values.max((1, 2))
    span = (float(values.min()), float(values.max()))
    assert maps.evenness(opened) == (span if np.mean(even) >= 0.99 else None) and max(read) == opens


@pytest.mark.parametrize(
    ("low", "high", "told"),
    [(0.9995117, 1.0, "0.9995 to 1"), (0.9999985, 1.0, "0.999999 to 1"), (1.0, 1.0, "1"), (0.1, 0.25, "0.1 to 0.25")],
)
def test_ends_are_shown_with_as_many_digits_as_they_differ_in(low: float, high: float, told: str) -> None:
    assert groups.span(low, high) == told


def test_a_group_says_how_wrong_the_others_are(home: Path) -> None:
    opened = runs.open_one(RUN)
    right = runs.correctness(opened.table)
    told = groups.size(opened, np.flatnonzero(right == 1)[:5], np.flatnonzero(right == 0))
    assert told == f"{word('groups.size', count=5, share='0 %')} {word('groups.others', share='100 %')}"
