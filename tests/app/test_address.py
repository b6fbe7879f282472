"""The address: what it gives to the session, when it leads, and what the pages write into it."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from streamlit.testing.v1 import AppTest

from app.state import ADDRESS, View, address
from app.views.mistakes.keys import MistakesKey

VIEWS = [
    View("scenes/plain", "scenes/42", "saliency"),
    View(
        "imagenette/self-attention",
        "photo/hopper",
        "grad-cam",
        "stage4.block1.first.head2",
        "French horn",
        "fit",
        contrast="church",
    ),  # fmt: skip
    View(
        "scenes/cbam",
        "scenes/24",
        "integrated-gradients",
        "stage3.attention.spatial",
        "boat",
        "box:10,20,30",
        (("baseline", "black"), ("steps", 120)),
    ),
    View("scenes/cbam", "imagenette/n03028079/a_1", "smoothgrad", parameters=(("noise", 0.3), ("seed", 7))),
]


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_comes_back_from_its_address(view: View) -> None:
    """By hand: the query as a browser sends it, and a view made of it."""
    query = dict(parse_qsl(urlencode(view.address()), strict_parsing=True))
    chosen = {name: value for name, value in query.items() if not name.startswith("p.")}
    parameters = {name.removeprefix("p."): value for name, value in query.items() if name.startswith("p.")}
    kinds = {name: type(value) for name, value in view.parameters}
    read = tuple(sorted((name, kinds[name](text)) for name, text in parameters.items()))
    assert View(**chosen, parameters=read) == view


def test_an_address_is_short() -> None:
    assert VIEWS[0].address() == {"model": "scenes/plain", "sample": "scenes/42", "method": "saliency"}
    names = ["model", "sample", "map", "method", "target", "framing", "p.baseline", "p.steps"]
    assert list(VIEWS[2].address()) == names


def test_an_own_picture_does_not_travel() -> None:
    assert not View("scenes/plain", "upload/0123456789ab", "saliency").travels
    assert all(view.travels for view in VIEWS)


def session() -> None:
    """A page that restores, tells every choice, and publishes another view the first time."""
    import streamlit as st

    from app import state
    from app.state import Key
    from app.views import PAGES
    from app.views.mistakes import address, selection
    from app.views.trust.keys import TrustKey

    query = state.restore(PAGES[0].address, [key for one in PAGES for key in one.address])
    if query is not None:
        address.restore(query, here=False)
    told = {key.value: state.get(key) for key in PAGES[0].address}
    told["parameters"] = {
        method: state.parameter(method, "steps", 50) for method in ("grad-cam", "integrated-gradients", "smoothgrad")
    }
    told["asked"] = [state.take_requested(Key.SAMPLE), state.take_requested(Key.SAMPLE)]
    told["run"] = [selection.run_name(), selection.open_number()]
    told["section"] = state.get(TrustKey.SECTION)
    if "published" not in st.session_state:
        st.session_state["published"] = True
        state.publish(
            state.View("scenes/cbam", "scenes/7", "grad-cam", parameters=(("stage", "stage2"),)), {"test": "erase"}
        )
    st.json(told)


def choices_of(page: AppTest) -> dict:
    """What the page tells after a run."""
    page.run()
    assert not page.exception
    return json.loads(page.json[0].value)


@pytest.fixture
def back(monkeypatch: pytest.MonkeyPatch) -> Callable[[AppTest, dict[str, str]], None]:
    """``back(page, query)``: the user goes back to that address."""

    def go(page: AppTest, query: dict[str, str]) -> None:
        monkeypatch.setattr(address, "traveled", lambda: True)
        page.query_params.clear()
        for name, value in query.items():
            page.query_params[name] = value

    return go


def test_the_address_leads_at_first_and_follows_then() -> None:
    page = AppTest.from_function(session)
    for name, value in {**VIEWS[1].address(), "p.steps": "70", "unknown": "x"}.items():
        page.query_params[name] = value
    first = choices_of(page)
    assert {key.value: first[key.value] for key in ADDRESS} == VIEWS[1].address()
    assert first["parameters"] == {"grad-cam": "70", "integrated-gradients": 50, "smoothgrad": 50}
    assert first["asked"] == ["photo/hopper", None]
    published = {"model": "scenes/cbam", "sample": "scenes/7", "method": "grad-cam"}
    published |= {"p.stage": "stage2", "test": "erase"}
    assert dict(page.query_params) == published  # nothing of the old address is left
    page.query_params["sample"] = "scenes/1"  # one that comes with a click may be an old one
    second = choices_of(page)
    assert second["sample"] == "photo/hopper" and second["asked"] == [None, None]


def test_an_address_that_the_user_goes_back_to_leads_again(back) -> None:
    page = AppTest.from_function(session)
    for name, value in {**VIEWS[1].address(), "p.steps": "70", "test": "check", "way": "off"}.items():
        page.query_params[name] = value
    choices_of(page)
    page.session_state["parameter.smoothgrad.steps"] = 25
    back(page, {"model": "scenes/cbam", "sample": "scenes/3", "method": "grad-cam", "target": "boat"})
    after = choices_of(page)
    assert [after[name] for name in ("model", "sample", "target")] == ["scenes/cbam", "scenes/3", "boat"]
    assert {after[name] for name in ("map", "contrast", "framing", "test", "way")} == {None}, "as at first"
    assert after["parameters"] == {"grad-cam": 50, "integrated-gradients": 50, "smoothgrad": 25}
    assert after["asked"] == ["scenes/3", None]


def test_an_address_without_a_query_says_nothing(back) -> None:
    page = AppTest.from_function(session)
    for name, value in VIEWS[1].address().items():
        page.query_params[name] = value
    choices_of(page)
    back(page, {})
    assert choices_of(page)["sample"] == "photo/hopper"


def test_a_page_publishes_its_own_choices_only(back) -> None:
    page = AppTest.from_function(session)
    for name, value in {**VIEWS[1].address(), "run": "one", "section": "benchmark"}.items():
        page.query_params[name] = value
    first = choices_of(page)
    assert first["run"] == ["one", None] and first["section"] == "benchmark"
    page.session_state[MistakesKey.NUMBER] = 5
    back(page, {"model": "scenes/cbam", "method": "saliency"})
    after = choices_of(page)
    assert after["run"] == ["one", 5] and after["section"] == "benchmark", "of other pages' addresses"
    back(page, {"model": "scenes/cbam", "method": "saliency", "run": "two"})
    assert choices_of(page)["run"] == ["two", None], "another run begins with nothing open"


def pages() -> None:
    """A page that writes what it chooses into the address, and then a test."""
    import streamlit as st

    from app import state
    from app.state import Key
    from app.views import PAGES
    from app.views.explore.keys import TRIED
    from app.views.mistakes.keys import MistakesKey as Runs
    from app.views.trust.keys import TrustKey

    mistakes, trust, models = (one.address for one in PAGES[-3:])
    chosen = {Key.MODEL: "scenes/cbam", Key.SAMPLE: "scenes/7", Key.FRAMING: "center", TrustKey.SECTION: "truth"}
    for key, value in (chosen | {Runs.RUN: None, Key.METHOD: "saliency"}).items():
        state.put(key, value)
    written, first = [], {TrustKey.SECTION: "truth"}
    for page in (trust, mistakes, models):
        state.publish_choices(page, implied=first)
        written.append(st.query_params.to_dict())
    state.put(TrustKey.SECTION, "benchmark")
    state.put(Runs.RUN, "run one")
    for page in (trust, mistakes):
        state.publish_choices(page, implied=first)
        written.append(st.query_params.to_dict())
    state.publish(state.View("scenes/cbam", "scenes/7", "saliency"), {"test": "erase", "way": "off"})
    state.publish_part(TRIED, {"way": "shuffled"})
    written.append(st.query_params.to_dict())
    st.json([written, state.shared_address()])


def test_each_page_writes_its_own_choices_and_what_goes_without_saying_is_left_out() -> None:
    written, shared = choices_of(AppTest.from_function(pages))
    frame = {"model": "scenes/cbam", "sample": "scenes/7"}
    assert written == [
        frame,
        {"model": "scenes/cbam"},
        frame,
        {**frame, "section": "benchmark"},
        {"model": "scenes/cbam", "run": "run one"},
        {**frame, "method": "saliency", "way": "shuffled"},
    ]
    assert dict(parse_qsl(urlsplit(shared).query)) == written[-1]
