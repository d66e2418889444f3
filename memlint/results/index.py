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
from dataclasses import dataclass, field
from typing import Any

from memlint.findings import Default, RuleFacts, Severity
from memlint.results.disk import Seen
from memlint.results.plain import listed, number, text
from memlint.results.result import Fact


@dataclass(slots=True)
class Kept:
    """The result of one file as it is kept."""

    digest: str
    root: str
    place: str
    """The file's path from the root, with ``/``."""
    facts: tuple[Fact, ...]
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
    facts = [(text(path), None if digest is None else text(digest)) for path, digest in body["facts"]]
    roots = [text(root) for root in body["roots"]]
    return Index(
        Head(text(head["plugins"]), listed(head["distributions"]), rules, tuple(map(text, head["notices"]))),
        {path: (digest, (size, m, c, inode)) for path, (digest, size, m, c, inode) in body["stamps"].items()},
        {
            path: Kept(digest, roots[root], text(place), tuple([facts[at] for at in places]), plain, number(day))
            for path, (digest, root, place, places, plain, day) in body["entries"].items()
        },
    )


def write(path: str, key: str, index: Index) -> None:
    """Put an index in the place of the one that is there, in one step.

    Raises:
        OSError: it cannot be written.
    """
    numbers: dict[Fact, int] = {}
    roots: dict[str, int] = {}
    entries = {
        path: [
            kept.digest,
            roots.setdefault(kept.root, len(roots)),
            kept.place,
            [numbers.setdefault(fact, len(numbers)) for fact in kept.facts],
            kept.plain,
            kept.day,
        ]
        for path, kept in index.entries.items()
    }
    stamps = {path: [digest, *stamp] for path, (digest, stamp) in index.stamps.items()}
    document = {"roots": list(roots), "facts": list(numbers), "stamps": stamps, "entries": entries}
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
