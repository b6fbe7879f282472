"""The picker of the attribution method, with its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import streamlit as st

from app import runtime, state
from app.state import Key
from app.titles import FAMILIES, method_title, parameter_title, tap_titles
from app.views.explore.parameters import drop_others, option_title
from app.widgets import job
from app.words import known, literal, mark, means, plain, say, whole, word
from core import Classifier, InvalidInput, Reading
from core.attribution import METHODS, Method


def pick_method(classifier: Classifier) -> Method:
    """The attribution methods that the model supports, by family, each with its cost at default parameters."""
    ordered = sorted(runtime.fitting(classifier), key=lambda one: FAMILIES.index(one.family))
    fitting = {one.slug: one for one in ordered}
    if state.get(Key.METHOD) not in fitting:
        first = "grad-cam" if "grad-cam" in fitting else next(iter(fitting))
        if requested := state.get(Key.METHOD):
            every = {one.slug: one for one in METHODS}
            if requested in every:
                title = method_title(every[requested])
                state.notice(word("method.unknown", method=title, shown=method_title(fitting[first])))
            else:
                state.notice(word("address.unknown", name=Key.METHOD.value, value=requested))
        state.put(Key.METHOD, first)

    def title(slug: str) -> str:
        seconds, one = runtime.seconds(classifier, fitting[slug], {}), fitting[slug]
        cost = word("method.quick") if seconds < 1 else job.duration(seconds)
        family = word(f"method.family.{one.family}")
        return plain("method.option", title=method_title(one), family=family, cost=cost)

    titles = {slug: title(slug) for slug in fitting}  # once per run: the estimate changes after a method has run
    slug = st.selectbox(
        word("method.label"), list(fitting), key=Key.METHOD, format_func=titles.get, label_visibility="collapsed"
    )
    return fitting[slug]


def pick_parameters(classifier: Classifier, method: Method, titles: Mapping[str, str]) -> dict[str, Any]:
    """A slider or a choice for each parameter; the values that differ from the method's defaults."""
    changed = {}
    for one in method.parameters:
        initial, key = one.initial(classifier), state.parameter_key(method.slug, one.name)
        value = state.parameter(method.slug, one.name, initial)
        try:
            value = one.parse(classifier, str(value))
        except InvalidInput as error:
            state.notice(say(error))
            value = initial
        state.set_parameter(key, value)
        title = parameter_title(method, one)
        if one.numeric:
            value = st.slider(title, one.low, one.high, step=one.step, key=key, help=say(one.help))
        else:
            stated = partial(option_title, one, titles=titles)
            value = st.selectbox(title, one.options(classifier), key=key, help=say(one.help), format_func=stated)
        if remark := one.remark(classifier):
            st.caption(literal(say(remark)))
        if value != initial:
            changed[one.name] = value
    return changed


def cost(classifier: Classifier, chosen: Method, parameters: dict[str, Any]) -> str:
    """The cost of the method with these parameters, in forward passes and in seconds."""
    forwards, seconds = chosen.forwards(classifier, **parameters), runtime.seconds(classifier, chosen, parameters)
    if seconds < 1:
        return word("method.cost.quick", count=whole(forwards))
    return word("method.cost", count=whole(forwards), duration=job.duration(seconds))


def unfit(classifier: Classifier) -> None:
    """Draw the methods that the model does not support, each with its requirement."""
    others = runtime.unfitting(classifier)
    if not others:
        return
    with st.popover(word("method.unfit", count=len(others)), type="tertiary"):
        st.markdown(word("method.unfit.about"))
        gradient = word("method.unfit.gradient")  # the only need of other methods
        st.caption(
            "  \n".join(
                f"**{method_title(one)}**{mark(': ')}{say(one.lacking(classifier)) or gradient}" for one in others
            )
        )
        notes = (*classifier.notes, *classifier.found.notes)
        if notes:
            st.caption("  \n".join(map(literal, notes)))


def pick_method_and_parameters(classifier: Classifier, reading: Reading) -> tuple[Method, dict[str, Any]]:
    """Draw the method, its description and its parameters; returns the parameters that differ from the defaults."""
    drop_others(classifier)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="method-row"):
        st.markdown(f"**{word('method.label')}**", width="content", help=means("attribution"))
        chosen = pick_method(classifier)
        more = st.popover(word("method.parameters"), icon=":material/tune:")
        unfit(classifier)
    with more:
        st.markdown(known(f"method.{chosen.slug}.summary", chosen.summary), help=means(f"method-{chosen.family}"))
        st.caption(chosen.paper)
        st.expander(word("method.formula")).markdown(literal(chosen.equation))
        parameters = pick_parameters(classifier, chosen, tap_titles(reading.maps))
        if not chosen.parameters:
            st.caption(word("method.plain"))
        st.caption(cost(classifier, chosen, parameters), help=means("forward-pass"))
        st.caption(word("method.needs", needs=chosen.needs) if chosen.needs else word("method.needs.nothing"))
    return chosen, parameters


def can_contrast(chosen: Method, other: int | None, target: str) -> int | None:
    """The class to compare with, if the method can compare classes; otherwise a sentence gives the reason."""
    if other is not None and not chosen.contrasts:
        st.caption(word("contrast.cannot", method=method_title(chosen), target=target))
        return None
    return other
