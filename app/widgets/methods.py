"""The picker of the attribution method, with its parameters."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app import layers, runtime, state
from app.state import Key
from app.widgets import computation
from app.words import known, word
from core import Classifier, InvalidInput
from core.attribution import Method


def pick_method(classifier: Classifier) -> Method:
    """The attribution methods that fit the model."""
    fitting = {one.slug: one for one in runtime.fitting(classifier)}
    if state.get(Key.METHOD) not in fitting:
        if state.get(Key.METHOD):
            state.notice(word("method.unknown", method=state.get(Key.METHOD)))
        state.put(Key.METHOD, "grad-cam" if "grad-cam" in fitting else next(iter(fitting)))
    slug = st.selectbox(
        word("method.label"),
        list(fitting),
        key=Key.METHOD,
        format_func=lambda one: known(f"method.{one}.title", fitting[one].title),
        label_visibility="collapsed",
    )
    return fitting[slug]


def pick_parameters(classifier: Classifier, method: Method) -> dict[str, Any]:
    """A slider or a choice for each parameter; the values that differ from the method's defaults."""
    changed = {}
    for one in method.parameters:
        initial, key = one.initial(classifier), state.parameter_key(method.slug, one.name)
        value = state.parameter(method.slug, one.name, initial)
        try:
            value = one.parse(classifier, str(value))
        except InvalidInput as error:
            state.notice(str(error))
            value = initial
        state.set_parameter(key, value)
        title = known(f"method.{method.slug}.{one.name}", one.title)
        if one.numeric:
            value = st.slider(title, one.low, one.high, step=one.step, key=key, help=one.help)
        else:
            value = st.selectbox(title, one.options(classifier), key=key, help=one.help)
        if value != initial:
            changed[one.name] = value
    return changed


def cost(classifier: Classifier, chosen: Method, parameters: dict[str, Any]) -> str:
    """What the method costs with these parameters, in forward passes and in seconds."""
    forwards, seconds = chosen.forwards(classifier, **parameters), runtime.seconds(classifier, chosen, parameters)
    if seconds < 1:
        return word("method.cost.quick", forwards=f"{forwards:,.0f}")
    return word("method.cost", forwards=f"{forwards:,.0f}", duration=computation.duration(seconds))


def unfit(classifier: Classifier) -> None:
    """The methods that are not offered for the model, each with what it would need."""
    others = runtime.unfitting(classifier)
    if others:
        st.markdown(f"**{word('method.unfit')}**")
        st.caption("  \n".join(f"{layers.method_title(one)}: {one.needs}" for one in others))


def pick(classifier: Classifier) -> tuple[Method, dict[str, Any]]:
    """The row above the overlay: the method, what it says, and its parameters; those that differ from the defaults."""
    label, choice, more = st.columns([0.9, 1.6, 1], vertical_alignment="center")
    with label:
        st.markdown(word("method.label"))
    with choice:
        chosen = pick_method(classifier)
    with more, st.popover(word("method.parameters"), icon=":material/tune:", width="stretch"):
        st.markdown(known(f"method.{chosen.slug}.summary", chosen.summary))
        st.caption(f"{chosen.equation}  \n{chosen.paper}")
        parameters = pick_parameters(classifier, chosen)
        if not chosen.parameters:
            st.caption(word("method.plain"))
        st.caption(cost(classifier, chosen, parameters))
        if chosen.needs:
            st.caption(word("method.needs", needs=chosen.needs))
        unfit(classifier)
    return chosen, parameters


def can_contrast(chosen: Method, other: int | None, target: str) -> int | None:
    """The class to set the target against, where the method can do that; else a sentence says why not."""
    if other is not None and not chosen.contrasts:
        st.caption(word("contrast.cannot", method=layers.method_title(chosen), target=target))
        return None
    return other
