"""A Streamlit server for a page, and a Chromium to look at it with. Tests skip where either is missing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]

Serve = Callable[..., str]


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """``serve(path, **variables)`` starts Streamlit with a script of the repository and returns its address.

    The same script in the same environment is served once for all processes of the run. A server ends with the last
    process that asked for it.
    """
    servers = pytest.importorskip("tests.browser.servers", reason="files cannot be locked on this system")
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # the processes of a run have their folders side by side
    shared = servers.Servers(folder / "servers")
    yield shared.serve
    shared.leave()


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
