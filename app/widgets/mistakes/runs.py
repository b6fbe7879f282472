"""Earlier runs: the list to reopen one from, the head of the open one, and two compared."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import streamlit as st

from app import state
from app.runtime import comparison, runs
from app.runtime.runs import Opened
from app.state import Key
from app.state.mistakes import Group, Sort
from app.widgets import models
from app.widgets.mistakes import export, overview
from app.words import percent, word
from core import InvalidInput
from core.data.made import SHORTCUTS
from core.scanning import Run

LINES = 12
"""Lines of the list; the rest is reached by scrolling."""
LINE = 35  # pixels


def model_title(run: Run) -> str:
    """What the run's model is called, also when it is no longer here."""
    card = models.shelf().get(run.facts["model"])
    return models.model_title(card) if card else run.facts["model"]


def short_title(run: Run) -> str:
    """The same in few words, for a list."""
    card = models.shelf().get(run.facts["model"])
    if card is None or not models.shortcut(card.family):
        return model_title(run)
    return f"{models.mechanism_title(card)} · {word(f'shortcut.{models.shortcut(card.family)}')}"


def data_title(run: Run) -> str:
    """What a run went through: the scenes with their seed, or the folder's or the file's name."""
    family, said = run.facts["data"], run.facts["identity"].split(" ")
    if family in SHORTCUTS and len(said) == 3:
        return word(f"runs.{run.facts['data']}", seed=said[1])
    place = Path(family)
    return f"{place.parent.name}/{place.name}" if place.suffix == "" else place.name


def started(run: Run) -> str:
    """When a run was begun, as the machine's clock has it."""
    try:
        return f"{datetime.fromisoformat(run.facts['started']).astimezone():%Y-%m-%d %H:%M}"
    except (KeyError, ValueError, TypeError):
        return ""


def pictures(run: Run) -> str:
    """How many pictures a run has, and of how many where it is not whole."""
    done, total = run.scanned, run.facts["pictures"]
    return f"{total:,}" if done == total else word("scan.progress", done=f"{done:,}", total=f"{total:,}")


def show_list() -> None:
    """The list of the runs that are kept; a click on a line opens that one."""
    kept = runs.earlier()
    st.subheader(word("runs.title"))
    if not kept:
        st.caption(word("runs.none", folder=runs.folder()))
        return

    st.caption(word("runs.kept", folder=runs.folder()))

    def click() -> None:
        line = state.clicked_line(Key.RUNS)
        if line is not None:
            state.mistakes.open_run(kept[line].folder.name)

    lines = [
        {
            "model": short_title(run),
            "data": data_title(run),
            "pictures": pictures(run),
            "right": None if (share := runs.share_right(run)) is None else 100 * share,
            "started": started(run),
        }
        for run in kept
    ]
    st.dataframe(
        lines,
        key=Key.RUNS,
        on_select=click,
        selection_mode="single-cell",  # a click anywhere in a line opens it
        hide_index=True,
        height=LINE * (min(LINES, len(lines)) + 1) + 3,
        row_height=LINE,
        placeholder="",
        alt=word("runs.title"),
        column_config={
            "model": st.column_config.TextColumn(word("table.model"), pinned=True, width=150),
            "data": st.column_config.TextColumn(word("runs.data"), width=215),
            "pictures": st.column_config.TextColumn(word("table.pictures"), width=80),
            "right": st.column_config.NumberColumn(word("runs.right"), format="%.1f %%", width=70),
            "started": st.column_config.TextColumn(word("runs.started"), width=120),
        },
    )


def show_head(opened: Opened) -> None:
    """What is open and how it did, and the way back to the list."""

    def close() -> None:
        state.mistakes.open_run(None)

    title, buttons = st.columns([1.8, 1], vertical_alignment="center")
    with title:
        st.subheader(word("runs.head", model=model_title(opened.run), count=f"{len(opened.table):,}"))
        st.markdown(f"{data_title(opened.run)} · {overview.tell(opened)}")
    with buttons, st.container(horizontal=True, horizontal_alignment="right", gap="xsmall"):
        pick_other(opened)
        export.show(opened)
        st.button(word("runs.all"), key="runs-back", icon=":material/list:", on_click=close)
    broken(opened)
    unmatched(opened)


def broken(opened: Opened) -> None:
    """The pictures that could not be read, with the reason of each."""
    found = runs.broken(opened)
    if not len(found):
        return
    with st.expander(word("broken.title", count=f"{len(found):,}"), icon=":material/broken_image:", key="broken"):
        st.dataframe(
            found,
            hide_index=True,
            height=LINE * (min(LINES, len(found)) + 1) + 3,
            row_height=LINE,
            alt=word("broken.alt"),
            column_config={
                "number": None,
                "path": st.column_config.TextColumn(word("broken.path"), width="medium"),
                "reason": st.column_config.TextColumn(word("broken.reason"), width="large"),
            },
        )


def unmatched(opened: Opened) -> None:
    """The labels that mean no class of the model, where there are any."""
    found = runs.unmatched(opened)
    if found:
        named = ", ".join(f"{label} ({count:,})" for label, count in found.items())
        with st.expander(word("unmatched.title", count=len(found)), icon=":material/label_off:", key="unmatched"):
            st.markdown(word("unmatched.labels", labels=named))


def pick_other(opened: Opened) -> None:
    """Choose another run to compare the open one with."""
    others = [run for run in runs.earlier() if run.folder.name != opened.name]
    titles = {run.folder.name: f"{short_title(run)}, {data_title(run)}, {started(run)}" for run in others}
    if state.get(Key.OTHER_RUN) not in titles:
        state.put(Key.OTHER_RUN, "")
    with st.popover(word("compare.with"), key="compare", disabled=not titles):
        st.selectbox(
            word("compare.other"),
            ["", *titles],
            key=Key.OTHER_RUN,
            format_func=lambda name: titles.get(name, word("compare.none")),
            persist_state="session",
        )


def find_other(opened: Opened) -> Opened | None:
    """The run that the open one is compared with, or None.

    Raises:
        InvalidInput: it is not there any more, or is damaged.
    """
    name = state.get(Key.OTHER_RUN)
    return runs.open_one(name) if name and name != opened.name else None


def said_there(opened: Opened) -> dict[int, str]:
    """What the run beside the open one said of the pictures whose answers differ, by number."""
    try:
        other = find_other(opened)
    except InvalidInput:
        return {}  # ``compare`` says so
    return comparison.compare(opened, other).said if other else {}


def compare(opened: Opened) -> None:
    """The chosen other run beside the open one: how often each is right, and which answers changed."""
    try:
        other = find_other(opened)
    except InvalidInput as error:
        st.warning(str(error))
        return
    if other is None:
        return
    found = comparison.compare(opened, other)
    with st.container(border=True, key="compared"):
        st.markdown(word("compare.title", other=f"{short_title(other.run)}, {data_title(other.run)}"))
        if not found.both:
            st.markdown(word("compare.nothing"))
            return
        both, changed = f"{found.both:,}", f"{found.changed:,}"
        if found.labelled:
            here, there = (percent(one / found.labelled) for one in (found.right, found.other_right))
            st.markdown(word("compare.shares", both=both, here=here, there=there, changed=changed))
        else:
            st.markdown(word("compare.changed", both=both, changed=changed))
        with st.container(horizontal=True):
            for kind, numbers in found.kinds.items():
                title = word(f"compare.{kind}")

                def choose(title: str = title, numbers: tuple[int, ...] = numbers) -> None:
                    state.mistakes.select_all()
                    state.mistakes.select(lasso=Group(title, numbers), sort=Sort.CONFIDENT)

                label = word("chip.group", title=title, count=f"{len(numbers):,}")
                st.button(label, key=f"compare.{kind}", on_click=choose, disabled=not numbers)
