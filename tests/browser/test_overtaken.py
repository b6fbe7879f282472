"""A component that is called again while its last call is under way, as Streamlit does at quick reruns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from app.components import overlay, paint, script
from app.components.overlay import Layer, pack, pack_rows, show_overlay, show_rows
from tests.browser import overlay_page, paint_page, rows_page

pytestmark = pytest.mark.browser

CALLS = """
async ({ code, bytes, plain }) => {
    const module = await import(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
    const data = plain ?? Uint8Array.from(bytes);
    const call = () => module.default({ data, parentElement: document.body, setStateValue() {}, setTriggerValue() {} });
    const shown = () => document.querySelectorAll("body > .component").length;
    const drawn = () => document.querySelectorAll("body > .component canvas").length;
    const overtaken = call(), newest = call();
    (await overtaken)();
    const close = await newest;
    const found = [shown(), drawn()];
    const late = call();
    close();
    (await late)();
    return [...found, shown()];
}
"""
"""What an overtaken call returns is called as soon as it is there, what the newest one returns when the page goes."""


def overlay_of_a_map() -> None:
    """Mount the overlay of a picture with one map."""
    layers, box = [Layer("map", "Map", overlay_page.ramp())], (20, 0, 100, 80)
    show_overlay(pack(overlay_page.picture(), overlay_page.SIZE, box, layers, [], words=overlay_page.WORDS), key="one")


def rows_of_maps() -> None:
    """Mount rows of one picture."""
    shown = [overlay.Shown(overlay_page.picture(), overlay_page.SIZE)]
    show_rows(pack_rows(shown, rows_page.rows(False), words=rows_page.LABELS), key="one", on_action=lambda: None)


MOUNTED: Mapping[Callable[[], None], ModuleType] = {
    overlay_of_a_map: overlay.overlay,
    rows_of_maps: overlay.rows,
    paint_page.canvas: paint.paint,
}


@pytest.mark.parametrize("mount", MOUNTED, ids=lambda mount: mount.__name__)
def test_an_overtaken_call_closes_nothing_and_the_newest_does(
    browser_page, monkeypatch: pytest.MonkeyPatch, mount: Callable[[], None]
) -> None:
    module, mounted = MOUNTED[mount], []
    monkeypatch.setattr(module, "_component", lambda data, **_: mounted.append(data) or SimpleNamespace())
    mount()
    (data,) = mounted
    content = {"bytes": list(data)} if isinstance(data, bytes) else {"plain": data}
    code = script(Path(module.__file__).parent, module.PARTS)
    browser_page.goto("about:blank")
    shown, drawn, left = browser_page.evaluate(CALLS, {"code": code, **content})
    assert shown == 1 and drawn and not left
