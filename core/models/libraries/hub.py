"""Files of the Hugging Face hub: found in its cache on this machine, or downloaded into it, complete and checked.

The folder is that of ``huggingface_hub``, which the variables HF_HOME and HF_HUB_CACHE name. A file that was put by
hand into any snapshot of a repository in it is found as well.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.files import reason
from core.messages import Message
from core.models.files.integrity import SHA256, checksum
from core.types import InvalidInput, Progress, Stopped

NAME = re.compile(r"(?!.*(\.\.|--))[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")
"""The name of a repository: its owner and its own, of letters, digits and some signs."""
FILE = re.compile(r"[\w-][\w.-]*")
"""The name of a file at the top of a repository."""
PATIENCE = 10  # seconds for the first answer


def folder() -> Path:
    """The folder of the hub's files on this machine."""
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE)


def place(repository: str) -> Path:
    """The folder for a repository's files that are put there by hand."""
    return folder() / ("models--" + repository.replace("/", "--")) / "snapshots" / "main"


def find_file(repository: str, file: str) -> Path | None:
    """A repository's file on this machine, or None; the network is not used.

    Raises:
        InvalidInput: there can be no such repository or file.
    """
    from huggingface_hub import try_to_load_from_cache

    check_name(repository, file)
    found = try_to_load_from_cache(repository, file, cache_dir=folder())
    if isinstance(found, str):
        return Path(found)
    by_hand = sorted(place(repository).parent.glob(f"*/{file}"))
    return by_hand[0] if by_hand else None


def check_name(repository: str, file: str = "") -> None:
    """Refuse what cannot be the name of a repository, or of a file in it."""
    if not NAME.fullmatch(repository) or len(repository) > 96:
        raise InvalidInput(
            "'{name}' is not the name of a model of Hugging Face. Names look like facebook/deit-tiny-patch16-224.",
            name=repository,
        )
    if file and not FILE.fullmatch(file):
        raise InvalidInput(
            "The model {model} names a file '{file}', which is not allowed. Only files in its own folder are read.",
            model=repository,
            file=file,
        )


def fetch(repository: str, files: Sequence[str], progress: Progress | None = None) -> Path:
    """The first of these files that a repository has, downloaded if it is not here.

    ``progress(done, total)`` counts bytes. The hub states the sha256 of a large file; it is compared each time.

    Raises:
        InvalidInput: there is none of them, they cannot be downloaded (with the address and the folder for the file),
            or are damaged.
    """
    here = next((path for file in files if (path := find_file(repository, file)) is not None), None)
    if here is not None:
        return genuine(here)
    for file in files:
        path = download(repository, file, progress)
        if path is not None:
            return genuine(path)
    raise InvalidInput(
        "The model {model} of Hugging Face has no file {files}. Choose a model with PyTorch weights.",
        model=repository,
        files=list(files),
    )


def download(repository: str, file: str, progress: Progress | None = None) -> Path | None:
    """A file of a repository, downloaded into the cache; None if the repository has no such file.

    Raises:
        InvalidInput: there is no such repository, it is not public, or it cannot be downloaded.
    """
    from huggingface_hub import constants, get_hf_file_metadata, hf_hub_download, hf_hub_url
    from huggingface_hub.errors import EntryNotFoundError, GatedRepoError, RepositoryNotFoundError

    check_name(repository, file)
    try:
        if not constants.is_offline_mode():  # requested once: the download itself would try for half a minute
            get_hf_file_metadata(hf_hub_url(repository, file), timeout=PATIENCE)
        given: Any = hf_hub_download(repository, file, cache_dir=folder(), tqdm_class=bar(progress))
        return Path(given)
    except (InvalidInput, Stopped):
        raise
    except GatedRepoError as error:
        raise InvalidInput(
            "The model {model} of Hugging Face requires consent to its terms. Accept them on its page, then log in "
            "with: hf auth login.",
            model=repository,
        ) from error
    except RepositoryNotFoundError as error:
        raise InvalidInput(
            "Hugging Face has no public model '{model}'. Check its name; for a private one, log in with: "
            "hf auth login.",
            model=repository,
        ) from error
    except Exception as error:  # of the library of the network, which may be another one tomorrow
        if isinstance(error, EntryNotFoundError) and not isinstance(error, FileNotFoundError):
            return None
        raise unreachable(repository, file, cause(error)) from error


def cause(error: Exception) -> str:
    """Why a file cannot be downloaded, in words."""
    from huggingface_hub import constants

    if constants.is_offline_mode():
        return Message("the variable HF_HUB_OFFLINE is set")
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if kinds & {"TransportError", "LocalEntryNotFoundError", "gaierror"}:
        return Message("the server cannot be reached")
    return reason(error)


def unreachable(repository: str, file: str, why: str) -> InvalidInput:
    """The error for a file that cannot be downloaded: where to get it, and where to put it."""
    from huggingface_hub import constants

    return InvalidInput(
        "{name} of {model} cannot be downloaded: {reason}. Get it from {url} and put it into {folder}.",
        name=file,
        model=repository,
        reason=why,
        url=f"{constants.ENDPOINT}/{repository}/blob/main/{file}",
        folder=place(repository),
    )


def genuine(path: Path) -> Path:
    """The same path, if the file is the one that the hub named by its sha256; other files have no such name.

    Raises:
        InvalidInput: the file is damaged.
    """
    stored = path.resolve()
    if SHA256.fullmatch(stored.name) and checksum(stored) != stored.name:
        raise InvalidInput(
            "{path} is damaged, because its sha256 is not the one in its name. Delete it and load the model again.",
            path=stored,
        )
    return path


def bar(progress: Progress | None) -> type:
    """A class in the place of a progress bar of ``huggingface_hub``, which calls ``progress(done, total)``."""

    class Bar:
        def __init__(self, *_: Any, total: float | None = None, initial: float = 0, **__: Any):
            self.total, self.done = total, int(initial)

        def update(self, count: float = 1) -> None:
            self.done += int(count)
            if progress is not None:
                progress(self.done, max(int(self.total or 0), self.done))

        def __enter__(self) -> Bar:
            return self

        def __exit__(self, *_: Any) -> None:
            return None

        def close(self) -> None:
            return None

        def __getattr__(self, _: str) -> Any:  # the rest of tqdm's interface draws
            return lambda *_, **__: None

    return Bar
