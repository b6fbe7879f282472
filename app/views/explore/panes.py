"""The overlay with both its strips, the channel gates as bars, and the numbers of a pinned patch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from app import attention_maps, figures, layers, runtime, state, titles
from app.attention_maps import Choice
from app.components.overlay import overlay
from app.state import Key, Subject
from app.titles import class_titles, constancy, off_grid
from app.views.explore.attributions import Entry
from app.views.explore.keys import ExploreKey
from app.views.explore.parameters import explained_part
from app.widgets import pictures
from app.words import decimal, means, together, word
from core import Attribution, ModelCard, Reading
from core.attention import is_nearly_constant
from core.attribution import Method
from core.models import RECEPTIVE_FIELD
from core.types import SHORT_SIGHTED

FEW = 3
"""Of more channel gates than these, one is shown at a time."""


@dataclass(frozen=True)
class Shown:
    """The attention map on the left pane: which one, the pinned patch (row by row) or None, and its title."""

    choice: Choice | None
    query: int | None
    title: str


def words(reading: Reading) -> dict[str, str]:
    """The overlay's labels; the left pane of a model without attention on the picture is not called attention."""
    found = {key: word(key) for key in overlay.WORDS}
    if not attention_maps.choices(reading):
        none = word(f"map.only.{reading.maps[0].kind.part}", "map.only") if reading.maps else word("map.no_attention")
        found |= {"overlay.attention": word("map.activity"), "overlay.attention_maps": none}
        found["overlay.attention_help"] = means("activation")
    return found


def pack(
    subject: Subject,
    reading: Reading,
    shown: Sequence[Entry],
    selected: tuple[str, str],
    heading: str = "",
    pin: int | None = None,
) -> bytes:
    """Everything that the overlay draws, as one blob; ``heading`` stands over the right pane.

    ``pin`` is the patch of the left pane that is pinned, row by row, until the user pins another.
    """
    picture, classes = pictures.drawn(subject.picture), class_titles(subject.classifier.card.classes)
    model = subject.classifier
    labels = words(reading) | ({"overlay.attribution": heading} if heading else {})
    if picture is not subject.picture:
        labels |= {key: together(labels[key], word("picture.part")) for key in ("overlay.hint", "overlay.hint_rows")}
    pairs = {one: (found.target, found.contrast) for one, found, _ in shown if found.contrast is not None}
    height, width = picture.pixels.shape[:2]
    return overlay.pack(
        runtime.picture_jpeg(picture),
        (width, height),
        picture.box,
        layers.attention_layers(
            reading,
            attention_maps.find_choice(reading, selected[0]),
            classes,
            bool(state.get(ExploreKey.DEVIATION)),
        ),
        [
            layers.attribution_layer(
                one, found, reading, classes, pairs.get(one), explained_part(one, model, given, reading)
            )
            for one, found, given in shown
        ],
        selected=selected,
        words=labels,
        sight=sight(model.card, reading),
        pin=pin,
    )


def sight(card: ModelCard, reading: Reading) -> overlay.Sight | None:
    """How far each cell of a model with a small receptive field sees; None for other models."""
    if card.architecture != SHORT_SIGHTED:
        return None
    rows, columns = reading.energy.shape
    return overlay.Sight(RECEPTIVE_FIELD, RECEPTIVE_FIELD / card.size, rows, columns)


def show_panes(
    subject: Subject,
    reading: Reading,
    chosen: Method,
    shown: Sequence[Entry],
    found: Attribution | None,
    paired: bool = False,
) -> Shown:
    """Draw the overlay; returns what its left pane shows after the user's last click."""
    choice = pick_map(reading)
    left = choice.slug if choice else layers.ENERGY
    right = shown[-1][0].slug if shown else ""
    if found is not None:
        right = layers.side_slug(chosen, found.target if paired and found.contrast is None else None)

    def select() -> None:
        sentence = state.component(ExploreKey.OVERLAY, "selected") or {}
        if sentence.get("attention") and sentence["attention"] != layers.ENERGY:
            state.put(Key.MAP, sentence["attention"])
        if sentence.get("attribution"):
            method, side = layers.parse_side(sentence["attribution"])
            state.put(Key.METHOD, method)
            state.put(ExploreKey.SIDE, side)

    heading, pin = word(f"overlay.attribution.{chosen.family}"), state.get(Key.PINNED_PATCH)
    blob = pack(subject, reading, shown, (left, right), heading, pin)
    check_settings()
    result = overlay.show_overlay(blob, key=ExploreKey.OVERLAY, on_select=select, addressed=True)
    if choice is not None and is_nearly_constant(attention_maps.find_map(reading, choice.tap)):
        help = word("gate.deviation.help")
        st.toggle(word("gate.deviation.show"), key=ExploreKey.DEVIATION, help=help, persist_state="session")
    query = pinned(result.pick, reading, choice)
    if (
        choice is not None
        and query is None
        and (note := off_grid(attention_maps.find_map(reading, choice.tap), choice.head))
    ):
        st.caption(note, help=means("token"))
    title = titles.attention_title(reading, choice, query)
    if query is not None:
        patch(reading, choice, query)
    return Shown(choice, query, title)


def check_settings() -> None:
    """A sentence for each invalid setting of the overlay in the address; the browser applies the others."""
    for name in overlay.ADDRESS.values():
        requested = state.take_requested(name)
        if requested is not None and not overlay.readable(name, requested):
            state.notice(word("address.unknown", name=name, value=requested))


def pick_map(reading: Reading) -> Choice | None:
    """The attention map on the left pane: the chosen one, or the model's default."""
    requested, slug = state.take_requested(Key.MAP), state.get(Key.MAP) or ""
    choice = attention_maps.find_choice(reading, slug)
    if slug and slug == requested and (choice is None or choice.slug != slug):
        state.notice(word("map.unknown", map=slug))
    state.put(Key.MAP, choice.slug if choice else "")
    return choice


def pinned(pick: dict[str, Any] | None, reading: Reading, choice: Choice | None) -> int | None:
    """The pinned patch of the chosen map, counted row by row, or None."""
    if not pick or choice is None or pick.get("layer") != choice.slug:
        return None
    grid = attention_maps.grid_of(reading, choice).shape
    row, column = int(pick["row"]), int(pick["column"])
    return row * grid[1] + column if 0 <= row < grid[0] and 0 <= column < grid[1] else None


def patch(reading: Reading, choice: Choice, query: int) -> None:
    """Draw the numbers of a pinned patch: its largest weights, compared with uniform attention if they are shares."""
    values, even = attention_maps.grid_of(reading, choice, query), attention_maps.uniform_share(reading, choice)
    row, column = divmod(query, values.shape[1])
    if attention_maps.find_map(reading, choice.tap).kind.signed:
        title = word("pin.title.signed", row=row + 1, column=column + 1)
        lines = [
            word("pin.cell.signed", row=one, column=two, weight=decimal(value, 4))
            for one, two, value in attention_maps.strongest(values, signed=True)
        ]
    else:
        title = word("pin.title", row=row + 1, column=column + 1, even=decimal(even, 4))
        lines = [
            word("pin.cell", row=one, column=two, weight=decimal(value, 4), times=decimal(value / even, 1))
            for one, two, value in attention_maps.strongest(values)
        ]
    st.info("\n".join([title, "", *lines]), icon=":material/push_pin:")


@st.fragment
def gates(reading: Reading) -> None:
    """Draw channel gates as bars, because they have no position in the picture; of many gates, one at a time."""
    found = layers.gates(reading)
    if not found:
        return
    first, *_ = found.values()
    st.markdown(f"**{word(f'gate.title.{first.kind.part}', 'gate.title')}**", help=means("channel-attention"))
    st.caption(word(f"gate.about.{first.kind.part}", "gate.about"))
    if len(found) > FEW:
        chosen = st.selectbox(word("gate.which"), list(found), index=len(found) - 1, key=f"gates.{len(found)}")
        found = {chosen: found[chosen]}
    constant = [one for one in found.values() if is_nearly_constant(one)]
    deviation = bool(constant) and st.toggle(
        word("gate.deviation.show"), key=ExploreKey.GATE_DEVIATION, help=word("gate.deviation.help")
    )
    for place, (title, one) in zip(st.columns(len(found)), found.items(), strict=True):
        with place:
            if one in constant:
                st.caption(constancy(one))
            deviating = deviation and one in constant
            st.plotly_chart(
                figures.channel_bars(one.weights, title, word(f"gate.axis.{one.kind.part}", "gate.axis"), deviating),
                config={"displayModeBar": False},
                key=f"gate.{one.tap}",
            )
