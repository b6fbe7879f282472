"""From a slug and a data set to weights and a card on the shelf."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch import nn
from torchvision.transforms import v2

from core import device as devices
from core.attention import mechanism
from core.classifier import Classifier
from core.data.datasets import Dataset
from core.evaluation.accuracy import evaluate
from core.images import open_image, square
from core.models import shelf
from core.training.loop import train
from core.training.recipe import Recipe
from core.types import InvalidInput, ModelCard, Progress

TERMS = {
    "imagenette": "Weights: Apache-2.0. Trained on Imagenette, a part of ImageNet, whose terms allow non-commercial "
    "research and education only.",
    "scenes": "Apache-2.0. Trained on pictures that Fovea draws itself.",
}


def start_from(module: nn.Module, slug: str) -> int:
    """Copy every weight of the model ``slug`` whose name and shape fit; how many tensors that were."""
    own = module.state_dict()
    found = shelf.fetch(shelf.find_card(slug)).state_dict()
    fitting = {name: value for name, value in found.items() if name in own and own[name].shape == value.shape}
    module.load_state_dict(fitting, strict=False)
    return len(fitting)


def train_model(
    slug: str,
    data: Dataset,
    recipe: Recipe,
    *,
    device: str = "auto",
    start: str | None = None,
    command: str = "",
    cache: Path = Path(".cache/training"),
    report: Callable[[dict], None] = lambda line: None,
    batches: Callable[[Iterator, int], Iterator] = lambda loader, epoch: loader,
    progress: Progress | None = None,
) -> ModelCard:
    """Train ``family/mechanism``, store its weights as float16, measure the stored file, and write its card.

    A run that was killed goes on from its last epoch, kept in ``cache``. ``start`` is a model of the shelf to start
    from.

    Raises:
        InvalidInput: the slug is not ``family/mechanism``, or there is no such mechanism, device or model to start
        from.
    """
    family, _, name = slug.partition("/")
    if not family or not name or "/" in name:
        raise InvalidInput(f"A model is called FAMILY/MECHANISM, such as imagenette/cbam, not {slug!r}.")
    kind, where = mechanism(name), devices.choose(device)
    if len(data.training) < recipe.batch:
        raise InvalidInput(f"{data.name} has {len(data.training)} pictures to train on; a batch takes {recipe.batch}.")
    widths = shelf.WIDTHS.get(family, shelf.DEFAULT_WIDTHS)
    title = f"{kind.title} · {family}"
    card = ModelCard(slug, title, kind.slug, data.classes, widths=widths)
    torch.manual_seed(recipe.seed)
    module = shelf.build(card)
    if start:
        start_from(module, start)

    module, history = train(
        module,
        data,
        recipe,
        prepare=lambda pixels: square(open_image(pixels), card.size),
        normalise=v2.Normalize(card.mean, card.std),
        device=where,
        checkpoint=cache / f"{family}-{name}.pt",
        about=f"{slug} from {start} on {len(data.training)} pictures of {data.name}: {', '.join(data.classes)}",
        report=report,
        batches=batches,
    )
    path = shelf.store(module, card)
    classifier = Classifier(card, shelf.fetch(card).to(where), where)
    measured = evaluate(classifier, data.validation, progress=progress)
    facts = {
        "data": data.name,
        "licence": TERMS.get(family, "Weights: as their data set allows."),
        "command": command,
        "start": start,
        "recipe": recipe.to_json(),
        "epochs": recipe.epochs,
        "seed": recipe.seed,
        "device": torch.cuda.get_device_name(where) if where.type == "cuda" else platform.processor() or where.type,
        "seconds": round(sum(line["seconds"] for line in history)),
        "parameters": sum(parameter.numel() for parameter in module.parameters()),
        "checksum": shelf.checksum(path),
        "history": history,
    }
    accuracy = measured.pop("accuracy")
    done = {"accuracy": accuracy, "pictures": len(data.validation), "ablation": measured, "facts": facts}
    card = ModelCard(**{**card.to_json(), **done})
    shelf.store_card(card)
    return card
