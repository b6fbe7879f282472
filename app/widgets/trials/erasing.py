"""Erase: what is left of the answer without the part that a map points at, beside as much at random, and the least."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from app import layers, state
from app.runtime import faithfulness
from app.runtime.faithfulness import Erased
from app.state import Key, Subject
from app.widgets import panes
from app.widgets.trials import curves
from app.words import percent, word
from core import Attribution, Reading
from core.attribution import Method
from core.evaluation.erasure import FILLS, WHICH

LEAST, MOST, FIRST, STEP = 5, 80, 20, 5
"""Per cent of the picture that may be erased, those erased at first, and the step of the slider."""
STILL = 0.02
"""A probability that moves by less than this stays where it is."""
MORE = 0.05
"""What one part must cost more than another to be said to matter more."""


@dataclass(frozen=True, eq=False)
class Pointer:
    """The map that says what is erased: its short name, its values (h, w), and the class it is about.

    ``title`` says which map it is where the name does not. ``contrast`` is the class that is set against it, or None; a
    ``signed`` map speaks against its class below zero.
    """

    name: str
    values: np.ndarray
    target: int
    title: str = ""
    contrast: int | None = None
    signed: bool = False


def show(
    subject: Subject,
    reading: Reading,
    target: int,
    shown: panes.Shown,
    chosen: Method,
    parameters: dict,
    found: Attribution | None,
) -> None:
    """Draw the trial: whose map, the three pictures, and the curves when they are asked for."""
    maps = pointers(reading, target, shown, chosen, found)
    if not maps:
        st.markdown(word("erase.nothing", method=panes.method_name(chosen)))
        return
    seed = state.get(Key.SEED, 0)
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        pointer = pick_map(maps, panes.method_name(chosen))
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            st.caption(word("erase.seed", seed=seed), width="content")
            st.button(word("erase.again"), icon=":material/casino:", on_click=lambda: state.put(Key.SEED, seed + 1))
    if pointer.title:
        st.caption(pointer.title)
    if pointer.values.min() == pointer.values.max():
        st.caption(word("erase.flat"))
    compare(subject, reading, pointer, seed)
    curves.ask(subject, pointer.values, pointer.target, seed)


def pointers(
    reading: Reading, target: int, shown: panes.Shown, chosen: Method, found: Attribution | None
) -> dict[str, Pointer]:
    """The maps on the two panes that there are: the attention as it is shown, and the attribution."""
    maps = {}
    if shown.choice is not None:
        values = layers.grid_of(reading, shown.choice, shown.query)
        maps["attention"] = Pointer(word("erase.attention.name"), values, target, shown.title)
    if found is not None:
        signed = chosen.signed or found.contrast is not None
        name = panes.method_name(chosen)
        maps["attribution"] = Pointer(name, found.values, found.target, contrast=found.contrast, signed=signed)
    return maps


def pick_map(maps: dict[str, Pointer], method: str) -> Pointer:
    """Draw the choice between the two maps, or a line that says why there is but one; the chosen one."""
    if len(maps) == 1:
        ((only, pointer),) = maps.items()
        st.caption(word(f"erase.only.{only}", method=method), width="content")
        return pointer
    if state.get(Key.ERASE_MAP) not in maps:
        state.put(Key.ERASE_MAP, "attention")
    names = {"attention": word("erase.attention"), "attribution": word("erase.attribution", method=method)}
    whose = st.segmented_control(
        word("erase.whose"),
        list(maps),
        key=Key.ERASE_MAP,
        format_func=names.get,
        required=True,
        width="content",
        persist_state="session",
    )
    return maps[whose]


@st.fragment
def compare(subject: Subject, reading: Reading, pointer: Pointer, seed: int) -> None:
    """How much goes and what comes instead, the three pictures, and the curves that are known: run by themselves."""
    left, right = st.columns(2, gap="medium")
    per_cent = left.slider(
        word("erase.share"), LEAST, MOST, FIRST, STEP, format="%d %%", key=Key.ERASE_SHARE, persist_state="session"
    )
    fill = right.segmented_control(
        word("erase.fill"),
        list(FILLS),
        key=Key.ERASE_FILL,
        default=next(iter(FILLS)),
        format_func=lambda one: word(f"erase.fill.{one}"),
        required=True,
        persist_state="session",
    )
    model, picture, share = subject.classifier, subject.picture, per_cent / 100
    tried = {which: faithfulness.erased(model, picture, pointer.values, share, which, fill, seed) for which in WHICH}
    with st.container(key=Key.ERASED):  # narrow columns too: on a phone as well the three stand side by side
        for (which, one), column in zip(tried.items(), st.columns(3, wrap=False), strict=True):
            with column, st.container(gap="xsmall"):
                draw(model.card.classes, reading, pointer, which, one)
    sentence(model.card.classes[pointer.target], reading, pointer, tried)
    curves.show(subject, pointer.name, pointer.values, pointer.target, seed, share)


def draw(classes: tuple[str, ...], reading: Reading, pointer: Pointer, which: str, one: Erased) -> None:
    """One picture with a part missing: what is missing, the class's probability, and the answer."""
    name = classes[pointer.target]
    title = word(f"erase.{which}")
    if pointer.signed and which != "random":
        title = word(f"erase.{which}.signed", name=name)
    st.image(one.pixels, width="stretch", alt=word("erase.alt", title=title))
    st.markdown(title)
    asked = [pointer.target] if pointer.contrast is None else [pointer.target, pointer.contrast]
    changes = [
        word(
            "erase.change",
            name=classes[index],
            before=together(float(reading.probabilities[index])),
            after=together(float(one.probabilities[index])),
        )
        for index in asked
    ]
    st.markdown("**" + "  \n".join(changes) + "**")
    answer = int(one.probabilities.argmax())
    still = "erase.still" if answer == reading.predicted else "erase.becomes"
    st.caption(word(still, name=classes[answer], share=together(float(one.probabilities[answer]))))


def together(value: float) -> str:
    """A fraction as a whole number of per cent that no line breaks: the columns are narrow."""
    return percent(value, 0).replace(" ", "\u00a0")


def moved(before: float, after: float) -> str:
    """Where a probability goes, in words."""
    key = "erase.stays" if abs(after - before) < STILL else "erase.falls" if after < before else "erase.rises"
    return word(key, after=percent(after, 0))


def verdict(before: float, after: dict[str, float], name: str) -> str:
    """Whether the part that the map points at matters more than a random one of its size."""
    if all(abs(one - before) < STILL for one in after.values()):
        return word("erase.unmoved", name=name)
    ahead = after["random"] - after["most"]
    return word("erase.matters" if ahead >= MORE else "erase.less" if ahead <= -MORE else "erase.no_more")


def sentence(name: str, reading: Reading, pointer: Pointer, tried: dict[str, Erased]) -> None:
    """The three probabilities compared in words."""
    before = float(reading.probabilities[pointer.target])
    after = {which: float(one.probabilities[pointer.target]) for which, one in tried.items()}
    most, random, least = (moved(before, after[which]) for which in WHICH)
    key = "erase.sentence.signed" if pointer.signed else "erase.sentence"
    lines = [
        word("erase.whole", name=name, before=percent(before, 0)),
        word(key, name=name, most=most, random=random, least=least),
        verdict(before, after, name),
    ]
    st.markdown(" ".join(lines))
