"""The benchmark on Trust: its table, its file, files that are broken, and measuring more."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict, replace
from pathlib import Path

import pyarrow as pa
import pytest
import torch

import core
from app.runtime.trust import benchmark as measured
from app.runtime.trust import sources
from app.state import Key
from app.views.trust import benchmark, ground_truth, measuring
from app.views.trust.keys import TrustKey
from app.views.trust.titles import source_titles
from app.widgets.models import model_title
from app.words import word
from core.evaluation.benchmark import BenchmarkRow
from core.evaluation.sources import REFERENCES
from core.models import zoo
from core.types import InvalidInput, Stopped
from tests.app.pages import shown_text, well
from tests.app.trust.trust_page import PICTURES, SOURCES, charts, choose, open_section

pytestmark = pytest.mark.usefixtures("small_catalog")


# --- the table and its file


def test_the_table_has_every_mean(rows: list[dict]) -> None:
    page, titles = open_section(section="benchmark"), source_titles(zoo.find_card("scenes/cbam"), SOURCES)
    titles |= {one: word("benchmark.reference", source=titles[one]) for one in REFERENCES}
    for extent in ("this", "all"):
        page = choose(page, TrustKey.EXTENT, extent)
        shown = page.dataframe[0].value
        those = [row for row in rows if extent == "all" or row["model"] == "scenes/cbam"]
        assert len(shown) == len({(row["model"], row["source"]) for row in those})
        lines = {(one["model"], one["source"]): one for _, one in shown.iterrows()}
        for row in those:
            line = lines[model_title(zoo.find_card(row["model"])), titles[row["source"]]]
            if row["measure"] in shown:
                assert line[row["measure"]] == pytest.approx(row["mean"], abs=0.005)
            assert (line["pictures"], line["seed"]) == (row["wanted"], row["seed"])


def test_the_table_can_be_of_a_family_and_of_one_map() -> None:
    page = choose(open_section("scenes-tag/cbam", section="benchmark"), TrustKey.EXTENT, "family")
    assert set(page.dataframe[0].value["model"]) == {model_title(zoo.find_card("scenes-tag/cbam"))}
    page = choose(page, TrustKey.EXTENT, "all")
    page = well(page.multiselect(key="benchmark-sources").set_value(["edges", "attention/"]).run())
    shown = page.dataframe[0].value
    assert len(set(shown["model"])) == 4 and len(shown) == 8 and shown["source"].nunique() == 2


def test_columns_are_those_that_anything_is_known_of(rows: list[dict]) -> None:
    every, zero = [BenchmarkRow(**row) for row in rows], [replace(BenchmarkRow(**row), mean=0.0) for row in rows]
    own = [row for row in every if row.model == "scenes/cbam"]
    assert benchmark.measured(own) == ["mass", "pointing", "insertion", "deletion", "randomized"]  # no map is blank
    assert benchmark.measured(every)[-4:] == ["tag-mass", "tag-pointing", "background-mass", "background-pointing"]
    assert "blank" not in benchmark.measured(zero)
    assert "blank" in benchmark.measured([replace(every[0], measure="blank")])


def test_an_arrow_is_there_where_it_holds_for_every_model() -> None:
    cards = {slug: zoo.find_card(f"{slug}/cbam") for slug in ("scenes", "imagenette", "scenes-tag", "scenes-place")}
    for measure in ("mass", "pointing"):
        assert benchmark.arrow(measure, [cards["scenes"], cards["imagenette"]]) == "↑"
        for slug in ("scenes-tag", "scenes-place"):
            assert benchmark.arrow(measure, [cards["scenes"], cards[slug]]) == ""
    every = list(cards.values())
    assert [benchmark.arrow(one, every) for one in ("deletion", "randomized", "blank")] == ["↓"] * 3
    assert [benchmark.arrow(one, every) for one in ("insertion", "tag-mass", "background-pointing")] == ["↑"] * 3


def test_minus_signs_are_written_as_elsewhere_and_few_pictures_are_stated(rows: list[dict]) -> None:
    measured.own_file().parent.mkdir(parents=True)
    own = [row | {"mean": -0.034, "pictures": 2} for row in rows[:6] if row["measure"] == "randomized"]
    measured.own_file().write_text(json.dumps(own))
    proto = open_section(section="benchmark").dataframe[0].proto
    shown = pa.ipc.open_stream(proto.arrow_data.styler.display_values).read_pandas()
    few = [line for _, line in shown.iterrows() if line["source"] == f"Saliency · {word('rank.pictures', count=2)}"]
    assert [line["randomized"] for line in few] == ["−0.03"]
    assert sum("pictures" in name for name in shown["source"]) == 1


def test_columns_are_chosen(rows: list[dict]) -> None:
    page = open_section(section="benchmark")
    measures = next(one.key for one in page.button_group if one.key.startswith(TrustKey.MEASURES))
    page = well(page.button_group(key=measures).set_value(["deletion"]).run())
    assert "deletion" in page.dataframe[0].value and "mass" not in page.dataframe[0].value
    page = well(page.button_group(key=measures).set_value([]).run())
    assert not page.dataframe and not page.info


def test_the_file_holds_the_rows_as_they_are(rows: list[dict]) -> None:
    found = list(csv.DictReader(io.StringIO(benchmark.to_csv([BenchmarkRow(**row) for row in rows]))))
    assert len(found) == len(rows)
    for line, row in zip(found, rows, strict=True):
        assert list(line) == list(row)
        assert all(line[key] == ("" if value is None else str(value)) for key, value in row.items())


# --- files that are missing, broken, or about other weights


def test_a_model_without_rows_says_so_and_offers_to_measure_it() -> None:
    page = open_section("scenes/spatial-gate")
    for section in ("truth", "random", "faith"):
        page = choose(page, TrustKey.SECTION, section)
        assert len(page.info) == 1 and not page.get("plotly_chart")
    page = well(page.button(key="measure-it").click().run())
    assert page.session_state[TrustKey.SECTION] == "benchmark"
    assert page.multiselect(key=TrustKey.MEASURED_MODELS).value == ["scenes/spatial-gate"]
    assert page.button(key="start-measuring")


@pytest.mark.usefixtures("no_benchmark")
def test_no_benchmark_at_all_is_no_mistake() -> None:
    page = open_section()
    assert len(page.info) == 1 and not page.warning
    assert not choose(page, TrustKey.SECTION, "benchmark").dataframe


@pytest.mark.parametrize(
    "text", ["no table", "[1]", '[{"model": "scenes/cbam"}]', "{}x", "strings", "infinite"], ids=lambda text: text[:12]
)
def test_a_broken_file_of_the_user_costs_one_sentence(rows: list[dict], text: str) -> None:
    wrong = {"strings": {"mean": "high"}, "infinite": {"low": float("nan")}}.get(text)
    path = measured.own_file()
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps([rows[0] | wrong]) if wrong else text)
    page = open_section()
    assert [one.value for one in page.warning] == [word("trust.broken", path=path)]
    assert len(charts(page)[0]) == len(SOURCES) + 1  # the shipped rows stay


def test_own_rows_stand_before_the_shipped_ones_and_stale_ones_nowhere(rows: list[dict]) -> None:
    own = [rows[0] | {"mean": 0.123, "wanted": 9}, rows[0] | {"source": "edges", "checksum": "other weights"}]
    measured.own_file().parent.mkdir(parents=True)
    measured.own_file().write_text(json.dumps(own))
    found = measured.read_rows({"scenes/cbam": "of scenes/cbam"}).rows
    mine = [row for row in found if row.source == rows[0]["source"]]
    assert [(row.mean, row.wanted) for row in mine] == [(0.123, 9)]  # all shipped rows of that source give way
    shipped = [BenchmarkRow(**row) for row in rows if (row["model"], row["source"]) == ("scenes/cbam", "edges")]
    assert [row for row in found if row.source == "edges"] == shipped
    assert not measured.read_rows({"scenes/cbam": "new weights"}).rows


# --- measuring more


def test_what_is_requested_is_measured_once_and_joins_the_table(
    rows: list[dict], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_section(section="benchmark")
    page.session_state[TrustKey.MEASURING] = True
    page = well(page.run())
    page.multiselect(key="measuring-sources").set_value(["edges", "attention/"])
    page = well(page.number_input(key="measuring-pictures").set_value(2).run())
    page = well(page.button(key="start-measuring").click().run())
    assert word("measuring.nothing") in shown_text(page) and Key.RUNNING not in page.session_state
    own = json.loads(measured.own_file().read_text())
    taps = {f"attention/stage{stage}.attention.spatial" for stage in (3, 4)}
    assert {row["source"] for row in own} == {"edges", *taps}
    assert {(row["model"], row["wanted"], row["seed"]) for row in own} == {("scenes/cbam", 2, 0)}
    shown = page.dataframe[0].value.set_index("source")["pictures"]
    edges = word("benchmark.reference", source=word("source.edges"))
    few = word("rank.pictures", count=2)
    assert shown[f"{edges} · {few}"] == 2 and shown["Saliency"] == PICTURES
    with monkeypatch.context() as patch:
        patch.setattr(measuring, "is_closed", lambda: True)
        page = well(page.run())  # nobody removes what others on a server have measured
        assert "forget-measured" not in {one.key for one in page.button}
        assert str(measured.own_file()) not in shown_text(page)
    page = well(page.run())
    page = well(page.button(key="forget-measured").click().run())
    assert (page.dataframe[0].value["pictures"] == PICTURES).all() and not measured.own_file().exists()


def test_on_a_server_nobody_replaces_the_rows_that_others_see(
    rows: list[dict], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measured, "is_closed", lambda: True)
    shipped = BenchmarkRow(**rows[0])
    others = [row for row in rows if row["source"] != shipped.source]
    added = [replace(BenchmarkRow(**others[0]), source="blank-map", wanted=100, mean=0.25)]
    mine = [replace(shipped, mean=0.123, wanted=2), *added]
    measured.own_file().parent.mkdir(parents=True)
    measured.own_file().write_text(json.dumps([asdict(one) for one in mine]))
    found = measured.read_rows({"scenes/cbam": "of scenes/cbam"}).rows
    assert set(found) == {BenchmarkRow(**row) for row in rows if row["model"] == "scenes/cbam"} | set(added)
    model = core.load("scenes/cbam", "cpu")
    names = (shipped.source, "blank-map", "another")
    assert measured.missing_sources(found, model, names, 200, 7) == ["blank-map", "another"]
    assert measured.missing_sources(found, model, names, 100, 7) == ["another"]
    monkeypatch.setattr(measured, "LARGEST", 10)
    with pytest.raises(InvalidInput, match="The owner of the server can remove benchmark.json"):
        measured.measure_sources(model, ["edges"], 2, 0)


def test_what_is_shipped_is_not_measured_again(rows: list[dict]) -> None:
    model, known = core.load("scenes/cbam", "cpu"), [BenchmarkRow(**row) for row in rows]
    assert measured.missing_sources(known, model, ["lrp", *SOURCES], PICTURES, 4) == ["lrp"]
    assert measured.missing_sources(known, model, ["edges"], PICTURES, 5) == ["edges"]
    assert measured.missing_sources(known, model, ["edges"], PICTURES + 1, 4) == ["edges"]


def test_stop_keeps_the_sources_that_are_finished(monkeypatch: pytest.MonkeyPatch) -> None:
    model, seen = core.load("scenes/cbam", "cpu"), []

    def tick(done: int, total: int) -> None:
        seen.append((done, total))
        if measured.own_file().exists():  # the first source is finished
            raise Stopped

    with pytest.raises(Stopped):
        measured.measure_sources(model, sources.fitting(model), 2, 0, tick=tick)
    assert seen[-1][1] == 2 * len(sources.fitting(model))
    kept = {row.source for row in core.open_benchmark(measured.own_file())}
    assert "saliency" in kept and len(kept) < len(sources.fitting(model)) - 3


def test_pictures_that_are_not_there_cost_one_sentence() -> None:
    page = open_section("imagenette/cbam", "benchmark")
    page.session_state[TrustKey.MEASURING] = True
    page.run()
    page.multiselect(key="measuring-sources").set_value(["edges"]).run()
    page = well(page.button(key="start-measuring").click().run())
    assert len(page.warning) == 1 and not measured.own_file().exists()
    assert page.button(key="start-measuring")


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FOVEA_BENCHMARK", str(tmp_path / "file" / "benchmark.json"))
    with pytest.raises(InvalidInput, match="cannot be written"):
        measured.measure_sources(core.load("scenes/cbam", "cpu"), ["edges"], 2, 0)


def test_time_is_stated_for_the_work_there_is() -> None:
    scene, photograph = core.load("scenes/cbam", "cpu"), core.load("imagenette/cbam", "cpu")
    few, many = measured.seconds(scene, ["edges"], 4), measured.seconds(scene, ["edges"], 8)
    assert few > 0 and many == pytest.approx(2 * few)
    assert measured.seconds(scene, ["edges", "lime"], 4) > few
    assert ground_truth.find_evidence(photograph.card) == "quarter"


# --- a model that is not here


def test_the_benchmark_can_be_read_while_the_model_is_not_here(
    rows: list[dict], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    page = open_section("torchvision/resnet50")
    assert page.button(key="start-fetch") and not page.get("plotly_chart")
    assert len(page.dataframe[0].value) == len({(row["model"], row["source"]) for row in rows})
    assert not [one for one in page.button_group if one.key in (TrustKey.SECTION, TrustKey.EXTENT)]
