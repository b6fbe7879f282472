"""Explore's look in a real browser: in the address, in a pinned view, on a small screen, and readable."""

from __future__ import annotations

import pytest

from app.words import word
from tests.browser.clicks import settle
from tests.browser.contrast import ENOUGH, texts
from tests.browser.pages import PATIENCE, open_page, query, sized, wait_until_drawn

pytestmark = pytest.mark.browser
VIEW = "model=scenes/self-attention&sample=scenes/24"
SETTINGS = {"view": "wipe", "opacity": "40", "threshold": "30", "colors": "viridis", "scale": "both", "smooth": "1"}


def mode(page) -> str:
    return page.locator(".overlay").first.get_attribute("data-mode")


def choose(page, value: str) -> None:
    page.locator(f'.overlay [data-value="{value}"]').first.click()
    page.wait_for_timeout(400)


def test_the_display_is_in_the_address_without_a_message_and_comes_back(browser_page, address) -> None:
    sent: list[object] = []
    browser_page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    open_page(browser_page, address, VIEW)
    assert not set(query(browser_page)) & {*SETTINGS, "pin"}, "what goes without saying"
    entries = browser_page.evaluate("history.length")
    sent.clear()
    for label, value in ((word("overlay.opacity"), 40), (word("overlay.threshold"), 30)):
        browser_page.get_by_label(label, exact=True).first.evaluate(
            "(one, value) => { one.value = value; one.dispatchEvent(new Event('input', { bubbles: true })); }", value
        )
    browser_page.locator(".overlay .pick select").select_option("both")
    browser_page.locator(".overlay .tick input").first.check()
    choose(browser_page, "viridis")
    choose(browser_page, "wipe")
    browser_page.wait_for_url("**view=wipe**", timeout=PATIENCE)
    assert {name: query(browser_page).get(name) for name in SETTINGS} == SETTINGS
    assert not sent and browser_page.evaluate("history.length") == entries
    browser_page.reload()
    wait_until_drawn(browser_page)
    assert {name: query(browser_page).get(name) for name in SETTINGS} == SETTINGS and mode(browser_page) == "wipe"
    assert browser_page.get_by_label(word("overlay.opacity"), exact=True).first.input_value() == "40"
    assert browser_page.locator('.overlay [data-value="viridis"]').first.get_attribute("aria-checked") == "true"
    choose(browser_page, "side")
    assert "view" not in query(browser_page)


def test_a_pin_comes_back_from_the_address(browser_page, address) -> None:
    open_page(browser_page, address, f"{VIEW}&pin=5-3")
    browser_page.get_by_text("The patch in row 5, column 3", exact=False).first.wait_for(timeout=PATIENCE)
    assert query(browser_page)["pin"] == "5-3"
    browser_page.keyboard.press("Tab")
    browser_page.locator("canvas[data-pane=attention]").first.focus()
    browser_page.keyboard.press("Escape")
    browser_page.wait_for_url(lambda url: "pin=" not in url, timeout=PATIENCE)
    assert "pin" not in query(browser_page)


def test_back_and_forward_bring_the_display_of_each_view(browser_page, address) -> None:
    open_page(browser_page, address, VIEW)
    choose(browser_page, "wipe")
    browser_page.locator('.tile[data-slug="scenes/21"]').click()
    browser_page.wait_for_url("**sample=scenes%2F21**", timeout=PATIENCE)
    wait_until_drawn(browser_page)
    assert query(browser_page)["view"] == "wipe", "it goes along to the next picture"
    choose(browser_page, "side")
    for move, sample, shown in (
        (browser_page.go_back, "scenes/24", "wipe"),
        (browser_page.go_forward, "scenes/21", "side"),
    ):
        move()
        browser_page.locator(f'.tile[data-slug="{sample}"][aria-pressed=true]').wait_for(timeout=PATIENCE)
        wait_until_drawn(browser_page)
        assert mode(browser_page) == shown and query(browser_page).get("view", "side") == shown


def test_a_wrong_look_in_the_address_costs_one_sentence(browser_page, address) -> None:
    open_page(browser_page, address, f"{VIEW}&view=upside-down")
    assert browser_page.get_by_text("view=upside-down", exact=False).first.is_visible()
    assert mode(browser_page) == "side"


def test_the_link_is_that_of_the_present_state(open_window, address) -> None:
    page = open_window(permissions=["clipboard-read", "clipboard-write"])
    open_page(page, address, VIEW)
    page.locator('.overlay [data-value="difference"]').first.click()
    button = page.get_by_role("button", name=word("share.copy"))
    button.click()
    page.get_by_role("button", name=word("share.copied")).wait_for(timeout=PATIENCE)
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.url and "view=difference" in copied


def test_a_pinned_view_opens_in_compare_with_its_patch(browser_page, address) -> None:
    open_page(browser_page, address, f"{VIEW}&pin=5-3")
    browser_page.locator(".st-key-keep button").first.click()
    browser_page.get_by_text(word("keep.done", name="fish, sea")).wait_for(timeout=PATIENCE)
    settle(browser_page)
    browser_page.locator(".st-key-open-compare button").first.click()
    wait_until_drawn(browser_page, ".rows[data-drawn]")
    assert word("map.from", row=5, column=3) in browser_page.locator(".rows .pane.attention .subtitle").inner_text()
    browser_page.locator('.rows [data-action="remove"]').click()
    browser_page.get_by_text(word("compared.pinned.none")[:20], exact=False).wait_for(timeout=PATIENCE)


@pytest.mark.parametrize("model", ["scenes/self-attention", "imagenette/transformer"])
def test_wipe_and_difference_move_nothing_and_fit_the_window(browser_page, address, model: str) -> None:
    page = sized(browser_page, 1280, 720)
    open_page(page, address, f"model={model}&sample=scenes/24&method=input-x-gradient")
    places = []
    for one in ("side", "wipe", "difference"):
        choose(page, one)
        places.append(page.locator(".controls").first.bounding_box()["y"])
        picture = page.locator("canvas[data-pane=attention]").first.bounding_box()
        assert picture["y"] >= 0 and picture["y"] + picture["height"] <= 720 and picture["height"] > 250
    assert max(places) - min(places) < 2, places


def test_a_phone_shows_a_picture_at_once_and_its_drawer_closes(open_window, address) -> None:
    page = open_window(viewport={"width": 390, "height": 844}, has_touch=True)
    open_page(page, address, VIEW)
    page.locator(".st-key-answer-panel .bars").first.wait_for(timeout=PATIENCE)
    picture = page.locator("canvas[data-pane=attention]").first.bounding_box()
    assert 844 - picture["y"] > 0.75 * picture["height"], "most of the picture is on the first screen"
    page.locator('[data-testid="stExpandSidebarButton"]').click()
    tile = page.locator('.tile[data-slug="scenes/21"]')
    tile.click()
    page.wait_for_url("**sample=scenes%2F21**", timeout=PATIENCE)
    wait_until_drawn(page)
    page.wait_for_timeout(600)
    drawer = page.locator('[data-testid="stSidebar"]').bounding_box()
    assert drawer["x"] + drawer["width"] <= 0, "it is beside the window"


@pytest.mark.parametrize("width", [640, 720, 1000])
def test_no_word_is_cut_on_a_narrow_or_enlarged_page(browser_page, address, width: int) -> None:
    page = sized(browser_page, width, 800)
    open_page(page, address, VIEW)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    label = page.locator(".st-key-method-row p", has_text=word("method.label")).first
    if label.is_visible():
        assert label.bounding_box()["height"] < 30, "one line"
    chart = page.locator(".st-key-answer-panel .bars").bounding_box()
    for share in page.locator(".st-key-answer-panel .bars .share").all():
        bounds = share.bounding_box()
        assert bounds["x"] >= chart["x"] - 1 and bounds["x"] + bounds["width"] <= chart["x"] + chart["width"] + 1
    for text in page.locator(".overlay :is(.thumbnails span, .subtitle)").all():
        assert not text.evaluate("(one) => one.scrollWidth > one.clientWidth + 1"), text.inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(browser_page, address, scheme: str) -> None:
    # No color is on its way to another one where no motion is wanted.
    page = sized(browser_page, 1280, 900, color_scheme=scheme, reduced_motion="reduce")
    open_page(page, address, f"{VIEW}&test=erase")
    for slug in ("explore", "mistakes", "trust", "models"):
        if slug != "explore":
            page.get_by_role("link", name=word(f"page.{slug}")).first.click()
            page.wait_for_url(f"**/{slug}?**")
            wait_until_drawn(page, "[data-testid=stSidebarContent] h3")
        page.wait_for_timeout(300)
        found = texts(page)
        assert len(found) > 15
        assert not [one for one in found if one["contrast"] < ENOUGH and one["text"] != "■"], slug


def test_nothing_glides_where_no_motion_is_wanted(browser_page, address) -> None:
    page = sized(browser_page, 1280, 720, reduced_motion="reduce")
    open_page(page, address, VIEW)
    longest = page.evaluate(
        """() => {
          const found = [];
          const look = (root) => root.querySelectorAll("*").forEach((node) => {
            if (node.shadowRoot) look(node.shadowRoot);
            const style = getComputedStyle(node);
            for (const times of [style.transitionDuration, style.animationDuration]) {
              found.push(...times.split(",").map(parseFloat));
            }
            if (style.scrollBehavior !== "auto") found.push(9);
          });
          look(document);
          return Math.max(...found);
        }"""
    )
    assert longest < 0.001


def test_the_ring_of_the_keyboard_is_not_that_of_the_choice(browser_page, address) -> None:
    open_page(browser_page, address, VIEW)
    rings = set()
    tile = browser_page.locator('.tile[data-slug="scenes/24"]')
    segment = browser_page.locator('.overlay .segments [data-value="side"]').first
    for one in (tile, segment, browser_page.locator(".st-key-keep button").first):
        one.focus()
        browser_page.keyboard.press("Shift")  # the keyboard is in use
        rings.add(
            one.evaluate("(one) => { const s = getComputedStyle(one); return `${s.outlineStyle} ${s.outlineColor}` }")
        )
    assert rings == {"solid rgb(217, 96, 59)"}
    assert "217" not in tile.evaluate("(one) => getComputedStyle(one).boxShadow")
