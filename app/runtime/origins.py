"""Refuse sessions that no page of this server opened.

Streamlit refuses a page of another site only if the name of that site is not the name under which the server was
reached. A site can let its own name lead to this machine (DNS rebinding), and then read what a local server shows. A
local server therefore answers only to its own names. Browsers always send an origin, so a session without one is no
browser's.
"""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

import streamlit as st
from streamlit import net_util

from app.runtime.public import is_closed


def is_foreign() -> bool:
    """Whether the present session was opened by a page of another site, or by no page."""
    headers = st.context.headers
    if not headers:  # there is no connection, as in a test
        return False
    return headers.get("Origin") is None or not (is_closed() or is_own(str(headers.get("Host", ""))))


def is_own(host: str) -> bool:
    """Whether a ``Host`` header names this machine: a loopback address, or the address that the owner has set."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:  # brackets without an address
        return False
    stated = (st.get_option("server.address"), st.get_option("browser.serverAddress"))
    if name in ("localhost", *(str(one).lower() for one in stated)):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def keep_to_itself() -> None:
    """Keep Streamlit from requesting its own address from a service on the internet.

    It would do so whenever another site tries to open a session, and the server would answer nobody meanwhile.
    """
    net_util.get_external_ip = lambda: None
