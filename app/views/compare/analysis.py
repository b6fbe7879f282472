"""One row of the page: the prediction of a model for a picture, its attention map and its attribution."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from app import attention_maps, layers, runtime, state
from app.components.overlay import Bar, Layer
from app.runtime import comparing
from app.state import View
from app.titles import attention_title, class_titles, contrast_title, is_blank, method_title
from app.widgets import models, pictures, weights
from app.words import chance, language, plain, say
from core import Agreement, Attribution, Classifier, InvalidInput, ModelCard, Picture, Reading
from core.attention import is_nearly_constant
from core.attribution import Method, method
from core.types import Box, Progress

MOST_LIKELY = 3


@dataclass(frozen=True)
class Wanted:
    """A row that is wanted: its ``slug`` on the page, its title, and the view of Explore that shows the same."""

    slug: str
    title: str
    view: View


@dataclass(frozen=True, eq=False)
class Analysis:
    """What was found for a row.

    ``box`` is the model's square on the picture, which ``sha256`` names. ``predicted`` is the class as it is shown,
    ``right`` whether it is the true one, if that is known, and ``explained`` the class of the attribution. A layer that
    is None has its reason in ``missing``, (attention, attribution). ``maps`` are the raw maps that enter the agreement:
    None for one that is missing, blank or nearly constant. ``own`` is the agreement of the two. ``slow`` is how many
    seconds the attribution takes that was not started, else 0.
    """

    card: ModelCard
    box: Box
    sha256: str
    predicted: str
    share: float
    right: bool | None
    explained: str
    bars: tuple[Bar, ...]
    attention: Layer | None
    attribution: Layer | None
    missing: tuple[str, str]
    maps: tuple[np.ndarray | None, np.ndarray | None]
    own: Agreement | None
    notes: tuple[str, ...] = ()
    slow: float = 0.0


def subject_of(view: View) -> tuple[ModelCard, Picture]:
    """The card and the framed picture of a view.

    Raises:
        InvalidInput: the model or the picture is not here.
    """
    card = models.offered().get(view.model)
    if card is None:
        raise InvalidInput(plain("compared.unknown", model=view.model))
    return card, pictures.framed(card, pictures.find_picture(view.sample), view.framing)


def key_of(view: View) -> tuple:
    """The key of a row: all that decides what it shows, and the language of its words.

    Raises:
        InvalidInput: the model or the picture is not here.
    """
    card, picture = subject_of(view)
    chosen = (view.method, view.map, view.target, view.contrast, view.parameters, view.query)
    return comparing.row_key(card, state.device(), picture, *chosen, pictures.find_truth(view.sample), language())


def compute_analysis(view: View, patient: float, tick: Progress | None = None) -> Analysis:
    """Everything that a row shows.

    An attribution that takes more than ``patient`` seconds is left out; ``slow`` is how many then. ``tick`` is called
    while an attribution is computed.

    Raises:
        InvalidInput: the model or the picture is not here, or the model cannot be run on it.
    """
    card, picture = subject_of(view)
    if card.slug not in state.own_models() and runtime.weights_missing(card):
        raise InvalidInput(plain("compared.unfetched"))
    classifier = weights.open_model(card)
    chosen = method(view.method)
    target, notes = wanted_target(classifier, view)
    if chosen.in_panel and not view.parameters and not view.contrast:
        reading = runtime.reading_with_panel(classifier, picture, target, chosen)
    else:
        reading = runtime.reading(classifier, picture)
    index = reading.predicted if target is None else target
    attention, attended, no_attention = attention_of(reading, view, classifier)
    found, why, slow = attribution_of(classifier, picture, chosen, index, view, patient, tick)
    blank = found is None or is_blank(found, reading)
    own = agreement_of(classifier, picture, view, reading, None if attended is None or blank else found)
    row = Analysis(
        card,
        picture.box,
        picture.sha256,
        *prediction_of(view, card, reading),
        explained_title(card, index, view),
        bars_of(card, reading, index),
        attention,
        None if found is None else attribution_layer(chosen, found, reading, card),
        (no_attention, why),
        (attended, None if blank else found.values),
        own,
        notes,
        slow,
    )
    return comparing.keep_row(key_of(view), row)


def wanted_target(classifier: Classifier, view: View) -> tuple[int | None, tuple[str, ...]]:
    """The class that a view explains, None for the predicted one; and a sentence where the model lacks that class."""
    if not view.target:
        return None, ()
    try:
        return classifier.target(view.target, np.empty(0)), ()
    except InvalidInput:
        name = class_titles((view.target,))[0]
        return None, (plain("compared.no_class", name=name),)


def prediction_of(view: View, card: ModelCard, reading: Reading) -> tuple[str, float, bool | None]:
    """The predicted class as it is shown, its probability, and whether it is the true one."""
    truth, name = pictures.find_truth(view.sample), card.classes[reading.predicted]
    right = truth == name if truth in card.classes else None
    return class_titles(card.classes)[reading.predicted], float(reading.probabilities.max()), right


def explained_title(card: ModelCard, target: int, view: View) -> str:
    """The class that the attribution of a view explains, as it is shown."""
    names = class_titles(card.classes)
    if not view.contrast:
        return names[target]
    other = names[card.classes.index(view.contrast)] if view.contrast in card.classes else view.contrast
    return plain("contrast.both", target=names[target], other=other)


def bars_of(card: ModelCard, reading: Reading, target: int) -> tuple[Bar, ...]:
    """The most likely classes, and the explained one where it is not among them."""
    names, shares = class_titles(card.classes), reading.probabilities
    best = [int(i) for i in shares.argsort(kind="stable")[::-1][:MOST_LIKELY]]
    order = [*best, *([] if target in best else [target])]
    return tuple(Bar(names[i], float(shares[i]), chance(float(shares[i])), i == target) for i in order)


def attention_of(reading: Reading, view: View, classifier: Classifier) -> tuple[Layer | None, np.ndarray | None, str]:
    """The attention map of a view as a layer and as an array (h, w), or the reason why there is none.

    One that is nearly constant has no array.
    """
    choice = attention_maps.find_choice(reading, view.map)
    if choice is None:
        return None, None, plain("compared.only_channels" if reading.maps else "compared.no_attention")
    values = attention_maps.grid_of(reading, choice, view.query)
    if view.query is not None:
        return Layer(choice.slug, attention_title(reading, choice, view.query), values), values, ""
    layer = layers.attention_layer(reading, choice, class_titles(classifier.card.classes))
    blank = is_nearly_constant(attention_maps.find_map(reading, choice.tap))
    return layer, None if blank else values, ""


def attribution_of(
    classifier: Classifier,
    picture: Picture,
    chosen: Method,
    target: int,
    view: View,
    patient: float,
    tick: Progress | None,
) -> tuple[Attribution | None, str, float]:
    """The attribution of a view, or the reason why there is none, and the seconds of one that was not started."""
    if chosen not in runtime.fitting(classifier):
        needs = say(chosen.lacking(classifier)) or plain("method.unfit.gradient")
        return None, plain("compared.unfit", method=method_title(chosen), needs=needs), 0.0
    parameters = dict(view.parameters)
    try:
        contrast = classifier.target(view.contrast, np.empty(0)) if view.contrast else None
        key = runtime.attribution_key(classifier, picture, chosen, target, parameters, contrast)
        known = runtime.find_attribution(key)
        if known is not None:
            return known, "", 0.0
        seconds = 0.0 if chosen.in_panel else runtime.seconds(classifier, chosen, parameters)
        if seconds > patient:
            return None, plain("compared.slow"), seconds
        requested = (classifier, picture, chosen, target, parameters, contrast)
        return runtime.attribution(*requested, owner=state.session_id(), tick=tick), "", 0.0
    except InvalidInput as error:
        return None, say(error), 0.0


def attribution_layer(chosen: Method, found: Attribution, reading: Reading, card: ModelCard) -> Layer:
    """The attribution of a row as a layer; the title of one that compares two classes names them."""
    names = class_titles(card.classes)
    layer = layers.attribution_layer(chosen, found, reading, names)
    if found.contrast is None:
        return layer
    classes = contrast_title(names, found)
    return replace(layer, title=plain("contrast.title", method=method_title(chosen), classes=classes))


def agreement_of(
    classifier: Classifier, picture: Picture, view: View, reading: Reading, found: Attribution | None
) -> Agreement | None:
    """The agreement of the attention and the attribution of a row; None where there are no two maps."""
    choice = attention_maps.find_choice(reading, view.map)
    if choice is None or found is None:
        return None
    attended = attention_maps.entering(reading, choice, view.query)
    names = (choice.slug, view.query, view.method, found.target, found.contrast, view.parameters)
    return runtime.agreement(classifier, picture, attended, found, *names)
