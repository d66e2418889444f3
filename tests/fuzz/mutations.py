"""Real code, damaged: token by token (mostly no Python any more) and statement by statement (always Python)."""

from __future__ import annotations

import ast
import io
import sysconfig
import tokenize
from pathlib import Path
from random import Random

STRAY = (
    "", "(", ")", ":", ",", "=", "with", "try:", "finally:", "yield", "await", "lambda", "*", "\n", "\x0c",
    "0", "''", "é", "if",
)  # fmt: skip


def corpus() -> list[Path]:
    """Every file of the standard library's own tests, in order of name."""
    folder = Path(sysconfig.get_path("stdlib")) / "test"
    return sorted(folder.rglob("*.py"))


def by_tokens(text: str, random: Random, times: int = 3) -> str:
    """Replace, drop, double and swap a few tokens."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError):
        return text[: random.randrange(len(text) + 1)]
    lines = text.splitlines(keepends=True)
    inside = [t for t in tokens if t.string.strip() and t.start[0] == t.end[0] <= len(lines)]
    for _ in range(times if inside else 0):
        token = random.choice(inside)
        row, start, end = token.start[0] - 1, token.start[1], token.end[1]
        instead = random.choice((*STRAY, token.string * 2, random.choice(inside).string))
        lines[row] = lines[row][:start] + instead + lines[row][end:]
    return "".join(lines)


def by_statements(text: str, random: Random, times: int = 6) -> str | None:
    """Drop, double, swap and wrap a few statements; None when the text is no Python."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return None
    for _ in range(times):
        suites = [
            suite
            for node in ast.walk(tree)
            for name in ("body", "orelse", "finalbody")
            if isinstance(suite := getattr(node, name, None), list) and suite
        ]
        if suites:
            _damage(random.choice(suites), random.choice(suites), random)
    return ast.unparse(ast.fix_missing_locations(tree))


def _damage(suite: list[ast.stmt], other: list[ast.stmt], random: Random) -> None:
    index = random.randrange(len(suite))
    statement = suite[index]
    match random.randrange(6):
        case 0 if len(suite) > 1:
            del suite[index]
        case 1:
            suite.insert(index, statement)
        case 2:
            random.shuffle(suite)
        case 3 if not _within(statement, other):
            other.append(statement)
        case 4:
            suite[index] = ast.Try([statement], [], [], [ast.Pass()])
        case _:
            suite[index] = ast.While(ast.Constant(True), [statement], [])


def _within(statement: ast.stmt, suite: list[ast.stmt]) -> bool:
    """Whether a suite is part of a statement: a tree must not hold itself."""
    suites = ("body", "orelse", "finalbody")
    return any(getattr(node, name, None) is suite for node in ast.walk(statement) for name in suites)
