"""``make shots``: the README's picture; with --out, the page in light, dark and on a phone too, into that folder.

    python -m tests.browser.shots [--out FOLDER]

Only pictures that Fovea may show are on them: drawn scenes, and the photograph that comes with matplotlib.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[2]
CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
VIEW = "model=scenes/self-attention&sample=scenes/24"
README = "explore.png"
SHOTS = {
    README: (VIEW, 1440, 960, "light"),
    "explore-dark.png": ("model=scenes/cbam&sample=photo/hopper", 1440, 1500, "dark"),
    "explore-phone.png": (VIEW, 390, 2400, "light"),
}


def serve(**variables: str) -> tuple[subprocess.Popen, str]:
    """Fovea on a free port of this machine, without anybody's photographs; ``variables`` are of its environment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app/main.py", "--server.port", str(port)]
    command += ["--server.address", "127.0.0.1", "--server.headless", "true"]
    own = {**os.environ, "FOVEA_DATA": str(ROOT / "nowhere"), **variables}
    process = subprocess.Popen(command, cwd=ROOT, env=own, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{address}/_stcore/health", timeout=2)
            return process, address
        except OSError:
            time.sleep(0.2)
    process.terminate()
    raise SystemExit("The app did not start; run `make app` to see why.")


def main() -> None:
    """Draw every picture."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--out", type=Path)
    chosen = options.parse_args().out
    out = chosen or ROOT / "app" / "shots"
    shots = SHOTS if chosen else {README: SHOTS[README]}
    out.mkdir(parents=True, exist_ok=True)
    process, address = serve()
    try:
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
            for name, (view, width, height, scheme) in shots.items():
                page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
                page.goto(f"{address}/?{view}")
                page.wait_for_selector(".overlay[data-drawn]", timeout=120_000)
                page.wait_for_timeout(2500)
                if name == README:  # a hand on a patch of the fish
                    pane = page.locator("canvas[data-pane=attention]").bounding_box()
                    page.mouse.move(pane["x"] + pane["width"] * 0.31, pane["y"] + pane["height"] * 0.56)
                    page.wait_for_timeout(500)
                page.screenshot(path=out / name)
                print(out / name)
                page.close()
            browser.close()
    finally:
        process.terminate()
        process.wait(timeout=10)


if __name__ == "__main__":
    main()
