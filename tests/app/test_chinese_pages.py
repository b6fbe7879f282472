"""Every page in Chinese, on which no label is left in English; and the choice of the language and its address."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from app.titles import sample_title
from app.views import PAGES
from app.words import use
from app.words.en import WORDS
from app.words.zh_cn import WORDS as CHINESE
from core.data import describe_sample
from tests.app.pages import fresh, open_page, well

TITLES = {
    "scenes/24": "鱼、大海",
    "scenes-tag/24/rocket": "鱼、大海、火箭的标签",
    "tasks-marked/6": "加框、房子",
    "photo/china": "中国的寺庙",
}
MODEL = "tasks-marked/attention-pooling"
SHOWN = ("value", "label", "help", "placeholder", "options", "alt")


def texts(block: object) -> Iterator[str]:
    """Every text that an element of a page shows, of the whole page."""
    for one in getattr(block, "children", {}).values():
        for name in SHOWN:
            value = getattr(one, name, None)
            yield from (text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str))
        yield from texts(one)


def english(page: AppTest) -> set[str]:
    """The English labels on a page: those of several letters that Chinese says in another way."""
    labels = {text for key, text in WORDS.items() if "{" not in text and CHINESE.get(key, text) != text}
    found = [line.strip("#*- ") for text in texts(page._tree) for line in text.split("\n") if "<style>" not in text]
    return labels & set(found)


@pytest.mark.parametrize("slug", [one.slug for one in PAGES])
def test_every_page_is_chinese(slug: str) -> None:
    page = well(open_page(slug, model=MODEL, lang="zh-CN"))
    assert len(list(texts(page._tree))) > 20 and not english(page)
    shown = "\n".join(texts(page.main))
    assert len(re.findall("[\u4e00-\u9fff]", shown)) > 40


def test_english_labels_are_found() -> None:
    assert len(english(well(open_page("learn", model=MODEL)))) > 5


def test_the_choice_is_kept_in_the_address() -> None:
    page = well(open_page("learn", model=MODEL))
    assert "lang" not in page.query_params and page.subheader[0].value == WORDS["learn.title"]
    page = well(page.segmented_control(key="lang").set_value("zh-CN").run())
    assert "zh-CN" in page.query_params["lang"] and page.subheader[0].value == CHINESE["learn.title"]
    use("zh-CN")  # here too, where AppTest looks up what a list shows
    try:
        page = well(page.segmented_control(key="lang").set_value("en").run())
    finally:
        use(None)
    assert "lang" not in page.query_params and page.subheader[0].value == WORDS["learn.title"]


def test_a_language_that_is_not_there_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    page = fresh("learn", model=MODEL, lang="tlh").run()
    assert [one.value for one in page.warning] == [
        WORDS["address.unknown"].format(name="lang", value="tlh")
    ] and page.subheader[0].value == WORDS["learn.title"]


def test_samples_are_called_in_chinese() -> None:
    use("zh-CN")
    try:
        titles = {slug: sample_title(describe_sample(slug)) for slug in TITLES}
    finally:
        use(None)
    assert titles == TITLES and sample_title("boat · sea") == "boat · sea"
