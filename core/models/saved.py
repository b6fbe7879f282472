"""Open a model as its library saved it: ``config.json`` and weights of Hugging Face transformers or of timm.

No code of the files is run: a configuration that names code is refused, and weights are read as tensors only. A
configuration is of unknown origin, so the model is built without memory first, and its parameters are compared with the
bytes of its weights.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import isfinite
from typing import Any

import torch
from torch import nn

from core.files import first_line
from core.messages import Message
from core.models import timm_models, user_card
from core.models.described import MULTI_LABEL, independent
from core.models.integrity import check_numbers
from core.models.libraries import library
from core.models.saved_card import described_card
from core.models.saved_files import CONFIG, Files, read_all, read_json, read_preprocessing
from core.models.weights import Weights, fit, select
from core.types import InvalidInput, ModelCard

LEAST_BYTES = 2
"""The least bytes of a parameter in a file."""
DEEP = re.compile(r"layer|depth|block|stage", re.I)
"""Keys of a configuration that count layers."""
LARGEST = 1_000_000
"""The largest whole number in a configuration that is used."""
DROPPED = re.compile(r"_.*|.*attn_implementation|.*experts_implementation|.*dtype|transformers_version|use_cache")
"""Keys of a configuration that are not part of the architecture; some of them would load code of the hub."""
CODE = ("auto_map", "custom_pipelines", "quantization_config")
TIMM_FIELDS = ("input_size", "test_input_size", "mean", "std", "interpolation", "crop_pct", "crop_mode", "num_classes",
               "pool_size", "first_conv", "classifier", "label_names", "label_descriptions", "license",
               "fixed_input_size")  # fmt: skip
"""Settings of timm's weights that describe them; others say where to download them."""
FORBIDDEN = {"pretrained", "pretrained_cfg", "pretrained_cfg_overlay", "checkpoint_path", "cache_dir", "num_classes",
             "scriptable", "exportable", "no_jit", "model_name", "features_only", "pretrained_strict"}  # fmt: skip
"""Arguments of timm's factory that a configuration may not give."""


def open_saved(files: Files, slug: str) -> tuple[ModelCard, nn.Module]:
    """The card and the module of a saved model.

    Raises:
        InvalidInput: a file is missing, damaged or refused, or they do not match.
    """
    config = read_config(files)
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
    card.facts["checksum"] = digest
    return card, module


def read_config(files: Files) -> dict[str, Any]:
    """The configuration; InvalidInput if it is missing, or names code."""
    config = read_json(files, CONFIG)
    if config is None:
        raise InvalidInput(
            "There is no {name} in {model}. Put it next to the weights, or name the architecture.",
            model=files.title,
            name=CONFIG,
        )
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


def is_timm(config: Mapping[str, Any]) -> bool:
    """Whether a configuration was saved by timm, or by transformers for a model of timm."""
    return isinstance(config.get("architecture"), str)


def timm_module(config: Mapping[str, Any], weights: Weights, size: int, title: str) -> nn.Module:
    """A model of timm from its configuration, with its weights."""
    stated = config.get("pretrained_cfg") or config
    arguments = config.get("model_args") or {}
    arguments = (
        {key: one for key, one in arguments.items() if key != "num_classes"} if isinstance(arguments, dict) else 0
    )
    count = config.get("num_classes") or (stated.get("num_classes") if isinstance(stated, dict) else None)
    labels = config.get("id2label")
    count = len(labels) if count is None and isinstance(labels, dict) else count
    number: Any = count if user_card.is_whole(count, 1, 25_000) else None
    if not isinstance(stated, dict) or not isinstance(arguments, dict) or number is None:
        raise InvalidInput(
            "{name} of {model} states no classes. Save the model with timm.models.save_for_hf.",
            name=CONFIG,
            model=title,
        )
    check_values(arguments, len(weights), title)
    bad = next((one for one in arguments if one in FORBIDDEN or not one.isidentifier()), None)
    if bad is not None or not all(_plain(one) for one in arguments.values()):
        raise InvalidInput(
            "{name} of {model} has the argument '{key}', which is not allowed. Only sizes and settings are read.",
            name=CONFIG,
            model=title,
            key=bad or "model_args",
        )
    settings = {key: stated[key] for key in TIMM_FIELDS if stated.get(key) is not None}
    settings |= {key: config[key] for key in ("label_names", "label_descriptions") if config.get(key)}
    settings |= {"num_classes": number}
    try:
        side = int((stated.get("input_size") or (3, 224, 224))[-1])
    except (TypeError, ValueError, IndexError, KeyError):
        side = 224

    def build_model() -> nn.Module:
        return timm_models.construct(config["architecture"], number, side, pretrained_cfg=settings, **arguments)

    with torch.device("meta"):
        check_size(build_model(), size, title)
    with torch.device("cpu"):
        return fit(build_model(), {key.removeprefix("timm_model."): one for key, one in weights.items()}, title)


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
    try:
        made = CONFIG_MAPPING[kind].from_dict(kept | {"use_pretrained_backbone": False} if "backbone" in kept else kept)
        offered = MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING.get(type(made), None)
    except Exception as error:  # a configuration class checks its values, each in its own way
        raise InvalidInput(
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
            raise InvalidInput(
                "The model {model} cannot be built: {reason}. Copy its files again.",
                model=title,
                reason=first_line(error),
            ) from error
    check_loaded(given, title)
    return module


def check_loaded(given: Mapping[str, Any], title: str) -> None:
    """Refuse weights of which some are missing or have another shape; transformers would draw them at random."""
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


def check_values(config: Mapping[str, Any], tensors: int, title: str) -> None:
    """Refuse a configuration with numbers that would take all memory or time: more layers than tensors, huge sizes.

    Raises:
        InvalidInput: it has such a number.
    """
    for key, value in _numbers(config, ""):
        layers = DEEP.search(key) is not None
        if not isfinite(value) or abs(value) > (max(tensors, 64) if layers else LARGEST):
            raise InvalidInput(
                "{name} of {model} states {key}: {value:g}, which does not match its weights. Copy it again.",
                name=CONFIG,
                model=title,
                key=key,
                value=value,
            )


def check_size(module: nn.Module, size: int, title: str) -> None:
    """Refuse weights with far fewer bytes than the architecture has parameters, before memory is allocated."""
    count = sum(one.numel() for one in module.parameters())
    if LEAST_BYTES * count > size:
        raise InvalidInput(
            "{megabytes:.1f} MB of weights are too few for the {millions:.1f} million parameters of {name}. Check that "
            "the configuration and the weights belong together.",
            megabytes=size / 1e6,
            millions=count / 1e6,
            name=title,
        )


def _numbers(value: Any, key: str, depth: int = 0) -> Iterator[tuple[str, float]]:
    """The numbers in a configuration with their keys, without the names of classes."""
    if isinstance(value, Mapping):
        for name, one in value.items():
            if name not in ("id2label", "label2id", "label_names", "label_descriptions") and depth < 20:
                yield from _numbers(one, str(name), depth + 1)
    elif isinstance(value, list) and depth < 20:
        for one in value:
            yield from _numbers(one, key, depth + 1)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield key, value


def _plain(value: Any) -> bool:
    """A number, a short name, or a list of them: no path and no address."""
    if isinstance(value, list):
        return len(value) <= 64 and all(map(_plain, value))
    return value is None or isinstance(value, int | float) or (isinstance(value, str) and value.isidentifier())


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
