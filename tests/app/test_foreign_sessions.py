"""Who may open a session: the names of this machine, and nothing is requested from the internet."""

from __future__ import annotations

import pytest
from streamlit import net_util
from streamlit.web.server.server_util import is_url_from_allowed_origins

from app.runtime import origins


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8501", "LOCALHOST:1", "127.0.0.1:8501", "127.1.2.3", "[::1]:80"]
)
def test_names_of_this_machine(host: str) -> None:
    assert origins.is_own(host)


@pytest.mark.parametrize(
    "host", ["", "example.org", "example.org:8501", "localhost.example.org", "127.0.0.1.example.org", "0.0.0.0:8501",
             "192.168.0.7", "[::1", "[]", "user@example.org", "example.org#localhost"],
)  # fmt: skip
def test_other_names(host: str) -> None:
    assert not origins.is_own(host)


def test_the_name_that_the_owner_has_set(monkeypatch: pytest.MonkeyPatch) -> None:
    own = origins.st.get_option
    monkeypatch.setattr(
        origins.st, "get_option", lambda key: "Fovea.lan" if key == "browser.serverAddress" else own(key)
    )
    assert origins.is_own("fovea.lan:8501")


def test_another_site_makes_the_server_request_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(net_util, "get_external_ip", net_util.get_external_ip)
    monkeypatch.setattr(net_util, "_external_ip", None)
    monkeypatch.setattr(net_util, "_make_blocking_http_get", lambda *_, **__: pytest.fail("a request"))
    origins.keep_to_itself()
    assert not is_url_from_allowed_origins("http://example.org")
    assert is_url_from_allowed_origins("http://localhost:8501")
