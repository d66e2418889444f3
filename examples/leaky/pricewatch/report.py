"""Export prices to a CSV file, and announce them to a program that listens on its standard input."""

from __future__ import annotations

import csv
import os
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from pricewatch.feed import Quote


def export(quotes: Iterable[Quote], target: Path) -> None:
    """Write quotes as CSV; a reader sees the old file or the new one, never half of one."""
    # caught in test_an_export_holds_a_line_a_quote
    # caught in test_an_export_that_fails_keeps_the_old_file
    _, draft = tempfile.mkstemp(dir=target.parent, prefix=".draft-")  # leak: MEM101
    with open(draft, "w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows((quote.symbol, quote.price) for quote in quotes)
    os.replace(draft, target)


def announce(listener: Sequence[str], text: str) -> str:
    """Send one line to a fresh listener, and return the line that it answers."""
    # caught in test_a_listener_answers_an_announcement
    process = subprocess.Popen(listener, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # leak: MEM107
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(text + "\n")
    process.stdin.flush()
    return process.stdout.readline().strip()
