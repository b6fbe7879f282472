"""The overlay in a page of its own, without Streamlit and without a network."""

from __future__ import annotations

import base64
import json

from app.components import script, styles
from app.components.overlay.overlay import HERE, PARTS, framed

KEY = "overlay"
PLACE = f'<div id="{KEY}"></div>'
"""Where the overlay is drawn; in its shadow, so that the page's styles and its own do not meet."""

_BEGIN = """
const text = JSON.parse(document.getElementById("maps").textContent);
const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
const shadow = document.getElementById("%s").attachShadow({ mode: "open" });
const style = document.createElement("style");
style.textContent = %s;
shadow.append(style);
mount({ data: bytes, parentElement: shadow, setStateValue() {} });
"""


def standalone(blob: bytes) -> tuple[str, str]:
    """What draws an overlay at ``PLACE``: its data, JSON to be kept in the page under "maps", and the script.

    ``blob`` is that of ``pack``.
    """
    envelope = {"key": KEY, "wanted": [], "address": None}
    data = json.dumps(base64.b64encode(framed(envelope) + blob).decode())
    code = script(HERE, PARTS).replace("export default async function", "const mount = async function")
    return data, code + _BEGIN % (KEY, json.dumps(styles(HERE / "overlay.css")).replace("<", "\\u003c"))
