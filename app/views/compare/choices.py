"""The choices of Compare: the mode, the models or pictures, the method, the class, and the maps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum

import streamlit as st

from app import runtime, state
from app.state import Key, View
from app.titles import FAMILIES, class_titles, method_title, sample_title
from app.views.compare.analysis import Wanted
from app.views.compare.keys import CompareKey
from app.widgets import finding, models, pictures
from app.words import means, word
from core import InvalidInput, ModelCard
from core.attribution import METHODS
from core.data import list_samples

MODELS, PICTURES, PINNED = MODES = ("models", "pictures", "pinned")
"""The modes: one picture through several models, one model on several pictures, and pinned analyses."""
BOTH, ATTENTION, ATTRIBUTION = MAPS = ("both", "attention", "attribution")
FIRST_METHOD = "grad-cam"
FEW = 5
"""The number of rows that the page starts with."""
MOST = 12
"""The most rows of a selection."""


def pick_one(key: StrEnum, choices: Sequence[str], label: str, shown: Callable[[str], str], **more: str) -> str:
    """A row of buttons of which one is chosen; any other value gives the first, and one of the link also a sentence."""
    requested = state.take_requested(key)
    if state.get(key) not in choices:
        if requested:
            state.notice(word("address.unknown", name=key.value, value=requested))
        state.put(key, choices[0])
    return st.segmented_control(
        label, choices, key=key, format_func=shown, required=True, persist_state="session", **more
    )


def pick_mode() -> str:
    """The picker of what is compared."""
    count = len(state.kept())

    def shown(mode: str) -> str:
        return word("compared.pinned.count", count=count) if mode == PINNED and count else word(f"compared.{mode}")

    return pick_one(Key.COMPARED, MODES, word("page.compare"), shown, label_visibility="collapsed")


def pick_maps() -> str:
    """The picker of the maps that are shown."""
    return pick_one(CompareKey.MAPS, MAPS, word("compared.maps"), lambda one: word(f"compared.maps.{one}"))


def split(text: str | None) -> list[str]:
    """The slugs in the text of a link, each once."""
    return list(dict.fromkeys(part.strip() for part in (text or "").split(",") if part.strip()))


def pick_several(
    key: StrEnum,
    widget: StrEnum,
    first: Sequence[str],
    offered: Sequence[str],
    label: str,
    shown: Callable[[str], str],
    **more: str,
) -> list[str]:
    """A list from which several are chosen; the ``first`` ones until the user chooses, and again when all are removed.

    One that the link names and that is not ``offered`` stays in the list: its row states what is wrong.
    """
    chosen = split(state.get(key)) or list(first)
    state.put(widget, chosen)
    st.multiselect(
        label,
        list(dict.fromkeys([*chosen, *offered])),
        key=widget,
        format_func=shown,
        on_change=lambda: state.put(key, ",".join(state.get(widget) or ())),
        **more,
    )
    return chosen


def remove(key: StrEnum, slug: str, present: Sequence[str]) -> None:
    """Remove one of the present choices under a key; in a callback."""
    state.put(key, ",".join(one for one in present if one != slug))


def pick_models(card: ModelCard) -> list[str]:
    """The list of models: those for the same pictures first."""
    for slug in split(state.take_requested(CompareKey.MODELS)):  # a model of another library is found by its name
        if slug not in models.offered():
            finding.add_named(slug)
    cards = models.offered()
    own, kind = card.family, models.pictures_of(card.slug)
    offered = sorted(cards, key=lambda slug: (cards[slug].family != own, models.pictures_of(slug) != kind))

    def shown(slug: str) -> str:
        if slug not in cards:
            return slug
        return models.mechanism_title(cards[slug]) if is_sibling(cards[slug], own) else models.model_title(cards[slug])

    first = first_models(cards, card)
    label, help = word("compared.models.label"), word("compared.models.help")
    chosen = pick_several(CompareKey.MODELS, CompareKey.PICKED_MODELS, first, offered, label, shown, help=help)
    offer_selections(cards, card, chosen)
    return chosen


def offer_selections(cards: dict[str, ModelCard], card: ModelCard, chosen: Sequence[str]) -> None:
    """Two selections with one click: others of the family, and the same mechanism trained on other pictures too."""
    shared = word("compared.select.mechanism", mechanism=models.mechanism_title(card))
    selections = {
        "family": (word("compared.select.family"), first_models(cards, card)),
        "mechanism": (shared, of_mechanism(cards, card)),
    }
    with st.container(horizontal=True, gap="small", key="compare-selections"):
        for name, (title, slugs) in selections.items():
            if len(slugs) > 1 and set(slugs) != set(chosen):
                st.button(
                    title,
                    key=f"select-{name}",
                    type="tertiary",
                    icon=":material/filter_list:",
                    on_click=lambda slugs=slugs: state.put(CompareKey.MODELS, ",".join(slugs)),
                )


def is_sibling(card: ModelCard, family: str) -> bool:
    """Whether a model is one of Fovea's own of that family, so that its mechanism alone names it."""
    return card.family == family and models.is_ours(card)


def first_models(cards: dict[str, ModelCard], card: ModelCard) -> list[str]:
    """The models that the page starts with: the chosen one, and others of its family that need no download."""
    others = [slug for slug in models.inside(cards, card) if cards[slug].classes == card.classes and slug != card.slug]
    return [card.slug, *filter(lambda slug: is_ready(cards[slug]), others)][:FEW]


def of_mechanism(cards: dict[str, ModelCard], card: ModelCard) -> list[str]:
    """The chosen model and those of the same mechanism and kind of pictures that need no download."""
    kind = models.pictures_of(card.slug)
    alike = [one for one in cards.values() if one.mechanism == card.mechanism and models.pictures_of(one.slug) == kind]
    return [card.slug, *(one.slug for one in alike if one.slug != card.slug and is_ready(one))][:MOST]


def is_ready(card: ModelCard) -> bool:
    """Whether a model needs no download."""
    return card.slug in state.own_models() or not runtime.weights_missing(card)


def pick_pictures(card: ModelCard, sample: str) -> list[str]:
    """The list of pictures: the samples of the model's family, and the user's own."""
    titles = {one.slug: sample_title(one.title) for one in list_samples(card.family)}
    titles |= {slug: one.name for slug, one in state.uploads().items()}
    first = [sample, *(slug for slug in titles if slug != sample)][:FEW]

    def shown(slug: str) -> str:
        return titles[slug] if slug in titles else picture_title(slug)

    label, help = word("compared.pictures.label"), word("compared.pictures.help")
    return pick_several(CompareKey.PICTURES, CompareKey.PICKED_PICTURES, first, list(titles), label, shown, help=help)


def picture_title(slug: str) -> str:
    """The title of a picture; its slug where there is no such picture."""
    try:
        return slug if state.is_upload(slug) and slug not in state.uploads() else pictures.title(slug)
    except InvalidInput:
        return slug


def pick_method() -> str:
    """The picker of the attribution method of all rows."""
    every = {one.slug: one for one in sorted(METHODS, key=lambda one: FAMILIES.index(one.family))}
    requested = state.take_requested(Key.METHOD)
    if state.get(Key.METHOD) not in every:
        if requested:
            state.notice(word("address.unknown", name=Key.METHOD.value, value=requested))
        state.put(Key.METHOD, FIRST_METHOD)

    def shown(slug: str) -> str:
        return f"{method_title(every[slug])} · {word(f'method.family.{every[slug].family}')}"

    help = means("attribution")
    return st.selectbox(word("method.label"), list(every), key=Key.METHOD, format_func=shown, help=help)


def pick_class(slugs: Sequence[str]) -> str:
    """The picker of the class that all maps explain: each row's prediction, or a class that all models have."""
    cards = models.offered()
    known = [cards[slug].classes for slug in slugs if slug in cards]
    names = [name for name in known[0] if all(name in classes for classes in known)] if known else []
    requested = state.take_requested(CompareKey.EXPLAINED)
    if state.get(CompareKey.EXPLAINED) not in ("", *names):
        if requested:
            state.notice(word("address.unknown", name=CompareKey.EXPLAINED.value, value=requested))
        state.put(CompareKey.EXPLAINED, "")
    titles = dict(zip(names, class_titles(names), strict=True))
    return st.selectbox(
        word("answer.explain"),
        ["", *names],
        key=CompareKey.EXPLAINED,
        format_func=lambda name: titles.get(name) or word("compared.predicted"),
        help=word("answer.explain.help"),
        persist_state="session",
    )


def wanted_models(slugs: Sequence[str], sample: str, framing: str) -> list[Wanted]:
    """A row for each model."""
    cards = {slug: card for slug, card in models.offered().items() if slug in slugs}
    families = {card.family for card in cards.values()}
    title = {slug: models.model_title(card) for slug, card in cards.items()}
    if len(families) == 1:
        title |= {slug: models.mechanism_title(card) for slug, card in cards.items() if models.is_ours(card)}
    method, target = state.get(Key.METHOD), state.get(CompareKey.EXPLAINED) or ""
    return [Wanted(slug, title.get(slug, slug), View(slug, sample, method, "", target, framing)) for slug in slugs]


def wanted_pictures(model: str, samples: Sequence[str], framing: str) -> list[Wanted]:
    """A row for each picture."""
    method, target = state.get(Key.METHOD), state.get(CompareKey.EXPLAINED) or ""
    return [Wanted(one, picture_title(one), View(model, one, method, "", target, framing)) for one in samples]


def wanted_pinned() -> list[Wanted]:
    """A row for each pinned analysis."""
    cards = models.offered()

    def title(view: View) -> str:
        model = models.model_title(cards[view.model]) if view.model in cards else view.model
        return f"{model} · {picture_title(view.sample)}"

    return [Wanted(f"pinned.{view.number}", title(view), view) for view in state.kept()]
