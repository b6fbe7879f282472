"""A page of another site gets no session of the server."""

from __future__ import annotations

import json
import urllib.request
from urllib.parse import urlsplit

import pytest

from app.words import word
from tests.browser.pages import MAIN, PARTS

connect = pytest.importorskip("websockets.sync.client").connect
websocket_users = pytest.importorskip("tests.websocket_users")
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


@pytest.mark.parametrize(
    "headers",
    [{"Origin": None}, {"Origin": "http://rebound.example", "Host": "rebound.example"}],
    ids=("none", "rebound"),
)
def test_no_page_and_a_site_whose_name_leads_to_this_machine_see_nothing(serve, headers: dict[str, str | None]) -> None:
    """Streamlit opens both sessions: it takes no origin, and one that is the name of the server."""
    user = websocket_users.User(serve(MAIN), page="mistakes", **headers)
    try:
        user.run()
        assert user.failures == [word("app.foreign")] and not user.widgets
    finally:
        user.close()


def test_no_page_that_embeds_the_app_controls_it(serve) -> None:
    with urllib.request.urlopen(f"{serve(MAIN)}/_stcore/host-config") as answer:
        assert json.load(answer)["allowedOrigins"] == []
