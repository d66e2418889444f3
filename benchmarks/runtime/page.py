"""The page that `python -m benchmarks.runtime --write` makes of a run."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from benchmarks.corpus import machine
from benchmarks.runtime.rows import Table, figures, tables

HEAD = """# What the runtime utilities cost and hold

Written by `python -m benchmarks.runtime --write`; do not edit. {machine}, {cores} cores
shared with other work: the load average was between {least:.1f} and {most:.1f}. Times are the best of many short runs
in CPU time, with the peers in the same run; the longest waits are by the clock unless said otherwise. {missing}

"""


def page(loads: Sequence[float], missing: Sequence[str]) -> str:
    """The figures, then each table."""
    absent = f"Not installed, so not compared: {', '.join(missing)}." if missing else "Every peer was installed."
    text = HEAD.format(machine=machine(), cores=os.cpu_count(), least=min(loads), most=max(loads), missing=absent)
    met = sum(each.met for each in figures)
    text += f"## The figures of the design\n{met} of {len(figures)} are met.\n\n"
    rows = [(e.utility, e.what, e.aim, e.ours, "yes" if e.met else "no", e.peers) for e in figures]
    text += _table(("utility", "figure", "aim", "ours", "met", "peers, same run"), rows, numbers=False)
    for table in tables:
        text += f"\n## {table.title[0].upper()}{table.title[1:]}\n{_one(table)}"
    return text


def _one(table: Table) -> str:
    return _table(table.header, table.rows, numbers=True)


def _table(header: Sequence[str], rows: Iterable[Sequence[str]], numbers: bool) -> str:
    line = "|" + "|".join("---" if not numbers or not column else "--:" for column in range(len(header))) + "|"
    body = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in (header, *rows)]
    return "\n".join([body[0], line, *body[1:]]) + "\n"
