"""The browser's history: one entry for each view."""

from __future__ import annotations

import streamlit as st

# A page opens with a bare address, which then says what the page shows: that is one entry, not two, so that Back leads
# to the view before it.
_completing = st.components.v2.component(
    "fovea_history",
    js="""
export default function () {
  if (history.completes) return;
  history.completes = true;
  const push = history.pushState.bind(history);
  history.pushState = (state, title, url) => {
    const bare = !location.search && new URL(url ?? "", location.href).pathname === location.pathname;
    if (bare) history.replaceState(state, title, url);
    else push(state, title, url);
  };
}
""",
)


def watch() -> None:
    """Let an address that is completed take the place of the bare one."""
    _completing(key="history")
