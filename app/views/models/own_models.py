"""The user's own models: uploaded with a card or as their libraries save them, and available until the session ends."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePath

import streamlit as st

from app import runtime, state
from app.runtime import uploads
from app.runtime.public import is_public
from app.state import Key
from app.views.models import uncarded
from app.views.models.keys import ModelsKey
from app.widgets import models
from app.widgets.upload import pick_files
from app.words import literal, means, plain, say, word
from core import Classifier, InvalidInput
from core.models import MAX_WEIGHTS, WEIGHT_SUFFIXES

MEGABYTES = MAX_WEIGHTS >> 20
"""Of one file; a larger one goes into the folder FOVEA_MODELS."""
MOST = 3
"""Models that one user may hold in the server's memory."""
EXAMPLES = {
    "fovea": {
        "architecture": "fovea/cbam",
        "classes": ["cat", "dog"],
        "size": 128,
        "mean": [0.485, 0.456, 0.406],
        "std": [0.229, 0.224, 0.225],
        "widths": [32, 64, 128, 256],
    },
    "torchvision": {
        "architecture": "torchvision/resnet18",
        "title": "Cats and dogs",
        "classes": ["cat", "dog"],
        "size": 224,
        "mean": [0.485, 0.456, 0.406],
        "std": [0.229, 0.224, 0.225],
    },
}
"""Cards to start from: one for each kind of architecture."""


def take_in(files: list) -> str:
    """Open the model in a card and its weights, add it to the user's models, and return its slug.

    Raises:
        InvalidInput: not one card and one file of weights, too many models, or what the core states of the files.
    """
    cards = [one for one in files if one.name.lower().endswith(".json")]
    weights = [one for one in files if one.name.lower().endswith(WEIGHT_SUFFIXES)]
    if len(cards) != 1 or len(weights) != 1 or len(files) != 2:
        raise InvalidInput(plain("own.both", count=len(files)))
    check_room(files)
    name = cards[0].name
    return add(runtime.own_model(cards[0].getvalue(), weights[0].getvalue(), name, state.device()), name, files)


def take_in_uncarded(files: list) -> str:
    """Open a model without a card, with the facts from the form; as ``take_in``."""
    check_room(files)
    weights = next(one.name for one in files if one.name.lower().endswith(WEIGHT_SUFFIXES))
    found = uncarded.open_model(files)
    title = title_of_folder(files) or (PurePath(weights).stem if len(files) == 1 else "")
    return add(replace(found, card=replace(found.card, title=title or found.card.title)), weights, files)


def title_of_folder(files: list) -> str:
    """What the configuration of a saved folder calls its model or its architecture; "" for weights alone."""
    config = next((one for one in files if one.name == "config.json"), None)
    stated = {} if config is None else json.loads(config.getvalue())
    names = (stated.get("_name_or_path"), stated.get("architecture"), *(stated.get("architectures") or ()))
    return next((PurePath(one).name for one in names if isinstance(one, str) and one), "")


def check_room(files: list) -> None:
    """Refuse files that are over the quota, or one model more than a user may have."""
    refused = next(filter(uploads.is_refused, files), None)
    if refused is not None:
        raise InvalidInput(plain("upload.refused", name=refused.name, files=uploads.FILES))
    if is_public():
        raise InvalidInput(plain("own.public"))
    if len(state.own_models()) >= MOST:
        raise InvalidInput(plain("own.full", count=MOST))


def add(found: Classifier, name: str, files: list) -> str:
    """Add a model to the user's, titled by its card or else by the ``name`` of its file, and release the files."""
    title = found.card.title if found.card.title != found.card.slug.rpartition("/")[2] else PurePath(name).stem
    facts = {**found.card.facts, "uploaded": name}
    state.add_own_model(replace(found, card=replace(found.card, title=title, facts=facts)))
    uploads.release(*files)
    return found.card.slug


def bring() -> None:
    """Draw the upload of the files, and what is wrong or missing; a valid model is selected immediately."""
    key = state.fresh_key(ModelsKey.MODEL_UPLOADER)

    def brought() -> None:
        state.reset(ModelsKey.REFUSED, ModelsKey.MISSING, ModelsKey.ARCHITECTURE)
        files = state.get(key, [])
        if len(files) > 1 and not uncarded.is_uncarded(files):
            take(take_in)

    def take(open_: Callable[[list], str]) -> None:
        try:
            models.select_model(open_(state.get(key, [])))
            state.renew(ModelsKey.MODEL_UPLOADER)  # an empty one: the model is in the list now
        except InvalidInput as error:
            state.put(ModelsKey.REFUSED, say(error))

    if is_public():
        st.info(word("own.public"))
        return
    st.markdown(word("own.what"), help=means("checkpoint", "weights"))
    files = pick_files(
        word("own.files"),
        ("json", *(suffix[1:] for suffix in WEIGHT_SUFFIXES)),
        MEGABYTES,
        key,
        brought,
        accept_multiple_files=True,
        label_visibility="collapsed",
    )
    if not files:
        state.reset(ModelsKey.REFUSED)  # it was about files that are no longer here
    if state.get(ModelsKey.REFUSED):
        st.error(literal(state.get(ModelsKey.REFUSED)))
    if uncarded.is_uncarded(files):
        uncarded.show_form(files, lambda: take(take_in_uncarded))
    elif len(files) == 1:
        st.info(word("own.other"))
    st.markdown(f"**{word('own.examples')}**", help=means("model-card"))
    with st.container(horizontal=True):
        for kind, card in EXAMPLES.items():
            st.download_button(
                word(f"own.example.{kind}"),
                json.dumps(card, indent=1),
                file_name=f"{kind}.json",
                mime="application/json",
                icon=":material/download:",
                on_click="ignore",
            )
    st.caption(word("own.elsewhere"))
    list_own_models()


def list_own_models() -> None:
    """A line for each of the user's models, with a button that removes it."""
    for number, (slug, one) in enumerate(state.own_models().items()):

        def drop(slug: str = slug) -> None:
            state.remove_own_model(slug)
            if state.get(Key.MODEL) == slug:
                models.select_model(models.first(models.offered()))

        with st.container(horizontal=True, vertical_alignment="center"):
            sentence = models.outputs(one) or word("own.logits")
            st.markdown(literal(one.card.title))
            st.caption(sentence)
            st.button(word("own.drop"), key=f"own.{number}", on_click=drop)
