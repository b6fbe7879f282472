"""The frame: page configuration, navigation, choices shared by all pages, and error handling."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

ROOT = str(Path(__file__).resolve().parents[1])
if ROOT not in sys.path:  # `streamlit run` puts app/ on the path, not the folder above it
    sys.path.insert(0, ROOT)

# Read when torch is loaded: idle threads sleep. Spinning threads would take processor time from everything else,
# including the browser on the same machine, and a click would take several times as long.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import streamlit as st  # noqa: E402
from streamlit.navigation.page import StreamlitPage  # noqa: E402

from app.words import known, literal, plain, word  # noqa: E402

HERE = Path(__file__).parent

st.set_page_config(page_title=word("app.name"), page_icon=str(HERE / "icon.png"), layout="wide")
with st.spinner(word("app.waking")):  # the first user waits for torch to be imported
    from app import state
    from app.runtime import origins, startup
    from app.runtime.ahead import ahead
    from app.runtime.leftovers import remove_leftovers
    from app.state import Key, Page, Subject
    from app.titles import device_title
    from app.views import PAGES, file_of
    from app.widgets import glossary, history, language, lesson, models, pictures, weights
    from core import InvalidInput, ModelCard, Picture, Stopped

    startup.prepare_process(remove_leftovers)


def frame() -> tuple[ModelCard, str, str, Picture]:
    """The model and the picture, in the side bar of every page: card, sample, framing, and the framed picture."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f"### {word('app.name')}", width="content")
        language.pick_language()
    st.caption(word("app.sentence"))
    st.markdown(f"**{word('model.label')}**")
    card = models.pick_model(facts=lesson.may_state_answers())
    models.pick_device()
    with st.container(key="frame-picture"):
        st.markdown(f"**{word('picture.label')}**")
        sample, picture = pictures.pick_picture(card.family, named=lesson.may_state_answers())
        framing, picture = pictures.pick_framing(card, picture)
    st.caption(word("device.is", device=device_title(state.device())))
    glossary.show_glossary()
    return card, sample, framing, picture


def _declare(page: Page) -> StreamlitPage:
    """A page as Streamlit takes it, at the URL that its slug names."""
    title = known(f"page.{page.slug}", page.slug.capitalize())
    return st.Page(file_of(page.slug), title=title, url_path=page.slug, default=page is PAGES[0])


def draw(page: StreamlitPage, about: Page) -> None:
    """The page, below the lesson that is open; one whose measures a lesson hides is drawn after the answer."""
    if about.lesson_panel:
        lesson.show_panel(state.subject())
    if about.covered and lesson.hidden():
        state.publish_choices(about.address)  # so that a reload returns to the lesson
        st.info(word("lesson.covered.page"), icon=":material/visibility_off:")
    else:
        page.run()


def run() -> None:
    """One run of the app: the frame, then the page. A mistake becomes one sentence and the choices stay."""
    unspoken = state.settle_language(state.traveled())
    if origins.is_foreign():
        st.error(word("app.foreign"))
        return
    st.html(HERE / "frame.css")
    history.watch()
    if unspoken is not None:
        state.notice(plain("address.unknown", name=Key.LANGUAGE, value=unspoken))
    pages = {_declare(one): one for one in PAGES}
    page = st.navigation(list(pages), position="top")
    query = state.restore(pages[page].address, dict.fromkeys(key for one in PAGES for key in one.address))
    for one in PAGES:
        if query is not None and one.restore:
            one.restore(query, one is pages[page])
    if query is not None:
        lesson.restore(query)
    lesson.arrange()
    wanted = state.take(state.Key.VIEW_WANTED)
    if wanted and wanted != pages[page].slug:
        st.switch_page(file_of(wanted))
    state.turn_to(pages[page].slug, (key for one in PAGES for key in one.passing))
    if (requested := state.unknown_page([one.slug for one in PAGES])) is not None:
        state.notice(plain("page.unknown", page=requested))
    try:
        with st.sidebar:
            card, sample, framing, picture = frame()
            for one in PAGES:
                if one.elsewhere and one is not pages[page]:
                    one.elsewhere(file_of(one.slug))
        stated = st.container()
        classifier = weights.load(card)
        state.set_subject(Subject(classifier, picture, sample, framing) if classifier else None)
        draw(page, pages[page])
        for sentence in state.take_notices():
            stated.warning(literal(sentence))
    except InvalidInput as error:
        for sentence in state.take_notices():
            st.warning(literal(sentence))
        st.error(literal(error))
    except Stopped:
        pass  # replaced by a newer request of the same user
    except Exception:
        logging.getLogger("fovea").exception("a page failed")
        st.error(word("app.failed"))


with ahead().running():
    run()
