"""One run in several parts: which files a part looks at, and what its report carries for the joining."""

from __future__ import annotations

import os
import re
from binascii import crc32
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from memlint.findings import Default, RuleFacts, Severity
from memlint.reports.model import Failure
from memlint.results.plain import VERSION, Malformed, from_plain, listed, number, text, to_plain
from memlint.results.result import FileResult
from memlint.settings import SettingsError

_SHARD = re.compile(r"([1-9][0-9]*)/([1-9][0-9]*)")


@dataclass(frozen=True, slots=True, order=True)
class Shard:
    """The part ``number`` (from 1) of a run in ``of`` parts."""

    number: int
    of: int

    @classmethod
    def read(cls, words: str) -> Shard:
        """The shard that ``2/5`` names.

        Raises:
            SettingsError: the words name none.
        """
        match = _SHARD.fullmatch(words)
        if match is None or int(match[1]) > int(match[2]):
            raise SettingsError(f"--shard {words}: write i/n with 1 <= i <= n, such as 2/5")
        return cls(int(match[1]), int(match[2]))

    def mine(self, files: Iterable[str]) -> tuple[str, ...]:
        """Those of ``files`` that this shard looks at: by their names alone, so that machines need not ask each other.

        The names count from the current folder: checkouts in different places are divided in the same way.
        """
        return tuple(path for path in files if crc32(_name(path)) % self.of == self.number - 1)


def _name(path: str) -> bytes:
    try:
        path = os.path.relpath(path)
    except ValueError:  # another drive
        path = os.path.abspath(path)
    return os.fsencode(path.replace(os.sep, "/"))


@dataclass(frozen=True, slots=True)
class Part:
    """What one shard found."""

    shard: Shard
    engine: str
    """Of which memlint, with which settings: parts of different ones are not of one run."""
    rules: tuple[RuleFacts, ...]
    failures: tuple[Failure, ...]
    """Paths that could not be looked into; every shard meets the same ones."""
    results: tuple[FileResult, ...]


def to_document(part: Part) -> dict[str, Any]:
    """A part as JSON has it."""
    return {
        "version": VERSION,
        "number": part.shard.number,
        "of": part.shard.of,
        "engine": part.engine,
        "rules": [[r.code, r.name, r.summary, r.severity.value, r.default.value] for r in part.rules],
        "failures": [_failure(failure) for failure in part.failures],
        "results": [
            [
                result.path,
                None if result.failure is None else _failure(result.failure),
                to_plain(result, os.sep) if result.findings or result.suppressed or result.skipped else None,
            ]
            for result in sorted(part.results, key=lambda result: result.path)
        ],
    }


def from_document(document: object) -> Part:
    """A part again.

    Raises:
        Malformed: it is none, or another version's.
    """
    if not isinstance(document, dict) or document.get("version") != VERSION:
        raise Malformed("it is not of this version of memlint")
    try:
        return Part(
            Shard(number(document["number"]), number(document["of"])),
            text(document["engine"]),
            tuple(
                RuleFacts(text(code), text(name), text(summary), Severity(severity), Default(default))
                for code, name, summary, severity, default in listed(document["rules"])
            ),
            tuple(_failure_of(failure) for failure in listed(document["failures"])),
            tuple(_result(text(path), failure, plain) for path, failure, plain in listed(document["results"])),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Malformed(f"it is no report of a shard ({error})") from error


def _result(path: str, failure: object, plain: object) -> FileResult:
    if failure is not None:
        return FileResult(path, failure=_failure_of(failure))
    return FileResult(path) if plain is None else from_plain(plain, path, os.sep)


def _failure(failure: Failure) -> list[Any]:
    return [failure.path, failure.reason, failure.internal, failure.trace]


def _failure_of(plain: object) -> Failure:
    path, reason, internal, trace = listed(plain)
    return Failure(text(path), text(reason), bool(internal), text(trace))


def problem(parts: Sequence[Part]) -> str | None:
    """Why some parts are not the whole of one run; None when they are."""
    of = parts[0].shard.of
    if any(part.shard.of != of for part in parts):
        return f"some are of {of} shards and some of {next(p.shard.of for p in parts if p.shard.of != of)}"
    if any(part.engine != parts[0].engine for part in parts):
        return "they come from different versions of memlint or Python, or from different settings"
    numbers = [part.shard.number for part in parts]
    twice = sorted({number for number in numbers if numbers.count(number) > 1})
    if twice:
        return f"shard {twice[0]}/{of} is given twice"
    missing = sorted({*range(1, of + 1)} - {*numbers})
    return f"shard {missing[0]}/{of} is missing" if missing else None
