"""The page Trust as a browser gets it, and what its charts should show."""

from __future__ import annotations

import json
import re

from streamlit.testing.v1 import AppTest

from app.state import Key
from app.views.trust.benchmark import MEASURES
from app.views.trust.ground_truth import REGIONS
from app.views.trust.keys import TrustKey
from app.views.trust.titles import source_titles
from core.evaluation import EVERYTHING
from core.evaluation.sources import REFERENCES
from core.models import zoo
from core.tasks import ROLES
from tests.app.pages import open_page, well

SOURCES = ("saliency", "grad-cam", "attention/stage4.attention.spatial", "edges", "blob", "random")
PICTURES = 3
FAMILIES = ("scenes", "scenes-tag", "scenes-place", "imagenette")
SECTIONS = ("truth", "random", "faith", "benchmark")
OF_TRUST = {
    "section.{one}": [f"section.{one}" for one in SECTIONS],
    "source.{name}": [f"source.{one}" for one in REFERENCES],
    "truth.{find_evidence(card)}": [f"truth.{one}" for one in REGIONS],
    "truth.{find_evidence(card)}.limit": [f"truth.{one}.limit" for one in REGIONS],
    "truth.{one}": [f"truth.{one}" for every in REGIONS.values() for one in every],
    "truth.{place}-mass": [f"truth.{one}-mass" for one in REGIONS],
    "truth.{place}-pointing": [f"truth.{one}-pointing" for one in REGIONS],
    "example.{requested.partition('-')[0]}": [f"example.{one}" for one in REGIONS],
    "faith.{measure}": ["faith.insertion", "faith.deletion"],
    "benchmark.{one}": ["benchmark.this", "benchmark.all"],
    "roles.{one}": ["roles.share", "roles.pointing"],
    "role.{role}": [f"role.{one}" for one in (*ROLES, EVERYTHING)],
    "role.{best.role}.within": [f"role.{one}.within" for one in ROLES],
    "measure.{one}": [f"measure.{one}" for one in MEASURES],
    "measure.{one}.help": [f"measure.{one}.help" for one in MEASURES],
}
"""What keys of the page's words may be that are known only when the app runs."""


def open_section(model: str = "scenes/cbam", section: str = "truth") -> AppTest:
    """A section of the page for a model."""
    page = well(open_page("trust", model=model))
    return page if section == "truth" else choose(page, TrustKey.SECTION, section)


def choose(page: AppTest, key: Key, value: str) -> AppTest:
    return well(page.button_group(key=key).set_value(value).run())


def charts(page: AppTest) -> list[dict[str, tuple[float, float, float]]]:
    """Each ranking as a dict from the names of its lines, top down, to mean, low and high; its guess is under ""."""
    found = []
    for figure in map(json.loads, (chart.proto.spec for chart in page.get("plotly_chart"))):
        if "ticktext" not in figure["layout"]["yaxis"]:
            continue
        rows, names = (figure["layout"]["yaxis"][one] for one in ("tickvals", "ticktext"))
        names = [re.sub("<span.*?</span>|<br>|</?b>", " ", one).strip() for one in names]
        lines = [one for one in figure["layout"]["shapes"] if one["line"].get("dash") is None and "layer" not in one]
        dots = figure["data"][0]["x"]
        ends = {one["y0"]: (one["x0"], one["x1"]) for one in lines}
        told = {
            " ".join(name.split()): (dot, *ends.get(row, (None, None)))
            for row, name, dot in zip(rows, names, dots, strict=True)
        }
        (guess,) = [one["x0"] for one in figure["layout"]["shapes"] if one["line"].get("dash")]
        found.append(told | {"": (guess, guess, guess)})
    return found


def expected(rows: list[dict], model: str, measure: str, low_is_good: bool = False) -> dict:
    """The same from the file: name -> mean, low, high, the best first."""
    those = [row for row in rows if row["model"] == model and row["measure"] == measure]
    those.sort(key=lambda row: row["mean"] if low_is_good else -row["mean"])
    titles = source_titles(zoo.find_card(model), [row["source"] for row in those])
    return {titles[row["source"]]: (row["mean"], row["low"], row["high"]) for row in those}
