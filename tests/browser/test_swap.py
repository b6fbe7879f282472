"""The cue of a task's picture moved in a real browser: the pair, the address, and what a cell sees."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from app.words import word
from core.data import swaps
from tests.browser.pages import MAIN, PATIENCE, open_page, query, wait_until_drawn
from tests.task_models import make_zoo

pytestmark = pytest.mark.browser

MODEL = "tasks-marked/attention-pooling"


@pytest.fixture(scope="module")
def address(serve, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    return serve(MAIN, FOVEA_PRETRAINED=str(make_zoo(tmp_path_factory.mktemp("zoo"), [MODEL])))


def test_one_click_moves_the_cue_and_back_leads_to_the_picture_as_it_was(browser_page, address) -> None:
    first, other = swaps("tasks-marked/5")[:2]
    open_page(browser_page, address, f"model={MODEL}&sample={first.slug}")
    pair, pictures = browser_page.locator(".fovea-swap figure"), browser_page.locator(".fovea-swap-picture img")
    assert pair.count() == 0
    browser_page.locator(".st-key-swap-row button", has_text=other.answer).click()
    browser_page.locator(".fovea-verdict").wait_for(timeout=PATIENCE)
    wait_until_drawn(browser_page)
    assert query(browser_page)["sample"] == other.slug and pair.count() == 2 and pictures.count() == 4
    assert all(one.evaluate("(image) => image.complete && image.naturalWidth > 100") for one in pictures.all())
    left, right = (one.bounding_box() for one in pair.all())
    assert left["x"] + left["width"] <= right["x"] and abs(left["y"] - right["y"]) < 2, "side by side"
    bars = pair.first.locator("li > div > div")
    assert bars.count() >= 2 and any(one.bounding_box()["width"] > 0 for one in bars.all())
    chosen = browser_page.locator('.tile[aria-pressed="true"]').get_attribute("data-slug")
    assert chosen == first.slug, "the strip marks the picture as it was at first"
    browser_page.go_back()
    browser_page.locator(".fovea-verdict").wait_for(state="detached", timeout=PATIENCE)
    assert query(browser_page)["sample"] == first.slug


def test_what_a_cell_sees_is_drawn_round_the_cell_under_the_pointer(browser_page, address) -> None:
    open_page(browser_page, address, f"model={MODEL}&sample=tasks-marked/5&opacity=0")
    assert browser_page.get_by_text(word("overlay.sight").format(side=32)).is_visible()
    canvas = browser_page.locator("canvas[data-pane=attention]")
    canvas.scroll_into_view_if_needed()
    bounds = canvas.bounding_box()

    def shown() -> np.ndarray:
        return np.asarray(Image.open(io.BytesIO(browser_page.screenshot(clip=bounds))).convert("RGB"), int)

    before = shown()
    cell = bounds["width"] / 8
    browser_page.mouse.move(bounds["x"] + 4.5 * cell, bounds["y"] + 2.5 * cell)
    browser_page.wait_for_timeout(500)
    rows, columns = np.nonzero(np.abs(shown() - before).max(2) > 40)
    for found, middle in ((columns, 4.5 * cell), (rows, 2.5 * cell)):  # 32 px are two cells: one to each side
        assert found.min() == pytest.approx(middle - cell, abs=3) and found.max() == pytest.approx(middle + cell, abs=3)


def test_a_cell_of_the_matrix_opens_its_model_with_a_picture_of_the_task(browser_page, address) -> None:
    browser_page.goto(f"{address}/models?view=tasks")
    cell = browser_page.locator(f'.matrix a[data-slug="{MODEL}"]')
    cell.wait_for(timeout=PATIENCE)
    cell.click()
    browser_page.locator(".st-key-swap-row").wait_for(timeout=PATIENCE)
    wait_until_drawn(browser_page)
    assert query(browser_page)["model"] == MODEL and query(browser_page)["sample"].startswith("tasks-marked/")
