"""New measurements: the choice of models, maps and pictures, the estimated time, progress and Stop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from app import runtime, state
from app.runtime.public import is_closed
from app.runtime.trust import benchmark, sources
from app.runtime.trust.benchmark import BenchmarkRow
from app.titles import method_title
from app.views.trust.keys import TrustKey
from app.widgets import job, models, weights
from app.words import code, literal, means, say, word
from core import Classifier, InvalidInput, ModelCard
from core.attribution import ATTENTION as ATTENTION_METHOD
from core.attribution import METHODS
from core.evaluation import ATTENTION_PREFIX, REFERENCES
from core.types import Progress

MOST, FIRST = 200, 20
"""The range of the number of pictures, and the default."""


@dataclass(frozen=True, eq=False)
class Task:
    """What is left to measure of one model, and about how many seconds that takes."""

    model: Classifier
    sources: list[str]
    seconds: float


def show_measuring(card: ModelCard, rows: Sequence[BenchmarkRow]) -> None:
    """Draw the panel, closed by default; while it is closed, no model is run."""
    panel = st.expander(word("measuring.title"), key=TrustKey.MEASURING, icon=":material/timer:", on_change="rerun")
    if not panel.open:
        return
    with panel:
        own = benchmark.own_file()
        about = word("measuring.shared") if is_closed() else word("measuring.about", path=code(str(own)))
        st.markdown(about)
        slugs, wanted, pictures, seed = pick_measurement(card)
        with st.spinner(word("measuring.timing")):
            tasks = plan(slugs, rows, wanted, pictures, seed)
        requested = ("benchmark", tuple(slugs), tuple(wanted), pictures, seed)
        if tasks:
            offer_measuring(tasks, pictures, seed, requested)
        elif slugs:
            st.markdown(word("measuring.nothing"))
        if own.is_file() and not is_closed() and not job.is_running(requested):  # others need them, too
            st.button(
                word("measuring.remove"), key="forget-measured", type="tertiary", on_click=benchmark.remove_own_rows
            )


def pick_measurement(card: ModelCard) -> tuple[list[str], list[str], int, int]:
    """The pickers: models, sources (none chosen are all), number of pictures, seed."""
    here = {
        slug: one
        for slug, one in models.offered().items()
        if slug in state.own_models() or not runtime.weights_missing(one)
    }
    state.put(
        TrustKey.MEASURED_MODELS, [one for one in state.get(TrustKey.MEASURED_MODELS, [card.slug]) if one in here]
    )
    first, second = st.columns(2)
    slugs = first.multiselect(
        word("measuring.models"),
        list(here),
        key=TrustKey.MEASURED_MODELS,
        format_func=lambda slug: models.model_title(here[slug]),
        persist_state="session",
    )
    titles = kinds()
    wanted = second.multiselect(
        word("measuring.sources"),
        list(titles),
        key="measuring-sources",
        format_func=titles.__getitem__,
        placeholder=word("measuring.all"),
        help=means("attribution", "attention-map"),
        persist_state="session",
    )
    third, fourth = st.columns(2)
    pictures = third.number_input(
        word("measuring.pictures"), 2, MOST, FIRST, key="measuring-pictures", persist_state="session"
    )
    seed = fourth.number_input(
        word("benchmark.seed"), 0, 10_000, 0, key="measuring-seed", help=means("seed"), persist_state="session"
    )
    return slugs, wanted, pictures, seed


def kinds() -> dict[str, str]:
    """What a source may be, with its title: a method, any attention map of the model, or a reference."""
    methods = {one.slug: method_title(one) for one in METHODS if one is not ATTENTION_METHOD}
    return methods | {ATTENTION_PREFIX: word("measuring.maps")} | {name: word(f"source.{name}") for name in REFERENCES}


def is_of(name: str, wanted: Sequence[str]) -> bool:
    """Whether a source is of one of the wanted ``kinds``; none wanted are all."""
    return not wanted or name in wanted or (name.startswith(ATTENTION_PREFIX) and ATTENTION_PREFIX in wanted)


def plan(
    slugs: Sequence[str], rows: Sequence[BenchmarkRow], wanted: Sequence[str], pictures: int, seed: int
) -> list[Task]:
    """What is left to measure for each model; a message names each model that cannot be opened."""
    tasks = []
    for slug in slugs:
        try:
            model = weights.open_model(models.find_card(slug))
        except InvalidInput as error:
            st.warning(literal(error))
            continue
        fitting = sources.fitting(model)
        left = benchmark.missing_sources(rows, model, [name for name in fitting if is_of(name, wanted)], pictures, seed)
        if left:
            tasks.append(Task(model, left, benchmark.seconds(model, left, pictures)))
    return tasks


def offer_measuring(tasks: Sequence[Task], pictures: int, seed: int, key: tuple) -> None:
    """Offer to measure one model after another, with how much there is to do and how long it takes."""
    count, whole = sum(len(task.sources) for task in tasks), sum(task.seconds for task in tasks)
    sentence = ""

    def work(tick: Progress) -> None:
        before = 0.0
        for task in tasks:

            def step(done: int, total: int, task: Task = task, before: float = before) -> None:
                nonlocal sentence
                sentence = word("measuring.progress", model=models.model_title(task.model.card), done=done, total=total)
                tick(before + task.seconds * done / max(1, total), whole)

            try:
                benchmark.measure_sources(task.model, task.sources, pictures, seed, owner=state.session_id(), tick=step)
            except InvalidInput as error:
                state.notice(say(error))
            before += task.seconds

    job.job(
        key,
        work,
        name="measuring",
        label=word("measuring.start"),
        about=word("measuring.offer", count=count, duration=job.duration(whole)),
        say=lambda *_: sentence,
    )
