"""How long a click takes, for one user and for a class: ``make load``.

    python -m tests.benchmarks.load [--runs 3] [--rounds 15] [--users 30] [--seconds 120] [--think 5 15] [--json]

A server of the app is started on 127.0.0.1 for each run. Real sessions use it over its websocket, without a browser,
from this process on the same machine. A time counts from sending the change of a widget to the message that the run of
the page has finished. The table shows medians over the runs.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

import numpy as np

import core
from app.runtime.kept_runs import FOLDER
from tests.benchmarks.bench import table
from tests.benchmarks.load_users import KINDS, MIX, MODEL, Times, click_alone, hold_class
from tests.browser.servers import Servers
from tests.websocket_users import User

APP, RUN = "app/main.py", "steps"
GOALS = {"cold start": 6.0, "alone": 1.0, "class, p50": 1.0, "class, p95": 3.0, "class, first page": 15.0}
"""Seconds at most: of the first map, of any click alone (p95), and of a class."""
Rows = dict[str, tuple[float, ...]]


def start_cold(servers: Servers, folder: Path) -> tuple[str, float]:
    """Start a server; its address, and the seconds from the start of the process to the first map."""
    start = time.perf_counter()
    address = servers.serve(APP, **{FOLDER: str(folder / "runs")})
    before = time.perf_counter() - start
    one = User(address, f"model={MODEL}")
    one.run()
    one.close()
    return address, before + one.arrived["overlay"]


def measure(users: int, seconds: float, think: tuple[float, float], rounds: int) -> tuple[Rows, list[str]]:
    """One run: rows of (number, p50, p95), and what failed."""
    alone, together = Times(), Times()
    with tempfile.TemporaryDirectory() as folder:
        servers = Servers(Path(folder))
        core.scan(core.load(MODEL, "cpu"), "scenes", Path(folder) / "runs" / RUN, pictures=rounds + 2)
        try:
            address, cold = start_cold(servers, Path(folder))
            click_alone(address, alone, rounds, RUN)
            if users:
                hold_class(address, together, users, seconds, think)
        finally:
            servers.leave()
    rows = {"cold start to the first map": (1, cold, cold)}
    rows |= {f"alone: {kind}": summarize(alone.clicks[kind]) for kind in KINDS}
    rows |= {f"alone, first use: {kind}": summarize(values) for kind, values in alone.first.items()}
    if users:
        rows |= {f"class of {users}: first page": summarize(together.first["class"])}
        every = [value for kind in MIX for value in together.clicks[kind]]
        rows |= {f"class of {users}: any click": summarize(every)}
        rows |= {f"class of {users}: {kind}": summarize(together.clicks[kind]) for kind in MIX if together.clicks[kind]}
    return rows, alone.failed + together.failed


def summarize(values: Sequence[float]) -> tuple[float, ...]:
    """The number of the values, their median, and their 95th percentile."""
    return (len(values), *(float(np.percentile(values, one)) for one in (50, 95))) if values else (0, 0.0, 0.0)


def combine(runs: Sequence[Rows]) -> Rows:
    """The medians of the runs, row by row; the clicks of all runs are counted."""
    names = list(dict.fromkeys(name for rows in runs for name in rows))
    found = {name: [rows[name] for rows in runs if name in rows] for name in names}
    return {
        name: (sum(one[0] for one in rows), median(one[1] for one in rows), median(one[2] for one in rows))
        for name, rows in found.items()
    }


def goal_of(name: str) -> str:
    """The target of a row, as the table shows it."""
    if name.startswith("cold"):
        return f"{GOALS['cold start']:.0f}"
    if name.startswith("alone: "):
        return f"p95 {GOALS['alone']:.0f}"
    if name.endswith(": first page") and name.startswith("class"):
        return f"p95 {GOALS['class, first page']:.0f}"
    return f"{GOALS['class, p50']:.0f}, p95 {GOALS['class, p95']:.0f}" if name.endswith("any click") else ""


def print_table(rows: Mapping[str, tuple[float, ...]]) -> None:
    """The rows in columns."""
    print(
        table(
            [
                {"seconds": name, "clicks": str(int(count)), "p50": p50, "p95": p95, "target": goal_of(name)}
                for name, (count, p50, p95) in rows.items()
            ]
        ),
        flush=True,
    )


def main(words: Sequence[str] | None = None) -> int:
    """Measure and print; 1 if a page of any user failed."""
    options = argparse.ArgumentParser(prog="python -m tests.benchmarks.load", description=__doc__.splitlines()[0])
    options.add_argument("--runs", type=int, default=3, help="runs, each with a new server (3)")
    options.add_argument("--rounds", type=int, default=15, help="clicks of each kind by one user (15)")
    options.add_argument("--users", type=int, default=30, help="users of the class; 0 for none (30)")
    options.add_argument("--seconds", type=float, default=120, help="how long the class clicks (120)")
    options.add_argument("--think", type=float, nargs=2, default=(5.0, 15.0), help="seconds between clicks (5 15)")
    options.add_argument("--limit", type=float, default=30, help="minutes after which no other run begins (30)")
    options.add_argument("--json", action="store_true", help="print JSON instead of a table")
    chosen = options.parse_args(words)
    runs, failed, end = [], [], time.monotonic() + 60 * chosen.limit
    while len(runs) < chosen.runs and (not runs or time.monotonic() < end):
        rows, wrong = measure(chosen.users, chosen.seconds, tuple(chosen.think), chosen.rounds)
        runs.append(rows)
        failed += wrong
    rows = combine(runs)
    print(json.dumps(rows, indent=1)) if chosen.json else print_table(rows)
    print(f"Medians of {len(runs)} runs.", file=sys.stderr)
    for sentence in failed:
        print(f"A page failed: {sentence}", file=sys.stderr)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
