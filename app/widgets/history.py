"""The browser's history, with one entry for each view, and the language attribute of the page."""

from __future__ import annotations

import streamlit as st

from app.components.overlay import ADDRESS, ROW_ADDRESS
from app.words import language

# A page opens with a bare address, then adds what it shows: that is one entry, not two, so that Back leads
# to the view before it. The settings of the overlay are in the browser and not in Python: on the same page it goes
# along, and it makes no entry by itself.
_completing = st.components.v2.component(
    "fovea_history",
    js="""
const sorted = (search) => [...new URLSearchParams(search)].map(String).sort().join("&");

export default function ({ data }) {
  document.documentElement.lang = data.lang;
  if (history.completes) return;
  history.completes = true;
  const [push, replace] = [history.pushState.bind(history), history.replaceState.bind(history)];
  const withLook = (url) => {
    const to = new URL(url ?? "", location.href);
    const here = new URLSearchParams(location.search);
    if (to.pathname !== location.pathname || !to.search) return to;
    if (!location.search) return to;
    for (const name of data.look) {
      if (here.has(name)) to.searchParams.set(name, here.get(name));
      else to.searchParams.delete(name);
    }
    return to;
  };
  const written = (write, state, title, to) => {
    write(state, title, to.href);
    document.dispatchEvent(new Event("fovea:address"));
  };
  history.pushState = (state, title, url) => {
    const to = withLook(url);
    const here = to.pathname === location.pathname;
    const entry = !here || (location.search && sorted(to.search) !== sorted(location.search));
    written(entry ? push : replace, state, title, to);
  };
  history.replaceState = (state, title, url) => written(replace, state, title, withLook(url));
}
""",
)


def watch() -> None:
    """Replace the bare address by the completed one."""
    _completing(data={"look": list({**ADDRESS, **ROW_ADDRESS}.values()), "lang": language()}, key="history")
