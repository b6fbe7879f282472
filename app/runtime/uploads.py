"""Uploaded files in the server's memory: the quota of each user, and the release of files.

Streamlit keeps the bytes of an upload until its session ends, even if no page reads them, and only limits the size of a
file. Its store of uploads is created before any script runs and cannot be replaced, so its class is extended in place.
"""

from __future__ import annotations

import ctypes
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from streamlit import runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from app.runtime.public import is_public

MEGABYTE = 1 << 20
FILES, BYTES = 32, 1040 * MEGABYTE
"""The files, and their bytes, that a session may hold: a model with its card, or all pictures of a strip."""
EVERYBODY = 3 * 1024 * MEGABYTE
"""The bytes that all sessions may hold together."""
PUBLIC_PART = 2
"""The divisor of both on a public server, where models cannot be uploaded."""
UNCLAIMED, GONE = 300.0, 60.0
"""Seconds until an unread file, or the files of a disconnected session, are released."""
ROUND = 10.0
"""Seconds between two sweeps while the store holds files."""
REFUSED = "application/x-fovea-refused"
"""The type of a file that exceeded the quota: only its name is kept."""


class LimitedUploads(MemoryUploadedFileManager):
    """Streamlit's store of uploads with a quota for each session; files that are no longer needed are released."""

    connected: Callable[[str], bool]
    arrived: dict[str, dict[str, float]]
    left: dict[str, float]
    watching: bool

    @classmethod
    def take_over(cls, store: MemoryUploadedFileManager, connected: Callable[[str], bool]) -> None:
        """Turn a store of Streamlit into one of these, with its content; ``connected(session)`` tests a session."""
        now = time.monotonic()
        with store._lock:
            store.connected, store.left, store.watching = connected, {}, False
            store.arrived = {session: dict.fromkeys(files, now) for session, files in store.file_storage.items()}
            store.__class__ = cls

    def add_file(self, session_id: str, file: UploadedFileRec) -> None:
        """Keep a file, or only its name if it exceeds the quota: opening it then gives a message."""
        with self._lock:
            mine = self.file_storage.get(session_id, {})
            others = [one for file_id, one in mine.items() if file_id != file.file_id]
            held = sum(len(one.data) for one in others) + len(file.data)
            if len(others) >= 2 * FILES:
                return  # not even its name
            many = sum(not is_refused(one) for one in others) >= FILES
            part = PUBLIC_PART if is_public() else 1
            if many or held > BYTES / part or self._total_bytes + len(file.data) > EVERYBODY / part:
                file = file._replace(type=REFUSED, data=b"")
            self.arrived.setdefault(session_id, {})[file.file_id] = time.monotonic()
            watch, self.watching = not self.watching, True
        super().add_file(session_id, file)
        if watch:
            threading.Thread(target=self._watch, name="fovea-uploads", daemon=True).start()

    def get_files(self, session_id: str, file_ids: Sequence[str]) -> list[UploadedFileRec]:
        """The files with those ids that exist; reading them marks them as used."""
        now = time.monotonic()
        with self._lock:
            here = self.arrived.get(session_id, {})
            here.update((one, now) for one in file_ids if one in here)
        return super().get_files(session_id, file_ids)

    def sweep(self, now: float) -> int:
        """Release the files that no page needs or whose sessions have ended; return their number."""
        with self._lock:
            held = {session: list(files) for session, files in self.file_storage.items()}
            self.arrived = {session: self.arrived.get(session, {}) for session in held}
            self.left = {session: self.left.get(session, now) for session in held if not self.connected(session)}
            lost = [one for one, since in self.left.items() if now - since > GONE]
            old = [
                (session, one)
                for session, files in held.items()
                for one in files
                if session not in lost and now - self.arrived[session].get(one, now) > UNCLAIMED
            ]
        for session in lost:
            self.remove_session_files(session)
        for session, one in old:
            self.remove_file(session, one)
        return sum(len(held[session]) for session in lost) + len(old)

    def _watch(self) -> None:
        """Sweep while the store holds files, and a while longer, until the results made from them are released."""
        quiet = 0.0
        while True:
            time.sleep(ROUND)
            self.sweep(time.monotonic())
            give_back()
            with self._lock:
                quiet = 0.0 if any(self.file_storage.values()) else quiet + ROUND
                if quiet > UNCLAIMED:
                    self.watching = False
                    return


def limit() -> None:
    """Enforce the quota, once for the server; do nothing if no server runs."""
    if not runtime.exists():
        return
    server = runtime.get_instance()
    store = server.uploaded_file_mgr
    if type(store) is MemoryUploadedFileManager:
        LimitedUploads.take_over(store, server.is_active_session)


def is_refused(file: Any) -> bool:
    """Whether an uploaded file exceeded the quota, so that it has no content."""
    return file.type == REFUSED


def release(*files: Any) -> None:
    """Free the bytes of uploaded files that have been opened; their uploader no longer shows them."""
    context = get_script_run_ctx()
    if context is None or not isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
        return
    for file in files:
        context.uploaded_file_mgr.remove_file(context.session_id, file.file_id)


def give_back() -> None:
    """Return freed memory to the system; otherwise, glibc keeps the memory between small blocks."""
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "malloc_trim"):
        libc.malloc_trim(0)
