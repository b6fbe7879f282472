"""Explore in a real browser: what no server-side test sees."""

from __future__ import annotations

import io
import json
from itertools import pairwise
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from PIL import Image

from app.words import word
from core.data import samples
from tests.browser.clicks import settle
from tests.browser.pages import PATIENCE, open_page, query, show, sized, wait_until_drawn

pytestmark = pytest.mark.browser


def test_the_first_page_needs_no_network_and_shows_two_maps(browser_page, address) -> None:
    outside: list[str] = []

    def watch(request) -> None:
        if urlsplit(request.url).scheme not in ("data", "blob") and not request.url.startswith(address):
            outside.append(request.url)

    browser_page.on("request", watch)
    open_page(browser_page, address)
    assert not outside
    assert browser_page.locator("canvas[data-pane]").count() >= 2
    assert browser_page.get_by_text(word("agreement.title")).is_visible()


def test_opacity_and_hover_cost_no_message(shared_page, address) -> None:
    sent: list[object] = []
    shared_page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    open_page(shared_page, address, "model=scenes/self-attention&sample=scenes/24")
    sent.clear()
    slider = shared_page.locator("input[type=range]").first
    slider.evaluate("(one) => { one.value = 30; one.dispatchEvent(new Event('input', { bubbles: true })); }")
    pane = shared_page.locator("canvas[data-pane=attention]")
    bounds = pane.bounding_box()
    for share in (0.2, 0.4, 0.6, 0.8):
        shared_page.mouse.move(bounds["x"] + share * bounds["width"], bounds["y"] + share * bounds["height"])
        shared_page.wait_for_timeout(50)
    shared_page.wait_for_timeout(500)
    assert not sent


def test_a_pinned_patch_reaches_python(shared_page, address) -> None:
    show(shared_page, address, "model=scenes/self-attention&sample=scenes/24")
    pane = shared_page.locator("canvas[data-pane=attention]")
    bounds = pane.bounding_box()  # the scene is square: the pane is the model's square of 16 × 16 patches
    shared_page.mouse.click(bounds["x"] + bounds["width"] * 2.5 / 16, bounds["y"] + bounds["height"] * 4.5 / 16)
    told = shared_page.get_by_text("The patch in row 5, column 3", exact=False)
    told.first.wait_for(timeout=PATIENCE)


def test_a_thumbnail_changes_picture_and_address(shared_page, address) -> None:
    open_page(shared_page, address, "model=scenes/plain")
    assert query(shared_page)["sample"] != "scenes/21"
    shared_page.locator('.tile[data-slug="scenes/21"]').click()
    shared_page.wait_for_url("**sample=scenes%2F21**", timeout=PATIENCE)
    wait_until_drawn(shared_page)
    assert shared_page.locator('.tile[data-slug="scenes/21"]').get_attribute("aria-pressed") == "true"
    assert shared_page.get_by_text("rocket", exact=False).first.is_visible()


def test_a_bar_becomes_the_target(shared_page, address) -> None:
    show(shared_page, address, "model=scenes/plain&sample=scenes/21")
    bars = shared_page.locator(".st-key-answer-panel .bars .row")
    name = bars.nth(2).locator(".name").inner_text()
    assert bars.first.get_attribute("aria-pressed") == "true" and bars.count() == 5
    assert all(bars.nth(row).bounding_box()["height"] >= 44 for row in range(5)), "as large as a thumb needs"
    bars.nth(2).focus()
    shared_page.keyboard.press("Enter")
    shared_page.wait_for_url("**target=**", timeout=PATIENCE)
    shared_page.locator(".bars .row[aria-pressed=true] .name", has_text=name).wait_for(timeout=PATIENCE)
    assert query(shared_page)["target"] == name
    assert bars.nth(2).evaluate("(one) => one.getRootNode().activeElement === one"), "the focus stays"
    bars.first.click()
    shared_page.wait_for_function("!location.search.includes('target=')", timeout=PATIENCE)


def test_back_and_forward_lead_from_view_to_view(browser_page, address) -> None:
    open_page(browser_page, address, "model=scenes/cbam&sample=scenes/42")
    for slug in ("scenes/21", "scenes/24"):
        browser_page.locator(f'.tile[data-slug="{slug}"]').click()
        browser_page.wait_for_url(f"**sample={slug.replace('/', '%2F')}**", timeout=PATIENCE)
        wait_until_drawn(browser_page)
    browser_page.locator(".st-key-way button", has_text=word("change.way.off")).click()
    browser_page.wait_for_url("**way=off**", timeout=PATIENCE)
    wait_until_drawn(browser_page)
    views = [("scenes/24", None), ("scenes/21", None), ("scenes/42", None), ("scenes/21", None), ("scenes/24", None)]
    moves = [browser_page.go_back] * 3 + [browser_page.go_forward] * 3
    for move, (slug, way) in zip(moves, [*views, ("scenes/24", "off")], strict=True):
        move()
        browser_page.locator(f'.tile[data-slug="{slug}"][aria-pressed=true]').wait_for(timeout=PATIENCE)
        wait_until_drawn(browser_page)
        assert (query(browser_page)["sample"], query(browser_page).get("way")) == (slug, way)
        chosen = browser_page.locator(".st-key-way button[aria-checked=true]").inner_text()
        assert chosen == word(f"change.way.{way or 'uniform'}"), "the choices have followed"


def test_back_leads_from_page_to_page(browser_page, address) -> None:
    open_page(browser_page, address, "model=scenes/plain&sample=scenes/21&method=saliency")
    shown = query(browser_page)
    browser_page.get_by_role("link", name=word("page.trust")).first.click()
    browser_page.wait_for_url("**/trust?**sample=**", timeout=PATIENCE)
    browser_page.get_by_text(word("section.benchmark"), exact=True).click()
    browser_page.wait_for_url("**section=benchmark**", timeout=PATIENCE)
    browser_page.get_by_role("link", name=word("page.explore")).first.click()
    browser_page.wait_for_url("**method=saliency**", timeout=PATIENCE)
    wait_until_drawn(browser_page)
    assert query(browser_page) == shown
    for section in ("section=benchmark", "trust?"):
        browser_page.go_back()
        browser_page.wait_for_url(f"**{section}**", timeout=PATIENCE)
        settle(browser_page)
        assert section in browser_page.url
    assert "section" not in query(browser_page)
    browser_page.go_back()
    wait_until_drawn(browser_page)
    assert query(browser_page) == shown


def test_an_address_opens_the_same_view_elsewhere(open_window, browser_page, address) -> None:
    view = "model=scenes/cbam&sample=scenes/24&map=stage3.attention.spatial&method=saliency&target=boat"
    open_page(browser_page, address, view)
    other = open_window()
    open_page(other, address, browser_page.url.split("?")[1])
    assert query(other) == query(browser_page)
    assert query(other) == {name: values[0] for name, values in parse_qs(view).items()}


def test_the_view_is_saved_as_png_and_npz(browser_page, address) -> None:
    open_page(browser_page, address, "model=scenes/cbam&sample=scenes/24")
    with browser_page.expect_download() as download:
        browser_page.get_by_text(word("overlay.download"), exact=True).click()
    with Image.open(download.value.path()) as picture:
        assert picture.format == "PNG" and min(picture.size) > 200
    with browser_page.expect_download() as download:
        browser_page.get_by_role("button", name=word("share.maps")).click()
    maps = np.load(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert {"attribution", "probabilities", "stage3.attention.spatial", "stage4.attention.channel"} <= set(maps)
    assert maps["stage3.attention.spatial"].shape == (16, 16)


def test_a_dropped_picture_joins_the_strip_and_leaves_it(browser_page, address, tmp_path) -> None:
    open_page(browser_page, address, "model=scenes/plain")
    file = tmp_path / "boat.webp"
    Image.fromarray(samples.open_sample("scenes/20").pixels).save(file)
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"not a picture")
    browser_page.locator("input[type=file]").set_input_files([file, broken])
    own = browser_page.locator('.tile[data-slug^="upload/"]')
    own.wait_for(timeout=PATIENCE)
    assert own.count() == 1
    browser_page.get_by_text("broken.png", exact=False).first.wait_for(timeout=PATIENCE)
    wait_until_drawn(browser_page)
    browser_page.locator(".cross").click()
    own.wait_for(state="detached", timeout=PATIENCE)


def test_a_pasted_picture_joins_the_strip(browser_page, address) -> None:
    open_page(browser_page, address, "model=scenes/plain")
    browser_page.evaluate(
        """async () => {
            const canvas = new OffscreenCanvas(64, 48);
            canvas.getContext("2d").fillRect(8, 8, 20, 20);
            const file = new File([await canvas.convertToBlob()], "pasted.png", { type: "image/png" });
            const clipboard = new DataTransfer();
            clipboard.items.add(file);
            document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: clipboard, bubbles: true }));
        }"""
    )
    own = browser_page.locator('.tile[data-slug^="upload/"]')
    own.wait_for(timeout=PATIENCE)
    assert own.get_attribute("title") == "pasted.png"


def test_a_phone_gets_everything_in_one_column(browser_page, address) -> None:
    page = sized(browser_page, 390, 844, color_scheme="dark")
    open_page(page, address, "model=scenes/self-attention")
    wide = page.evaluate("document.documentElement.scrollWidth")
    panes = [page.locator(f"canvas[data-pane={side}]") for side in ("attention", "attribution")]
    parts = [
        page.get_by_text(word("answer.title"), exact=True),
        page.get_by_text(word("answer.explain"), exact=True),
        *panes,
    ]
    parts += [page.get_by_text(word(key), exact=True) for key in ("agreement.title", "test.title")]
    bounds = [part.first.bounding_box() for part in parts]
    assert wide <= 390 and max(one["width"] for one in bounds) <= 390
    for upper, lower in pairwise(bounds):
        assert upper["y"] + upper["height"] <= lower["y"], "one below the other, the answer first"
    assert bounds[2]["y"] < 844, "the first map begins on the first screen"


def test_the_code_of_a_view_gives_the_numbers_on_the_page(browser_page, address, capsys) -> None:
    open_page(browser_page, address, "model=scenes/cbam&sample=scenes/24&method=saliency")
    browser_page.get_by_text(word("code.title"), exact=True).click()
    block = browser_page.locator("[data-testid=stCode] code")
    block.wait_for(timeout=PATIENCE)
    source = block.inner_text()
    exec(compile(source, "view", "exec"), {})  # the page's own six lines
    printed = capsys.readouterr().out
    shown = browser_page.locator(".fovea-measures dd").first.inner_text().replace("−", "-")
    value = float(printed.split("rank_correlation=Measure(value=")[1].split(",")[0])
    assert f"{value:.2f}" == shown, json.dumps(printed)


def test_what_tells_one_map_from_another_is_not_cut_off(browser_page, address) -> None:
    page = sized(browser_page, 1440, 900)
    for model in ("scenes/cbam", "imagenette/self-attention"):
        open_page(page, address, f"model={model}&method=input-x-gradient")
        for text in page.locator(".overlay :is(.thumbnails span, .subtitle)").all():
            cut = text.evaluate("(one) => one.scrollHeight > one.clientHeight || one.scrollWidth > one.clientWidth")
            assert not cut, text.inner_text()
    zero = page.locator(".pane.attribution .zero").bounding_box()
    assert zero["y"] + zero["height"] <= page.locator(".pane.attribution .readout").bounding_box()["y"]


def test_a_long_method_says_so_shows_progress_and_stops(browser_page, address) -> None:
    open_page(browser_page, address, "model=imagenette/self-attention&method=integrated-gradients&p.steps=500")
    start = browser_page.get_by_role("button", name=word("compute.start"), exact=True)
    start.wait_for(timeout=PATIENCE)
    assert browser_page.get_by_text("This takes about", exact=False).is_visible()
    start.click()
    stop = browser_page.locator(".st-key-stop-map button")  # not Streamlit's own
    stop.wait_for(timeout=PATIENCE)
    browser_page.locator("[data-testid=stProgress]").wait_for(timeout=PATIENCE)
    stop.click()
    start.wait_for(timeout=PATIENCE)  # the page offers it again: nothing was computed
    assert not browser_page.get_by_text("Completeness gap", exact=False).is_visible()


def test_one_class_rather_than_another_is_a_strip_of_three_maps(browser_page, address) -> None:
    open_page(browser_page, address, "model=scenes/cbam&sample=scenes/42&method=input-x-gradient&contrast=boat")
    strip = browser_page.locator(".strip", has_text=" vs. boat")
    assert strip.locator("button").count() == 3
    assert min(one.bounding_box()["width"] for one in strip.locator("canvas").all()) > 150
    assert strip.bounding_box()["y"] < browser_page.locator(".controls").bounding_box()["y"], "right below the panes"
    legend = browser_page.locator(".pane").nth(1)
    ends = legend.locator(".high").inner_text().removeprefix("\u2265 ")
    strip.locator("button").nth(2).click()
    wait_until_drawn(browser_page)
    assert legend.locator(".high").inner_text().removeprefix("\u2265 ") == ends, "all three on one scale"
    assert "boat" in legend.inner_text() and "vs." not in legend.inner_text()
    assert query(browser_page)["contrast"] == "boat" and query(browser_page)["method"] == "input-x-gradient"
