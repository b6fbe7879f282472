"""Users without a browser: a session with a served page over its websocket, with real uploads over HTTP.

A user learns the widgets of the page from what the server sends, as a browser does, and sends the value of the widget
that it uses; the server keeps the values of the others. It caches what the server lets it cache.
"""

from __future__ import annotations

import http.client
import json
import socket
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Delta_pb2 import Delta
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.Selectbox_pb2 import Selectbox
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import connect

PATIENCE = 300  # seconds that a run may take
ENDS = (ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)
INTERNAL = "$$STREAMLIT_INTERNAL_KEY"


def resident(process: int) -> int:
    """The bytes of a process that lie in memory, on Linux."""
    return 4096 * int(Path(f"/proc/{process}/statm").read_text().split()[1])


def _options(element: Any) -> list[str]:
    return list(element.options) if isinstance(element, Selectbox) else [one.content for one in element.options]


def _set_options(element: Any) -> list[str]:
    """The options that the server has chosen in a list or in a group of buttons."""
    if element.set_value:
        return [element.raw_value] if isinstance(element, Selectbox) else list(element.raw_values)
    default = element.default if not isinstance(element, Selectbox) else [element.default]
    return [_options(element)[place] for place in default if place < len(element.options)]


class User:
    """One session: it opens a page, uses its widgets, and uploads files. Close it in the end.

    ``widgets`` are the elements of the page by their key, ``arrived`` the seconds after which each came in the last
    run, ``warnings`` the sentences of the last run, and ``failures`` all exceptions and errors of the session.
    """

    def __init__(self, address: str, query: str = "", page: str = "", **headers: str | None):
        """Open a session; ``headers`` replace those of a browser, and None leaves one out."""
        self.host, self.query, self.page = urlsplit(address).netloc, query, page
        self.token, self.script, self.pages = self._token(), "", {}
        sent = {"Cookie": f"_streamlit_xsrf={self.token}", "Origin": address, **headers}
        url = f"ws://{sent.pop('Host', self.host)}/_stcore/stream"
        shown = {name: value for name, value in sent.items() if value is not None}
        patient = {"max_size": None, "ping_interval": None}  # one that waits for others hears no pings
        self.connection = ExitStack()
        if "Host" in headers:  # a name that leads to this server
            place = urlsplit(address)
            patient["sock"] = socket.create_connection((place.hostname, place.port))
        self.socket = self.connection.enter_context(
            connect(url, additional_headers=shown, subprotocols=["streamlit"], **patient)
        )
        self.session, self.warnings, self.failures = "", [], []
        self.widgets: dict[str, Any] = {}
        self.fragments: dict[str, str] = {}
        self.arrived: dict[str, float] = {}
        self.chosen: dict[str, list[str]] = {}
        self.cached: dict[str, bytes] = {}

    def _token(self) -> str:
        connection = http.client.HTTPConnection(self.host)
        connection.request("GET", "/_stcore/health")
        answer = connection.getresponse()
        answer.read()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie" and value.startswith("_streamlit_xsrf="):
                return value.split(";")[0].partition("=")[2].strip('"')
        return ""

    def run(self, *states: WidgetState, fragment: str = "") -> float:
        """Run the page, or a fragment of it, with these values of widgets; the seconds until the run has finished."""
        message = BackMsg()
        request = message.rerun_script
        request.query_string, request.page_script_hash, request.fragment_id = self.query, self.script, fragment
        request.page_name = "" if self.script else self.page
        request.context_info.locale, request.context_info.timezone = "en-US", "UTC"
        request.context_info.url = f"http://{self.host}/{self.page}"
        request.cached_message_hashes.extend(self.cached)
        request.widget_states.widgets.extend(states)
        self.warnings, self.arrived = [], {}
        if not fragment:
            self.widgets, self.fragments = {}, {}
        start = time.perf_counter()
        self.socket.send(message.SerializeToString())
        while True:
            found = ForwardMsg()
            found.ParseFromString(self.socket.recv(timeout=PATIENCE))
            if self._take(found, time.perf_counter() - start):
                return time.perf_counter() - start

    def _take(self, message: ForwardMsg, after: float) -> bool:
        """Take in a message; whether it ends the run."""
        kind = message.WhichOneof("type")
        if kind == "ref_hash":
            metadata = message.metadata
            message = ForwardMsg.FromString(self.cached[message.ref_hash])
            message.metadata.CopyFrom(metadata)
            kind = message.WhichOneof("type")
        elif message.metadata.cacheable:
            self.cached[message.hash] = message.SerializeToString()
        if kind == "new_session":
            self.session = message.new_session.initialize.session_id or self.session
            self.script = message.new_session.page_script_hash or self.script
        elif kind == "navigation":
            self.pages = {one.url_pathname: one.page_script_hash for one in message.navigation.app_pages}
            self.script = message.navigation.page_script_hash or self.script
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "delta":
            self._add(message.delta, after)
        return kind == "script_finished" and message.script_finished in ENDS

    def _add(self, delta: Delta, after: float) -> None:
        """Take in an element."""
        kind = delta.new_element.WhichOneof("type")
        if delta.WhichOneof("type") != "new_element" or kind is None:
            return
        element = getattr(delta.new_element, kind)
        if kind == "exception":
            self.failures.append(f"{element.type}: {element.message}")
        elif kind == "alert":
            self.warnings.append(element.body)
            if element.format == element.ERROR:
                self.failures.append(element.body)
        elif named := getattr(element, "id", ""):
            key = named.split("-", maxsplit=2)[-1]
            self.widgets[key], self.fragments[key] = element, delta.fragment_id
            self.arrived.setdefault(key, after)
            if kind in ("selectbox", "button_group") and (element.set_value or named not in self.chosen):
                self.chosen[named] = _set_options(element)

    def _use(self, key: str, **value: Any) -> float:
        state = WidgetState(id=self.widgets[key].id, **value)
        return self.run(state, fragment=self.fragments[key])

    def options(self, key: str) -> list[str]:
        """The options of a list or of a group of buttons."""
        return _options(self.widgets[key])

    def others(self, key: str) -> list[int]:
        """The places of the options that are not chosen."""
        chosen = self.chosen[self.widgets[key].id]
        return [place for place, name in enumerate(self.options(key)) if name not in chosen]

    def select(self, key: str, place: int) -> float:
        """Choose an option of a list or of a group of buttons, by its place."""
        shown, option = self.widgets[key], self.options(key)[place]
        self.chosen[shown.id] = [option]
        is_list = isinstance(shown, Selectbox)
        return self._use(key, **{"string_value": option} if is_list else {"string_array_value": {"data": [option]}})

    def press(self, key: str) -> float:
        """Press a button."""
        return self._use(key, trigger_value=True)

    def trigger(self, key: str, event: str, value: Any) -> float:
        """Send an event of a component of the app's own."""
        state = WidgetState(id=f"{INTERNAL}_{self.widgets[key].id}__events")
        state.json_trigger_value = json.dumps([{"event": event, "value": value}])
        return self.run(state, fragment=self.fragments[key])

    def open(self, page: str) -> float:
        """Open another page by the navigation, whose address has no query."""
        self.page, self.query, self.script = page, "", self.pages[page]
        return self.run()

    def upload(self, file_id: str, name: str, data: bytes) -> int:
        """Upload bytes as a browser does; the status of the answer."""
        edge = "user-edge"
        head = f'--{edge}\r\nContent-Disposition: form-data; name="{file_id}"; filename="{name}"\r\n'
        body = f"{head}Content-Type: application/octet-stream\r\n\r\n".encode() + data + f"\r\n--{edge}--\r\n".encode()
        headers = {
            "Content-Type": f"multipart/form-data; boundary={edge}",
            "X-Xsrftoken": self.token,
            "Cookie": f"_streamlit_xsrf={self.token}",
        }
        connection = http.client.HTTPConnection(self.host, timeout=PATIENCE)
        try:
            connection.request("PUT", f"/_stcore/upload_file/{self.session}/{file_id}", body, headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status
        except (BrokenPipeError, ConnectionResetError):
            return 413  # the server refuses before all is sent
        finally:
            connection.close()

    def bring(self, key: str, *files: tuple[str, str, bytes]) -> float:
        """Upload files and tell the uploader whose key begins so; the seconds of the run that takes them in."""
        state = WidgetState(id=next(one.id for name, one in self.widgets.items() if name.startswith(key)))
        for file_id, name, data in files:
            self.upload(file_id, name, data)
            one = state.file_uploader_state_value.uploaded_file_info.add(file_id=file_id, name=name, size=len(data))
            one.file_urls.file_id = file_id
        return self.run(state)

    def close(self) -> None:
        """Close the tab."""
        self.connection.close()
