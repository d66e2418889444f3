"""The file that a local cache is: one JSON document for one set of settings, and a line before it that says for which.

Everything in it is checked when it is read, and a file in which anything is wrong counts as none.  It is JSON because a
folder that comes with somebody's repository can hold anything: reading JSON builds lists and text, and nothing else.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from binascii import crc32
from collections.abc import Iterable

from memlint.findings import Default, RuleFacts, Severity
from memlint.results.disk import Seen
from memlint.results.plain import listed, number, text
from memlint.values import TYPE_CHECKING, dataclass, field

if TYPE_CHECKING:
    from typing import Any, TypeAlias

RootedFact: TypeAlias = tuple[str, str, str | None]
"""The root of a project, and a fact about it."""


@dataclass(slots=True)
class Kept:
    """The result of one file as it is kept."""

    digest: str
    root: str
    place: str
    """The file's path from the root, with ``/``."""
    facts: str
    """What it rests on: numbers of lines in the index's table, with spaces between them.  Mostly nobody reads them."""
    plain: Any
    """The result as plain values; 0 for one that says nothing."""
    day: int
    """When it was last used."""


@dataclass(slots=True)
class Head:
    """What all results of an index rest on, and what goes with them."""

    plugins: str = ""
    distributions: list[Any] = field(default_factory=list)
    rules: tuple[RuleFacts, ...] = ()
    """The rules that ran."""
    notices: tuple[str, ...] = ()
    """What was said about the settings."""


@dataclass(slots=True)
class Index:
    """Everything that one file of a cache holds."""

    head: Head
    stamps: dict[str, Seen] = field(default_factory=dict)
    entries: dict[str, Kept] = field(default_factory=dict)
    facts: list[RootedFact] = field(default_factory=list)
    """Everything that any of the entries rests on, each once: most rest on the same."""


def read(path: str, key: str) -> Index | None:
    """The index in a file; None when there is none, when it is another's, or when anything in it is wrong.

    Raises:
        OSError: the file is there and cannot be read.
        ValueError: it is not what was written.
    """
    try:
        with open(path, "rb") as stream:
            first, _, body = stream.read().partition(b"\n")
    except FileNotFoundError:
        return None
    head = json.loads(first)
    if head["key"] != key:
        return None
    if head["crc"] != crc32(body):
        raise ValueError("its checksum is wrong")
    try:
        return _index(head, json.loads(body))
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise ValueError(f"it is no index ({type(error).__name__})") from error


def _index(head: Any, body: Any) -> Index:
    rules = tuple(
        RuleFacts(code, name, summary, Severity(severity), Default(default))
        for code, name, summary, severity, default in head["rules"]
    )
    roots = [text(root) for root in body["roots"]]
    of, places, digests = (listed(column) for column in body["facts"])
    if not {*map(type, places)} <= {str} or not {*map(type, digests)} <= {str, type(None)}:
        raise TypeError("a fact is a place and what is there")
    return Index(
        Head(text(head["plugins"]), listed(head["distributions"]), rules, tuple(map(text, head["notices"]))),
        {path: (digest, (size, m, c, inode)) for path, (digest, size, m, c, inode) in body["stamps"].items()},
        {
            path: Kept(digest, roots[root], text(place), text(facts), plain, number(day))
            for path, (digest, root, place, facts, plain, day) in body["entries"].items()
        },
        [(roots[root], place, digest) for root, place, digest in zip(of, places, digests, strict=True)],
    )


def grounds_of(index: Index, entries: Iterable[Kept]) -> set[int]:
    """The lines of the table that some entries rest on.

    Raises:
        ValueError: there are no such lines.
    """
    words: set[str] = set()
    lines = set(map(int, words.union(*[kept.facts.split() for kept in entries])))
    if lines and not 0 <= min(lines) <= max(lines) < len(index.facts):
        raise ValueError("a fact is named that is not there")
    return lines


def write(path: str, key: str, index: Index) -> None:
    """Put an index in the place of the one that is there, in one step.

    Raises:
        OSError: it cannot be written.
    """
    numbers: dict[str, int] = {}
    roots: dict[str, int] = {}
    entries = {
        path: [
            kept.digest,
            roots.setdefault(kept.root, len(roots)),
            kept.place,
            " ".join([str(numbers.setdefault(line, len(numbers))) for line in kept.facts.split()]),
            kept.plain,
            kept.day,
        ]
        for path, kept in index.entries.items()
    }
    stamps = {path: [digest, *stamp] for path, (digest, stamp) in index.stamps.items()}
    facts = [index.facts[int(line)] for line in numbers]
    columns = [
        [roots.setdefault(root, len(roots)) for root, _, _ in facts],
        [place for _, place, _ in facts],
        [digest for _, _, digest in facts],
    ]
    document = {"roots": list(roots), "facts": columns, "stamps": stamps, "entries": entries}
    body = json.dumps(document, separators=(",", ":")).encode()
    head = {
        "key": key,
        "crc": crc32(body),
        "plugins": index.head.plugins,
        "distributions": index.head.distributions,
        "rules": [[r.code, r.name, r.summary, r.severity.value, r.default.value] for r in index.head.rules],
        "notices": list(index.head.notices),
    }
    replace(path, json.dumps(head).encode() + b"\n" + body)


def replace(path: str, data: bytes) -> None:
    """Write a file so that nobody ever reads half of it.

    Raises:
        OSError: it cannot be written.
    """
    temporary = os.path.join(os.path.dirname(path), f".{os.getpid()}-{time.time_ns()}.new")
    try:
        with open(temporary, "xb") as stream:  # with the rights that the user's files have: others may share them
            stream.write(data)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
