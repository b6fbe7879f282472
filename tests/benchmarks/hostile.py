"""Hostile pictures, tables, zips, folders, cards, weights, runs and lessons, each opened in a limited process.

    python -m tests.benchmarks.hostile [--jobs 2] [--only picture table] [--every 1] [--all] [--json]

Each file is written and opened in a process with a limit of memory and of time. It is opened, or refused with a
sentence: anything else is a failure, and so is a file that takes too much time or memory. Seconds are of processor
time, without writing the file; memory is what the process grows by.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.benchmarks.bench import table
from tests.benchmarks.hostile_readers import READERS, items, open_item

LIMITS = {"picture": (2.0, 500), "weights": (5.0, 700)}
"""Seconds of processor time and MB that an item may take, by kind."""
OTHERS = (5.0, 500)
PATIENCE, MEMORY = 60.0, 3 << 30
"""Seconds after which a process is ended, and the bytes that it may have beyond those that it starts with."""
MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Outcome:
    """What became of an item: ``refused`` with a sentence, ``opened``, or ``failed``."""

    kind: str
    name: str
    outcome: str
    sentence: str
    seconds: float
    megabytes: float


def judge(one: Outcome) -> Outcome:
    """The outcome of an item, failed if it took too much time or memory."""
    seconds, megabytes = LIMITS.get(one.kind, OTHERS)
    slow = "too slow" if one.seconds > seconds else "too much memory" if one.megabytes > megabytes else ""
    return Outcome(**asdict(one) | {"outcome": "failed", "sentence": slow}) if slow else one


def memory(name: str) -> int:
    """A value in kilobytes of this process' status on Linux, in bytes: VmRSS, VmHWM (its peak) or VmSize."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * int(next(line.split()[1] for line in lines if line.startswith(f"{name}:")))


def work() -> None:
    """Open the items whose numbers come on standard input, and print an outcome for each."""
    every = items()
    size = memory("VmSize") + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    print("ready", flush=True)
    for line in sys.stdin:
        kind, name, make = every[int(line)]
        folder = Path(tempfile.mkdtemp())
        before = os.getcwd()
        os.chdir(folder)
        try:
            path = make(folder)
            Path("/proc/self/clear_refs").write_text("5")  # the peak counts from now on
            held, start = memory("VmRSS"), time.process_time()
            outcome, sentence = open_item(kind, path)
            found = Outcome(kind, name, outcome, sentence[:300], time.process_time() - start,
                            max(0, memory("VmHWM") - held) / MEGABYTE)  # fmt: skip
        finally:
            os.chdir(before)
            shutil.rmtree(folder, ignore_errors=True)
        print(json.dumps(asdict(found)), flush=True)


class Process:
    """A process that opens items one after another; a new one takes its place when it has to be ended."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None

    def open(self, number: int) -> Outcome:
        """Open the item of that number."""
        if self.process is None or self.process.poll() is not None:
            command = [sys.executable, "-m", "tests.benchmarks.hostile", "--work"]
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            stderr=subprocess.DEVNULL)  # fmt: skip
            self.process.stdout.readline()  # it has started
        kind, name, _ = items()[number]
        self.process.stdin.write(f"{number}\n".encode())
        self.process.stdin.flush()
        ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE)
        line = self.process.stdout.readline() if ready else b""
        if line:
            return judge(Outcome(**json.loads(line)))
        self.end()
        return Outcome(kind, name, "failed", "the process died" if ready else "it did not end", PATIENCE, 0.0)

    def end(self) -> None:
        """End the process."""
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None


def open_all(numbers: Sequence[int], jobs: int) -> Iterator[Outcome]:
    """The outcomes of the items of these numbers, with so many processes."""
    processes = [Process() for _ in range(jobs)]

    def share(at: int) -> list[Outcome]:
        try:
            return [processes[at].open(number) for number in numbers[at::jobs]]
        finally:
            processes[at].end()

    with ThreadPoolExecutor(jobs) as pool:
        for found in pool.map(share, range(jobs)):
            yield from found


def summary(found: Sequence[Outcome]) -> list[dict[str, str]]:
    """A row for each kind: how many items were opened, refused and failed, and the most seconds and megabytes."""
    rows = []
    for kind in dict.fromkeys(one.kind for one in found):
        own = [one for one in found if one.kind == kind]
        counts = {name: str(sum(one.outcome == name for one in own)) for name in ("opened", "refused", "failed")}
        most = {"seconds": f"{max(one.seconds for one in own):.2f}", "MB": f"{max(one.megabytes for one in own):.0f}"}
        rows.append({"kind": kind, "items": str(len(own)), **counts, **most})
    return rows


def main(words: Sequence[str] | None = None) -> int:
    """Open all items and print; 1 if one failed."""
    options = argparse.ArgumentParser(prog="python -m tests.benchmarks.hostile", description=__doc__.splitlines()[0])
    options.add_argument("--jobs", type=int, default=2, help="processes (2)")
    options.add_argument("--only", nargs="*", choices=list(READERS), help="these kinds only")
    options.add_argument("--every", type=int, default=1, help="every so many items only (1)")
    options.add_argument("--all", action="store_true", help="print every item, not only those that failed")
    options.add_argument("--json", action="store_true", help="print JSON")
    options.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    chosen = options.parse_args(words)
    if chosen.work:
        work()
        return 0
    numbers = [i for i, (kind, *_) in enumerate(items()) if not chosen.only or kind in chosen.only][:: chosen.every]
    found = list(open_all(numbers, chosen.jobs))
    failed = [one for one in found if one.outcome == "failed"]
    if chosen.json:
        print(json.dumps([asdict(one) for one in found], indent=1))
        return bool(failed)
    for one in found if chosen.all else failed:
        print(f"{one.outcome:8}{one.seconds:7.2f} s {one.megabytes:5.0f} MB  {one.kind}: {one.name}: {one.sentence}")
    print(table(summary(found)))
    print(f"{len(found)} items, {len(failed)} failed.")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
