"""Load a model as a classifier: from the zoo, from a user's files, or from any module."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import nn

from core import device as devices
from core.classifier import Classifier
from core.models import answers, named, zoo
from core.models.adopting import guard
from core.models.architecture import blank
from core.models.copying import duplicate, opened, unwrap
from core.models.libraries import described
from core.models.libraries.clip_models import with_classes
from core.models.user_models import opening, own, user_card
from core.models.user_models.deciding import Missing
from core.models.user_models.opening import Choices
from core.types import InvalidInput, ModelCard, Progress


def load(
    slug: str, device: str = "auto", progress: Progress | None = None, classes: Sequence[str] | None = None
) -> Classifier:
    """A classifier on a device (``auto``, ``cpu``, ``cuda:0``, ``mps``).

    The slug is one of the zoo, such as ``imagenette/cbam``; ``torchvision/vit_b_16`` or any other classification model
    of torchvision; ``timm/vit_tiny_patch16_224`` or any other of timm; ``hf:facebook/deit-tiny-patch16-224`` or any
    other classifier of the Hugging Face hub; or ``file:`` and the path of a user's own card, of a folder that
    transformers or timm saved, or of a checkpoint, whose architecture, classes and size can be stated as in
    ``file:last.ckpt?architecture=timm/resnet18&classes=cat|dog&size=224``. The weights of other libraries are
    downloaded at first use; ``progress(done, total)`` then counts bytes.

    ``clip:ViT-B-32/openai`` and the other models of open_clip compare a picture with texts, the ``classes``. Those of a
    checkpoint name its outputs.

    Raises:
        InvalidInput: no such model or device, a broken file, or weights that cannot be downloaded.
    """
    where = devices.choose_device(device)
    if isinstance(slug, str) and opening.is_uncarded(slug):
        return _opened(opening.open_path(slug if classes is None else opening.with_classes(slug, classes)), where)
    slug = slug if classes is None else with_classes(slug, classes)
    card = zoo.find_card(slug)
    with torch.inference_mode(False):
        if zoo.is_own(slug):
            ready = own.fetch(card, where)
            return _guarded(own.with_found(card, ready.module), ready, where)
        if named.is_named(slug):
            return _guarded(*named.fetch(card, where, progress), where)
        return Classifier(card, zoo.fetch(card, progress).to(where), where)


def open_model(card: bytes, weights: bytes, device: str = "auto", name: str = "The card") -> Classifier:
    """A classifier from the bytes of a user's own card and weights, as uploaded. See ``models.user_card``.

    Raises:
        InvalidInput: either is too large, cannot be read or is refused, or the weights do not match; no such device.
    """
    where = devices.choose_device(device)
    with torch.inference_mode(False):
        return _guarded(*own.open_model(card, weights, name, where), where)


def open_files(
    files: Mapping[str, bytes],
    architecture: str | None = None,
    classes: Sequence[str] | None = None,
    *,
    size: int | None = None,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    device: str = "auto",
) -> Classifier:
    """A classifier from the bytes of a model's files by name, without a card.

    They are ``config.json``, weights, and ``preprocessor_config.json`` or ``processor_config.json`` as transformers or
    timm save them; or a checkpoint or state dict alone, whose architecture, such as ``timm/resnet18`` or
    ``torchvision/vit_b_16``, is recognized or named here. What neither the files nor the caller state is assumed, and
    listed in the notes; ``missing_facts`` lists it before.

    Raises:
        InvalidInput: the files are too large, cannot be read or are refused, do not match, or do not state the
            architecture; no such device.
    """
    choices = Choices(architecture, classes, size, mean, std)
    return _opened(opening.open_upload(files, choices), devices.choose_device(device))


def missing_facts(files: Mapping[str, bytes], architecture: str | None = None) -> tuple[Missing, ...]:
    """The facts that the files of a model do not state, to be requested before ``open_files``: see ``Missing``.

    Raises:
        InvalidInput: the files are too large, cannot be read or are refused, or do not match.
    """
    return opening.find_missing(files, Choices(architecture))


def _opened(found: opening.Opened, device: torch.device) -> Classifier:
    with torch.inference_mode(False):
        card, module = found.card, found.module
        ready = own.admitted(card, found.weights, device) if module is None else guard.admit(module, card, device)
        return _guarded(described.with_mechanism(card, ready.module), ready, device)


def adopt(module: nn.Module, card: ModelCard | None = None, device: str = "auto") -> Classifier:
    """A classifier from any module that takes (b, 3, size, size) and gives logits or probabilities (b, k).

    The card must have ``slug``, ``title``, the nearest ``mechanism`` (``plain`` without attention), the ``classes`` in
    the order of the outputs, and the ``size``, ``mean`` and ``std`` of the training pictures. The kind of ``output`` is
    optional; the classifier's card states what was detected (``core.models.answers``). Models of timm and transformers
    need no card (``core.models.libraries.described``). A copy of the module is used, in float32 (unless it casts
    internally), frozen and in eval mode; the caller's module stays unchanged. torchvision's attention modules in it get
    taps, so that their attention can be recorded and steered. The copy is tested (``core.models.adopting.guard``): it
    gives the outputs of the module, and the classifier's ``notes`` state its limits.

    Compiled, parallel and exported modules are unwrapped. The outputs may be the only tensor (b, k) in the result of
    the module, or its ``logits``.

    Raises:
        InvalidInput: the card has an invalid value, the module does not take such pictures, its outputs do not match
            the card, are not finite or differ each time, or there is no such mechanism or device.
    """
    inner, undescribed = opened(module), card is None
    if isinstance(inner, nn.Module) and card is None:
        own = unwrap(inner)
        card = described.describe(own, f"own/{described.name_of(own)}")
    if not isinstance(card, ModelCard) or not isinstance(inner, nn.Module):
        raise InvalidInput("adopt takes a torch module and a ModelCard.")
    card, where = user_card.check(card), devices.choose_device(device)
    found = guard.admit(duplicate(inner), card, where)
    card = described.with_mechanism(card, found.module) if undescribed else card
    facts = {name: value for name, value in card.facts.items() if name != "checksum"}  # it is that of a file
    return _guarded(replace(card, architecture="module", facts=facts), found, where)


def _guarded(card: ModelCard, found: guard.Admitted, device: torch.device) -> Classifier:
    module = found.module
    card = devices.run(lambda: answers.detect_output(card, module, blank(module, card.size).to(device)), device)
    assumed = card.facts.get(described.ASSUMED, ())
    return Classifier(card, module, device, (*found.notes, *assumed), found.silent)
