"""The Models page in a real browser, with a made-up server of weights: clicks, sorting, a Stop that works, a phone."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import torch
import torchvision
from safetensors.torch import save_file

import core
from app.words import word
from tests.browser.clicks import settle
from tests.browser.pages import DRAWN, PATIENCE, open_page, sized
from tests.core.models.saved_models import save_transformers, transformers_model

pytestmark = pytest.mark.browser
PAGE = "tests/browser/fetching_page.py"
TABLE = "[data-testid=stDataFrame] canvas"
LINE = 35  # pixels
SHOWS = f"{TABLE}, {DRAWN}, .st-key-start-fetch"


@pytest.fixture(scope="module")
def address(serve, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = str(tmp_path_factory.mktemp("torch"))
    return serve(PAGE, TORCH_HOME=folder, HF_HOME=folder, HF_HUB_OFFLINE="1")  # no weights are here


def open_models(page, address: str, query: str = "model=scenes/cbam") -> None:
    """The page that has drawn everything."""
    open_page(page, f"{address}/models", query, SHOWS)


def click(page, line: int, across: float) -> None:
    """Click on a line of the table, 0 its head, so many pixels from its left."""
    table = page.locator(TABLE).first.bounding_box()
    page.mouse.click(table["x"] + across, table["y"] + LINE * (line + 0.5))


def test_a_click_anywhere_in_a_line_chooses_it_sorted_or_not(browser_page, address) -> None:
    slugs = [card.slug for card in core.cards()]
    open_models(browser_page, address, query=f"model={slugs[2]}")

    def choose(slug: str, line: int, across: float) -> None:
        click(browser_page, line, across)
        browser_page.wait_for_url(f"**model={quote(slug, safe='')}**", timeout=PATIENCE)
        settle(browser_page)

    choose(slugs[0], 1, across=250)
    choose(slugs[3], 4, across=550)
    click(browser_page, 0, across=100)  # the head of the names: sorted by them
    settle(browser_page)
    choose(sorted(slugs)[0], 1, across=100)
    picked = browser_page.locator(".st-key-model input").input_value()
    title = browser_page.locator(".st-key-card h3").inner_text()
    assert picked.split(" · ")[0] == title.split(" · ")[0]


def test_equation_and_charts_are_drawn_without_a_network(browser_page, address) -> None:
    outside: list[str] = []

    def watch(request) -> None:
        if urlsplit(request.url).scheme not in ("data", "blob") and not request.url.startswith(address):
            outside.append(request.url)

    browser_page.on("request", watch)
    open_models(browser_page, address)
    browser_page.locator(".st-key-card .katex-html").wait_for(timeout=PATIENCE)
    browser_page.locator(".st-key-card .bars").wait_for(timeout=PATIENCE)
    browser_page.locator(".st-key-card .js-plotly-plot").first.wait_for(timeout=PATIENCE)
    assert not outside


def test_fetching_shows_progress_outlasts_a_click_and_stops(browser_page, address) -> None:
    open_page(browser_page, address, "model=torchvision/swin_t", SHOWS)
    browser_page.locator(".st-key-start-fetch button").click()
    bar = browser_page.locator("[data-testid=stProgress]")
    bar.get_by_text(" MB").wait_for(timeout=PATIENCE)
    browser_page.wait_for_timeout(1500)

    def megabytes() -> int:
        return int(bar.inner_text().split()[0])

    before = megabytes()
    browser_page.locator('.tile[data-slug="scenes/21"]').click()
    browser_page.wait_for_timeout(1500)
    assert megabytes() >= before > 0  # another picture does not start it again
    browser_page.locator(".st-key-stop-fetch button").click()
    browser_page.locator(".st-key-start-fetch button").wait_for(timeout=PATIENCE)
    assert not bar.count()
    browser_page.locator(".st-key-back button").click()
    browser_page.wait_for_url("**model=tasks-**", timeout=PATIENCE)
    browser_page.wait_for_selector(".overlay[data-drawn]", timeout=PATIENCE)


def test_weights_that_come_damaged_cost_one_sentence(browser_page, address) -> None:
    open_page(browser_page, address, "model=torchvision/swin_s", SHOWS)
    browser_page.locator(".st-key-start-fetch button").click()
    browser_page.get_by_text("damaged", exact=False).first.wait_for(timeout=PATIENCE)
    browser_page.wait_for_url("**model=tasks-**", timeout=PATIENCE)
    browser_page.wait_for_selector(".overlay[data-drawn]", timeout=PATIENCE)


def test_two_files_make_a_model_of_the_user(browser_page, address, tmp_path: Path) -> None:
    card = {"architecture": "torchvision/squeezenet1_1", "classes": ["cat", "dog"], "size": 64}
    (tmp_path / "pets.json").write_text(json.dumps(card))
    module = torchvision.models.get_model("squeezenet1_1", weights=None, num_classes=2)
    torch.nn.init.normal_(module.classifier[1].weight)
    save_file(module.state_dict(), tmp_path / "pets.safetensors")
    open_models(browser_page, address)
    browser_page.get_by_text(word("own.title")).click()
    uploader = browser_page.locator(".st-key-card, [data-testid=stExpander]").locator("input[type=file]").first
    uploader.set_input_files([tmp_path / "pets.json", tmp_path / "pets.safetensors"])
    browser_page.wait_for_url("**model=own%2F**", timeout=PATIENCE)
    browser_page.locator(".st-key-card h3").get_by_text("pets").wait_for(timeout=PATIENCE)


LITE = "model=imagenet/efficientnet-lite0"


def find(page, address: str, role: str, label: str):
    """The field of that role and label in the search for models by name, opened next to a model of ImageNet."""
    open_models(page, address, LITE)
    page.get_by_text(word("find.title"), exact=True).first.click()
    field = page.get_by_role(role, name=label).first
    field.wait_for(timeout=PATIENCE)
    return field


def sentence_of_missing_weights(page) -> str:
    """What is stated after the offer to download the weights, where there is no network."""
    page.locator(".st-key-start-fetch button").click(timeout=PATIENCE)
    stated = page.get_by_text("HF_HUB_OFFLINE").first
    stated.wait_for(timeout=PATIENCE)
    return stated.inner_text()


def test_an_architecture_of_timm_is_searched_and_its_missing_weights_are_one_sentence(browser_page, address) -> None:
    find(browser_page, address, "combobox", "timm: ").click()
    browser_page.keyboard.type("resnet10t")
    browser_page.get_by_role("option").first.click()
    browser_page.wait_for_url("**model=timm%2Fresnet10t.**", timeout=PATIENCE)
    stated = sentence_of_missing_weights(browser_page)
    assert stated.startswith("model.safetensors of timm/resnet10t.") and "put it into" in stated
    assert not browser_page.get_by_role("combobox", name="timm: ").is_visible(), "the search closes after a choice"


def test_typed_classes_make_a_classifier_whose_address_holds_them(browser_page, address) -> None:
    texts = find(browser_page, address, "textbox", word("find.texts"))
    texts.fill("a photo of a cat\na photo of a dog")
    texts.press("Control+Enter")
    browser_page.locator(".st-key-find-compare button").click()
    browser_page.wait_for_url("**model=clip%3AViT-B-32%2Fopenai**", timeout=PATIENCE)
    model = parse_qs(urlsplit(browser_page.url).query)["model"][0]
    assert parse_qs(urlsplit(model).query)["classes"] == ["a photo of a cat|a photo of a dog"]
    assert sentence_of_missing_weights(browser_page).startswith("open_clip_model.safetensors of ")


def test_the_files_of_a_saved_folder_make_a_model_without_a_card(browser_page, address, tmp_path: Path) -> None:
    folder = save_transformers(transformers_model("ViT"), tmp_path)
    open_models(browser_page, address)
    browser_page.get_by_text(word("own.title")).click()
    uploader = browser_page.locator(".st-key-card, [data-testid=stExpander]").locator("input[type=file]").first
    uploader.set_input_files(sorted(folder.iterdir()))
    browser_page.get_by_text(word("uncarded.complete")).first.wait_for(timeout=PATIENCE)
    browser_page.locator(".st-key-uncarded-open button").click()
    browser_page.wait_for_url("**model=own%2F**", timeout=PATIENCE)
    browser_page.locator(".st-key-card h3").get_by_text("ViTForImageClassification").wait_for(timeout=PATIENCE)


def test_a_phone_gets_the_page_in_one_column(browser_page, address) -> None:
    page = sized(browser_page, 390, 844, color_scheme="dark")
    open_models(page, address)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    charts = page.locator(".st-key-card :is(.bars, .js-plotly-plot)")
    charts.nth(1).wait_for(timeout=PATIENCE)
    boxes = [charts.nth(number).bounding_box() for number in range(charts.count())]
    assert all(one["x"] >= 0 and one["x"] + one["width"] <= 390 for one in boxes)
    assert all(a["y"] + a["height"] <= b["y"] for a, b in pairwise(boxes))
