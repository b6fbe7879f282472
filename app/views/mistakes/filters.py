"""The row of filter buttons: each shows one part of the filter, and changes it."""

from __future__ import annotations

import streamlit as st

from app import state
from app.runtime.mistakes import maps, runs, tags
from app.runtime.mistakes.filters import TAGS, Answers, Filter, Sort
from app.runtime.mistakes.runs import Opened
from app.titles import class_title, class_titles
from app.views.mistakes import selection
from app.words import decimal, decimal_format, known, literal, means, percent_format, plain, whole, word

WHOLE = Filter()


def show_filters(opened: Opened) -> None:
    """Draw the row of filters."""
    chosen = selection.current()
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="chips"):
        if runs.labeled(opened):
            pick_answers(chosen)
        pick_classes(opened, chosen)
        pick_range("confidence", chosen.confidence, WHOLE.confidence)
        if maps.compares(opened):
            pick_range("agreement", chosen.agreement, WHOLE.agreement)
        pick_tag(opened, chosen)
        for name in ("group", "lasso"):
            group = getattr(chosen, name)
            if group is not None:
                label = word("chip.group", title=group.title, count=whole(len(group.numbers)))
                drop = {name: None}
                st.button(
                    label,
                    key=f"chip.{name}",
                    type="primary",
                    icon=":material/close:",
                    on_click=lambda drop=drop: selection.select(**drop),
                )


def settle_filters(opened: Opened) -> None:
    """Drop requested values that this run does not have, with a notice."""
    chosen, classes, labeled = selection.current(), ("", *opened.classes), runs.labeled(opened)
    lacking = {
        "true": chosen.true not in classes or (bool(chosen.true) and not labeled),
        "predicted": chosen.predicted not in classes,
        "answers": chosen.answers != WHOLE.answers and not labeled,
        "agreement": chosen.agreement != WHOLE.agreement and not maps.compares(opened),
        "sort": chosen.sort not in orders(opened),
    }
    if wrong := [name for name, lacks in lacking.items() if lacks]:
        for name in wrong:
            state.notice(plain("filter.unknown", value=str(getattr(chosen, name))))
        selection.select(**{name: getattr(WHOLE, name) for name in wrong})
    number = selection.open_number()
    if number is not None and opened.place(number) is None:
        state.notice(plain("case.unknown", number=number))
        selection.open_picture(None)


def orders(opened: Opened) -> list[Sort]:
    """The orders that a run's pictures can have."""
    lacking = {Sort.DISAGREEMENT: not maps.compares(opened), Sort.LOSS: not runs.labeled(opened)}
    return [one for one in Sort if not lacking.get(one)]


def tag_title(name: str) -> str:
    """A tag in plain words: those that everybody has are translated, others are the user's own."""
    return known(f"tag.{name}", name)


def clear() -> None:
    """Draw the button that clears the filter, if it excludes anything."""
    if selection.current().narrow:
        st.button(word("chip.clear"), key="chip.clear", type="tertiary", on_click=selection.select_all)


def filter_button(name: str, label: str, on: bool) -> st.delta_generator.DeltaGenerator:
    """A popover that shows its part of the filter; an active one is highlighted."""
    return st.popover(label, key=f"chip.{name}", type="primary" if on else "secondary")


def pick_answers(chosen: Filter) -> None:
    """All answers, the wrong or the right ones."""
    key = selection.control_key("answers")
    st.segmented_control(
        word("filter.answers"),
        list(Answers),
        key=key,
        default=chosen.answers,
        format_func=lambda one: word(f"filter.{one.value}"),
        label_visibility="collapsed",
        required=True,
        on_change=lambda: selection.controlled("answers", key, Answers),
    )


def pick_classes(opened: Opened, chosen: Filter) -> None:
    """The true and the predicted class."""
    true, predicted = (class_title(one, opened.classes) for one in (chosen.true, chosen.predicted))
    if true and predicted:
        label = word("chip.cell", true=true, predicted=predicted)
    elif predicted:
        label = word("chip.predicted", predicted=predicted)
    else:
        label = word("chip.true", true=true) if true else word("chip.classes")
    titles = dict(zip(opened.classes, class_titles(opened.classes), strict=True))
    with filter_button("classes", label, bool(chosen.true or chosen.predicted)):
        for name in ("true", "predicted") if runs.labeled(opened) else ("predicted",):
            key, offered = selection.control_key(name), ["", *opened.classes]

            def change(name: str = name, key: str = key) -> None:
                selection.controlled(name, key, lambda stated: stated or "")

            st.selectbox(
                word(f"filter.{name}"),
                offered,
                key=key,
                index=offered.index(getattr(chosen, name)),
                format_func=lambda one: titles[one] if one else word("filter.any"),
                on_change=change,
            )


def pick_range(name: str, value: tuple[float, float], whole: tuple[float, float]) -> None:
    """A range of confidence, in percent, or of agreement."""
    scale, step, form = (100, 1.0, percent_format()) if name == "confidence" else (1, 0.05, decimal_format(2))
    key, (low, high) = selection.control_key(name), (decimal(scale * end, 0 if scale > 1 else 2) for end in value)
    on = value != whole
    label = word(f"chip.{name}.range", low=low, high=high) if on else word(f"chip.{name}")

    def change() -> None:
        selection.controlled(name, key, lambda stated: tuple(round(end / scale, 4) for end in stated))

    with filter_button(name, label, on):
        ends, chosen = ([scale * end for end in pair] for pair in (whole, value))
        st.slider(
            word(f"filter.{name}"),
            *ends,
            tuple(chosen),
            step=step,
            format=form,
            key=key,
            help=means(name),
            on_change=change,
        )


def pick_tag(opened: Opened, chosen: Filter) -> None:
    """One of the tags that pictures of this run have."""
    used, key = tags.used(opened.run), selection.control_key("tag")
    offered = ["", *dict.fromkeys(name for name in (*TAGS, *used) if name in used or name == chosen.tag)]
    with filter_button("tag", literal(tag_title(chosen.tag)) if chosen.tag else word("chip.tags"), bool(chosen.tag)):
        if len(offered) == 1:
            st.caption(word("filter.no_tags"))
            return
        st.radio(
            word("filter.tag"),
            offered,
            key=key,
            index=offered.index(chosen.tag),
            format_func=lambda one: f"{literal(tag_title(one))} · {used.get(one, 0)}" if one else word("filter.any"),
            on_change=lambda: selection.controlled("tag", key),
        )


def pick_sort(opened: Opened) -> None:
    """The order of the pictures."""
    chosen = selection.current()
    key = selection.control_key("sort")
    offered = orders(opened)

    def title(one: Sort) -> str:
        unsure = one == Sort.CONFIDENT and not runs.labeled(opened)
        return word("sort.unsure") if unsure else word(f"sort.{one.value}")

    with st.popover(title(chosen.sort), key="order", icon=":material/sort:"):
        st.radio(
            word("filter.sort"),
            offered,
            key=key,
            index=offered.index(chosen.sort),
            format_func=title,
            help=means("confidence", "loss", "agreement"),
            on_change=lambda: selection.controlled("sort", key, Sort),
        )
