"""Open a model as its library saved it: ``config.json`` and weights of Hugging Face transformers or of timm.

No code of the files is run: a configuration that names code is refused, and weights are read as tensors only. A
configuration is of unknown origin, so the model is built without memory first, and its parameters are compared with the
bytes of its weights.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from core.files import first_line
from core.messages import Message
from core.models.files.integrity import check_numbers
from core.models.files.weights import Weights, select
from core.models.importing import library
from core.models.libraries.described import MULTI_LABEL, REGRESSION, independent, not_classes, unstated
from core.models.user_models.config_values import check_size, check_values
from core.models.user_models.saved_card import described_card, noted
from core.models.user_models.saved_files import CONFIG, Files, read_all, read_json, read_preprocessing, titled
from core.models.user_models.saved_timm import is_timm, states_preparation, timm_module
from core.models.user_models.setting_types import CONFIGURATION, check_types, invalid_setting
from core.models.user_models.setting_types import WEIGHTS as TIMM_WEIGHTS
from core.types import InvalidInput, ModelCard

DROPPED = re.compile(r"_.*|.*attn_implementation|.*experts_implementation|.*dtype|transformers_version|use_cache")
"""Keys of a configuration that are not part of the architecture; some of them would load code of the hub."""
NUMBERS = re.compile(r"\d+")
CODE = ("auto_map", "custom_pipelines", "quantization_config")


def open_saved(files: Files, slug: str) -> tuple[ModelCard, nn.Module]:
    """The card and the module of a saved model.

    Raises:
        InvalidInput: a file is missing, damaged or refused, or they do not match.
    """
    config = read_config(files)
    if config.get("problem_type") == REGRESSION:
        raise not_classes(files.title)
    weights, size, digest = read_all(files)
    if is_timm(config):
        module, prepared = timm_module(config, weights, size, files.title), None
    else:
        module = transformers_module(config, weights, size, files.title)
        prepared = read_preprocessing(files)
    check_numbers(module, files.title)
    card = described_card(module, slug, prepared, files)
    if is_timm(config) and config.get("problem_type") == MULTI_LABEL:  # timm's module has no such field
        card = independent(card)
    if is_timm(config) and not states_preparation(config):
        card = noted(card, unstated(card.size, card.mean, card.std))
    card.facts["checksum"] = digest
    return card, module


def read_config(files: Files) -> dict[str, Any]:
    """The configuration; InvalidInput if it is missing, has a setting of a wrong type, or names code."""
    config = read_json(files, CONFIG)
    if config is None:
        raise InvalidInput(
            "There is no {name} in {model}. Put it next to the weights, or name the architecture.",
            model=files.title,
            name=CONFIG,
        )
    check_types(config, CONFIGURATION, titled(CONFIG, files.title))
    if is_timm(config):
        for stated in (config, config.get("pretrained_cfg") or {}):
            check_types(stated, TIMM_WEIGHTS, titled(CONFIG, files.title))
    named = next((one for one in CODE if config.get(one)), None)
    if named == "quantization_config":
        raise InvalidInput("The weights of {model} are quantized. Save them in float32 or float16.", model=files.title)
    if named:
        raise InvalidInput(
            "{name} of {model} names code to run ('{key}'), which is not allowed. Only "
            "architectures of transformers and timm are opened.",
            name=CONFIG,
            model=files.title,
            key=named,
        )
    return config


def transformers_module(config: Mapping[str, Any], weights: Weights, size: int, title: str) -> nn.Module:
    """A classifier of transformers from its configuration, with its weights as transformers converts them."""
    kind = config.get("model_type")
    if not isinstance(kind, str):
        raise InvalidInput(
            "{name} of {model} names no architecture: it has neither 'model_type' nor 'architecture'. Name the "
            "architecture.",
            name=CONFIG,
            model=title,
        )
    library("transformers")
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING
    from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING

    check_values(config, len(weights), title)
    kept = {key: one for key, one in config.items() if not DROPPED.fullmatch(key)}
    named = config.get("architectures")
    wanted = named[0] if isinstance(named, list) and named and isinstance(named[0], str) else None

    def configure(settings: Mapping[str, Any]) -> Any:
        offline = {"use_pretrained_backbone": False} if "backbone" in settings else {}
        return CONFIG_MAPPING[kind].from_dict({**settings, **offline})

    try:
        made = configure(kept)
        offered = MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING.get(type(made), None)
    except Exception as error:  # a configuration class checks its values, each in its own way
        raise invalid_setting(kept, configure, error, titled(CONFIG, title)) or InvalidInput(
            "{name} of {model} is not a configuration of '{kind}': {reason}. Copy it again.",
            name=CONFIG,
            model=title,
            kind=kind,
            reason=first_line(error),
        ) from error
    classes: tuple[Any, ...] = offered if isinstance(offered, tuple) else (offered,) if offered else ()
    found = [one for one in classes if wanted in (None, one.__name__)]
    if not found:
        raise InvalidInput(
            "The {kind} of {model} is not an image classifier. Choose a model with classes, such as {example}.",
            model=title,
            kind=wanted or kind,
            example="ViTForImageClassification",
        )
    with _quiet():
        try:
            with torch.device("meta"):
                empty = found[0](made)
                check_size(empty, size, title)
        except InvalidInput:
            raise
        except Exception as error:  # an architecture may raise anything for a setting that it cannot have
            wrong = invalid_setting(kept, lambda settings: found[0](configure(settings)), error, titled(CONFIG, title))
            raise wrong or unbuilt(title, error) from error
        try:
            _, weights = select(empty.state_dict(), weights, title)  # a trainer may have put a prefix before each name
            with torch.device("cpu"):
                module, given = found[0].from_pretrained(
                    None,
                    config=made,
                    state_dict=weights,
                    output_loading_info=True,
                    ignore_mismatched_sizes=True,  # they are reported, and refused below
                    dtype=torch.float32,
                )
        except InvalidInput:
            raise
        except Exception as error:
            raise unbuilt(title, error) from error
    check_loaded(module, given, title)
    return module


def unbuilt(title: str, error: Exception) -> InvalidInput:
    """The error for a model that cannot be built, for a reason that no single setting states."""
    return InvalidInput(
        "The model {model} cannot be built from {name} and its weights: {reason}. Copy its files again.",
        model=title,
        name=CONFIG,
        reason=first_line(error),
    )


def check_loaded(module: nn.Module, given: Mapping[str, Any], title: str) -> None:
    """Refuse weights of which some are missing or have another shape, or that have more layers than the module.

    transformers would draw missing ones at random, and leave out those of other layers.
    """
    missing = sorted(given.get("missing_keys", ()))
    shapes = sorted(str(one[0] if isinstance(one, tuple) else one) for one in given.get("mismatched_keys", ()))
    lists = [(Message("missing"), missing), (Message("of the wrong shape"), shapes)]
    wrong = [Message("{what} ({names})", what=what, names=names[:3]) for what, names in lists if names]
    if wrong:
        raise InvalidInput(
            "The weights of {name} do not match its architecture: {wrong}. "
            "Choose the architecture that they were trained with.",
            name=title,
            wrong=wrong,
        )
    patterns = {NUMBERS.sub("#", key) for key in module.state_dict()}
    more = sorted(key for key in given.get("unexpected_keys", ()) if NUMBERS.sub("#", key) in patterns)
    if more:
        raise InvalidInput(
            "{name} of {model} states fewer layers than its weights have ({names}). Correct it, or copy the file "
            "again.",
            name=CONFIG,
            model=title,
            names=more[:3],
        )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep transformers from printing reports and bars; what is wrong is stated in one sentence."""
    from transformers.utils import logging as reports

    logging: Any = reports
    before, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(before)
        if bars:
            logging.enable_progress_bar()
