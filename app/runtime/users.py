"""Identify the users of the server: by a cookie of the browser, or by the user that a proxy names in a header.

Streamlit gives each browser a cookie with a random token, as a protection against forged requests. If a proxy signs
users in, the owner of the server can name the header that contains the user. Neither is stored, only a keyed hash of
it, whose key is a secret of this machine.
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
"""The length of a user's mark, in hexadecimal digits."""


def browser() -> str:
    """The token of the cookie ("2|mask|token|time") without its mask, which changes with each response; or ""."""
    found = TOKEN.fullmatch(str(st.context.cookies.get(COOKIE, "")))
    if found is None:
        return ""
    mask, token = bytes.fromhex(found[1]), bytes.fromhex(found[2])
    return bytes(one ^ mask[place % len(mask)] for place, one in enumerate(token)).hex()


def user_mark(place: Path) -> str:
    """The mark of this user: a hash of the user in the named header, else of the browser, else of the session.

    ``place`` is the file of the secret. With another secret, all marks are different.
    """
    header = os.environ.get(USER_HEADER, "")
    user = str(st.context.headers.get(header, "")) if header else ""
    context = get_script_run_ctx()
    session = context.session_id if context else ""
    named = f"user/{user}" if user else f"browser/{browser()}" if browser() else f"session/{session}"
    return hmac.new(secret(place), named.encode(errors="replace"), "sha256").hexdigest()[:MARK]


@cache
def secret(path: Path) -> bytes:
    """The secret of this machine, created if it is missing; if it cannot be stored, it lasts as long as the server."""
    made = secrets.token_bytes(32)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or not path.stat().st_size:
            put(path, made, mode=0o600)
        return path.read_bytes()
    except OSError:
        return made
