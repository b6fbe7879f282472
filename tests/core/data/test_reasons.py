"""Why a file could not be had, in words: no errno, no class names."""

from __future__ import annotations

import errno
import socket
import ssl
from http.client import IncompleteRead, RemoteDisconnected
from pathlib import Path
from urllib.error import HTTPError, URLError

import pytest
import torchvision

import core
from core.data import fetching
from core.files import reason
from core.models.files import download
from core.types import InvalidInput

NAMELESS = socket.gaierror(-3, "Temporary failure in name resolution")
KINDS = {
    "name": (URLError(NAMELESS), "no network"),
    "name itself": (NAMELESS, "no network"),
    "refused": (
        URLError(ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")),
        "the server refuses the connection",
    ),
    "unreachable": (URLError(OSError(errno.ENETUNREACH, "Network is unreachable")), "there is no network"),
    "text": (URLError("Network is unreachable"), "Network is unreachable"),
    "wrapped": (URLError("<urlopen error [Errno 111] Connection refused>"), "Connection refused"),
    "runtime": (RuntimeError("Dataset: <urlopen error [Errno -2] Name or service not known>"), "Name or service"),
    "missing": (HTTPError("http://x", 404, "Not Found", None, None), "the server responds with 404 Not Found"),
    "slow": (URLError(TimeoutError("timed out")), "the server does not respond"),
    "slow itself": (TimeoutError("timed out"), "the server does not respond"),
    "full": (OSError(errno.ENOSPC, "No space left on device"), "no space left on the disk"),
    "cut": (IncompleteRead(b"x", 9), "the connection was interrupted"),
    "closed": (RemoteDisconnected("Remote end closed connection without response"), "was interrupted"),
    "certificate": (URLError(ssl.SSLError(1, "[SSL] certificate verify failed")), "certificate verify failed"),
    "nothing": (ValueError(), "it was interrupted"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_reason_is_in_words(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    error, words = KINDS[kind]
    told = [reason(error)]
    assert words in told[0] or isinstance(error, RemoteDisconnected)

    def fail(*args: object, **options: object) -> None:
        raise error

    monkeypatch.setattr(download, "urlopen", fail)
    monkeypatch.setattr(fetching, "urlopen", fail)
    failing = type("Imagenette", (), {"_ARCHIVES": {"160px": ("http://x/a.tgz", "")}, "__init__": fail})
    monkeypatch.setattr(torchvision.datasets, "Imagenette", failing)
    if isinstance(error, OSError | ValueError):
        with pytest.raises(InvalidInput) as found:
            download.download("http://x/model-0123456789.pth", tmp_path)
        told.append(str(found.value))
    with pytest.raises(InvalidInput) as found:
        fetching.fetch_imagenette(tmp_path)
    told.append(str(found.value))
    for one in told:
        assert "Errno" not in one and "Error" not in one and "urlopen" not in one and "<" not in one and "\n" not in one


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidInput, match="cannot be created: .*FOVEA_DATA") as found:
        fetching.fetch_imagenette(tmp_path / "file" / "inside")
    assert "Errno" not in str(found.value)


def test_weights_that_are_a_folder_are_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOVEA_PRETRAINED", str(tmp_path))
    with pytest.raises(InvalidInput) as found:
        core.load("scenes/cbam", "cpu")
    assert "Errno" not in str(found.value)
