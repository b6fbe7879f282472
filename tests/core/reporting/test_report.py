"""Reports and what else can be taken of a run: what they say is what the table says, and they need nothing else."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import core
from core.reporting import charts
from core.reporting.facts import confused
from core.reporting.wording import Wording
from core.types import InvalidInput
from tests.conftest import CLASSES
from tests.core.small_scans import draw, fill

HOSTILE = "<script>alert('&')<img src=x>"
ALLOWED = set(
    "html head meta title style body header h1 h2 section p div table thead tbody tr th td span svg rect path text "
    "circle article strong figure img figcaption script".split()
)


@pytest.fixture(scope="module")
def run(tiny: Callable, tmp_path_factory: pytest.TempPathFactory) -> core.Run:
    """A run with right and wrong answers, a label that means no class, a broken picture, and names that bite."""
    root = tmp_path_factory.mktemp("report")
    data = fill(root / "data", 4, CLASSES)
    draw(data / HOSTILE / "one.png", 1)
    draw(data / "ash" / f"{HOSTILE}.png", 2)
    (data / "elm" / f"broken {HOSTILE}.png").write_bytes(b"no pixels")
    core.scan(tiny("cbam"), data, root / "run")
    return core.open_run(root / "run")


class Page(HTMLParser):
    """The tags of a page with their attributes, its texts, and what is in its one script."""

    def __init__(self, html: str):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.data, self.within = "", ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.within = tag

    def handle_endtag(self, tag: str) -> None:
        self.within = ""

    def handle_data(self, data: str) -> None:
        if self.within == "script":
            self.data += data
        else:
            self.texts.append(data)


def of(page: Page, tag: str) -> list[dict[str, str | None]]:
    return [attributes for name, attributes in page.tags if name == tag]


def test_a_report_asks_for_nothing_and_no_text_becomes_markup(run: core.Run) -> None:
    numbers = run.table()["number"].tolist()
    page = Page(core.report(run, numbers, {numbers[0]: (HOSTILE, "shortcut")}).html)
    assert {name for name, _ in page.tags} <= ALLOWED
    assert len(of(page, "script")) == 1 and of(page, "script")[0]["type"] == "application/json"
    for name, attributes in page.tags:
        assert not [key for key in attributes if key.startswith("on") or key in ("href", "srcset", "action")]
        assert "src" not in attributes or (name == "img" and attributes["src"].startswith("data:image/jpeg;base64,"))
    policy = next(one["content"] for one in of(page, "meta") if "http-equiv" in one)
    assert policy.startswith("default-src 'none'") and "url(" not in core.reporting.page.STYLE.read_text()
    text = " ".join(page.texts)
    assert text.count(HOSTILE) == 6  # a tag, two pictures' paths, a broken one and its reason, a label
    assert "prefers-color-scheme: dark" in text


def test_its_numbers_are_those_of_the_table(run: core.Run, tmp_path: Path) -> None:
    table, found = run.table(), core.report(run)
    known = [row for row in table.to_dict("records") if isinstance(row["true"], str)]
    right = [row["true"] == row["predicted"] for row in known]
    facts = found.facts
    assert (facts["pictures"], facts["labeled"]) == (42, 41) and 0 < sum(right) < 41
    assert facts["accuracy"]["value"] == pytest.approx(sum(right) / 41) and facts["accuracy"]["right"] == sum(right)
    for row, true in zip(facts["confusion"]["counts"], run.classes, strict=True):
        for count, said in zip(row, run.classes, strict=True):
            assert count == sum(one["true"] == true and one["predicted"] == said for one in known)
    wrong = sorted((row for row, well in zip(known, right, strict=True) if not well), key=lambda r: -r["confidence"])
    assert [one["number"] for one in facts["chosen"]] == [row["number"] for row in wrong][:24]
    assert facts["unmatched"] == {HOSTILE: 1} and len(facts["broken"]) == 1 and facts["data"] == "data"
    found.save(tmp_path / "report.html")
    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert json.loads(page.data) == json.loads((tmp_path / "report.json").read_text(encoding="utf-8")) == facts
    assert f"{100 * sum(right) / 41:.1f} %" in page.texts
    cells = [one for one in of(page, "td") if one.get("class") in ("right", "wrong")]
    assert len(cells) == np.count_nonzero(facts["confusion"]["counts"])


def test_agreement_stands_next_to_that_of_unrelated_pictures(tiny: Callable, tmp_path: Path) -> None:
    core.scan(tiny("cbam"), fill(tmp_path / "data", 16, CLASSES), tmp_path / "run")
    run = core.open_run(tmp_path / "run")
    table, shown, ranges = run.table(), list(range(0, 160, 8)), 0
    found, bank = core.report(run, shown), run.bank()
    page = " ".join(Page(found.html).texts)
    for number, told in zip(shown, found.facts["chosen"], strict=True):
        row = int(np.flatnonzero(table["number"] == number)[0])
        own = run.named(run.array("attention")[row], run.array("cam")[row])
        alike = core.agreement(*own, bank.without(table["sha256"].iloc[row])).rank_correlation
        if alike.low is None:  # one of the maps is blank
            assert told["unrelated"] is None
            continue
        ranges += 1
        names = ("low", "high", "blob", "standing")
        assert told["unrelated"] == {name: pytest.approx(getattr(alike, name)) for name in names}
        assert told["agreement"] == pytest.approx(alike.value, abs=0.05)  # stored maps are rounded, which moves ranks
        low, high, blob = (f"{getattr(alike, name):.2f}".replace("-", "−") for name in names[:3])
        share = int(100 * alike.standing)
        pairs = "all unrelated pairs" if share == 100 else f"{share} % of unrelated pairs"
        assert f"higher than {pairs} (unrelated pictures {low} to {high}, center blob {blob})" in page
    assert ranges > 5


def test_with_few_pictures_no_range_is_reported(tiny: Callable, tmp_path: Path) -> None:
    core.scan(tiny("cbam"), fill(tmp_path / "data", each=2), tmp_path / "run")
    found = core.report(tmp_path / "run", [0, 1])
    assert [one["unrelated"] for one in found.facts["chosen"]] == [None, None]
    assert "agreement" in found.html and "unrelated pictures" not in found.html


def test_each_picture_is_shown_as_it_is_and_with_each_map(run: core.Run) -> None:
    page = Page(core.report(run, [3, 1]).html)
    images = of(page, "img")
    assert [one["alt"] for one in images] == ["Picture", "Attention", "Grad-CAM"] * 2
    plain = Image.open(io.BytesIO(base64.b64decode(images[0]["src"].split(",")[1])))
    there = Image.fromarray(run.picture(3).pixels).resize(plain.size, Image.Resampling.BICUBIC)
    assert np.abs(np.asarray(plain, float) - np.asarray(there, float)).mean() < 4  # a JPEG of it


def test_a_picture_that_is_gone_is_stated_in_its_place(tiny: Callable, tmp_path: Path) -> None:
    data = fill(tmp_path / "data", each=2)
    core.scan(tiny("plain"), data, tmp_path / "run")
    (data / "ash" / "00.png").unlink()
    told: list[tuple[int, int]] = []
    found = core.report(tmp_path / "run", [0, 1], progress=lambda *one: told.append(one))
    page = Page(found.html)
    assert told == [(1, 2), (2, 2)] and len(of(page, "article")) == 2 and len(of(page, "img")) == 2
    assert [one for one in page.texts if "00.png" in one and one.endswith(".")]


def test_without_true_classes_there_is_no_accuracy(tiny: Callable, tmp_path: Path) -> None:
    for seed in range(3):
        draw(tmp_path / "data" / f"{seed}.png", seed)
    core.scan(tiny("cbam"), tmp_path / "data", tmp_path / "run")
    found = core.report(tmp_path / "run", [0])
    assert found.facts["accuracy"] is found.facts["calibration"] is None and found.facts["chosen"][0]["true"] is None
    assert json.loads(json.dumps(found.facts, allow_nan=False)) == found.facts
    assert "so there is no accuracy" in found.html and "Confusion matrix" not in found.html
    sure = core.open_run(tmp_path / "run").table()["confidence"]
    assert [one["number"] for one in core.report(tmp_path / "run").facts["chosen"]] == list(np.argsort(sure))


@pytest.mark.parametrize("numbers", [[99], [-1], list(range(40)) * 6])
def test_what_cannot_be_reported_is_one_sentence(run: core.Run, numbers: list[int]) -> None:
    with pytest.raises(InvalidInput, match=r"^[^\n]+\.$"):
        core.report(run, numbers)
    with pytest.raises(InvalidInput, match="no run"):
        core.report(run.folder / "nowhere")


def test_of_many_classes_the_pairs_are_reported() -> None:
    counts = np.zeros((30, 30), int)
    counts[3, 4], counts[5, 1], counts[2, 2] = 2, 7, 9
    found = confused(counts, [str(number) for number in range(30)])
    assert found["counts"] is None
    assert found["pairs"] == [{"true": "5", "predicted": "1", "count": 7}, {"true": "3", "predicted": "4", "count": 2}]


def test_a_point_of_the_calibration_lies_at_its_confidence_and_accuracy() -> None:
    bins = [{"confidence": 0.75, "accuracy": 0.5, "pictures": 4}, {"confidence": None, "accuracy": None, "pictures": 0}]
    (circle,) = of(Page(charts.calibration_chart(bins)), "circle")
    assert float(circle["cx"]) == charts.EDGE + 0.75 * charts.SIDE
    assert float(circle["cy"]) == charts.TOP + 0.5 * charts.SIDE


def test_a_report_is_in_the_requested_language(run: core.Run) -> None:
    classes = {name: f"<{name}>" for name in run.classes}
    table = {"Accuracy": "准确率", "Picture": "图片", " %": "%", "Calibration": "校准", "confidence": "置信度"}
    numbers = run.table()["number"].tolist()[:2]
    found = core.report(run, numbers, wording=Wording("zh-CN", table, classes))
    english = core.report(run, numbers)
    assert found.facts == english.facts, "stored values stay as they are"
    assert '<html lang="zh-CN">' in found.html and '<html lang="en">' in english.html
    page = found.html.split("<body>")[1].split("<script")[0]
    assert "<h2>准确率</h2>" in page and "<h2>Accuracy</h2>" in english.html
    assert "校准" in page and "置信度" in page and "<figcaption>图片</figcaption>" in page
    assert all(f"&lt;{one['predicted']}&gt;" in page for one in found.facts["chosen"])
    assert "50%</text>" in page and "50 %</text>" in english.html
