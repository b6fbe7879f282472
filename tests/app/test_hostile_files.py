"""Every page with a model, pictures, labels and tags of a stranger's naming: none of it is read as Markdown."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from google.protobuf.message import Message
from PIL import Image
from safetensors.torch import save_file
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block

import core
from app.runtime import kept_runs
from app.runtime.mistakes import runs, tags
from app.runtime.mistakes.filters import Filter
from app.state import Key
from app.views.explore.keys import ExploreKey
from app.views.mistakes.keys import MistakesKey
from app.views.trust.keys import TrustKey
from app.words import word
from core.models.architecture import build
from core.types import ModelCard
from tests.app.pages import open_page, visit

PIX = "![pix](http:&#47;&#47;127.0.0.1:9)"
"""A picture elsewhere, without a slash, so that files may be called so."""
CLASSES = [f"{PIX} one", f"{PIX} two :red[x]", "<a href='x'>three</a>"]
PLAIN = {
    "Selectbox": {"options", "default", "raw_value"}, "MultiSelect": {"options", "raw_values"}, "PlotlyChart": {"spec"},
    "TextInput": {"default", "value"}, "FileUploader": {"type"}, "Dataframe": {"columns"},
    "Code": {"code_text"}, "Html": {"body"},
}  # fmt: skip
"""Fields that no browser reads as Markdown."""
ANYWHERE = {"id", "key", "alt", "form_id", "html", "user_key", "url", "json", "element_hash", "mixed", "raw_values"}


def texts(message: Message) -> Iterator[tuple[str, str, str]]:
    """Every text of a protocol buffer, with the name of its message and of its field."""
    for field, value in message.ListFields():
        for one in value if field.is_repeated else [value]:
            if isinstance(one, Message):
                yield from texts(one)
            elif isinstance(one, str):
                yield type(message).__name__, field.name, one


def elements(node: Any) -> Iterator[Message]:
    """Every element and block of a page, as it is sent to the browser."""
    if getattr(node, "proto", None) is not None:
        yield node.proto
    if isinstance(node, Block):
        for child in node.children.values():
            yield from elements(child)


def read_as_markdown(page: AppTest) -> list[str]:
    """What of the stranger's texts is read as Markdown, and the tags that a chart reads."""
    assert not page.exception and not page.error, [*page.exception, *[one.value for one in page.error]]
    found, count = [], 0
    for proto in elements(page._tree):
        for message, field, text in texts(proto):
            count += 1
            text = re.sub(r"(`+).*?\1", "", text)  # a code span shows what it holds
            if field not in ANYWHERE and field not in PLAIN.get(message, ()) and "![pix](" in text:
                found.append(f"{message}.{field}: {text[:200]}")
            if message in ("PlotlyChart", "Html") and "<a href='x'" in text.replace("\\u003c", "<"):
                found.append(f"{message}.{field}: a link")
    assert count > 40
    return found


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model, and a run of it over pictures, all of a stranger's naming."""
    home = tmp_path_factory.mktemp("stranger")
    (home / "models").mkdir()
    torch.manual_seed(0)
    widths = [8, 8, 16, 16]
    card = ModelCard("own/x", "x", "cbam", tuple(CLASSES), size=64, widths=tuple(widths))
    save_file(build(card).state_dict(), home / "models" / f"{PIX}.safetensors")
    facts = dict.fromkeys(["paper", "license", "measured", "data", "device", "command"], PIX)
    history = [{"epoch": 1, "loss": 1.0, "accuracy": 0.5}, {"epoch": 2, "loss": 0.5, "accuracy": 0.6}]
    facts |= {"history": history, "confusion": [[1, 2, 3]] * 3}
    said = {
        "architecture": "fovea/cbam",
        "classes": CLASSES,
        "size": 64,
        "widths": widths,
        "title": PIX,
        "mean": 0.5,
        "std": 0.25,
    }
    said |= {"accuracy": 0.5, "pictures": 100, "ablation": {"uniform": 0.4}, "facts": facts}
    (home / "models" / f"{PIX}.json").write_text(json.dumps(said))
    (home / "models" / f"{PIX} broken.json").write_text("{")
    draw = np.random.default_rng(0)
    for label in (CLASSES[0], CLASSES[1], f"{PIX} no class"):
        folder = home / "pictures" / label
        folder.mkdir(parents=True)
        for number in range(3):
            pixels = draw.integers(0, 255, (64, 64, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / f"{PIX} {number}.png")
    (home / "pictures" / CLASSES[0] / f"{PIX} broken.png").write_bytes(b"nothing")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FOVEA_MODELS", str(home / "models"))
        model = core.load(f"own/{PIX}", "cpu")
        core.scan(model, home / "pictures", home / "runs" / "one")
        core.scan(model, home / "pictures", home / "runs" / f"two {PIX}")
    return home


@pytest.fixture(autouse=True)
def at_home(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOVEA_MODELS", str(world / "models"))
    monkeypatch.setenv(kept_runs.FOLDER, str(world / "runs"))
    monkeypatch.setenv("FOVEA_BENCHMARK", str(world / f"{PIX}.json"))


def open_own(slug: str = "explore", **address: str) -> AppTest:
    """The page of that slug with the model of the hostile name, after Explore."""
    return visit(open_page(**{"model": f"own/{PIX}", **address}), slug).run()


def test_explore() -> None:
    page = open_own(target=CLASSES[1], contrast=CLASSES[0], map=PIX, framing=PIX, test="erase")
    assert len(page.warning) >= 2 and not read_as_markdown(page)
    file = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(file, "png")
    uploader = next(one for one in page.file_uploader if one.key.startswith(f"{Key.UPLOADER}."))
    uploader.set_value([(f"{PIX}.png", file.getvalue(), "image/png"), (f"{PIX}2.png", b"x", "image/png")])
    page.run()
    assert [one for one in page.warning if "pix" in one.value] and not read_as_markdown(page)
    keep = next(one for one in page.button if one.label == word("keep.keep"))
    assert not read_as_markdown(keep.click().run())
    for test in ("intervene", "check"):
        page.session_state[ExploreKey.TEST] = test
        assert not read_as_markdown(page.run())


def test_an_address_that_asks_for_nothing_that_is_here() -> None:
    page = open_own(model=f"{PIX}none", sample=f"{PIX}none", method=f"{PIX}none", target=f"{PIX}none", test=PIX)
    assert len(page.warning) >= 4 and not read_as_markdown(page)


def test_models() -> None:
    page = open_own("models")
    assert page.subheader[0].value != PIX and not read_as_markdown(page)


@pytest.mark.parametrize("section", ["truth", "random", "faith", "benchmark"])
def test_trust(section: str) -> None:
    page = open_own("trust", section=section)
    page.session_state[TrustKey.MEASURING] = True
    assert not read_as_markdown(page.run())


def test_mistakes(world: Path) -> None:
    page = open_own("mistakes")
    assert not read_as_markdown(page)
    page.session_state[MistakesKey.DATA] = "folder"
    page.session_state["data-folder"] = str(world / "pictures")
    assert not read_as_markdown(page.run())  # labels that mean no class
    opened = runs.open_one("one")
    tags.put(opened.run, opened.table["number"].tolist(), [f"{PIX} tag"])
    page = open_own("mistakes", run="one")
    page.session_state[MistakesKey.NUMBER] = int(opened.table["number"].iloc[0])
    page.session_state[MistakesKey.OTHER_RUN] = f"two {PIX}"
    page.run()
    assert not read_as_markdown(page)
    page = visit(open_page(model=f"own/{PIX}", run="one"), "mistakes")
    page.session_state[MistakesKey.FILTER] = Filter(true=CLASSES[0], tag=f"{PIX} tag")
    for summary in ("classes", "calibration", "matrix"):
        page.session_state[MistakesKey.SUMMARY] = summary
        assert not read_as_markdown(page.run())


def test_the_walk_finds_what_is_not_made_literal() -> None:
    """The tests above can fail."""

    def script() -> None:
        import streamlit as st

        for number in range(60):
            st.markdown(f"line {number}")
        st.button("![pix](x)")
        st.expander("![pix](x)")
        st.selectbox("a", ["![pix](x)"])
        st.plotly_chart({"data": [{"type": "bar", "name": "<a href='x'>"}]})

    found = read_as_markdown(AppTest.from_function(script).run())
    assert len(found) == 3, found
