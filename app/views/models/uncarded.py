"""A user's model without a card: a form for the missing settings, with a default for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from app import runtime, state
from app.views.models.keys import ModelsKey
from app.words import literal, means, plain, say, together, word
from core import Classifier, InvalidInput
from core.models import CONFIG, WEIGHT_SUFFIXES, Missing
from core.types import ModelCard

PRESETS = {
    "imagenet": (ModelCard.mean, ModelCard.std),
    "half": ((0.5,) * 3, (0.5,) * 3),
    "none": ((0.0,) * 3, (1.0,) * 3),
}
"""Usual means and deviations, by the name of their label."""
CANDIDATES = 40
"""The most architectures that are listed one below the other."""
SMALLEST, LARGEST = 16, 1024
"""Pixels of the side of an input."""


def is_uncarded(files: Sequence[Any]) -> bool:
    """Whether uploaded files are a model without a card: a saved folder, or weights alone."""
    names = [one.name.lower() for one in files]
    return any(one.endswith(WEIGHT_SUFFIXES) for one in names) and (
        CONFIG in names or not any(one.endswith(".json") for one in names)
    )


def missing_facts(files: Sequence[Any], architecture: str | None) -> tuple[Missing, ...]:
    """What the files do not state; looked for once for the same files and architecture.

    Raises:
        InvalidInput: what the core finds wrong with the files.
    """
    key = (tuple(one.file_id for one in files), architecture)
    known = state.get(ModelsKey.MISSING)
    if known is None or known[0] != key:
        known = key, runtime.missing_facts(contents(files), architecture)
        state.put(ModelsKey.MISSING, known)
    return known[1]


def contents(files: Sequence[Any]) -> dict[str, bytes]:
    """The bytes of uploaded files by name."""
    return {one.name: one.getvalue() for one in files}


def show_form(files: Sequence[Any], on_open: Callable[[], None]) -> None:
    """Draw a field for each fact that is missing, and the button that calls ``on_open``."""
    named = state.get(ModelsKey.ARCHITECTURE)
    try:
        found = missing_facts(files, named)
    except InvalidInput as error:
        if named is None:
            st.error(literal(say(error)))
            return
        st.warning(literal(say(error)))  # of the typed architecture: the fields before it stay
        found = missing_facts(files, None)
    st.markdown(word("uncarded.missing" if found else "uncarded.complete"))
    fields = {
        "architecture": show_architecture,
        "classes": show_classes,
        "size": show_size,
        "normalization": show_scaling,
    }
    for one in found:
        fields[one.field](one)
    if named is not None and all(one.field != "architecture" for one in found):
        st.button(word("uncarded.again", name=literal(named)), key="uncarded-again", on_click=other_architecture)
    decided = all(one.assumed is not None for one in found)
    st.button(word("uncarded.open"), key="uncarded-open", type="primary", disabled=not decided, on_click=on_open)


def other_architecture() -> None:
    """Offer the architecture again; in a callback."""
    state.reset(ModelsKey.ARCHITECTURE)


def show_architecture(fact: Missing) -> None:
    """The architectures that fit, if there are several, or a list to choose from, in which another can be typed."""
    choices = list(dict.fromkeys([*([fact.assumed] if fact.assumed else []), *fact.choices]))
    several = 1 < len(choices) <= CANDIDATES
    if several or fact.assumed is None:
        st.info(literal(say(fact.sentence)))
    if several:
        chosen = st.radio(
            word("uncarded.architecture"),
            choices,
            index=0 if fact.assumed else None,
            help=together(means("architecture"), literal(say(fact.sentence))),
            key="uncarded-candidate",
        )
    else:
        chosen = st.selectbox(
            word("uncarded.architecture"),
            choices,
            index=0 if fact.assumed else None,
            placeholder=plain("uncarded.architecture.example"),
            help=together(means("architecture"), literal(say(fact.sentence))),
            accept_new_options=True,
            key="uncarded-architecture",
        )
    if chosen and chosen != fact.assumed and chosen != state.get(ModelsKey.ARCHITECTURE):
        state.put(ModelsKey.ARCHITECTURE, chosen)
        st.rerun()
    if chosen and chosen == fact.assumed and state.get(ModelsKey.ARCHITECTURE):
        state.reset(ModelsKey.ARCHITECTURE)
        st.rerun()


def show_classes(fact: Missing) -> None:
    """One name in each line."""
    st.text_area(
        word("uncarded.classes", count=len(fact.assumed)),
        "\n".join(fact.assumed),
        help=literal(say(fact.sentence)),
        height=120,
        key=ModelsKey.CLASSES,
    )


def show_size(fact: Missing) -> None:
    """The side of the model's input."""
    st.number_input(
        word("uncarded.size"),
        SMALLEST,
        LARGEST,
        int(fact.assumed),
        help=literal(say(fact.sentence)),
        key=ModelsKey.SIZE,
    )


def show_scaling(fact: Missing) -> None:
    """How pixels are scaled before the model: the assumed mean and deviation first."""
    rest = [name for name, pair in PRESETS.items() if not same(pair, fact.assumed)]
    first = next((name for name, pair in PRESETS.items() if same(pair, fact.assumed)), "own")
    st.selectbox(
        word("uncarded.scaling"),
        [first, *rest],
        format_func=lambda name: word(f"uncarded.scaling.{name}"),
        help=literal(say(fact.sentence)),
        key=ModelsKey.SCALING,
    )


def same(pair: tuple[Sequence[float], ...], other: tuple[Sequence[float], ...]) -> bool:
    """Whether two pairs of mean and deviation are the same."""
    return all(tuple(a) == tuple(b) for a, b in zip(pair, other, strict=True))


def open_model(files: Sequence[Any]) -> Classifier:
    """The model of the files with what was chosen for the missing facts.

    Raises:
        InvalidInput: what the core finds wrong with the files or the choices.
    """
    named = state.get(ModelsKey.ARCHITECTURE)
    found = {one.field: one for one in missing_facts(files, named)}
    facts: dict[str, Any] = {"architecture": named}
    if "classes" in found:
        facts["classes"] = [line.strip() for line in (state.get(ModelsKey.CLASSES) or "").splitlines() if line.strip()]
    if "size" in found:
        facts["size"] = int(state.get(ModelsKey.SIZE))
    if "normalization" in found and state.get(ModelsKey.SCALING) in PRESETS:
        facts["mean"], facts["std"] = PRESETS[state.get(ModelsKey.SCALING)]
    return runtime.open_files(contents(files), stated(facts, found), state.device())


def stated(facts: Mapping[str, Any], found: Mapping[str, Missing]) -> dict[str, Any]:
    """The facts that differ from what is assumed, so that the notes still list the assumptions."""
    kept = dict(facts)
    if "classes" in found and kept["classes"] == list(found["classes"].assumed):
        del kept["classes"]
    if "size" in found and kept["size"] == found["size"].assumed:
        del kept["size"]
    if "mean" in kept and same((kept["mean"], kept["std"]), found["normalization"].assumed):
        del kept["mean"], kept["std"]
    return kept
