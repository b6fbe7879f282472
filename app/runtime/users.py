"""Who uses the server: a mark of each browser, or of each user that a proxy names.

A browser has a random token in a cookie that Streamlit gives it against forged requests. The owner of a server whose
proxy signs users in can name the header with the user instead. Neither is stored, only what a secret of this machine
makes of it.
"""

from __future__ import annotations

import hmac
import os
import re
import secrets
from functools import cache
from pathlib import Path

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.files import put

USER_HEADER = "FOVEA_USER_HEADER"
COOKIE = "_streamlit_xsrf"
TOKEN = re.compile(r"2\|([0-9a-f]{8})\|((?:[0-9a-f]{2}){16,64})\|\d+")
MARK = 32
"""Letters of a user's mark."""


def browser() -> str:
    """The token of the browser's cookie ("2|mask|token|time") without its mask, which each answer changes; or ""."""
    found = TOKEN.fullmatch(str(st.context.cookies.get(COOKIE, "")))
    if found is None:
        return ""
    mask, token = bytes.fromhex(found[1]), bytes.fromhex(found[2])
    return bytes(one ^ mask[place % len(mask)] for place, one in enumerate(token)).hex()


def user_mark(place: Path) -> str:
    """What marks this user: the user in the named header, else the browser, else the session; never "".

    ``place`` is the file of the secret. With another secret, everybody has another mark.
    """
    header = os.environ.get(USER_HEADER, "")
    user = str(st.context.headers.get(header, "")) if header else ""
    context = get_script_run_ctx()
    session = context.session_id if context else ""
    named = f"user/{user}" if user else f"browser/{browser()}" if browser() else f"session/{session}"
    return hmac.new(secret(place), named.encode(errors="replace"), "sha256").hexdigest()[:MARK]


@cache
def secret(path: Path) -> bytes:
    """The secret of this machine, made where there is none; one that cannot be stored lasts as long as the server."""
    made = secrets.token_bytes(32)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or not path.stat().st_size:
            put(path, made, mode=0o600)
        return path.read_bytes()
    except OSError:
        return made
