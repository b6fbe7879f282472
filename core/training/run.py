"""Train a model: from a slug and a data set to weights and a card in the zoo."""

from __future__ import annotations

import json
import platform
import statistics
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torchvision.transforms import v2

from core.attention import mechanism
from core.classifier import Classifier
from core.data.datasets import Dataset, hold
from core.distributed import Processes, gather
from core.evaluation.accuracy import evaluate, measure_card
from core.families import find_family
from core.files import to_json
from core.images import open_image, square
from core.models import zoo
from core.tasks import find_task
from core.training.loop import Batches, train
from core.training.recipe import Recipe
from core.types import FOVEA, SHORT_SIGHTED, InvalidInput, ModelCard, Progress


def start_from(module: nn.Module, slug: str) -> int:
    """Copy every weight of the model ``slug`` whose name and shape fit; how many tensors that were."""
    own = module.state_dict()
    found = zoo.fetch(zoo.find_card(slug)).state_dict()
    fitting = {name: value for name, value in found.items() if name in own and own[name].shape == value.shape}
    module.load_state_dict(fitting, strict=False)
    return len(fitting)


def draw_card(slug: str, data: Dataset, recipe: Recipe) -> ModelCard:
    """The card of a model that is to be trained.

    Raises:
        InvalidInput: the slug is not ``family/mechanism``, or there is no such mechanism, or too little to train on.
    """
    family, _, name = slug.partition("/")
    if not family or not name or "/" in name:
        raise InvalidInput("Name a model FAMILY/MECHANISM, such as imagenette/cbam, not '{slug}'.", slug=slug)
    kind = mechanism(name)
    if len(data.training) < recipe.batch:
        raise InvalidInput(
            "{data} has {count} training pictures, but a batch takes {batch}. Choose a smaller batch.",
            data=data.name,
            count=len(data.training),
            batch=recipe.batch,
        )
    for _, level in recipe.curriculum:
        if (count := len(data.training.up_to(level))) < recipe.batch:
            raise InvalidInput(
                "{data} has {count} training pictures up to level {level}, but a batch takes {batch}. Choose a smaller "
                "batch or a higher level.",
                data=data.name,
                count=count,
                level=level,
                batch=recipe.batch,
            )
    architecture = SHORT_SIGHTED if find_task(family) else FOVEA
    widths = zoo.SHORT_SIGHTED_WIDTHS if architecture == SHORT_SIGHTED else find_family(family).widths
    title, size = f"{kind.title} · {family}", recipe.sizes[-1][1]
    return ModelCard(slug, title, kind.slug, data.classes, widths=widths, size=size, architecture=architecture)


def fit(
    card: ModelCard,
    data: Dataset,
    recipe: Recipe,
    processes: Processes,
    start: str | None,
    cache: Path,
    report: Callable[[dict[str, Any]], None],
    batches: Batches,
    solved: int | None = None,
) -> tuple[nn.Module, list[dict[str, Any]]]:
    """Build the card's model with a seed's first weights and train it: the module and its history.

    ``solved`` ends the training early, see ``core.training.loop.train``.
    """
    torch.manual_seed(recipe.seed)
    module = zoo.build(card)
    if start:
        start_from(module, start)
    name = card.slug.replace("/", "-") + (f"-seed{recipe.seed}" if recipe.seed else "")
    return train(
        module,
        data,
        recipe,
        prepare=lambda pixels: square(open_image(pixels), card.size),
        normalize=v2.Normalize(card.mean, card.std),
        processes=processes,
        checkpoint=cache / f"{name}.pt",
        about=f"{card.slug} from {start} on {len(data.training)} pictures of {data.name}: {', '.join(data.classes)}",
        solved=solved,
        report=report,
        batches=batches,
    )


def rounded(module: nn.Module) -> nn.Module:
    """The model that a stored file gives back: weights rounded to float16."""
    for tensor in module.state_dict().values():
        if tensor.is_floating_point():
            tensor.copy_(tensor.half())
    return zoo.freeze(module)


def name_device(device: torch.device) -> str:
    """Return the device's name for display."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else platform.processor() or device.type


def spread(seeds: range, accuracies: list[float], ablations: list[dict[str, float]]) -> dict[str, Any]:
    """Return the facts of a card about several seeds: accuracies, ablations, mean and sample standard deviation."""
    mean, deviation = statistics.fmean(accuracies), statistics.stdev(accuracies)
    return {"seeds": list(seeds), "accuracies": accuracies, "ablations": ablations, "mean": mean, "std": deviation}


def store(
    card: ModelCard,
    module: nn.Module,
    history: list[dict[str, Any]],
    recipe: Recipe,
    data: Dataset,
    processes: Processes,
    start: str | None,
    command: str,
    progress: Progress | None,
) -> ModelCard:
    """Put a trained model into the zoo, and measure the stored file; returns its card."""
    device = processes.device
    path = zoo.store(module, card)
    facts = {
        "data": data.name,
        **({"split": data.note} if data.note else {}),
        "license": data.terms,
        "command": command,
        "start": start,
        "recipe": recipe.to_json(),
        "epochs": recipe.epochs,
        "seed": recipe.seed,
        "device": name_device(device),
        "processes": processes.world,
        "seconds": round(sum(line["seconds"] for line in history)),
        "parameters": sum(parameter.numel() for parameter in module.parameters()),
        "checksum": zoo.checksum(path),
        "history": history,
    }
    card = replace(card, facts=facts)
    card = measure_card(Classifier(card, zoo.fetch(card).to(device), device), data, progress)
    zoo.store_card(card)
    return card


def stored_before(slug: str, recipe: Recipe, start: str | None, data: Dataset) -> ModelCard | None:
    """The card of the model in the zoo if it was trained with this recipe, from this start and on this data."""
    try:
        card = zoo.find_card(slug)
    except InvalidInput:
        return None
    same = json.loads(to_json(recipe.to_json())) == card.facts.get("recipe") and card.classes == data.classes
    return card if same and card.facts.get("start") == start and card.facts.get("data") == data.name else None


def train_model(
    slug: str,
    data: Dataset,
    recipe: Recipe,
    *,
    device: str = "auto",
    start: str | None = None,
    seeds: int = 1,
    command: str = "",
    cache: Path = Path(".cache/training"),
    report: Callable[[dict[str, Any]], None] = lambda line: None,
    batches: Batches = lambda loader, epoch: loader,
    progress: Progress | None = None,
) -> ModelCard | None:
    """Train ``family/mechanism``, store its weights as float16, measure the stored file, and write its card.

    A run that was killed goes on from its last epoch, kept in ``cache``. ``start`` is a model of the zoo to start
    from. With more ``seeds`` the model is trained again with each of the next ones: the first stays in the zoo (one
    that is there already with this recipe is kept), and its card states how the accuracies spread. Under torchrun all
    processes train, and all but the first return None.

    Raises:
        InvalidInput: the slug is not ``family/mechanism``, or there is no such mechanism, device or model to start
        from, or too little to train on.
    """
    card = draw_card(slug, data, recipe)
    if seeds < 1:
        raise InvalidInput("Choose at least one seed.")
    numbers = range(recipe.seed, recipe.seed + seeds)
    with gather(device) as processes:
        where = processes.device
        data = replace(data, training=hold(data.training), validation=hold(data.validation))
        kept = stored_before(slug, recipe, start, data) if seeds > 1 else None
        if kept is None:
            module, history = fit(card, data, recipe, processes, start, cache, report, batches)
            if processes.first:
                card = store(card, module, history, recipe, data, processes, start, command, progress)
        else:
            card = replace(kept, facts={**kept.facts, "command": command})
        accuracies = [] if card.accuracy is None else [card.accuracy]  # measured by the first process alone
        ablations = [card.ablation]
        for seed in numbers[1:]:
            module, _ = fit(card, data, replace(recipe, seed=seed), processes, start, cache, report, batches)
            if processes.first:
                found = evaluate(Classifier(card, rounded(module), where), data.validation, progress=progress)
                accuracies.append(found.accuracy)
                ablations.append(found.ablation)
        if not processes.first:
            return None
        if seeds > 1:
            card = replace(card, facts={**card.facts, "seeds": spread(numbers, accuracies, ablations)})
            zoo.store_card(card)
    return card
