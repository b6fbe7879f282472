"""Build a model of timm from its ``config.json``: only names, sizes and settings of it are used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from core.models.files.weights import Weights, fit
from core.models.importing import library
from core.models.json_values import is_whole
from core.models.libraries import timm_models
from core.models.user_models.config_values import check_size, check_values
from core.models.user_models.saved_files import CONFIG, titled
from core.models.user_models.setting_types import invalid_setting
from core.types import InvalidInput

TIMM_FIELDS = ("input_size", "test_input_size", "mean", "std", "interpolation", "crop_pct", "crop_mode", "num_classes",
               "pool_size", "first_conv", "classifier", "label_names", "label_descriptions", "license",
               "fixed_input_size")  # fmt: skip
"""Settings of timm's weights that describe them; others say where to download them."""
PREPARATION = ("input_size", "mean", "std", "interpolation", "crop_pct", "crop_mode")
"""Those of them that state how pictures are prepared."""
FORBIDDEN = {"pretrained", "pretrained_cfg", "pretrained_cfg_overlay", "checkpoint_path", "cache_dir", "num_classes",
             "scriptable", "exportable", "no_jit", "model_name", "features_only", "pretrained_strict"}  # fmt: skip
"""Arguments of timm's factory that a configuration may not give."""


def is_timm(config: Mapping[str, Any]) -> bool:
    """Whether a configuration was saved by timm, or by transformers for a model of timm."""
    return isinstance(config.get("architecture"), str)


def states_preparation(config: Mapping[str, Any]) -> bool:
    """Whether a configuration of timm states how pictures are prepared."""
    stated = config.get("pretrained_cfg") or config
    return any(stated.get(key) is not None for key in PREPARATION)


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
    number: Any = count if is_whole(count, 1, 25_000) else None
    if not isinstance(stated, dict) or not isinstance(arguments, dict) or number is None:
        raise InvalidInput(
            "{name} of {model} states no classes. Save the model with timm.models.save_for_hf.",
            name=CONFIG,
            model=title,
        )
    check_values(arguments, len(weights), title)
    bad = next((key for key, one in arguments.items() if key in FORBIDDEN or not key.isidentifier() or not _plain(one)),
               None)  # fmt: skip
    if bad is not None:
        raise InvalidInput(
            "{name} of {model} has the argument '{key}', which is not allowed. Only sizes and settings are read.",
            name=CONFIG,
            model=title,
            key=bad,
        )
    timm_models.check_architecture(config["architecture"])
    if not states_preparation(config):  # as timm.create_model would have it
        usual = library("timm").get_pretrained_cfg(config["architecture"])
        stated = {**stated, **{key: getattr(usual, key, None) for key in (*PREPARATION, "fixed_input_size")}}
    settings = {key: stated[key] for key in TIMM_FIELDS if stated.get(key) is not None}
    settings |= {key: config[key] for key in ("label_names", "label_descriptions") if config.get(key)}
    settings |= {"num_classes": number}
    side = int((stated.get("input_size") or (3, 224, 224))[-1])

    def build_model(arguments: Mapping[str, Any] = arguments) -> nn.Module:
        return timm_models.construct(config["architecture"], number, side, pretrained_cfg=settings, **arguments)

    try:
        with torch.device("meta"):
            empty = build_model()
    except InvalidInput as error:
        wrong = invalid_setting(arguments, build_model, error.__cause__ or error, titled(CONFIG, title))
        raise wrong or error from error
    check_size(empty, size, title)
    with torch.device("cpu"):
        return fit(build_model(), {key.removeprefix("timm_model."): one for key, one in weights.items()}, title)


def _plain(value: Any) -> bool:
    """A number, a short name, or a list of them: no path and no address."""
    if isinstance(value, list):
        return len(value) <= 64 and all(map(_plain, value))
    return value is None or isinstance(value, int | float) or (isinstance(value, str) and value.isidentifier())
