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

from core.models import download  # noqa: E402

SIZE = 40 << 20  # bytes


class Slow(io.BytesIO):
    """Bytes of nothing that come at about 4 MB a second."""

    headers = {"Content-Length": str(SIZE)}

    def read(self, size: int = -1) -> bytes:
        time.sleep(0.25)
        return super().read(size)


def answer(url: str, timeout: float) -> Slow:
    """What ``urlopen`` gives."""
    return Slow(bytes(SIZE))


download.urlopen = answer
runpy.run_path(str(ROOT / "app" / "main.py"), run_name="__main__")
