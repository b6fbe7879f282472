"""Weights under the names that trainings give to them: before all names, in tables, next to averages and losses."""

from __future__ import annotations

import argparse
import json

import pytest
import torch
from safetensors.torch import save
from torch import nn
from torchvision import models

import core
from core.models.files.weights import fit, remark
from core.types import InvalidInput
from tests.core.refusals import refusal
from tests.core.small_weights import fitted, is_same, named, net, stored


@pytest.mark.parametrize("inner", ["module.", "_orig_mod.", "_orig_mod.module."])
@pytest.mark.parametrize("before", ["", "model.", "module."])
def test_what_stands_around_a_part_is_found(before: str, inner: str) -> None:
    right = net(2)
    found = {key.replace("features.", f"{before}features.{inner}"): one for key, one in right.state_dict().items()}
    assert is_same(fitted(stored({"state_dict": found})), right) and not remark(net(0), found, "own/x")
    deep = {key.replace("features.2.", f"{before}features.2.{inner}"): one for key, one in right.state_dict().items()}
    named_so = {before + key if not key.startswith(before) or not before else key: one for key, one in deep.items()}
    assert is_same(fitted(stored(named_so)), right)
    with pytest.raises(InvalidInput, match="do not match"):
        fitted(stored({key: one[:1] for key, one in found.items() if one.ndim}))


def test_a_part_that_is_called_module_keeps_its_name() -> None:
    inner, outer = nn.Sequential(), nn.Sequential()
    inner.module, outer.features = nn.Linear(2, 2), inner
    again = {key: one + 1 for key, one in outer.state_dict().items()}
    assert torch.equal(fit(outer, again, "own/x").features.module.weight, again["features.module.weight"])


PREFIXES = ("", "module.", "_orig_mod.", "model.", "net.", "network.", "backbone.", "encoder.", "features.",
            "model.net.", "_orig_mod.module.", "module._orig_mod.", "model._orig_mod.module.", "student.backbone.",
            "ema.", "a.b.c.d.", "teacher.", "trunk.features.")  # fmt: skip


@pytest.mark.parametrize("before", PREFIXES)
def test_whatever_stands_before_all_names_is_found(before: str) -> None:
    right = net(2)
    found = named(right.state_dict(), before)
    beside = {"n_averaged": torch.tensor(3), "criterion.weight": torch.ones(2), "loss_fn.pos_weight": torch.ones(1),
              "train_acc.tp": torch.zeros(2), "val_metrics.f1.fp": torch.zeros(1)}  # fmt: skip
    losses = {key: value for key, value in beside.items() if key != "n_averaged" or before}
    steps = {"state": {0: torch.ones(9)}}
    for content in (found, found | losses, {"epoch": 3, "state_dict": found, "optimizer": steps},
                    {"model": {"state_dict": found}}, {"net": found, "args": argparse.Namespace(lr=1)},
                    {"checkpoint": {"model": found | beside}}):  # fmt: skip
        assert is_same(fitted(stored(content)), right), content.keys()
    assert is_same(fitted(save(found)), right) and is_same(fitted(save(found | losses)), right)
    old = {key: tensor for key, tensor in found.items() if "num_batches" not in key}
    assert is_same(fitted(save(old)), right)  # as torch wrote them before 1.0
    halves = fitted(save({key: tensor.half() for key, tensor in found.items()}))
    assert torch.allclose(halves.features[0].weight, right.features[0].weight, atol=1e-2)


@pytest.mark.parametrize(
    ("raw", "average"),
    [("model.", "ema_model."), ("model.", "model_ema."), ("state_dict.", "state_dict_ema."), ("", "ema."),
     ("module.", "averaged.module."), ("student.backbone.", "teacher.backbone."), ("net.", "shadow."),
     ("encoder_q.", "encoder_k."), ("model.", "swa.module."), ("state_dict.model.", "state_dict.ema.module.")],
)  # fmt: skip
def test_of_weights_and_their_average_the_weights_are_taken(raw: str, average: str) -> None:
    right, other = net(3), net(4)
    both = named(right.state_dict(), raw) | named(other.state_dict(), average)
    for content in (both, dict(reversed(both.items()))):
        if raw:
            assert is_same(fitted(save(content)), right)
        else:  # next to names that match as they are, others are a surprise
            assert "unexpected (ema.features" in refusal(lambda: fitted(save(content)))  # noqa: B023
    assert is_same(fitted(save(named(other.state_dict(), average))), other)  # where there are no others


def test_several_weights_that_fit_are_not_guessed_of() -> None:
    two = named(net(3).state_dict(), "left.") | named(net(4).state_dict(), "right.")
    told = refusal(lambda: fitted(save(two)))
    assert told == "The file of own/x holds several sets of weights that match: left, right. Save only one of them."
    same = named(net(3).state_dict(), "left.") | named(net(3).state_dict(), "right.")
    assert is_same(fitted(save(same)), net(3))
    assert is_same(fitted(save(two | named(net(5).state_dict(), "model."))), net(5))


def test_it_is_stated_which_of_several_sets_was_taken() -> None:
    both = named(net(3).state_dict(), "model.") | named(net(4).state_dict(), "model_ema.module.")
    told = "The file holds several sets of weights. Those of 'model' are used, not those of 'model_ema.module'."
    assert remark(net(0), both, "own/x") == told
    assert remark(net(0), net(3).state_dict(), "own/x") == ""
    card = {"architecture": "torchvision/squeezenet1_1", "classes": ["a", "b"], "size": 64}
    module = models.squeezenet1_1(num_classes=2)
    other = {key: tensor + 1 for key, tensor in module.state_dict().items()}
    data = stored({"state_dict": module.state_dict(), "state_dict_ema": other})
    notes = core.open_model(json.dumps(card).encode(), data, "cpu").notes
    assert [one for one in notes if "'state_dict' are used, not those of 'state_dict_ema'" in one]


def test_what_does_not_match_is_reported_with_what_stands_before_the_names() -> None:
    weights = net().state_dict()
    lacking = {name: tensor for name, tensor in weights.items() if "2.0" not in name}
    told = refusal(lambda: fitted(save(named(lacking, "module.model."))))
    assert "of own/x, without 'module.model.' before each name, do not match" in told
    assert "architecture: missing (features.2.0.weight, features.2.0.bias). Choose" in told
    told = refusal(lambda: fitted(save(named(weights | {"stranger": torch.ones(1)}, "net."))))
    assert "'net.'" in told and "unexpected (stranger). Choose" in told
    wide = weights | {"features.0.weight": torch.ones(8, 3, 3, 3)}
    told = refusal(lambda: fitted(stored({"model": named(wide, "module.")})))
    assert "'model.module.'" in told and "of the wrong shape (features.0.weight [8, 3, 3, 3] for [4, 3, 3, 3]" in told
    told = refusal(lambda: fitted(save({"module.conv1.weight": torch.ones(1), "module.fc.bias": torch.ones(1)})))
    assert (
        "'module.'" in told and "missing (features.0.weight" in told and "unexpected (conv1.weight, fc.bias)." in told
    )
    assert "before each name" not in refusal(lambda: fitted(save(lacking)))
    whole = weights | {"features.0.weight": torch.ones(4, 3, 3, 3, dtype=torch.int8)}
    told = refusal(lambda: fitted(save(whole)))
    assert "of whole numbers, as in quantized weights (features.0.weight int8). Choose" in told
