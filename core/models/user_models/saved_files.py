"""The files of a saved model: those of a folder, an upload or the hub, each read by its name within limits."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from core.files import open_regular, reason
from core.messages import Message
from core.models.files.integrity import checksum
from core.models.files.weights import Weights, read_weights
from core.models.libraries import hub
from core.models.user_models.setting_types import OBJECT, PROCESSING, check_types
from core.types import InvalidInput, Progress

CONFIG, PREPROCESSOR = "config.json", "preprocessor_config.json"
PROCESSOR, IMAGES = "processor_config.json", "image_processor"
"""The file of all processors of a model, and the entry for that of pictures."""
SETTINGS = {"image_processor_type", "feature_extractor_type", "image_mean", "image_std", "size", "crop_size"}
"""Entries by which settings of a processor of pictures are recognized."""
OPTIONAL = {PREPROCESSOR, PROCESSOR}
"""Files without which a model can be opened: its preprocessing is assumed then."""
LONGEST = 16 << 20
"""Bytes of a JSON file; the names of 21,841 classes take 2 MB."""
WEIGHTS = ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json")
INDEX = ".index.json"
SUFFIXES = (".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".pth.tar", ".tar")
MOST = 1000
"""Files that weights may be split into."""

Content = Path | bytes


class Files(Protocol):
    """The files of one model. ``title`` is what it is called in messages."""

    title: str

    def get(self, names: Sequence[str]) -> tuple[str, Content] | None:
        """The first of these files that is there."""

    def weights(self) -> tuple[str, Content] | None:
        """The file of weights, or the index of several."""


class FolderFiles:
    """The files of a folder, or those of an upload by their names."""

    def __init__(self, title: str, files: Mapping[str, Content]):
        self.title, self.files = title, dict(files)

    def get(self, names: Sequence[str]) -> tuple[str, Content] | None:
        """The first of these files that is there."""
        return next(((name, self.files[name]) for name in names if name in self.files), None)

    def weights(self) -> tuple[str, Content] | None:
        """The file of weights with its usual name, or the only one.

        Raises:
            InvalidInput: there are several, and none has the usual name.
        """
        found = self.get(WEIGHTS)
        if found is not None:
            return found
        others = [name for name in self.files if name.lower().endswith(SUFFIXES)]
        if len(others) > 1:
            raise InvalidInput(
                "There are several files of weights in {model}: {files}. Keep one of them.",
                model=self.title,
                files=others[:5],
            )
        return (others[0], self.files[others[0]]) if others else None


class HubFiles:
    """The files of a repository of the hub, downloaded when they are read.

    Where the ``main`` ones, by default its weights, are on this machine at first, it may have been put there by hand: a
    file of ``OPTIONAL`` that cannot be downloaded then counts as one that the model has not, and is named in
    ``unreached``.
    """

    def __init__(self, repository: str, progress: Progress | None = None, main: Sequence[str] = WEIGHTS):
        self.title, self.progress, self.unreached = repository, progress, ""
        self.here = any(hub.find_file(repository, name) for name in main)

    def get(self, names: Sequence[str]) -> tuple[str, Content] | None:
        """The first of these files that the repository has."""
        here = next((path for name in names if (path := hub.find_file(self.title, name)) is not None), None)
        for name in () if here else names:
            if name in OPTIONAL and self.unreached:  # the hub would not answer again
                continue
            try:
                here = hub.download(self.title, name, self.progress)
            except InvalidInput:
                if name not in OPTIONAL or not self.here:
                    raise
                self.unreached = name
            if here is not None:
                break
        return (here.name, hub.genuine(here)) if here else None

    def weights(self) -> tuple[str, Content] | None:
        """The file of weights, or the index of several."""
        return self.get(WEIGHTS)


def in_folder(path: Path) -> FolderFiles:
    """The files at the top of a folder; InvalidInput if it cannot be read."""
    try:
        return FolderFiles(str(path), {one.name: one for one in sorted(path.iterdir()) if one.is_file()})
    except OSError as error:
        raise InvalidInput(
            "{path} cannot be read: {reason}. Check the folder and its permissions.", path=path, reason=reason(error)
        ) from error


def uploaded(files: Mapping[str, bytes], title: str) -> FolderFiles:
    """The files of an upload: those of the folder that holds the configuration, by their names in it."""
    parts = {name: name.replace("\\", "/").split("/") for name in files}
    tops = sorted((one[:-1] for one in parts.values() if one[-1] == CONFIG), key=len)
    return FolderFiles(title, {one[-1]: files[name] for name, one in parts.items() if not tops or one[:-1] == tops[0]})


def read_json(files: Files, name: str) -> dict[str, Any] | None:
    """A JSON object; None if there is no such file.

    Raises:
        InvalidInput: the file is too large, or is no JSON object.
    """
    found = files.get((name,))
    if found is None:
        return None
    data = _bytes(found[1], name)
    try:
        stated = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(
            "{name} of {model} is not JSON: {reason}. Copy it again.",
            name=name,
            model=files.title,
            reason=str(error).partition(":")[0],
        ) from error
    if not isinstance(stated, dict):
        raise InvalidInput("{name} of {model} is not a JSON object. Copy it again.", name=name, model=files.title)
    return stated


def read_preprocessing(files: Files) -> dict[str, Any] | None:
    """The settings of a model's image processor; None if no file states them.

    As in transformers, an entry in the file of all processors precedes the separate file. On the hub, the separate file
    is enough, which saves a request.

    Raises:
        InvalidInput: a file is too large, or is no JSON object, or has a setting of a wrong type.
    """
    separate = read_json(files, PREPROCESSOR)
    if separate is not None and isinstance(files, HubFiles):
        return typed(separate, PREPROCESSOR, files)
    together = read_json(files, PROCESSOR) or {}
    check_types(together, {IMAGES: (lambda one: isinstance(one, dict), OBJECT)}, named(PROCESSOR, files))
    if isinstance(together.get(IMAGES), dict):
        return typed(together[IMAGES], PROCESSOR, files)
    if separate is not None:
        return typed(separate, PREPROCESSOR, files)
    return typed(together, PROCESSOR, files) if together.keys() & SETTINGS else None


def typed(stated: dict[str, Any], name: str, files: Files) -> dict[str, Any]:
    """The settings of an image processor, whose types are tested."""
    check_types(stated, PROCESSING, named(name, files))
    return dict(stated)


def named(name: str, files: Files) -> Message:
    """A file of a model, as it is called in messages."""
    return titled(name, files.title)


def titled(name: str, title: str) -> Message:
    """A file of the model with a title, as it is called in messages."""
    return Message("{name} of {model}", name=name, model=title)


def _bytes(content: Content, name: str) -> bytes:
    try:
        if isinstance(content, Path):
            with open_regular(content) as file:
                content = file.read(LONGEST + 1)
    except OSError as error:
        raise InvalidInput(
            "{path} cannot be read: {reason}. Check the file and its permissions.", path=name, reason=reason(error)
        ) from error
    if len(content) > LONGEST:
        raise InvalidInput(
            "{name} is larger than {megabytes} MB. Check that it is the right file.", name=name, megabytes=LONGEST >> 20
        )
    return content


def size_of(content: Content) -> int:
    """Bytes of a file."""
    return content.stat().st_size if isinstance(content, Path) else len(content)


def read_all(files: Files) -> tuple[Weights, int, str]:
    """The tensors of a model, the bytes of their files, and a checksum of them.

    Raises:
        InvalidInput: there are none, one is damaged or refused, or the index names a file elsewhere.
    """
    found = files.weights()
    if found is None:
        raise InvalidInput(
            "There are no weights in {model}. Put {names} next to its configuration.",
            model=files.title,
            names=WEIGHTS[0],
        )
    name, content = found
    if not name.endswith(INDEX):
        return read_weights(content, name), size_of(content), checksum(content)
    weights: Weights = {}
    total, digest = 0, hashlib.sha256()
    for part in parts_of(files, name):
        one = files.get((part,))
        if one is None:
            raise InvalidInput(
                "The file {name} of {model}, which {index} lists, is missing. Copy all its files.",
                model=files.title,
                name=part,
                index=name,
            )
        weights |= read_weights(one[1], part)
        total += size_of(one[1])
        digest.update(checksum(one[1]).encode())
    return weights, total, digest.hexdigest()


def parts_of(files: Files, index: str) -> list[str]:
    """The files that an index lists, in order.

    Raises:
        InvalidInput: it lists none, or one outside of the model's folder.
    """
    listed = (read_json(files, index) or {}).get("weight_map")
    values = list(listed.values()) if isinstance(listed, dict) else []
    if not values or not all(isinstance(one, str) for one in values) or len(set(values)) > MOST:
        raise InvalidInput("{name} of {model} lists no files of weights. Copy it again.", name=index, model=files.title)
    names = sorted(set(values))
    for one in names:
        if not hub.FILE.fullmatch(one) or not one.lower().endswith(SUFFIXES):
            raise InvalidInput(
                "{index} of {model} names a file '{name}', which is not allowed. Only files of "
                "weights in the same folder are read.",
                index=index,
                model=files.title,
                name=one,
            )
    return names
