"""The app with a made-up server of weights, a slow one. Served by test_models.py."""

from __future__ import annotations

import io
import runpy
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from core.models.files import download  # noqa: E402

SIZES = {"swin_s": 8 << 20}
"""The bytes of the weights of a model; those of all others take longer than any test."""
MANY = 800 << 20


class Slow(io.RawIOBase):
    """Bytes of nothing that come at about 4 MB a second."""

    def __init__(self, size: int) -> None:
        self.left, self.headers = size, {"Content-Length": str(size)}

    def read(self, size: int = -1) -> bytes:
        time.sleep(0.25)
        part = min(size, self.left) if size >= 0 else self.left
        self.left -= part
        return bytes(part)


def answer(url: str, timeout: float) -> Slow:
    """What ``urlopen`` gives."""
    return Slow(next((size for name, size in SIZES.items() if name in url), MANY))


download.urlopen = answer
runpy.run_path(str(ROOT / "app" / "main.py"), run_name="__main__")
