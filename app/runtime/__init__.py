"""The caches of the app: results of the core, keyed by content and limited in bytes."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Hashable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st

import core
from app.runtime import banks, results
from app.runtime.jobs import wait_for
from app.runtime.loading import Models
from app.runtime.results import compute_job, compute_quick, key_of
from core import AttentionMap, Attribution, Classifier, ModelCard, Picture, Reading
from core import attribution as attributions
from core.attribution import GRAD_CAM, METHODS, SALIENCY, Method, method, methods
from core.classifier import Target
from core.data import find_folder, open_sample
from core.device import choose_device, devices
from core.images import encode_jpeg, thumbnail
from core.models import Missing, duplicate, own, timm_models, zoo
from core.types import Progress

MODELS_LIMIT = 1024 * 1024 * 1024
"""The most bytes of loaded weights: three of torchvision's largest models, or many times all of Fovea's."""
UNUSED = 1800.0
"""Seconds after which an unused model is dropped."""
WARM_UPS, FORWARDS = 2, 7
"""The number of warm-up passes, and of timed passes for the median."""
TIMED_ON = "scenes/24"


@st.cache_resource(show_spinner=False)
def models() -> Models:
    """The loaded models, which all users share."""
    return Models(MODELS_LIMIT, unused=UNUSED)


def weights_missing(card: ModelCard) -> bool:
    """Whether the card's weights must be downloaded first."""
    return not zoo.present(card)


@st.cache_resource(show_spinner=False, max_entries=200)
def named_card(slug: str) -> ModelCard:
    """The card of a model by its name in another library.

    Raises:
        InvalidInput: there is no such model, its library is not installed, or there is no network.
    """
    return zoo.find_card(slug)


@st.cache_resource(show_spinner=False)
def architectures() -> tuple[str, ...]:
    """Every architecture of timm."""
    return timm_models.names()


def classifier(card: ModelCard, device: str, tick: Progress | None = None) -> Classifier:
    """A model on a device, loaded once for all users; ``tick(done, total)`` counts downloaded bytes."""
    key = (card.slug, device, card.facts.get("checksum"))
    return models().get(key, lambda progress: core.load(card.slug, device, progress=progress), tick)


def own_model(card: bytes, weights: bytes, name: str, device: str) -> Classifier:
    """A user's own model from the bytes of its files, on a device; it is not shared.

    Raises:
        InvalidInput: what is wrong with the files.
    """
    return core.open_model(card, weights, device, name)


def missing_facts(files: Mapping[str, bytes], architecture: str | None) -> tuple[Missing, ...]:
    """The facts that the files of a user's own model do not state.

    Raises:
        InvalidInput: what is wrong with the files.
    """
    return core.missing_facts(files, architecture)


def open_files(files: Mapping[str, bytes], facts: Mapping[str, Any], device: str) -> Classifier:
    """A user's own model from its files, with the facts that the user stated; it is not shared.

    Raises:
        InvalidInput: what is wrong with the files or the facts.
    """
    return core.open_files(files, **facts, device=device)


def move(model: Classifier, device: str) -> Classifier:
    """The model on that device; a copy if it is on another one."""
    if str(model.device) == device:
        return model
    where = choose_device(device)
    key = (model.card.slug, device, model.card.facts.get("checksum"))
    return models().get(key, lambda _: replace(model, module=duplicate(model.module).to(where), device=where))


def device_names() -> tuple[str, ...]:
    """The devices to choose from, the fastest first."""
    return devices()


@st.cache_resource(show_spinner=False, ttl=2, max_entries=4)
def _cards(*folders: str) -> tuple[ModelCard, ...]:
    """The cards in those folders, cached for two seconds, so that a run reads them only once."""
    return core.cards()


def cards() -> tuple[ModelCard, ...]:
    """Every model of the zoo."""
    return _cards(str(zoo.zoo_folder()), os.environ.get(own.FOLDER, ""))


def problems() -> tuple[str, ...]:
    """A message for each invalid card of the zoo or of the folder FOVEA_MODELS."""
    return zoo.problems()


def has_photographs() -> bool:
    """Whether Imagenette's folder is on this machine."""
    return find_folder() is not None


def sample_picture(slug: str) -> Picture:
    """The picture of a sample's slug."""
    return results.store().get(("sample", slug), lambda: open_sample(slug))


def picture_thumbnail(picture: Picture) -> bytes:
    """A small JPEG of the model's square of a picture."""
    return results.store().get(("thumbnail", picture.key), lambda: thumbnail(picture))


def picture_jpeg(picture: Picture) -> bytes:
    """The whole picture as a JPEG for the overlay."""
    return results.store().get(("jpeg", picture.key), lambda: encode_jpeg(picture.pixels))


def _clock_key(card: ModelCard, device: str) -> tuple:
    return ("milliseconds", card.slug, device, card.facts.get("checksum"))


def find_milliseconds(card: ModelCard, device: str) -> float | None:
    """Return the cached result of ``milliseconds`` for this model on this device, or None."""
    return results.find_result(_clock_key(card, device))


def milliseconds(model: Classifier) -> float:
    """The median time of a forward pass of one picture on the model's device, in milliseconds; measured once.

    Each pass is a separate job on the worker, so other jobs in between are not counted.
    """

    def measure() -> float:
        x = model.run(lambda: model.prepare(sample_picture(TIMED_ON)))

        def time_pass() -> float:
            start = time.perf_counter()
            model.module(x).cpu()  # numbers on the CPU exist once the device has finished
            return time.perf_counter() - start

        times = [model.run(time_pass) for _ in range(WARM_UPS + FORWARDS)]
        return 1000 * statistics.median(times[WARM_UPS:])

    return results.store().get(_clock_key(model.card, str(model.device)), measure)


def reading(model: Classifier, picture: Picture) -> Reading:
    """The model's reading of a picture."""
    return compute_quick(key_of(model, picture, "reading"), model, lambda: core.read(model, picture))


def reading_with_panel(
    model: Classifier, picture: Picture, target: Target = None, only: Method | None = None
) -> Reading:
    """The reading and the panel's attributions, all from one backward pass for the target.

    Cached results are not computed again. ``only`` is the single requested method of the panel; Grad-CAM alone takes
    less time.
    """
    store, key, needed = results.store(), key_of(model, picture, "reading"), only or SALIENCY

    def known() -> Reading | None:
        found = store.find(key)
        if found is None or not needed.usable(model):  # a panel without maps is its reading, and no more
            return found
        index = model.target(target, found.logits)
        return found if store.find(attribution_key(model, picture, needed, index, {})) else None

    def make() -> Reading:
        found = store.find(key)
        make_panel = core.grad_cam_panel if needed is GRAD_CAM else core.panel
        panel = make_panel(model, picture, target if found is None else model.target(target, found.logits))
        for slug, one in panel.attributions.items():
            store.put(attribution_key(model, picture, method(slug), panel.target, {}), one)
        return found or store.put(key, panel.reading)

    return known() or model.run(lambda: known() or make())  # another user may have been first


def seconds(model: Classifier, method: Method, parameters: dict) -> float:
    """The estimated time of a method on this device."""
    return attributions.seconds(model, method.slug, **parameters)


def attribution_key(
    model: Classifier, picture: Picture, method: Method, target: int, parameters: dict, contrast: int | None = None
) -> tuple:
    """The key of an attribution."""
    return key_of(model, picture, method.slug, target, contrast, tuple(sorted(parameters.items())))


def fitting(model: Classifier) -> tuple[Method, ...]:
    """The methods that a model supports."""
    return methods(model)


def unfitting(model: Classifier) -> tuple[Method, ...]:
    """The methods that are not offered for a model."""
    offered = fitting(model)
    return tuple(one for one in METHODS if one not in offered)


def find_attribution(key: tuple) -> Attribution | None:
    """A cached attribution, or None."""
    return results.find_result(key)


def attribution(
    model: Classifier,
    picture: Picture,
    method: Method,
    target: int,
    parameters: dict,
    contrast: int | None = None,
    *,
    owner: Hashable = None,
    tick: Progress | None = None,
) -> Attribution:
    """An attribution of a picture to a class, or to one compared with another."""
    return compute_job(
        attribution_key(model, picture, method, target, parameters, contrast),
        model,
        lambda progress: core.attribute(
            model, picture, method.slug, target, contrast=contrast, progress=progress, **parameters
        ),
        owner,
        tick,
    )


def agreement(
    model: Classifier, picture: Picture, a: AttentionMap | np.ndarray, b: Attribution | np.ndarray, *names: Hashable
) -> core.Agreement:
    """The agreement of two maps of one picture; ``names`` identify the maps."""
    bank, known = banks.find_reference(model)
    key = key_of(model, picture, "agreement", *names, *known)
    return results.store().get(key, lambda: core.agreement(a, b, bank and bank.without(picture.sha256)))


def derivation(
    model: Classifier, picture: Picture, tap: str, part: int | None, cell: tuple[int, int] | None
) -> core.Derivation:
    """How one weight of a tap is computed."""
    key = key_of(model, picture, "derive", tap, part, cell)
    return compute_quick(key, model, lambda: core.derive(model, picture, tap, part=part, cell=cell))


def replayed(model: Classifier, view: core.Record, owner: Hashable, tick: Progress) -> core.Replayed:
    """A recorded view's numbers computed again on the model's device and compared; never taken from the caches."""
    return wait_for(model.device, lambda progress: core.replay(view, model, progress=progress), owner, tick)
