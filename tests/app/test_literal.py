"""Text from files enters words, Markdown, charts and tables letter by letter."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from app import figures
from app.runtime.trust.benchmark import BenchmarkRow
from app.views.explore import share
from app.views.trust import benchmark
from app.words import Marked, code, literal, plain, word
from app.words.markdown import JOINER
from core.formulas import defuse
from core.reporting.archive import to_csv
from tests.app.hostile import HOSTILE


@pytest.mark.parametrize("text", HOSTILE)
def test_taking_the_backslashes_and_joiners_away_gives_the_text_back(text: str) -> None:
    bare = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", literal(text).replace(JOINER, ""))
    assert bare == re.sub(r"\s", " ", text)
    assert literal(text) != text or text in ("=1+1", "%{x} {brace} 50 % & more; 5 < 6 > 4!")


@pytest.mark.parametrize(
    "text",
    ["English springer", "ResNet-50", "golf_ball", "12:30", "< 1 s", "−0.04", "+0.5", "ViT-B/16", "a.b (2) × 3, 50 %"],
)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert literal(text) == text


def test_words_fill_in_text_letter_by_letter_and_labels_as_they_are() -> None:
    assert word("data.zip.kept", name="*x*.zip").count(r"\*x\*.zip") == 1
    assert "*x*.zip" in plain("data.zip.kept", name="*x*.zip")
    assert r"\*x\*" in word("data.zip.kept", name=Path("*x*"))  # a path is text as well
    inner = word("model.measured", accuracy="*5*", pictures="7")
    assert inner in word("data.zip.kept", name=inner)  # made safe once, not twice
    assert isinstance(inner, Marked) and literal(inner) is inner
    assert Marked(" · ").join([inner, "*y*"]) == f"{inner} · \\*y\\*"
    assert code("a `b` c") == "``a `b` c``" and code("`") == "`` ` ``"


def test_charts_read_no_tags_and_no_templates() -> None:
    name = '<a href="http://127.0.0.1:9">x</a> %{x}'
    drawn = [
        figures.channel_bars(np.ones(3), name, "Channel"),
        figures.confusion_cells(np.ones((2, 2), int), [name, "b"], "{true} {predicted} {count}"),
        figures.confusion_matrix([[1, 2], [3, 4]], [name, "b"], "True", "Said", "{true} {predicted} {count}"),
        figures.agreement_scatter(*np.ones((4, 1)), np.ones(1, bool), np.array([name]), ("a", "b", "c")),
        figures.ranking([figures.Line(name, 0.5, 0.4, 0.6, "0.5", "told", note=name)], None, (0, 1)),
        figures.courses({name: [1.0, 0.5]}, [name, "b"], 0.5),
        figures.faithfulness_curve(np.linspace(0, 1, 3), dict.fromkeys([name, "b", "c", "d"], np.ones(3)), 0.5, "axis"),
    ]
    for one in drawn:
        assert "<a" not in one.to_json().replace("\\u003c", "<") and "&lt;a" in one.to_json().replace("\\u0026", "&")


def test_the_python_of_a_view_holds_whatever_a_class_is_called() -> None:
    name = 'a"), print("run"), ("\\'
    view = share.View("scenes/cbam", "scenes/1", "saliency", contrast=name)
    tree = compile(share.code(view, name, (0, 0, 1, 1)), "code", "exec")
    assert name in tree.co_consts and "print" not in tree.co_names


# --- CSV


@pytest.mark.parametrize("text", ["=1+1", "+SUM(A1)", "-2+3", "@x", "\t=1", "\r=1", "\n=1", "=HYPERLINK()", "-", "＝1"])
def test_a_formula_becomes_text(text: str) -> None:
    assert defuse(text) == f"'{text}"


@pytest.mark.parametrize("cell", ["-5", "+3.5", "-1e-3", ".5", "", "a=1", "church", 3, -2.5, None, True, float("inf")])
def test_numbers_and_names_stay(cell: object) -> None:
    assert defuse(cell) is cell


def test_no_cell_of_an_exported_table_is_a_formula() -> None:
    rows = pd.DataFrame({"number": [0, 1], "path": ["=cmd()", "a.png"], "true": ["@x", None], "loss": [-0.5, np.nan]})
    found = list(csv.DictReader(io.StringIO(to_csv(rows, {0: ["+1+1", "b"], 1: ["-3"]}).decode())))
    assert [one["path"] for one in found] == ["'=cmd()", "a.png"] and found[0]["true"] == "'@x" and not found[1]["true"]
    assert [one["tags"] for one in found] == ["'+1+1; b", "-3"] and found[0]["loss"] == "-0.5"


def test_no_cell_of_the_benchmark_is_a_formula() -> None:
    row = BenchmarkRow("=model", "-source()", "mass", 3, -0.5, *[-0.25] * 6)
    text = benchmark.to_csv([row])
    assert "'=model,'-source(),mass" in text and ",-0.5" in text
