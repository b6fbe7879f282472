"""A small copy of the Hugging Face hub on this machine: it serves the files that a test gives it."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from huggingface_hub import constants

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LARGE = 500
"""Bytes from which the hub states the sha256 of a file."""


class SmallHub:
    """Repositories and their files, and what was ``asked``.

    ``flipped``: other bytes are sent than those whose sha256 is stated. ``status`` is answered instead of files, with
    the hub's own ``code`` for the reason.
    """

    def __init__(self) -> None:
        self.files: dict[str, dict[str, bytes]] = {}
        self.asked: list[str] = []
        self.flipped = False
        self.status: int | None = None
        self.code = ""

    def answer(self, handler: BaseHTTPRequestHandler, body: bool) -> None:
        repository, _, rest = handler.path.lstrip("/").partition("/resolve/")
        file = rest.partition("/")[2]
        self.asked.append(f"{handler.command} {repository} {file}")
        data = self.files.get(repository, {}).get(file)
        code = ("EntryNotFound" if repository in self.files else "RepoNotFound") if self.status is None else self.code
        status = self.status or (200 if data is not None else 404)
        handler.send_response(status)
        if status != 200:
            handler.send_header("X-Error-Code", code)
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        digest = hashlib.sha256(data).hexdigest() if len(data) >= LARGE else hashlib.sha1(data).hexdigest()
        data = bytes(255 - one for one in data) if self.flipped else data
        handler.send_header("X-Repo-Commit", COMMIT)
        handler.send_header("ETag", f'"{digest}"')
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        if body:
            handler.wfile.write(data)


@contextmanager
def serve(hub: SmallHub) -> Iterator[str]:
    """The address of the hub, while it is served."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:  # the name that http.server calls
            hub.answer(self, body=False)

        def do_GET(self) -> None:
            hub.answer(self, body=True)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def patch_address(patch: pytest.MonkeyPatch, address: str) -> None:
    """Let huggingface_hub ask this address, as HF_ENDPOINT does when it is imported."""
    patch.setattr(constants, "ENDPOINT", address)
    patch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", address + "/{repo_id}/resolve/{revision}/{filename}")


@contextmanager
def connected(hub: SmallHub, folder: Path) -> Iterator[Path]:
    """huggingface_hub connected to this hub, with its cache in a folder."""
    with serve(hub) as address, pytest.MonkeyPatch.context() as patch:
        patch_address(patch, address)
        patch.setattr(constants, "HF_HUB_CACHE", str(folder))
        patch.setattr(constants, "HF_HUB_OFFLINE", False)
        yield folder
