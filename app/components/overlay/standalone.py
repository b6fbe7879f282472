"""The overlay in a standalone page, without Streamlit and without a network."""

from __future__ import annotations

import base64
import json

from app.components import script, styles
from app.components.overlay.overlay import HERE, PARTS, framed

KEY = "overlay"
PLACE = f'<div id="{KEY}"></div>'
"""The element of the overlay; a shadow root separates its styles from those of the page."""

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
    """Return the data of an overlay, JSON to embed in the page as "maps", and the script that draws it at ``PLACE``.

    ``blob`` is that of ``pack``.
    """
    envelope = {"key": KEY, "wanted": [], "address": None}
    data = json.dumps(base64.b64encode(framed(envelope) + blob).decode())
    code = script(HERE, PARTS).replace("export default async function", "const mount = async function")
    return data, code + _BEGIN % (KEY, json.dumps(styles(HERE / "overlay.css")).replace("<", "\\u003c"))
