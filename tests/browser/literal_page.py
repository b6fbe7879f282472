"""A page that shows each hostile text in every kind of element that reads Markdown, and in a chart."""

from __future__ import annotations

import streamlit as st

from app import figures
from app.components.bars import Bar, show_bars
from app.words import literal, word
from tests.app.hostile import HOSTILE

for number, text in enumerate(HOSTILE):
    safe = literal(text)
    with st.container(key=f"markdown-{number}"):
        st.markdown(safe)
    with st.container(key=f"within-{number}"):
        st.markdown(f"**{safe}** · {safe}")
    with st.container(key=f"caption-{number}"):
        st.caption(safe)
    with st.container(key=f"warning-{number}"):
        st.warning(safe)
    with st.container(key=f"button-{number}"):
        st.button(safe, key=f"b{number}")
    with st.container(key=f"word-{number}"):
        st.markdown(word("runs.where", folder=text))
    with st.container(key=f"pills-{number}"):
        st.pills("x", [number], key=f"p{number}", format_func=lambda one, safe=safe: safe, label_visibility="collapsed")
    with st.container(key=f"radio-{number}"):
        st.radio("x", [number], key=f"r{number}", format_func=lambda one, safe=safe: safe, label_visibility="collapsed")
    with st.container(key=f"select-{number}"):  # plain: its options are no Markdown
        st.selectbox("x", [text], key=f"s{number}", label_visibility="collapsed")
    with st.container(key=f"expander-{number}"):
        st.expander(safe)

with st.container(key="chart"):
    places = [{"y": row, "text": figures.letters(text), "showarrow": False} for row, text in enumerate(HOSTILE)]
    axis = {"range": [-1, len(HOSTILE)]}
    st.plotly_chart(
        {"data": [{"type": "scatter"}], "layout": {"annotations": places, "yaxis": axis, "height": 40 * len(HOSTILE)}}
    )
with st.container(key="bars"):
    show_bars([Bar(text, text, (0.5,)) for text in HOSTILE], key="hostile-bars", label=HOSTILE[0])
st.markdown("the end")
