"""Write the measured tables into README.md, each between its own two marks: ``make tables``.

    python -m tests.benchmarks.readme [models] [tasks] [coverage] [benchmark] [scan] [hostile] [load] [soak]

*models* is what ``python -m core models`` prints, *tasks* what ``python -m core tasks`` prints, and *coverage* what
``coverage`` has measured before. *benchmark* runs ``methods``, which takes a quarter of an hour; *scan* runs ``scan``
and ``opening``, a few minutes with the machine to themselves; *hostile* runs ``hostile``, a few
minutes on two cores; *load* runs ``load``, nine minutes with the machine to itself, and *soak* runs ``soak``, up to
forty minutes.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from core.__main__ import main as command_line

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"


def put(text: str, name: str, table: str) -> str:
    """The text with a table between the marks of that name, in place of what stood there.

    Raises:
        ValueError: the text does not hold both marks, once each and in order.
    """
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->\n"
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed or begin in rest or end in before + after:
        raise ValueError(f"README.md must hold {begin.strip()} and then {end.strip()}, once, each on its own line.")
    return f"{before}{begin}```text\n{table}\n```\n{end}{after}"


def printed(command: str) -> str:
    """What a command prints of the models that everybody has: without those of a user's folder."""
    own = {name: os.environ.pop(name) for name in ("FOVEA_MODELS", "FOVEA_PRETRAINED") if name in os.environ}
    text = io.StringIO()
    try:
        with contextlib.chdir(ROOT), contextlib.redirect_stdout(text):
            if status := command_line([command]):
                raise SystemExit(status)
    finally:
        os.environ.update(own)
    return text.getvalue().rstrip()


def models(options: argparse.Namespace) -> str:
    """The table of the models."""
    return printed("models")


def tasks(options: argparse.Namespace) -> str:
    """The matrix of tasks and mechanisms."""
    return printed("tasks")


def coverage(options: argparse.Namespace) -> str:
    """The stored lines of what is found in other libraries' models."""
    from tests.benchmarks import coverage as lines  # its libraries are for the benchmark alone

    return "\n".join(lines.table(lines.kept()))


def benchmark(options: argparse.Namespace) -> str:
    """The table of the methods, with what was missed, which is printed as well."""
    from tests.benchmarks import methods  # its libraries are for the benchmark alone
    from tests.benchmarks.bars import table, verdict

    lines = methods.measure_all(list(methods.MODELS), options.rounds, options.long)
    print(verdict(lines))
    return f"{methods.conditions(options.rounds, options.long)}\n\n{table(lines)}\n\n{verdict(lines)}"


def scan(options: argparse.Namespace) -> str:
    """The tables of scans and of opening what they leave, as these commands print them."""
    found = [measured("scan"), measured("opening")]
    if not all(found):
        sys.exit("The table of scans needs photographs and Chromium; README.md stays as it is.")
    return "\n\n".join(found)


def hostile(options: argparse.Namespace) -> str:
    """What becomes of hostile files, by kind."""
    return measured("hostile")


def load(options: argparse.Namespace) -> str:
    """The time of clicks, of one user and of a class."""
    return measured("load")


def soak(options: argparse.Namespace) -> str:
    """The memory over many analyses."""
    return measured("soak")


def measured(name: str, *options: str) -> str:
    """What a benchmark of that name prints in a process of its own; CalledProcessError if it misses its goal."""
    command = [sys.executable, "-m", f"tests.benchmarks.{name}", *options]
    text = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


TABLES: dict[str, Callable[[argparse.Namespace], str]] = {
    "models": models,
    "tasks": tasks,
    "coverage": coverage,
    "benchmark": benchmark,
    "scan": scan,
    "hostile": hostile,
    "load": load,
    "soak": soak,
}


def main() -> int:
    """Make the tables and write them."""
    options = argparse.ArgumentParser(prog="python -m tests.benchmarks.readme", description=__doc__.splitlines()[0])
    options.add_argument("tables", nargs="*", metavar="TABLE", help=f"{' or '.join(TABLES)}; without any, all")
    options.add_argument("--rounds", type=int, default=15, help="rounds of what takes a few passes (15)")
    options.add_argument("--long", type=int, default=3, help="rounds of what takes many passes (3)")
    chosen = options.parse_args()
    for name in chosen.tables or TABLES:
        if name not in TABLES:
            options.error(f"there is no table {name!r}: choose {' or '.join(TABLES)}")
    for name in chosen.tables or TABLES:
        put(README.read_text(), name, "")  # before the work: are the marks there?
        made = TABLES[name](chosen)
        README.write_text(put(README.read_text(), name, made))  # read again: the work took long
    return 0


if __name__ == "__main__":
    sys.exit(main())
