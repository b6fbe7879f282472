"""A Streamlit server for a page, and a Chromium to look at it with. Tests skip where either is missing."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
PATIENCE = 60  # seconds until a server must be healthy

Serve = Callable[..., str]


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """``serve(path, port=0, **variables)`` starts Streamlit with a script of the repository and returns its address.

    The same script is served once a session in the same environment; port 0 means any free one. What the app keeps goes
    into a folder of the session. All servers end with the session.
    """
    processes: list[subprocess.Popen[bytes]] = []
    addresses: dict[tuple, str] = {}

    def start(path: str | Path, port: int = 0, **variables: str) -> str:
        served = str(path), *sorted(variables.items())
        if served in addresses:
            return addresses[served]
        folder = tmp_path_factory.mktemp("kept")
        own = {"FOVEA_RUNS": str(folder / "runs"), "FOVEA_BENCHMARK": str(folder / "benchmark.json"), **variables}
        port = port or _free_port()
        log = tmp_path_factory.mktemp("server") / "log.txt"
        command = [sys.executable, "-m", "streamlit", "run", str(path), "--server.port", str(port)]
        options = ["--server.address", "127.0.0.1", "--server.headless", "true", "--server.fileWatcherType", "none"]
        options += ["--browser.gatherUsageStats", "false"]
        with log.open("wb") as output:
            process = subprocess.Popen([*command, *options], cwd=ROOT, stdout=output, stderr=subprocess.STDOUT,
                                       env={**os.environ, **own, "PYTHONPATH": str(ROOT)})  # fmt: skip
        processes.append(process)
        address = f"http://127.0.0.1:{port}"
        _wait_until_healthy(address, process, log)
        addresses[served] = address
        return address

    yield start
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_until_healthy(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    process.terminate()
    pytest.fail(f"The server of {address} did not start:\n{log.read_text(errors='replace')[-2000:]}")


@pytest.fixture(scope="session")
def driver() -> Iterator[object]:
    """What starts Chromium."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not CHROMIUM.exists():
        pytest.skip(f"no Chromium at {CHROMIUM}")
    with playwright.sync_playwright() as one:
        yield one


@pytest.fixture(scope="session")
def chromium(driver) -> Iterator[object]:
    """One Chromium for the session, which knows nothing from one window to the next."""
    browser = driver.chromium.launch(executable_path=str(CHROMIUM), headless=True, args=FLAGS)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def window(driver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """One window, 1100 x 900 CSS pixels, with a folder: scripts that it has read before are compiled there."""
    context = driver.chromium.launch_persistent_context(
        tmp_path_factory.mktemp("chromium"), executable_path=str(CHROMIUM), headless=True, args=FLAGS,
        viewport={"width": 1100, "height": 900},
    )  # fmt: skip
    yield context
    context.close()


@contextmanager
def _watched(window) -> Iterator[object]:
    page = window.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    page.close()
    assert not errors, errors


@pytest.fixture
def browser_page(window) -> Iterator[object]:
    """A fresh page; an error in it fails the test."""
    with _watched(window) as page:
        yield page


@pytest.fixture(scope="module")
def shared_page(window) -> Iterator[object]:
    """One page for all tests of a file that put it right before they begin; an error in it fails the last of them."""
    with _watched(window) as page:
        yield page
