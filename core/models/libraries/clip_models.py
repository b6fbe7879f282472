"""Zero-shot classifiers: a model of open_clip whose classes are texts that the user types.

    clip:ViT-B-32/openai?classes=a+photo+of+a+cat|a+photo+of+a+dog

The texts are part of the slug: "+" is a space, "|" separates them, and any other sign may be percent-encoded as in an
address (``with_classes`` does it). The score of a text is logit_scale · cosine(image, text) + logit_bias, where models
without a bias have none. The probabilities are a softmax over the texts: which of them describes the picture best.
SigLIP was trained with a sigmoid for each text by itself; ``&output=sigmoid`` shows these independent probabilities.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus, unquote_plus

import torch
from torch import Tensor, nn

from core.files import first_line
from core.messages import Message
from core.models.files.download import download, place
from core.models.files.integrity import check_numbers, checksum
from core.models.importing import library
from core.models.json_values import is_unicode
from core.models.libraries import hub, torchvision_models
from core.models.libraries.described import ASSUMED
from core.models.libraries.text_features import features, tokens
from core.types import LOGITS, SIGMOID, InvalidInput, ModelCard, Progress

PREFIX = "clip:"
MOST, LONGEST = 100, 200
"""Texts of a classifier, and letters of a text."""
EXAMPLE = "clip:ViT-B-32/openai?classes=a photo of a cat|a photo of a dog"
FILES = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")
MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)


def compared(count: int) -> Message:
    """What the probabilities of texts mean."""
    return Message(
        "The probabilities compare the {count} texts with each other, so one text is "
        "likely even if none describes the picture.",
        count=count,
    )


class ZeroShot(nn.Module):
    """An image tower with the features of texts: (b, 3, size, size) -> (b, k), the score of each text.

    ``texts`` (k, d) have length one; the score is ``scale`` · cosine + ``bias``.
    """

    texts: Tensor
    scale: Tensor
    bias: Tensor

    def __init__(self, visual: nn.Module, texts: Tensor, scale: Tensor, bias: Tensor):
        super().__init__()
        self.visual = visual
        self.register_buffer("texts", texts)
        self.register_buffer("scale", scale)
        self.register_buffer("bias", bias)

    def forward(self, x: Tensor) -> Tensor:
        """The logits (b, k): the scaled cosine similarity of pictures x (b, 3, h, w) and the texts."""
        found = self.visual(x)
        features = nn.functional.normalize(found[0] if isinstance(found, tuple) else found, dim=-1)
        return self.scale * features @ self.texts.T + self.bias


def with_classes(slug: str, texts: Sequence[str], output: str = LOGITS) -> str:
    """The slug of a model with these texts as its classes.

    Raises:
        InvalidInput: the slug is that of another model; or there are fewer than two texts, too many, one that is empty
            or too long, or one twice.
    """
    if not slug.startswith(PREFIX):
        raise InvalidInput(
            "{model} has its own classes. Texts are the classes of models such as clip:ViT-B-32/openai.", model=slug
        )
    base = slug.partition("?")[0]
    stated = "|".join(quote_plus(one) for one in checked_texts(texts))
    return f"{base}?classes={stated}" + (f"&output={output}" if output != LOGITS else "")


def checked_texts(texts: Sequence[str]) -> tuple[str, ...]:
    """The texts without spaces around them; InvalidInput as ``with_classes``."""
    if isinstance(texts, str) or not all(isinstance(one, str) for one in texts):
        raise InvalidInput("Give the classes as a list of texts, such as: a photo of a cat, a photo of a dog.")
    found = [" ".join(one.split()) for one in texts]
    broken = next((number for number, one in enumerate(found, 1) if not is_unicode(one)), None)
    if broken is not None:
        raise InvalidInput(
            "Text {number} contains characters that are not valid Unicode. Type it again.", number=broken
        )
    if len(found) < 2:
        raise InvalidInput(
            "A zero-shot classifier needs at least two texts to compare. Write it like this: {example}.",
            example=EXAMPLE,
        )
    if len(found) > MOST:
        raise InvalidInput(
            "{count} texts are too many. Give at most {most}.",
            count=len(found),
            most=MOST,
        )
    if not all(found):
        raise InvalidInput("Text {number} is empty. Remove it, or type a description.", number=found.index("") + 1)
    long = next((one for one in found if len(one) > LONGEST), None)
    if long is not None:
        raise InvalidInput(
            "The text '{text}…' is longer than {most} characters. Shorten it.", text=long[:40], most=LONGEST
        )
    twice = next((one for one in found if found.count(one) > 1), None)
    if twice is not None:
        raise InvalidInput("The text '{text}' appears twice. Remove one of them.", text=twice)
    return tuple(found)


def parse(name: str) -> tuple[str, str, tuple[str, ...], str]:
    """Architecture, tag, texts and kind of output in the rest of a slug.

    Raises:
        InvalidInput: it has no texts, or something unknown.
    """
    model, _, query = name.partition("?")
    parts = [part.partition("=")[::2] for part in query.split("&") if part]
    stated = dict(parts)
    twice, output = len(stated) < len(parts), stated.pop("output", LOGITS)
    if twice or output not in (LOGITS, SIGMOID) or set(stated) - {"classes"}:
        raise InvalidInput(
            "'{query}' cannot be read. Write the texts like this: {example}.", query=query, example=EXAMPLE
        )
    classes = stated.get("classes", "")
    texts = checked_texts([unquote_plus(one) for one in classes.split("|")] if classes else [])
    architecture, _, tag = model.partition("/")
    return architecture, tag, texts, output


def names() -> tuple[str, ...]:
    """Every model of open_clip with weights, as ``ViT-B-32/openai``."""
    return tuple("/".join(one) for one in library("open_clip").list_pretrained())


def cards() -> tuple[ModelCard, ...]:
    """None: each needs texts."""
    return ()


def settings_of(architecture: str, tag: str) -> dict[str, Any]:
    """open_clip's settings of weights; InvalidInput where there are none, with the nearest names."""
    open_clip = library("open_clip")
    settings = open_clip.get_pretrained_cfg(architecture, tag) if tag else None
    if not settings:
        known = names()
        own = [one for one in known if one.startswith(f"{architecture}/")]
        near = own or get_close_matches(f"{architecture}/{tag}", known, 3, 0.4)
        raise InvalidInput(
            "open_clip has no weights '{name}'. Choose from: {models}.",
            name=f"{architecture}/{tag}".rstrip("/"),
            models=near[:8] or ["ViT-B-32/openai"],
        )
    return dict(settings)


def make_card(name: str) -> ModelCard:
    """The card of a model with its texts as classes; nothing is downloaded.

    Raises:
        InvalidInput: there is no such model, or the texts are not to be used.
    """
    architecture, tag, texts, output = parse(name)
    settings = settings_of(architecture, tag)
    vision = library("open_clip").get_model_config(architecture)["vision_cfg"]
    size = vision.get("image_size", 224)
    return ModelCard(
        slug=with_classes(f"{PREFIX}{architecture}/{tag}", texts, output),
        title=f"{architecture} ({tag})",
        mechanism="plain",
        classes=texts,
        size=size[0] if isinstance(size, list | tuple) else size,
        mean=tuple(settings.get("mean") or MEAN),
        std=tuple(settings.get("std") or STD),
        architecture="module",
        resize=size if settings.get("resize_mode", "shortest") == "shortest" and isinstance(size, int) else None,
        interpolation=settings.get("interpolation") or "bicubic",
        output=output,
        facts={
            "data": "pictures with texts",
            "paper": "Radford et al., Learning transferable visual models from natural language supervision, ICML 2021",
            **source(settings),
            ASSUMED: [compared(len(texts))] if output == LOGITS else [],
        },
    )


def source(settings: dict[str, Any]) -> dict[str, Any]:
    """Where the weights come from: a repository of the hub with their file, or an address."""
    if settings.get("hf_hub"):
        repository, _, file = str(settings["hf_hub"]).rpartition("/")
        both = [f"{file.rpartition('.')[0]}.safetensors", file] if file else FILES
        return {"repository": repository, "files": list(dict.fromkeys(both))}
    return {"url": settings["url"]}


def present(card: ModelCard) -> bool:
    """Whether the weights of a card are on this machine."""
    if "url" in card.facts:
        return place(card.facts["url"], torchvision_models.folder()).is_file()
    return any(hub.find_file(card.facts["repository"], file) for file in card.facts["files"])


def fetch(card: ModelCard, progress: Progress | None = None) -> Path:
    """The file of a card's weights, downloaded if it is not here."""
    if "url" in card.facts:
        return download(card.facts["url"], torchvision_models.folder(), progress)
    return hub.fetch(card.facts["repository"], card.facts["files"], progress)


def build(card: ModelCard, progress: Progress | None = None) -> tuple[ModelCard, nn.Module]:
    """The card, and the classifier with its image tower and the features of its texts.

    Raises:
        InvalidInput: open_clip is not installed, or the weights or the tokenizer cannot be loaded.
    """
    open_clip = library("open_clip")
    architecture, tag, texts, output = parse(card.slug.removeprefix(PREFIX))
    settings, path = settings_of(architecture, tag), fetch(card, progress)
    try:
        model = open_clip.create_model(
            architecture,
            pretrained=str(path),
            force_quick_gelu=bool(settings.get("quick_gelu")),
            pretrained_image=False,
            pretrained_text=False,
        ).eval()
    except Exception as error:  # it may be of the architecture, the file, or a library that a text tower needs
        text = (open_clip.get_model_config(architecture) or {}).get("text_cfg", {})
        if text.get("hf_model_name") and isinstance(error, OSError):
            raise InvalidInput(
                "The text tower of {model} is not on this machine and cannot be downloaded. Load the model once with a "
                "network, or choose one with the text tower of CLIP, such as ViT-B-32.",
                model=card.title,
            ) from error
        raise InvalidInput(
            "The weights of {model} in {path} cannot be loaded: {reason}. Delete the file, and load the model again.",
            model=card.title,
            path=path,
            reason=first_line(error),
        ) from error
    check_numbers(model, card.title)
    if output == SIGMOID and getattr(model, "logit_bias", None) is None:
        raise InvalidInput(
            "{model} was trained to compare texts, so a single text has no probability. Leave out output=sigmoid.",
            model=card.title,
        )
    source = f"{architecture}/{tag} {checksum(path)}"
    kept = features(source, texts, lambda: text_features(model, tokens(architecture, card, texts)))
    return card, with_texts(model, kept)


@torch.no_grad()
def text_features(model: Any, tokens: Tensor) -> Tensor:
    """The features (k, d) of the tokens of texts (k, n), each of length one."""
    return nn.functional.normalize(model.encode_text(tokens).float(), dim=-1)


def with_texts(model: Any, texts: Tensor) -> ZeroShot:
    """The classifier of a CLIP model and the features (k, d) of its texts; the text tower is not kept."""
    bias = model.logit_bias if getattr(model, "logit_bias", None) is not None else torch.zeros(())
    return ZeroShot(model.visual, texts, model.logit_scale.exp().float().detach(), bias.float().detach())


def zero_shot(model: Any, tokens: Tensor) -> ZeroShot:
    """The classifier of a CLIP model and the tokens of its texts (k, n)."""
    return with_texts(model, text_features(model, tokens))
