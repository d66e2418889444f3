"""What the service is told at start: its feeds, its database, its workers and the symbols to watch."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """One run's configuration."""

    feeds: tuple[str, ...]
    database: Path
    workers: int


def load_settings(path: Path) -> Settings:
    """Read the JSON settings file; the database's path is relative to that file."""
    # caught in test_settings_name_the_feeds_and_the_database
    # caught in test_the_program_says_what_it_stored
    raw = json.load(open(path, encoding="utf-8"))  # leak: MEM102
    return Settings(tuple(raw["feeds"]), path.parent / raw["database"], int(raw.get("workers", 2)))


def read_symbols(path: Path) -> frozenset[str]:
    """Read the watched symbols, one a line; a file that starts with `# off` watches nothing."""
    # caught in test_a_symbol_file_can_be_switched_off
    stream = open(path, encoding="utf-8")  # leak: MEM101
    if stream.readline().strip() == "# off":
        return frozenset()
    symbols = frozenset(line.strip() for line in stream if line.strip())
    stream.close()
    return symbols
