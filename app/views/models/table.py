"""The zoo as a sortable table with one card per row; a click selects a card."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from app import runtime, state
from app.titles import device_title
from app.views.models import facts
from app.views.models.keys import ModelsKey
from app.widgets import job, models, weights
from app.words import decimal_format, means, percent_format, say, word
from core import InvalidInput, ModelCard
from core.types import Progress

SHOWN = 10
"""Lines of the table; the rest is reached by scrolling."""
LINE = 35  # pixels


def lines(cards: Sequence[ModelCard], device: str) -> list[dict[str, Any]]:
    """The columns of the table; accuracies in percent, None if unknown."""

    def share(value: float | None) -> float | None:
        return None if value is None else 100 * value

    return [
        {
            "model": card.slug if card.slug not in state.own_models() else card.title,
            "accuracy": share(card.accuracy),
            "pictures": card.pictures if card.accuracy is not None else None,
            "uniform": share(card.ablation.get("uniform")),
            "shuffled": share(card.ablation.get("shuffled")),
            "off": share(card.ablation.get("off")),
            "milliseconds": runtime.find_milliseconds(card, device),
            "parameters": facts.fact_number(card, "parameters"),
            "mechanism": models.mechanism_title(card),
            "family": models.family_title(card.family),
        }
        for card in cards
    ]


def show_table(cards: Sequence[ModelCard], chosen: ModelCard) -> None:
    """Draw the table with the chosen card's line marked; a click on another line chooses that."""
    place = cards.index(chosen)
    state.mark_line(ModelsKey.TABLE, place)

    def click() -> None:
        line = state.clicked_line(ModelsKey.TABLE)
        if line is not None and line != place:
            models.select_model(cards[line].slug)

    percents = {"format": percent_format(1), "width": "small"}
    number = st.column_config.NumberColumn
    st.dataframe(
        lines(cards, state.device()),
        key=ModelsKey.TABLE,
        on_select=click,
        selection_mode=["single-row-required", "single-cell"],  # a click anywhere in a line chooses it
        hide_index=True,
        height=LINE * (min(SHOWN, len(cards)) + 1) + 3,
        row_height=LINE,
        placeholder="",
        alt=word("table.name"),
        column_config={
            "model": st.column_config.TextColumn(word("table.model"), pinned=True),
            "accuracy": number(word("table.accuracy"), help=means("accuracy"), **percents),
            "pictures": number(word("table.pictures"), format="localized", width="small"),
            "uniform": number(word("table.uniform"), help=means("uniform"), **percents),
            "shuffled": number(word("table.shuffled"), help=means("shuffled"), **percents),
            "off": number(word("table.off"), help=means("off"), **percents),
            "milliseconds": number(
                word("table.milliseconds"),
                help=word("table.milliseconds.help", device=device_title(state.device())),
                format=decimal_format(1),
            ),
            "parameters": number(word("table.parameters"), help=means("weights"), format="localized"),
            "mechanism": st.column_config.TextColumn(word("table.mechanism"), help=means("attention", "mechanism")),
            "family": st.column_config.TextColumn(word("table.family")),
        },
    )


def unmeasured(cards: Sequence[ModelCard]) -> list[ModelCard]:
    """The models whose weights are here and whose speed on this device is not known."""
    device = state.device()
    return [one for one in cards if runtime.find_milliseconds(one, device) is None and not runtime.weights_missing(one)]


def offer_speed(cards: Sequence[ModelCard]) -> None:
    """Offer to measure the speed of the models for which it is unknown."""
    left, device = unmeasured(cards), state.device()
    if not left:
        return

    def work(tick: Progress) -> None:
        for done, card in enumerate(left):
            tick(done, len(left))
            try:
                runtime.milliseconds(weights.open_model(card))
            except InvalidInput as error:
                state.notice(say(error))

    job.job(
        ("speed", device),
        work,
        name="measuring",
        label=word("table.measure", count=len(left)),
        first=word("table.measuring"),
        say=lambda done, _: word("table.measuring.one", model=models.model_title(left[done])),
        icon=":material/timer:",
        type="secondary",
    )
