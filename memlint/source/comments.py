"""Writes ``# noqa`` comments where findings are, and changes nothing else of a file."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Mapping, Sequence

from memlint.findings import Finding

_NOQA = re.compile(r"#\s*noqa\b(?P<colon>:\s?)?(?P<codes>[A-Z]+[0-9]+(?:[,\s]+[A-Z]+[0-9]+\b)*)?", re.IGNORECASE)
_CODE = re.compile(r"[A-Za-z]+[0-9]+\b")


def with_comments(text: str, findings: Iterable[Finding], reason: str) -> str:
    """``text`` with a comment for each finding: its code and ``reason`` at the end of its line.

    Where that line ends inside a string or with a backslash, the comment goes to the next line of the statement
    that can bear one.  A comment that silences other codes there is extended.  The program means the same.

    Raises:
        ValueError: the file cannot be given such comments; the text says why.
    """
    lines = _kept_lines(text)
    bare = [line.rstrip("\r\n") for line in lines]
    bearing = _bearing(bare)
    wanted: dict[int, list[str]] = {}
    for finding in findings:
        line = next((n for n in range(finding.span.line, len(lines) + 1) if n in bearing), None)
        if line is None:
            raise ValueError(f"no line after {finding.span.line} can bear a comment")
        codes = wanted.setdefault(line, [])
        if finding.code not in codes:
            codes.append(finding.code)
    for line, codes in wanted.items():
        ending = lines[line - 1][len(bare[line - 1]) :]
        lines[line - 1] = _commented(bare[line - 1], bearing[line], codes, reason) + ending
    changed = "".join(lines)
    if ast.dump(ast.parse(changed)) != ast.dump(ast.parse(text)):
        raise ValueError("the comments would change the program")
    return changed


def _kept_lines(text: str) -> list[str]:
    """Lines with their ends, divided where Python divides them."""
    return re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", text)


def _bearing(lines: Sequence[str]) -> Mapping[int, int | None]:
    """The lines whose end is open to a comment, each with the column of the comment that it has."""
    inside: set[int] = set()
    comments: dict[int, int] = {}
    for token in tokenize.generate_tokens(io.StringIO("\n".join(lines) + "\n").readline):
        if token.type == tokenize.COMMENT:
            comments[token.start[0]] = token.start[1]
        elif token.type not in (tokenize.NEWLINE, tokenize.NL):
            inside.update(range(token.start[0], token.end[0]))
    last = len(lines)
    return {
        number: comments.get(number)
        for number in range(1, last + 1)
        if number not in inside and not (number not in comments and lines[number - 1].endswith("\\"))
    }


def _commented(line: str, comment: int | None, codes: Sequence[str], reason: str) -> str:
    match = _NOQA.search(line, comment) if comment is not None else None
    if match is not None and match["codes"]:
        return f"{line[: match.end('codes')]}, {', '.join(codes)}{line[match.end('codes') :]}"
    dash = "- " if _CODE.match(reason) else ""
    return f"{line.rstrip()}  # noqa: {', '.join(codes)} {dash}{reason}".rstrip()
