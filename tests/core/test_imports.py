"""What is imported with the core: torch, and no other library that takes long."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from PIL import Image

SLOW = ("torchvision", "torch._dynamo", "captum", "pandas", "scipy", "sklearn", "matplotlib", "timm", "transformers",
        "open_clip", "streamlit", "plotly")  # fmt: skip
READ = """
import sys, core
picture = core.open_image(sys.argv[1])
classifier = core.load("tasks-sun-or-moon/self-attention", "cpu")
core.cards(), core.read(classifier, picture), core.grad_cam_panel(classifier, picture)
print(*(name for name in sys.argv[2:] if name in sys.modules))
"""


def test_a_first_map_needs_no_library_that_takes_long_to_import(tmp_path: Path) -> None:
    file = tmp_path / "gray.png"
    Image.new("RGB", (128, 128), "gray").save(file)
    found = subprocess.run([sys.executable, "-c", READ, file, *SLOW], capture_output=True, text=True, check=True)
    assert not found.stdout.split()
