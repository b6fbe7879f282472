"""Users without a browser: a session with a served page over its websocket, with real uploads over HTTP."""

from __future__ import annotations

import http.client
import time
from pathlib import Path
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

PATIENCE = 300  # seconds that a run may take


def resident(process: int) -> int:
    """The bytes of a process that lie in memory, on Linux."""
    return 4096 * int(Path(f"/proc/{process}/statm").read_text().split()[1])


class User:
    """One session: it runs the page, uploads files, and tells an uploader of them. Close it in the end."""

    def __init__(self, address: str, query: str = ""):
        self.host, self.query = urlsplit(address).netloc, query
        self.token = self._token()
        headers = {"Cookie": f"_streamlit_xsrf={self.token}", "Origin": address}
        url = f"ws://{self.host}/_stcore/stream"
        patient = {"max_size": None, "ping_interval": None}  # one that waits for others hears no pings
        self.socket = connect(url, additional_headers=headers, subprotocols=["streamlit"], **patient)
        self.session, self.uploaders, self.warnings, self.states = "", {}, [], {}

    def _token(self) -> str:
        connection = http.client.HTTPConnection(self.host)
        connection.request("GET", "/_stcore/health")
        answer = connection.getresponse()
        answer.read()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie" and value.startswith("_streamlit_xsrf="):
                return value.split(";")[0].partition("=")[2].strip('"')
        return ""

    def run(self, **states: object) -> float:
        """Run the page, each uploader telling of the files it has; the seconds that it took."""
        message = BackMsg()
        message.rerun_script.query_string = self.query
        for widget, files in self.states.items():
            state = message.rerun_script.widget_states.widgets.add(id=widget)
            for file_id, name, size in files:
                one = state.file_uploader_state_value.uploaded_file_info.add(file_id=file_id, name=name, size=size)
                one.file_urls.file_id = file_id
        start = time.perf_counter()
        self.socket.send(message.SerializeToString())
        self.warnings = []
        while True:
            found = ForwardMsg()
            found.ParseFromString(self.socket.recv(timeout=PATIENCE))
            kind = found.WhichOneof("type")
            if kind == "new_session":
                self.session = found.new_session.initialize.session_id
            elif kind == "delta" and found.delta.WhichOneof("type") == "new_element":
                element = found.delta.new_element
                if element.WhichOneof("type") == "file_uploader":
                    self.uploaders[element.file_uploader.id] = element.file_uploader
                elif element.WhichOneof("type") == "alert":
                    self.warnings.append(element.alert.body)
            elif kind == "script_finished" and found.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                return time.perf_counter() - start

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
        widget = next(one for one in self.uploaders if key in one)
        for file_id, name, data in files:
            self.upload(file_id, name, data)
        self.states = {widget: [(file_id, name, len(data)) for file_id, name, data in files]}
        return self.run()

    def close(self) -> None:
        self.socket.close()
