"""Run a command for as long as anybody holds a lock: ``python keeper.py FOLDER COMMAND ...``.

A process that needs what the command serves holds a shared lock on ``FOLDER/users``. The system takes the lock away
from a process that ends, however it ends. So the command is stopped even where all of its users were killed.
"""

from __future__ import annotations

import fcntl
import signal
import subprocess
import sys
import time
from pathlib import Path

EACH = 0.2
"""Seconds between two looks at the lock."""
PATIENCE = 10
"""Seconds that the command has to end once it was asked to."""


def keep(folder: Path, command: list[str]) -> None:
    """Run the command until it ends or nobody needs it, and let nobody find it from then on."""
    process = subprocess.Popen(command)
    with (folder / "users").open("a") as users:
        try:
            while process.poll() is None and not _alone(users):
                time.sleep(EACH)
        finally:
            (folder / "address").unlink(missing_ok=True)
            _stop(process)


def _alone(users) -> bool:
    """Whether nobody else holds the lock; then nobody gets it until this process has ended."""
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # so that the command ends with this process
    keep(Path(sys.argv[1]), sys.argv[2:])
