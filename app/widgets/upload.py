"""The file uploader, translated into the language of the app."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from app.words import ENGLISH, language, listed, plain

FIELD, LIMIT = '[data-testid="stFileUploaderDropzone"]', '[data-testid="stFileUploaderDropzoneInstructions"] span'
HIDDEN, SIZE = "font-size: 0; white-space: normal; overflow: visible;", "font-size: 0.875rem;"


def pick_files(
    label: str, kinds: Sequence[str], megabytes: int, key: str, on_change: Callable[[], None], **more: Any
) -> Any:
    """Streamlit's uploader; files with other endings or of more ``megabytes`` are refused."""
    if language() != ENGLISH:
        st.html(style_of(key, plain("upload.limit", megabytes=megabytes, kinds=listed(one.upper() for one in kinds))))
    return st.file_uploader(label, type=list(kinds), max_upload_size=megabytes, key=key, on_change=on_change, **more)


def style_of(key: str, limit: str) -> str:
    """A style sheet that replaces the English words of the uploader with that key, which Streamlit cannot translate."""
    place = f".st-key-{re.sub(r'[^a-zA-Z0-9_-]', '-', key)} {FIELD}"
    texts = {f"{place} > span button p": plain("upload.button"), f"{place} {LIMIT}": limit}
    rules = [
        f"{one} {{ {HIDDEN} }} {one}::after {{ content: {json.dumps(text, ensure_ascii=False)}; {SIZE} }}"
        for one, text in texts.items()
    ]
    return f"<style>{' '.join(rules)}</style>"
