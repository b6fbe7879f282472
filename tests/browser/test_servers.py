"""The servers of the browser tests: one for all that need it, and none once nobody does, even where all were killed."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("fcntl", reason="files cannot be locked on this system")

from tests.browser.servers import KEEPER, Servers, _healthy

PAGE = Path(__file__).with_name("markdown_page.py")
USER = """
import fcntl, sys, time
users = open(sys.argv[1], "a")
fcntl.flock(users, fcntl.LOCK_SH)
print("held", flush=True)
time.sleep(600)
"""
SERVER = "import sys, time; print('runs', flush=True); time.sleep(600)"


def wait_until(condition: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_one_server_serves_all_and_ends_with_the_last_of_them(tmp_path: Path) -> None:
    first, second = Servers(tmp_path), Servers(tmp_path)  # each as another process has it
    address = first.serve(PAGE)
    assert second.serve(PAGE) == address and _healthy(address)
    assert address.startswith("http://127.0.0.1:")
    first.leave()
    time.sleep(1)  # longer than it takes to see that nobody is left
    assert _healthy(address) and second.serve(PAGE) == address
    second.leave()
    wait_until(lambda: not _healthy(address))
    third = Servers(tmp_path)
    again = third.serve(PAGE)  # one that ended is started anew
    assert _healthy(again)
    third.leave()
    wait_until(lambda: not _healthy(again))


def test_a_server_ends_when_its_users_are_killed(tmp_path: Path) -> None:
    users = [
        subprocess.Popen([sys.executable, "-c", USER, str(tmp_path / "users")], stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    for one in users:
        assert one.stdout.readline() == b"held\n"
    keeper = subprocess.Popen([sys.executable, str(KEEPER), str(tmp_path), sys.executable, "-c", SERVER],
                              stdout=subprocess.PIPE)  # fmt: skip
    assert keeper.stdout.readline() == b"runs\n"
    for one in users:
        one.kill()
        one.wait()
        if one is users[0]:
            time.sleep(0.5)
            assert keeper.poll() is None, "one user is left"
    assert keeper.wait(20) is not None
    assert keeper.stdout.read() == b"", "nothing holds its output any more: the command has ended"
