"""Servers that others can reach, and public ones: FOVEA_PUBLIC=1 switches off what is safe only for trusted users."""

from __future__ import annotations

import os
from ipaddress import ip_address

import streamlit as st

VARIABLE = "FOVEA_PUBLIC"


def is_public() -> bool:
    """Whether paths, users' own models and the removal of runs are switched off."""
    return os.environ.get(VARIABLE, "") not in ("", "0")


def is_closed() -> bool:
    """Whether other machines can reach the server, or its owner states that they can."""
    if is_public():
        return True
    address = st.get_option("server.address")
    if address == "localhost":
        return False
    try:
        return not ip_address(address or "0.0.0.0").is_loopback
    except ValueError:  # a host name, or a socket that another program forwards
        return True
