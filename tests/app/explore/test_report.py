"""The report of a view: a page that requests nothing, and that the app opens and computes again."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import core
from app.state import Key
from app.views.explore import report
from app.views.explore.keys import ExploreKey
from app.words import use, word
from core import Record
from core.reporting import to_png
from tests.app.pages import open_page, press, shown_text, well

VIEWS = {
    "scenes/plain": {"sample": "scenes/24"},
    "scenes/cbam": {"sample": "scenes/24", "method": "input-x-gradient", "contrast": "car"},
    "scenes/squeeze-excitation": {"sample": "scenes/24", "framing": "box:40,60,70"},
    "scenes/transformer": {"sample": "scenes/7", "map": "block4.attention.head2"},
    "scenes/recurrent": {"sample": "scenes/24", "method": "gradient-x-attention"},
    "tasks-same-row/self-attention": {"method": "saliency"},
}


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The reports that the page's button would download."""
    pages: list[str] = []
    button = report.st.download_button

    def make(label: str, data: Any, **rest: Any) -> bool:
        if rest.get("mime") == "text/html" and not rest["disabled"]:
            pages.append(data())
        return button(label, "", **rest)

    monkeypatch.setattr(report.st, "download_button", make)
    return pages


def upload(page: AppTest, data: bytes, name: str = "report.html") -> AppTest:
    """The page after that file was opened as a report."""
    uploader = next(one for one in page.file_uploader if one.key.startswith(f"{ExploreKey.REPORT}."))
    return uploader.set_value([(name, data, "text/html")]).run()


def recorded(page: str) -> Record:
    """The record in a report."""
    return core.open_record(page.encode(), "report.html")


@pytest.mark.parametrize("slug", VIEWS)
def test_a_report_is_opened_and_its_numbers_are_the_same(slug: str, made: list[str]) -> None:
    well(open_page(model=slug, **VIEWS[slug]))
    text = made[-1]
    assert core.replay(recorded(text), device="cpu").identical
    page = upload(well(open_page(model="scenes/feature-gate")), text.encode())
    page = well(page.run())
    assert page.session_state[Key.MODEL] == slug
    chosen = {name: page.session_state[name] for name in VIEWS[slug]}
    assert chosen == VIEWS[slug]
    assert [one.value for one in page.success] == [core.replay(recorded(text), device="cpu").verdict]
    page = press(page, "close-report")
    assert not page.success


def test_a_report_requests_nothing_and_names_what_was_computed(made: list[str]) -> None:
    well(open_page(model="scenes/cbam", sample="scenes/24"))
    text = made[-1]
    assert "default-src 'none'" in text
    assert not re.search(r"(?:src|href)=[\"'](?!data:)", text)
    assert not re.search(r"\b(?:fetch|XMLHttpRequest|importScripts|WebSocket)\b\s*\(", text)
    view = recorded(text)
    for needed in (view.facts["model"]["checksum"], view.facts["picture"]["sha256"], "import core", "torch"):
        assert needed in text.split('<script type="application/json"')[0]


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_a_report_is_in_the_language_of_the_page(language: str, made: list[str], restore: None) -> None:
    well(open_page(model="scenes/cbam", sample="scenes/24", lang=language))
    use(language)
    assert f'<html lang="{language}">' in made[-1]
    for key in ("report.made", "report.again", "answer.title", "change.way.off"):
        assert word(key) in made[-1]


@pytest.fixture
def restore() -> Any:
    """English again afterwards."""
    yield
    use("en")


def test_checks_that_were_computed_are_in_the_report(made: list[str]) -> None:
    page = open_page(model="scenes/cbam", sample="scenes/24", test="check")
    if any(one.key == "start-checks" for one in page.button):
        page = press(page, "start-checks")
    page = well(page.run())
    view = recorded(made[-1])
    assert view.facts["checks"] == ["attention", "attribution"]
    assert word("report.checks", map="Grad-CAM") in made[-1]
    assert core.replay(view, device="cpu").identical


def test_an_uploaded_picture_travels_in_the_report(made: list[str]) -> None:
    page = open_page(model="scenes/cbam", sample="scenes/24")
    uploader = next(one for one in page.file_uploader if one.key.startswith(Key.UPLOADER))
    well(uploader.set_value([("own.png", to_png(np.full((70, 90, 3), 99, np.uint8)), "image/png")]).run())
    text = made[-1]
    assert recorded(text).facts["picture"]["sample"] == ""
    page = well(upload(open_page(model="scenes/plain"), text.encode()).run())
    assert page.session_state[Key.SAMPLE].startswith("upload/")
    assert page.success


def test_the_question_decides_what_is_shown_and_not_the_rest_of_the_file(made: list[str]) -> None:
    well(open_page(model="scenes/transformer", sample="scenes/7", map="block4.attention.head2", framing="box:40,60,70"))
    facts = json.loads(recorded(made[-1]).to_json())
    facts["view"] = {}
    page = well(upload(open_page(model="scenes/plain"), json.dumps(facts).encode(), "view.json").run())
    assert page.session_state[Key.MAP] == "block4.attention.head2"
    assert page.session_state[Key.FRAMING] == "box:40,60,70"
    assert page.success


def test_what_has_changed_since_is_stated(made: list[str]) -> None:
    well(open_page(model="scenes/cbam", sample="scenes/24"))
    facts = json.loads(recorded(made[-1]).to_json())
    facts["machine"]["libraries"]["captum"] = "0.1"
    facts["model"]["weights"] = "0" * 64
    facts["numbers"]["gap"] = 0.5
    page = upload(open_page(model="scenes/plain"), json.dumps(facts).encode(), "view.json").run()
    assert not page.exception
    assert re.fullmatch(r"1 of \d+ numbers differ from the recorded ones: completeness gap\.", page.error[0].value)
    assert "captum: recorded with 0.1, now" in shown_text(page)
    assert "The weights of scenes/cbam have changed." in shown_text(page)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda facts: facts.clear(), "is not a view that Fovea recorded"),
        (lambda facts: facts["model"].update(slug="scenes/gone"), "scenes/gone"),
        (lambda facts: facts["model"].update(classes=["a", "b"]), "view.json"),
        (lambda facts: facts["model"].update(slug="file:/etc/passwd"), "file:/etc/passwd"),
        (lambda facts: facts.pop("recorded"), "'recorded' is missing"),
        (lambda facts: facts["question"]["parameters"].update(target=1), "has no parameter 'target'"),
        (lambda facts: facts["model"].update(slug="imagenette/cbam"), "has other classes"),
        (lambda facts: facts["question"].update(method="gone"), "gone"),
        (lambda facts: facts["question"].update(tap="gone"), "no attention map 'gone'"),
        (lambda facts: facts["question"]["parameters"].update(stage="gone"), "gone"),
        (lambda facts: facts.update(view={"map": 1, "framing": "gone"}), "gone"),
    ],
)
def test_a_broken_report_is_one_sentence_and_loses_nothing(
    change: Callable[[dict], object], sentence: str, made: list[str]
) -> None:
    well(open_page(model="scenes/cbam", sample="scenes/24"))
    facts = json.loads(recorded(made[-1]).to_json())
    change(facts)
    page = upload(open_page(model="scenes/plain", sample="scenes/24"), json.dumps(facts).encode(), "view.json")
    stated = shown_text(page)
    page = page.run()
    assert not page.exception
    assert sentence in stated + shown_text(page)
    assert page.session_state[Key.SAMPLE]


def test_a_pinned_patch_is_drawn_and_opened_again(made: list[str]) -> None:
    well(open_page(model="scenes/self-attention", sample="scenes/24"))
    assert header_of(made[-1])["pin"] is None
    facts = json.loads(recorded(made[-1]).to_json())
    facts["question"]["query"] = 19
    page = upload(open_page(model="scenes/plain"), json.dumps(facts).encode(), "view.json").run()
    assert not page.exception
    assert page.session_state[Key.PINNED_PATCH] == 19


def header_of(text: str) -> dict[str, Any]:
    """The header of the overlay's packet in a report."""
    data = re.search(r'<script type="application/json" id="maps">(.*?)</script>', text, re.DOTALL)[1]
    blob = base64.b64decode(json.loads(data))
    at = 0
    found: dict[str, Any] = {}
    while "attention" not in found:
        size = int.from_bytes(blob[at : at + 4], "little")
        found = json.loads(blob[at + 4 : at + 4 + size])
        at += 4 + size
    return found


def test_two_classes_that_are_compared_have_all_three_maps(made: list[str]) -> None:
    well(open_page(model="scenes/cbam", sample="scenes/24", method="input-x-gradient", contrast="car"))
    assert len(header_of(made[-1])["attribution"]) == 3


def test_the_overlap_is_written_as_on_the_page(made: list[str]) -> None:
    page = well(open_page(model="scenes/cbam", sample="scenes/24"))
    html = "".join(one.proto.body for one in page.get("html"))
    shown = re.findall(r"<dd>([^<]*)</dd>", html)
    assert len(shown) == 3 and all(f">{one}<" in made[-1] for one in shown)


def test_a_download_is_made_with_the_session_of_its_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streamlit calls the content of a download in a thread that has no session."""
    later: list[Callable[[], str]] = []
    button = report.st.download_button

    def hold(label: str, data: Any, **rest: Any) -> bool:
        if rest.get("mime") == "text/html" and not rest["disabled"]:
            later.append(data)
        return button(label, "", **rest)

    monkeypatch.setattr(report.st, "download_button", hold)
    well(open_page(model="scenes/cbam", sample="scenes/24", lang="zh-CN"))
    with ThreadPoolExecutor(1) as pool:
        text = pool.submit(later[-1]).result()
    assert '<html lang="zh-CN">' in text
