"""A Streamlit server for a page, and a Chromium to look at it with. Tests skip where either is missing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.browser.clicks import PATIENCE
from tests.browser.overlay_driver import Overlay
from tests.browser.pages import MAIN, PARTS

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]

Serve = Callable[..., str]
Open = Callable[..., Any]


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The servers that all processes of the run share; one ends with the last process that asked for it."""
    module = pytest.importorskip("tests.browser.servers", reason="files cannot be locked on this system")
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # the processes of a run have their folders side by side
    shared = module.Servers(folder / "servers")
    yield shared
    shared.leave()


@pytest.fixture(scope="session")
def serve(servers: Any) -> Serve:
    """``serve(path, **variables)`` starts Streamlit with a script of the repository and returns its address.

    The same script in the same environment is served once for all processes of the run.
    """
    return servers.serve


@pytest.fixture(scope="module")
def address(serve: Serve) -> str:
    """The address of the app."""
    return serve(MAIN)


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
    context.set_default_timeout(PATIENCE)
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


@pytest.fixture
def open_window(chromium) -> Iterator[Open]:
    """``open_window(**options)`` is a page in a window of its own, by the options of a context of Playwright's.

    It knows nothing of other windows; an error in it fails the test.
    """
    with ExitStack() as stack:

        def open_one(**options: Any) -> Any:
            context = stack.enter_context(chromium.new_context(**options))
            context.set_default_timeout(PATIENCE)
            return stack.enter_context(_watched(context))

        yield open_one


@pytest.fixture(scope="module")
def mounted(shared_page, serve: Serve) -> Overlay:
    """The overlay alone on a page, for all tests of a file."""
    return Overlay(shared_page, serve(PARTS))


@pytest.fixture
def overlay(mounted: Overlay) -> Overlay:
    """The one overlay of a file, as it was when it was mounted."""
    mounted.reset()
    return mounted
