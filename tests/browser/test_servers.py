"""The servers of the browser tests: one for all that need it, and none once nobody does, even where all were killed."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

servers = pytest.importorskip("tests.browser.servers", reason="files cannot be locked on this system")

USER = """
import fcntl, sys, time
users = open(sys.argv[1], "a")
fcntl.flock(users, fcntl.LOCK_SH)
print("held", flush=True)
time.sleep(600)
"""
SERVER = "import time; print('runs', flush=True); time.sleep(600)"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the servers of a test run are; each answers at the address of Streamlit's own answer, and does no more."""
    (tmp_path / "_stcore").mkdir()
    (tmp_path / "_stcore" / "health").write_text("ok")

    def command(path: str, port: int) -> list[str]:
        return [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", str(tmp_path)]

    monkeypatch.setattr(servers, "_command", command)
    return tmp_path


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + servers.PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_one_server_serves_all_and_ends_with_the_last_of_them(folder: Path) -> None:
    first, second = servers.Servers(folder), servers.Servers(folder)  # each as another process has it
    address = first.serve("page.py")
    assert second.serve("page.py") == address and servers.healthy(address)
    assert first.serve("page.py", NAME="value") != address, "another environment is another server"
    first.leave()
    time.sleep(1)  # longer than it takes to see that nobody is left
    assert servers.healthy(address) and second.serve("page.py") == address
    second.leave()
    wait_until(lambda: not servers.healthy(address))
    third = servers.Servers(folder)
    again = third.serve("page.py")
    assert servers.healthy(again), "one that has ended is started anew"
    third.leave()
    wait_until(lambda: not servers.healthy(again))


def test_a_server_ends_when_its_users_are_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", USER, str(tmp_path / "users")]
    users = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(2)]
    for one in users:
        assert one.stdout.readline() == b"held\n"
    command = [sys.executable, str(servers.KEEPER), str(tmp_path), sys.executable, "-c", SERVER]
    keeper = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert keeper.stdout.readline() == b"runs\n"
    users[0].kill()
    users[0].wait()
    time.sleep(0.5)
    assert keeper.poll() is None, "one user is left"
    users[1].kill()
    users[1].wait()
    assert keeper.wait(servers.PATIENCE) is not None
    assert keeper.stdout.read() == b"", "nothing holds its output any more: the command has ended"
