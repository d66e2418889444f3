"""What the leaky twin says of itself in its comments."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

EXAMPLES = Path(__file__).parent.parent.parent / "examples"


@dataclass(frozen=True)
class Mark:
    """One acquiring line: which rules report it, and which tests the guard fails for it."""

    place: str
    """File and line, as both halves print them: `pricewatch/feed.py:36`."""
    codes: tuple[str, ...]
    tests: tuple[str, ...]


def marks(twin: str) -> list[Mark]:
    """Read every `# leak:` comment of a twin, with the `# caught in` comments above it."""
    found = []
    for path in sorted((EXAMPLES / twin / "pricewatch").rglob("*.py")):
        tests: list[str] = []
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if caught := re.match(r"\s*# caught in (test_\w+)$", line):
                tests.append(caught[1])
                continue
            if leak := re.search(r"# leak: (.+)$", line):
                codes = tuple(re.findall(r"MEM\d{3}", leak[1]))
                found.append(Mark(f"{path.relative_to(EXAMPLES / twin).as_posix()}:{number}", codes, tuple(tests)))
            tests = []
    return found
