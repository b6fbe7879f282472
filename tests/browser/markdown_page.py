"""A page that shows two hostile texts as Markdown."""

from __future__ import annotations

import streamlit as st

from tests.app.hostile import HOSTILE

st.markdown(HOSTILE[0])
st.markdown(HOSTILE[1])
st.markdown("the end")
