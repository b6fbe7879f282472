"""Erase: the prediction without the most highlighted, a random and the least highlighted region."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st

from app import attention_maps, state, titles
from app.runtime.explore import faithfulness
from app.runtime.explore.faithfulness import Erased
from app.views.explore.analysis import Analysis
from app.views.explore.keys import TRIED, ExploreKey
from app.views.explore.tests import address, curves
from app.views.explore.tests.address import FIRST, POINTERS, SHARES
from app.widgets import lesson
from app.words import decimal, percent, percent_format, word
from core.evaluation import FILLS, WHICH, is_constant


@dataclass(frozen=True)
class Scale:
    """The scale of a prediction, and how its values are shown.

    A change by less than ``still`` counts as none; a part must cost by ``more`` than another to be called
    matter more.
    """

    still: float
    more: float
    text: Callable[[float], str]


SHARE = Scale(0.02, 0.05, lambda value: percent(value, 0))
"""The probability of a class."""
LEAD = Scale(0.1, 0.25, decimal)
"""How far the score of one class lies above that of another: the logarithm of their odds."""


@dataclass(frozen=True, eq=False)
class Pointer:
    """The map that selects what is erased: its short name, its values (h, w), and the class it is about.

    ``title`` names the map where the name does not. ``contrast`` is the class that it is compared with, or None;
    negative values of a ``signed`` map are negative evidence.
    """

    name: str
    values: np.ndarray
    target: int
    title: str = ""
    contrast: int | None = None
    signed: bool = False

    @property
    def scale(self) -> Scale:
        """What the answer is measured on."""
        return SHARE if self.contrast is None else LEAD

    def measure(self, probabilities: np.ndarray) -> float:
        """What the map should support, of a prediction (k,)."""
        if self.contrast is None:
            return float(probabilities[self.target])
        first, second = np.log(probabilities[[self.target, self.contrast]].clip(np.finfo(np.float32).tiny))
        return float(first - second)


def show_erasing(analysis: Analysis) -> None:
    """Draw the test: the choice of the map, the three pictures, and on request the curves."""
    maps, alone = pointers(analysis), why_no_erasure(analysis)
    if not maps:
        st.markdown(word("erase.nothing", why=alone))
        return
    seed = state.get(ExploreKey.SEED, 0)
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        pointer = pick_map(maps, titles.method_title(analysis.method), alone)
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            st.caption(word("erase.seed", seed=seed), width="content")
            icon, again = ":material/casino:", partial(state.put, ExploreKey.SEED, seed + 1)
            st.button(word("erase.again"), icon=icon, on_click=again)
    if pointer.title:
        st.caption(pointer.title)
    if is_constant(pointer.values):
        st.caption(word("erase.flat"))
    show_regions(analysis, pointer, seed)
    curves.request_curves(analysis.subject, pointer.values, pointer.target, seed)


def pointers(analysis: Analysis) -> dict[str, Pointer]:
    """The maps on the two panes that highlight a region: the attention as shown, and the attribution."""
    maps, shown, found = {}, analysis.shown, analysis.found
    if shown.choice is not None:
        values = attention_maps.grid_of(analysis.reading, shown.choice, shown.query)
        maps["attention"] = Pointer(word("erase.attention.name"), values, analysis.target, shown.title)
    if found is not None and not analysis.blank:
        name, title = titles.method_title(analysis.method), analysis.title
        signed = analysis.method.signed
        about = title if title != name else ""
        maps["attribution"] = Pointer(name, found.values, found.target, about, found.contrast, signed)
    return maps


def why_no_erasure(analysis: Analysis) -> str:
    """The reason why the attribution cannot select a region to erase; empty if it can."""
    if analysis.found is None:
        return word("erase.later", method=analysis.title)
    return word("erase.blank", method=analysis.title, why=analysis.blank) if analysis.blank else ""


def pick_map(maps: dict[str, Pointer], method: str, why: str) -> Pointer:
    """Draw the choice between the two maps, or ``why`` there is only one; returns the chosen one."""
    if len(maps) == 1:
        ((only, pointer),) = maps.items()
        text = word("erase.only.attribution", method=method)
        st.caption(word("erase.only.attention", why=why) if only == "attention" else text, width="content")
        return pointer
    if state.get(ExploreKey.ERASE_MAP) not in maps:
        state.put(ExploreKey.ERASE_MAP, POINTERS[0])
    names = {"attention": word("erase.attention"), "attribution": word("erase.attribution", method=method)}
    whose = st.segmented_control(
        word("erase.whose"),
        list(maps),
        key=ExploreKey.ERASE_MAP,
        format_func=names.get,
        required=True,
        width="content",
        persist_state="session",
    )
    return maps[whose]


@st.fragment
def show_regions(analysis: Analysis, pointer: Pointer, seed: int) -> None:
    """Draw the share and the fill, the three pictures, and the computed curves; a fragment."""
    left, right = st.columns(2, gap="medium")
    for key, first in ((ExploreKey.ERASE_SHARE, FIRST), (ExploreKey.ERASE_FILL, next(iter(FILLS)))):
        state.put(key, state.get(key) or first)
    per_cent = left.slider(
        word("erase.share"),
        SHARES[0],
        SHARES[-1],
        step=SHARES.step,
        format=percent_format(),
        key=ExploreKey.ERASE_SHARE,
        persist_state="session",
    )
    fill = right.segmented_control(
        word("erase.fill"),
        list(FILLS),
        key=ExploreKey.ERASE_FILL,
        format_func=lambda one: word(f"erase.fill.{one}"),
        required=True,
        persist_state="session",
    )
    state.publish_part(TRIED, address.settle_address(analysis.reading))
    lesson.redraw_when_done()
    model, picture, share = analysis.subject.classifier, analysis.subject.picture, per_cent / 100
    tried = {which: faithfulness.erased(model, picture, pointer.values, share, which, fill, seed) for which in WHICH}
    with st.container(key=ExploreKey.OUTCOME):
        with st.container(key=ExploreKey.ERASED):  # narrow columns too: on a phone as well the three stand side by side
            for (which, one), column in zip(tried.items(), st.columns(3, wrap=False), strict=True):
                with column, st.container(gap="xsmall"):
                    draw_erased(analysis, pointer, which, one)
        sentence(analysis, pointer, tried)
    curves.show_curves(analysis.subject, pointer.name, pointer.values, pointer.target, seed, share)


def draw_erased(analysis: Analysis, pointer: Pointer, which: str, one: Erased) -> None:
    """Draw one picture with an erased region: its title, the probability of the class, and the prediction."""
    names, reading = analysis.names, analysis.reading
    title = word("erase.random") if which == "random" else missing_part(pointer, names, which)
    st.image(one.pixels, width="stretch", alt=word("erase.alt", title=title))
    st.markdown(title)
    requested = [pointer.target] if pointer.contrast is None else [pointer.target, pointer.contrast]
    changes = [
        word(
            "erase.change",
            name=names[index],
            before=percent(float(reading.probabilities[index]), 0),
            after=percent(float(one.probabilities[index]), 0),
        )
        for index in requested
    ]
    st.markdown("**" + "  \n".join(changes) + "**")
    answer = int(one.probabilities.argmax())
    still = "erase.still" if answer == reading.predicted else "erase.becomes"
    st.caption(word(still, name=names[answer], share=percent(float(one.probabilities[answer]), 0)))


def missing_part(pointer: Pointer, names: tuple[str, ...], which: str) -> str:
    """The title of the erased region, the most or the least highlighted one."""
    name = names[pointer.target]
    if pointer.contrast is not None:
        return word(f"erase.{which}.contrast", name=name, other=names[pointer.contrast])
    return word(f"erase.{which}.signed", name=name) if pointer.signed else word(f"erase.{which}")


def moved(before: float, after: float, scale: Scale = SHARE) -> str:
    """How the prediction changes, in words."""
    key = "erase.stays" if abs(after - before) < scale.still else "erase.falls" if after < before else "erase.rises"
    return word(key, after=scale.text(after))


def erasure_verdict(before: float, after: dict[str, float], scale: Scale = SHARE) -> str:
    """Whether the highlighted region matters more than a random one of its size."""
    if all(abs(one - before) < scale.still for one in after.values()):
        return word("erase.unmoved")
    ahead = after["random"] - after["most"]
    return word("erase.matters" if ahead >= scale.more else "erase.less" if ahead <= -scale.more else "erase.no_more")


def sentence(analysis: Analysis, pointer: Pointer, tried: dict[str, Erased]) -> None:
    """The three results compared in words, by the probability of the class or by its lead over another."""
    names, scale = analysis.names, pointer.scale
    before = pointer.measure(analysis.reading.probabilities)
    after = {which: pointer.measure(one.probabilities) for which, one in tried.items()}
    name, whole = names[pointer.target], scale.text(before)
    most, random, least = (moved(before, after[which], scale) for which in WHICH)
    if pointer.contrast is not None:
        other = names[pointer.contrast]
        stated = word(
            "erase.sentence.contrast", name=name, other=other, before=whole, most=most, random=random, least=least
        )
    else:
        key = "erase.sentence.signed" if pointer.signed else "erase.sentence"
        stated = word(key, name=name, before=whole, most=most, random=random, least=least)
    st.markdown(stated if is_constant(pointer.values) else f"{stated} {erasure_verdict(before, after, scale)}")
