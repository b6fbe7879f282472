"""Streamlit servers that all processes of a test run share: the first that needs one starts it, the last stops it."""

from __future__ import annotations

import fcntl
import hashlib
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[2]
KEEPER = Path(__file__).with_name("keeper.py")
PATIENCE = 120
"""Seconds until a server must be healthy."""


class Servers:
    """The servers of a test run, by the script that they serve and the environment that they add to this one.

    ``folder`` is one that the processes of the run share. Each server has a folder in it with two locks: ``starting``,
    held by the process that starts it, and ``users``, held by all that need it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._held: dict[Path, IO[str]] = {}

    def kept(self, path: str | Path, **variables: str) -> Path:
        """The folder of a server, where the app keeps its runs and ``benchmark.json``."""
        served = repr((str(path), sorted(variables.items())))
        folder = self.folder / hashlib.sha256(served.encode()).hexdigest()[:16]
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def serve(self, path: str | Path, **variables: str) -> str:
        """The address of a server with a script of the repository; it is started where there is none."""
        folder = self.kept(path, **variables)
        with _locked(folder / "starting"):
            if folder not in self._held:
                users = (folder / "users").open("a")
                fcntl.flock(users, fcntl.LOCK_SH)  # waits for the end of a server that is being stopped
                self._held[folder] = users
            address = folder / "address"
            if not address.exists():
                address.write_text(_start(folder, path, variables))
            return address.read_text()

    def leave(self) -> None:
        """Need no server; those that nobody else needs end."""
        while self._held:
            self._held.popitem()[1].close()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _start(folder: Path, path: str | Path, variables: dict[str, str]) -> str:
    """Start a server on a free port of this machine, and wait until it answers."""
    own = {"FOVEA_RUNS": str(folder / "runs"), "FOVEA_BENCHMARK": str(folder / "benchmark.json"), **variables}
    port, log = _free_port(), folder / "log.txt"
    command = [sys.executable, str(KEEPER), str(folder), *_command(path, port)]
    with log.open("wb") as output:
        keeper = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
                                  env={**os.environ, **own, "PYTHONPATH": str(ROOT)})  # fmt: skip
    address, deadline = f"http://127.0.0.1:{port}", time.monotonic() + PATIENCE
    while time.monotonic() < deadline and keeper.poll() is None:
        if healthy(address):
            return address
        time.sleep(0.1)
    keeper.terminate()
    raise RuntimeError(f"The server of {address} did not start:\n{log.read_text(errors='replace')[-2000:]}")


def _command(path: str | Path, port: int) -> list[str]:
    options = {"server.port": port, "server.address": "127.0.0.1", "server.headless": "true",
               "server.fileWatcherType": "none", "browser.gatherUsageStats": "false"}  # fmt: skip
    command = [sys.executable, "-m", "streamlit", "run", str(path)]
    return command + [text for name, value in options.items() for text in (f"--{name}", str(value))]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def healthy(address: str) -> bool:
    """Whether a server answers there."""
    try:
        with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False
