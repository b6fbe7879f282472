"""Order: shuffle the blocks of the picture, or remove the position encoding, and see the prediction."""

from __future__ import annotations

import streamlit as st

from app import state
from app.runtime.explore import order as reordered
from app.titles import class_titles
from app.views.explore.analysis import Analysis
from app.views.explore.keys import TRIED, ExploreKey
from app.views.explore.tests import address, changes, outcome
from app.views.explore.tests.address import ORDERS
from app.widgets import lesson
from app.words import chance, literal, means, word
from core import InvalidInput, Reading


@st.fragment
def show_order(analysis: Analysis) -> None:
    """Draw the choice, and the prediction before and after; a fragment, so that it updates quickly."""
    if state.get(ExploreKey.ORDER) not in ORDERS:
        state.put(ExploreKey.ORDER, ORDERS[0])
    way = st.pills(
        word("order.way"),
        ORDERS,
        key=ExploreKey.ORDER,
        format_func=lambda one: word(f"order.{one}"),
        help=means("position-encoding"),
        required=True,
        persist_state="session",
    )
    seed = 0 if way == reordered.POSITIONS else changes.pick_seed(busy=False)
    state.publish_part(TRIED, address.settle_address(analysis.reading))
    lesson.redraw_when_done()
    model, picture = analysis.subject.classifier, analysis.subject.picture
    try:
        after = reordered.read_reordered(model, picture, way, seed)
        shown = picture if way == reordered.POSITIONS else reordered.shuffled(model, picture, _block(way), seed)
    except InvalidInput as error:
        st.info(literal(error))
        return
    with st.container(key=ExploreKey.OUTCOME):
        st.markdown(sentence(class_titles(model.card.classes), analysis.reading, after, way))
        st.caption(
            outcome.score_sentence(analysis.subject, analysis.target, analysis.reading, after), help=means("logit")
        )
        bars, seen = st.columns([1, 1.15], gap="medium")
        with bars:
            outcome.show_pairs(analysis.subject, analysis.reading, after, analysis.target)
        seen.image(model.square(shown), width=280, caption=word("order.seen"))


def _block(way: str) -> int:
    return int(way.removeprefix(reordered.BLOCKS))


def sentence(names: tuple[str, ...], before: Reading, after: Reading, way: str) -> str:
    """Whether the prediction changes."""
    was, now = before.predicted, after.predicted
    how, name = word(f"order.how.{way}"), names[was]
    first, then, there = (
        chance(float(before.probabilities[was])),
        chance(float(after.probabilities[was])),
        chance(float(after.probabilities[now])),
    )
    if was == now:
        return word("order.stays", how=how, name=name, before=first, after=then)
    return word("order.becomes", how=how, name=name, before=first, other=names[now], there=there)
