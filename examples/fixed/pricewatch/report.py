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
    descriptor, draft = tempfile.mkstemp(dir=target.parent, prefix=".draft-")
    try:
        with open(descriptor, "w", newline="", encoding="utf-8") as stream:
            csv.writer(stream).writerows((quote.symbol, quote.price) for quote in quotes)
        os.replace(draft, target)
    except BaseException:
        os.unlink(draft)
        raise


def announce(listener: Sequence[str], text: str) -> str:
    """Send one line to a fresh listener, and return the line that it answers."""
    with subprocess.Popen(listener, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        answer, _ = process.communicate(text + "\n")
    return answer.strip()
