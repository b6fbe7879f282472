"""Analyses that are pinned on Explore, and their rows on Compare."""

from __future__ import annotations

import pytest

from app.state import Key, View
from app.views.compare.address import read
from app.words import word
from tests.app.compare.compare_page import html_on, rows_on
from tests.app.pages import fresh, open_page, press, shown_text, well

VIEWS = [
    View("scenes/self-attention", "scenes/24", "grad-cam", "stage4.block1.first.head2", query=19, number=1),
    View("scenes/cbam", "scenes/24", "integrated-gradients", contrast="boat", parameters=(("steps", 10),), number=2),
    View("imagenette/transformer", "photo/china", "saliency", "rollout", framing="fit", number=3),
]


def test_pinned_analyses_stay_and_lead_to_compare() -> None:
    page = well(open_page(model="scenes/cbam", sample="scenes/24"))
    assert "open-compare" not in [one.key for one in page.button]
    page = press(page, "keep")
    assert page.button(key="keep").label == word("keep.kept")
    page = well(page.selectbox(key=Key.MODEL).set_value("scenes/plain").run())
    assert [view.model for view in page.session_state[Key.KEPT]] == ["scenes/cbam"]
    assert page.button(key="keep").label == word("keep.keep")
    assert page.button(key="open-compare").label == word("keep.open", count=1)
    page = press(page, "open-compare")
    assert page.session_state[Key.PAGE] == "compare" and list(rows_on(page).rows) == ["pinned.1"]
    (row,) = rows_on(page).rows.values()
    assert row["attention"]["slug"] == "stage4.attention.spatial" and row["bars"][0]["name"] == "fish"


def test_a_pinned_analysis_is_removed_where_it_was_pinned() -> None:
    page = press(well(open_page(model="scenes/cbam", sample="scenes/24")), "keep")
    page = press(page, "keep")
    assert page.session_state[Key.KEPT] == () and page.button(key="keep").label == word("keep.keep")


def pinned(*views: View, **address: str):
    page = fresh("compare", model="scenes/plain", sample="scenes/24", compare="pinned", **address)
    page.session_state[Key.KEPT] = views
    return well(page.run())


def test_each_pinned_analysis_is_a_row_of_its_own_method_and_map() -> None:
    page = pinned(*VIEWS)
    found = rows_on(page)
    assert list(found.rows) == ["pinned.1", "pinned.2", "pinned.3"]
    first, second, third = found.rows.values()
    assert first["attention"]["slug"] == "stage4.block1.first.head2" and first["attention"]["tokens"] == 0
    assert word("map.from", row=2, column=4) in first["attention"]["title"]
    assert second["attribution"]["signed"] and "fish vs. boat" in second["attribution"]["title"]
    assert third["attention"]["slug"] == "rollout" and "Transformer" in third["title"]
    assert found.header["settings"]["scale"] == "own", "values of different methods are not on one scale"
    assert len(found.header["pictures"]) == 2 and 'scope="row"' in html_on(page)


def test_pinned_analyses_of_one_picture_are_compared_in_words() -> None:
    views = [View(slug, "scenes/24", "grad-cam", number=n) for n, slug in enumerate(["scenes/cbam", "scenes/plain"])]
    page = pinned(*views)
    assert "Both models predict" in shown_text(page)
    assert rows_on(page).header["settings"]["scale"] == "strip"


def test_a_pinned_analysis_whose_picture_is_gone_leaves_the_others() -> None:
    gone = View("scenes/cbam", "upload/0123456789ab", "saliency", number=9)
    found = rows_on(pinned(gone, *VIEWS[:1]))
    assert found.rows["pinned.9"]["note"] == word("picture.gone") and not found.rows["pinned.1"]["note"]


def test_without_pins_the_page_leads_to_explore() -> None:
    page = pinned()
    assert [one.value for one in page.info] == [word("compared.pinned.none")]


def test_a_link_holds_the_pinned_analyses() -> None:
    page = pinned(*VIEWS)
    link = dict(page.query_params)
    other = well(open_page("compare", **{name: value for name, value in link.items()}))
    assert [one for one in other.session_state[Key.KEPT]] == VIEWS
    assert list(rows_on(other).rows) and word("compared.pinned.stay") not in shown_text(other)


def test_an_uploaded_picture_does_not_travel_and_that_is_stated() -> None:
    page = pinned(*VIEWS, View("scenes/cbam", "upload/0123456789ab", "grad-cam", number=4))
    assert word("compared.pinned.stay") in shown_text(page)
    assert read(page.query_params["pins"]) == VIEWS


@pytest.mark.parametrize("pins", ["", "nonsense", "e30", "W3sibW9kZWwiOjF9XQ", "WzFd", "W3t9XQ", "A" * 9000])
def test_pins_that_cannot_be_read_are_one_sentence(pins: str) -> None:
    page = well(open_page("compare", model="scenes/plain", compare="pinned", pins=pins))
    assert not page.session_state[Key.KEPT] if Key.KEPT in page.session_state else True
    assert bool(page.warning) == bool(pins)


def test_the_true_class_is_that_of_the_pinned_picture() -> None:
    views = [View(slug, "scenes/24", "grad-cam", number=n) for n, slug in enumerate(["scenes/cbam", "scenes/plain"])]
    page = fresh("compare", model="scenes/plain", sample="scenes/20", compare="pinned")
    page.session_state[Key.KEPT] = tuple(views)
    page = well(page.run())
    assert word("compared.right", name="fish", number=2, count=2) in shown_text(page)
