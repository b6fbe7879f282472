"""How much memory uploads cost the server: sixty that no page asks for, and sessions with five pictures each.

    python -m tests.benchmarks.uploads [--sessions 20]

A server is started, real files are uploaded over HTTP, and its resident memory is printed: at each step, and what is
left once the sessions have ended.
"""

from __future__ import annotations

import argparse
import io
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from app.runtime import uploads
from tests.websocket_users import User, resident

ROOT = Path(__file__).parents[2]
ORPHANS, SIZE, PICTURES = 60, 9_000_000, 5
FORGOTTEN = 130
"""Seconds after which Streamlit removes a session that has ended."""


def photograph(number: int) -> bytes:
    """A JPEG of 12 million pixels and about 8 MB, another one for each number."""
    file, draw = io.BytesIO(), np.random.default_rng(number)
    tiles = draw.integers(0, 255, (300, 400, 3), dtype=np.uint8)
    Image.fromarray(np.kron(tiles, np.ones((10, 10, 1), np.uint8))).save(file, "jpeg", quality=97)
    return file.getvalue()


def start(folder: str) -> tuple[subprocess.Popen[bytes], str]:
    """The app, served to this machine alone."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--server.port", str(port), "--server.address", "127.0.0.1", "--server.headless", "true"]
    command = [sys.executable, "-m", "streamlit", "run", "app/main.py", *options]
    own = {**os.environ, "FOVEA_RUNS": folder, "PYTHONPATH": str(ROOT)}
    server = subprocess.Popen(command, cwd=ROOT, env=own, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return server, f"http://127.0.0.1:{port}"
        except OSError:
            time.sleep(0.2)
    raise SystemExit("the server did not start")


def measure(address: str, process: int, sessions: int) -> None:
    """Print the memory at each step, in MB."""

    def report(what: str) -> None:
        print(f"{what:44}{resident(process) / 1e6:8.0f} MB", flush=True)

    one = User(address)
    one.run()
    report("a session is open")
    data = os.urandom(SIZE)
    for number in range(ORPHANS):
        one.upload(f"orphan-{number}", f"{number}.jpg", data)
    report(f"{ORPHANS} orphans of {SIZE / 1e6:.0f} MB")
    one.close()
    users, first = [], photograph(0)
    for number in range(sessions):
        users.append(User(address))
        users[-1].run()
        files = [(f"{number}-{i}", f"{number}-{i}.jpg", first + bytes([number, i])) for i in range(PICTURES)]
        users[-1].bring("uploader.", *files)
    report(f"{sessions} sessions with {PICTURES} pictures each")
    for user in users:
        user.close()
    time.sleep(FORGOTTEN + uploads.GONE)
    last = User(address)
    last.run()
    last.close()
    time.sleep(2 * uploads.ROUND)
    report("the sessions have ended")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sessions", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server, address = start(folder)
        try:
            measure(address, server.pid, options.sessions)
        finally:
            server.kill()


if __name__ == "__main__":
    main()
