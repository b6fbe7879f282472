"""Settings of a wrong type in the JSON files of a saved model: the sentence names the file and the setting."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
import transformers

import core
from core.models.libraries.described import CHANNELS as CHANNELS_FLIPPED
from core.models.libraries.described import FLIPPED
from tests.conftest import redraw
from tests.core.models.saved_models import (
    LABELS,
    NAMED,
    logits_of,
    save_timm,
    save_transformers,
    timm_model,
)
from tests.core.refusals import refusal as refused


def refusal(folder: Path | str) -> str:
    return refused(core.load, f"file:{folder}", "cpu")


PREPROCESSING, CONFIG = "preprocessor_config.json", "config.json"
WRONG: dict[str, tuple[str, tuple[str, ...], object]] = {
    "size": (PREPROCESSING, ("size",), "large"),
    "size in an object": (PREPROCESSING, ("size",), {"height": "224"}),
    "crop": (PREPROCESSING, ("crop_size",), [1, 2, 3]),
    "mean": (PREPROCESSING, ("image_mean",), ["a", "b", "c"]),
    "two means": (PREPROCESSING, ("image_mean",), [0.5, 0.5]),
    "deviation": (PREPROCESSING, ("image_std",), 0),
    "flag": (PREPROCESSING, ("do_resize",), "yes"),
    "factor": (PREPROCESSING, ("rescale_factor",), "1/255"),
    "labels": (CONFIG, ("id2label",), ["cat", "dog", "fox"]),
    "label": (CONFIG, ("id2label",), {"0": ["cat"], "1": "dog", "2": "fox"}),
    "index": (CONFIG, ("id2label",), {"cat": "0"}),
    "architectures": (CONFIG, ("architectures",), "ViTForImageClassification"),
    "side": (CONFIG, ("image_size",), "224"),
    "channels": (CONFIG, ("num_channels",), "RGB"),
    "width": (CONFIG, ("hidden_size",), "wide"),
    "heads": (CONFIG, ("num_attention_heads",), 1.5),
    "activation": (CONFIG, ("hidden_act",), "wide"),
    "patch": (CONFIG, ("patch_size",), {"a": 1}),
}
"""A file, a setting in it and a value of a wrong type."""
WRONG_TIMM: dict[str, tuple[tuple[str, ...], object]] = {
    "settings": (("pretrained_cfg",), "fast"),
    "size": (("pretrained_cfg", "input_size"), 224),
    "mean": (("pretrained_cfg", "mean"), "grey"),
    "deviation": (("pretrained_cfg", "std"), [1, 2]),
    "crop": (("pretrained_cfg", "crop_pct"), "90 %"),
    "filter": (("pretrained_cfg", "interpolation"), 3),
    "classes": (("num_classes",), "three"),
    "names": (("label_names",), [1, 2, 3]),
    "arguments": (("model_args",), [1]),
    "argument": (("model_args", "in_chans"), "RGB"),
    "pooling": (("model_args", "global_pool"), 7),
}
"""The same for the configuration of timm."""


def put(path: Path, keys: tuple[str, ...], value: object) -> None:
    """Set a value in a JSON file."""
    stated = json.loads(path.read_text())
    within = stated
    for key in keys[:-1]:
        within = within[key]
    within[keys[-1]] = value
    path.write_text(json.dumps(stated))


@pytest.mark.parametrize("what", WRONG)
def test_a_setting_of_a_wrong_type_is_named_with_its_file(what: str, copy: Path) -> None:
    name, keys, value = WRONG[what]
    put(copy / name, keys, value)
    sentence = refusal(copy)
    assert sentence.startswith(f"{name} of {copy}") and f"'{keys[-1]}': " in sentence, sentence


@pytest.mark.parametrize("what", WRONG_TIMM)
def test_a_setting_of_timm_of_a_wrong_type_is_named_with_its_file(what: str, tmp_path: Path) -> None:
    folder = save_timm(timm_model("test_vit"), tmp_path / "timm")
    put(folder / CONFIG, *WRONG_TIMM[what])
    sentence = refusal(folder)
    assert sentence.startswith(f"config.json of {folder}") and f"'{WRONG_TIMM[what][0][-1]}': " in sentence, sentence


def test_settings_that_are_null_are_as_if_they_were_not_stated(copy: Path) -> None:
    for key in ("crop_size", "crop_pct", "image_mean", "do_rescale"):
        put(copy / PREPROCESSING, (key,), None)
    assert core.load(f"file:{copy}", "cpu").card.classes == LABELS


def test_the_entry_of_the_image_processor_is_an_object(copy: Path) -> None:
    (copy / "processor_config.json").write_text(json.dumps({"image_processor": "ViTImageProcessor"}))
    assert "processor_config.json" in refusal(copy) and "needs 'image_processor': a JSON object" in refusal(copy)


CHANNELS: dict[str, dict[str, object]] = {
    "HGNetV2": {"stem_channels": [3, 8, 12], "stage_in_channels": [12, 160, 160, 160], "hidden_sizes": [160] * 4,
                "stage_mid_channels": [8] * 4, "stage_out_channels": [160] * 4, "stage_num_blocks": [1] * 4,
                "depths": [1] * 4, "embedding_size": 12, "stage_numb_of_layers": [1] * 4},
    "PPLCNet": {},
}  # fmt: skip
"""Configurations whose keys of stages and blocks state channels, which are more than the tensors of the weights."""


@pytest.mark.parametrize("kind", CHANNELS)
def test_channels_of_stages_are_no_number_of_layers(kind: str, tmp_path: Path) -> None:
    made = getattr(transformers, f"{kind}ForImageClassification")
    module = redraw(made(made.config_class(**CHANNELS[kind], **NAMED)), 1).eval()
    found = core.load(f"file:{save_transformers(module, tmp_path / kind)}", "cpu")
    x = torch.rand(1, 3, found.card.size, found.card.size)
    with torch.no_grad():
        expected = module(x.flip(1) if found.card.facts.get(CHANNELS_FLIPPED) == FLIPPED else x)[0]
        torch.testing.assert_close(found.scores(x), expected, rtol=1e-4, atol=1e-5 * float(expected.abs().max()))


def test_a_model_of_timm_that_transformers_saved_has_the_size_of_its_architecture(tmp_path: Path) -> None:
    config = transformers.TimmWrapperConfig(architecture="test_vit", **NAMED)
    module = redraw(transformers.TimmWrapperForImageClassification(config), 0).eval()
    found = core.load(f"file:{save_transformers(module, tmp_path / 'wrapped', prepared=False)}", "cpu")
    x = torch.rand(2, 3, 160, 160)
    with torch.no_grad():
        torch.testing.assert_close(found.scores(x), logits_of(module)(x), rtol=1e-5, atol=1e-5)
    assert found.card.size == 160 and found.card.classes == LABELS
    assert found.card.mean == (0.5,) * 3 and any("160 × 160 pixels with mean 0.5" in str(note) for note in found.notes)


IMPOSSIBLE: dict[str, tuple[str, object, str]] = {
    "negative heads": ("num_attention_heads", -1, "this must be above zero"),
    "no heads": ("num_attention_heads", 0, "this must be above zero"),
    "heads that do not divide": ("num_attention_heads", 3, "does not divide the width of the tokens, 32"),
    "more heads than numbers": ("num_attention_heads", 64, "does not divide the width of the tokens, 32"),
    "negative layers": ("num_hidden_layers", -1, "this must be above zero"),
    "no layers": ("num_hidden_layers", 0, "this must be above zero"),
    "negative width": ("hidden_size", -32, "this must be above zero"),
    "negative patches": ("patch_size", -8, "this must be above zero"),
    "negative stride": ("encoder_stride", -3, "this must be zero or more"),
    "dropout of the weights": ("attention_probs_dropout_prob", 7, "this must be from 0 to 1"),
}


@pytest.mark.parametrize("what", IMPOSSIBLE)
def test_an_impossible_number_is_named_with_its_file(what: str, copy: Path) -> None:
    key, value, why = IMPOSSIBLE[what]
    put(copy / CONFIG, (key,), value)
    sentence = refusal(copy)
    assert sentence.startswith(f"config.json of {copy} states {key}: {value}, ") and why in sentence, sentence


def test_weights_of_more_layers_than_the_configuration_states_are_refused(copy: Path) -> None:
    """transformers would leave these layers out and compute other logits."""
    put(copy / CONFIG, ("num_hidden_layers",), 1)
    assert f"config.json of {copy} states fewer layers than its weights have (vit.layers.1." in refusal(copy)
