"""The pickers of the model and of the device, and the titles of models."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from app import runtime, state
from app.state import ADDRESS, Key, View
from app.titles import class_titles
from app.widgets import finding
from app.words import known, literal, percent, plain, together, whole, word
from core import Classifier, InvalidInput, ModelCard
from core.attention import MECHANISMS, PLAIN, Mechanism
from core.families import IMAGENET, NAMED, find_family
from core.models import RECEPTIVE_FIELD, absent_class, timm_models
from core.models import own as files
from core.tasks import TASKS as CATALOG
from core.tasks import find_task
from core.types import FOVEA, PROBABILITIES, SHORT_SIGHTED, SIGMOID

FIRST = ("tasks-marked/attention-pooling", "tasks-sun-or-moon/cbam", "scenes/self-attention")
"""The models that the app opens with, the first available one: its attention is visible and needed."""
TASKS, OWN, OURS = "tasks", "own", (FOVEA, SHORT_SIGHTED)
LITTLE = 0.05
"""A model that loses less of its accuracy than this without its attention hardly needs it."""


def shortcut(family: str) -> str | None:
    """What revealed the class when a family was trained: "tag", "background", or None."""
    return find_family(family).shortcut


def group(family: str) -> str:
    """The families that form one group in the picker: all tasks, both shortcut learners, all models of ImageNet."""
    return TASKS if find_task(family) else find_family(family).group or family


def family_title(slug: str) -> str:
    """A family's or a group's name in plain words; a task's is its title."""
    task = find_task(slug)
    return known(f"family.{slug}", task.title if task else slug)


def find_mechanism(card: ModelCard) -> Mechanism | None:
    """The kind of attention that a card names; None where it is none of ours, or no attention in another's model."""
    kind = next((one for one in MECHANISMS if one.slug == card.mechanism), None)
    return None if kind is PLAIN and card.architecture not in OURS else kind


def mechanism_title(card: ModelCard) -> str:
    """The kind of attention in plain words."""
    kind = find_mechanism(card)
    if kind is None:
        return word("mechanism.none") if card.mechanism == PLAIN.slug else card.mechanism
    return known(f"mechanism.{kind.slug}.title", kind.title)


def is_ours(card: ModelCard) -> bool:
    """Whether it is a mechanism in a backbone of ours, from the zoo: its name is enough."""
    return card.architecture in OURS and card.family != OWN


def model_title(card: ModelCard) -> str:
    """The title of a model: mechanism and family for Fovea's own, the title in the card for others."""
    if not is_ours(card):
        return card.title
    return f"{mechanism_title(card)} · {family_title(card.family)}"


def model_label(card: ModelCard, facts: bool = True) -> str:
    """One line of the picker, short enough for the side bar: the model and its accuracy."""
    title, kind = mechanism_title(card) if is_ours(card) else card.title, shortcut(card.family)
    sentence = "" if card.accuracy is None or not facts else percent(card.accuracy)
    return " · ".join(filter(None, [title, word(f"shortcut.{kind}") if kind else "", sentence]))


def summary(card: ModelCard) -> str:
    """The mechanism in a few plain words."""
    kind = find_mechanism(card)
    if kind is None and card.mechanism != PLAIN.slug:
        return word("mechanism.unknown")
    if kind is None:
        return word("mechanism.none.summary") if states_attention(card) else word("mechanism.found")
    words = known(f"model.{card.architecture}", known(f"mechanism.{kind.slug}.summary", kind.summary))
    return words[0].upper() + words[1:]


def states_attention(card: ModelCard) -> bool:
    """Whether a card states the attention of a model; that of most models by name is found when they are opened."""
    if card.family == OWN or group(card.family) == NAMED:
        return card.architecture.partition("/")[0] in (*OURS, IMAGENET)
    return card.family != timm_models.FAMILY or card.slug.partition("/")[2] in timm_models.LISTED


def what(card: ModelCard) -> str:
    """The mechanism in a sentence."""
    return word("model.what", summary=summary(card))


def sight(card: ModelCard) -> str:
    """How little of the picture each cell sees and how positions are encoded; empty for a model without that limit."""
    if card.architecture != SHORT_SIGHTED:
        return ""
    kind = find_mechanism(card)
    sentences = [word("sight.plain" if kind is PLAIN else "sight.card", side=RECEPTIVE_FIELD)]
    if kind is not None and (kind.positions or kind.block):
        sentences.append(word("sight.positions"))
    elif kind is not None and kind.convolution:
        sentences.append(word("sight.offsets"))
    return together(*sentences)


def needs_attention(card: ModelCard) -> str:
    """How much the model needs its attention, in a sentence; empty for a model without any."""
    if card.accuracy is None or "uniform" not in card.ablation:
        return ""
    lost, left = card.accuracy - card.ablation["uniform"], card.ablation["uniform"]
    key = "model.hardly" if lost < LITTLE else "model.needs"
    return word(key, left=percent(left))


def why(card: ModelCard) -> str:
    """What a shortcut learner demonstrates; empty for other models."""
    kind = shortcut(card.family)
    return word(f"shortcut.{kind}.why") if kind else ""


def offered() -> dict[str, ModelCard]:
    """Every card that this user may choose, by slug: the zoo, models found by name, then the user's own."""
    own = {slug: one.card for slug, one in state.own_models().items()}
    return {card.slug: card for card in runtime.cards()} | state.named_models() | own


def find_card(slug: str) -> ModelCard:
    """The card of that slug; InvalidInput if there is none, or no longer one."""
    cards = offered()
    if slug not in cards:
        raise InvalidInput(plain("model.gone", model=slug))
    return cards[slug]


def select_model(slug: str) -> None:
    """Select a model, before its picker is drawn; resets the map, the class, and a picture of another kind."""
    before = state.get(Key.MODEL, "")
    state.put(Key.MODEL, slug)
    state.reset(Key.MAP, Key.TARGET)
    if pictures_of(before) != pictures_of(slug) and not state.is_upload(state.get(Key.SAMPLE)):
        state.reset(Key.SAMPLE)


def open_view(view: View) -> None:
    """Set Explore to a view of a model that is offered, before the pickers are drawn or in a callback."""
    select_model(view.model)
    for key in ADDRESS:
        if key != Key.MODEL:
            state.put(key, getattr(view, key.value))
    state.put(Key.PINNED_PATCH, view.query)
    state.put(Key.PARTS_OF, view.model)  # so that parameters of the model's parts, such as a stage, stay
    for name, value in view.parameters:
        state.set_parameter(state.parameter_key(view.method, name), value)


def pictures_of(slug: str) -> str:
    """The kind of pictures that a model is for: those of its task, scenes, or photographs."""
    family = slug.partition("/")[0]
    return family if find_task(family) else "scenes" if find_family(family).drawn else "photographs"


def first(cards: Mapping[str, ModelCard]) -> str:
    """The model that the app opens with."""
    return next((slug for slug in FIRST if slug in cards), next(iter(cards), ""))


def pick_model(facts: bool = True) -> ModelCard:
    """The model picker, by group of families, with the ``facts`` that were measured; the card that is chosen."""
    if wanted := state.take_wanted():
        select_model(wanted)
    if state.get(Key.MODEL) not in offered() and (found := finding.add_named(state.get(Key.MODEL) or "")):
        select_model(found)
    cards = offered()
    if not cards:
        raise InvalidInput(plain("model.none"))
    if state.get(Key.MODEL) not in cards:
        if asked := state.get(Key.MODEL):
            state.notice(word("model.file" if asked.startswith(files.FILE) else "model.unknown", model=asked))
        state.put(Key.MODEL, first(cards))
    card = cards[state.get(Key.MODEL)]
    groups = sorted(dict.fromkeys(group(one.family) for one in cards.values()), key=lambda one: one != TASKS)
    here = group(card.family)
    state.put(Key.FAMILY, here)

    def change_group() -> None:
        wanted = state.get(Key.FAMILY) or here
        of_group = [one for one in cards.values() if group(one.family) == wanted]
        if wanted == IMAGENET:
            of_group.sort(key=runtime.weights_missing)  # what needs no download comes first
        select_model(
            next((one for one in of_group if one.mechanism == card.mechanism and wanted != IMAGENET), of_group[0]).slug
        )

    st.pills(
        word("model.family"),
        groups,
        key=Key.FAMILY,
        format_func=lambda slug: literal(family_title(slug)),
        on_change=change_group,
        label_visibility="collapsed",
        required=True,
    )
    if here == TASKS:
        pick_task(cards, card)
    st.selectbox(
        word("model.label"),
        inside(cards, card),
        key=Key.MODEL,
        format_func=lambda slug: model_label(cards[slug], facts),
        on_change=lambda: state.reset(Key.MAP, Key.TARGET),
        label_visibility="collapsed",
        filter_mode=None,  # no keyboard opens on a phone
    )
    finding.show_search(select_model)
    about = [what(card), measured(card), needs_attention(card), sight(card), why(card)]
    st.caption("  \n".join(filter(None, about if facts else [what(card), sight(card)])))
    return card


def inside(cards: Mapping[str, ModelCard], card: ModelCard) -> list[str]:
    """The models to choose from: those of the card's task or group; of ImageNet, those without a download first."""
    here = group(card.family)
    found = [slug for slug, one in cards.items() if one.family == card.family or group(one.family) == here != TASKS]
    return sorted(found, key=lambda slug: not find_family(cards[slug].family).packaged) if here == IMAGENET else found


def pick_task(cards: Mapping[str, ModelCard], card: ModelCard) -> None:
    """The picker of the task; another task keeps the mechanism where it can."""
    state.put(Key.TASK, card.family)

    def change() -> None:
        inside = [one for one in cards.values() if one.family == state.get(Key.TASK)]
        select_model(next((one for one in inside if one.mechanism == card.mechanism), inside[0]).slug)

    st.selectbox(
        word("task.label"),
        [one.slug for one in CATALOG if any(card.family == one.slug for card in cards.values())],
        key=Key.TASK,
        format_func=family_title,
        on_change=change,
        help=word("task.help"),
        filter_mode=None,
    )


def measured(card: ModelCard) -> str:
    """The accuracy of the model and the number of pictures; empty if it was not measured."""
    if card.accuracy is None:
        return ""
    return word("model.measured", accuracy=percent(card.accuracy), pictures=whole(card.pictures))


def limits(classifier: Classifier) -> None:
    """What a model cannot show and how it is run, as core states it; nothing for a model without limits."""
    if classifier.limits:
        st.caption("  \n".join([f"**{word('model.limits')}**", *map(literal, classifier.limits)]))


def outputs(classifier: Classifier) -> str:
    """What the model outputs, unless it is a logit for each of several classes; else empty."""
    card = classifier.card
    if card.output not in (SIGMOID, PROBABILITIES):
        return ""
    given = word("outputs.probabilities") if card.output == PROBABILITIES else ""
    if classifier.independent:
        return together(word("outputs.independent"), given)
    own = int(not absent_class(card.classes))
    names = class_titles(card.classes)
    return given or word("outputs.single", name=names[own], other=names[1 - own])


def pick_device() -> str:
    """The device: a choice where there is more than one, else a line that states which it is."""
    names = runtime.device_names()
    if state.get(Key.DEVICE) not in names:
        state.put(Key.DEVICE, names[0])
    if len(names) > 1:
        st.selectbox(word("device.label"), names, key=Key.DEVICE)
    return state.get(Key.DEVICE)
