"""A page of another site gets no session of the server."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from tests.browser.pages import PARTS

connect = pytest.importorskip("websockets.sync.client").connect
InvalidStatus = pytest.importorskip("websockets.exceptions").InvalidStatus


def test_only_a_page_of_the_server_itself_opens_a_session(serve) -> None:
    address = serve(PARTS)
    host = urlsplit(address).netloc

    def open_session(origin: str) -> None:
        stream, headers = f"ws://{host}/_stcore/stream", {"Origin": origin}
        connect(stream, additional_headers=headers, subprotocols=["streamlit"]).close()

    open_session(address)
    for origin in ("http://example.org", "null", "http://127.0.0.1.example.org", "http://localhost.example.org", ""):
        with pytest.raises(InvalidStatus, match="403"):
            open_session(origin)
