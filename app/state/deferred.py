"""Deferred work, such as the content of a download, with the session and the language of the run that defined it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

from streamlit.runtime.scriptrunner import add_script_run_ctx, get_script_run_ctx

T = TypeVar("T")


def deferred(make: Callable[[], T]) -> Callable[[], T]:
    """``make``, for a caller in a thread without a session: Streamlit calls a download's content in such a one."""
    context = get_script_run_ctx(suppress_warning=True)

    def run() -> T:
        found: Future[T] = Future()

        def work() -> None:
            try:
                found.set_result(make())
            except BaseException as error:  # the caller raises it
                found.set_exception(error)

        thread = Thread(target=work, name="fovea-download", daemon=True)
        add_script_run_ctx(thread, context)
        thread.start()
        return found.result()

    return run
