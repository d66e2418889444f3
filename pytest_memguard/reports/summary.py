"""The end of a run: each leak once, with the tests that it is in, then what is only noted."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from ..origins import BEGINNING, Place, place_of
from .record import Line, Record

NAMES = 3
"""How many tests of a leak are named."""


def summary(records: Iterable[Record], *, every_name: bool = False) -> Iterator[str]:
    """The lines of the summary, with a few or all of a leak's tests; none when there is nothing to say."""
    most = None if every_name else NAMES
    known = list(records)
    failing = [each for each in known if each["fails"] and each["subject"]]
    if failing:
        tests = dict.fromkeys(each["test"] for each in failing)
        leaks = _by_fingerprint(failing)
        yield f"{_count(len(leaks), 'leak')} in {_count(len(tests), 'test')}"
        for fingerprint, group in leaks.items():
            yield f"{fingerprint}  {group[0]['kind']} {group[0]['how']}{_place(group[0])}"
            yield from _names(group, most)
    for title, chosen in (
        ("allowed", [each for each in known if each["allowed"]]),
        ("noted, nothing fails for it", [each for each in known if not each["fails"] and not each["allowed"]]),
    ):
        if chosen:
            yield f"{title}:"
            for fingerprint, group in _by_fingerprint(chosen).items():
                first = group[0]
                why = first["allowed"] or f"{first['verdict']}: {first['reason']}"
                thing = f"{first['kind']} {first['what']} {first['how']}{_place(first)}"
                yield f"{fingerprint}  {thing} ({why})"
                yield from _names(group, most)


def _by_fingerprint(records: Iterable[Record]) -> dict[str, list[Record]]:
    groups: dict[str, list[Record]] = {}
    for each in records:
        groups.setdefault(each["fingerprint"], []).append(each)
    return groups


def _place(record: Record) -> str:
    if not record["origin"]:
        return f", held by {record['held_by']}" if record["held_by"] else ""
    first = record["origin"][0]
    mine = next((each for each in record["origin"] if _is_projects(each)), first)
    line = mine if record["fails"] else first  # what fails is the project's to end, what is noted a library's
    return f", {line['file']}:{line['line']} in {line['function']}"


def _names(group: list[Record], most: int | None) -> Iterator[str]:
    """The tests in lines of their own, by the fixture through which they have it."""
    for fixture in dict.fromkeys(map(_fixture, group)):
        part = [each for each in group if _fixture(each) == fixture]
        yield f"          {f'by {fixture} ' if fixture else ''}in {_few(part, most)}"


def _is_projects(line: Line) -> bool:
    file = line["file"]
    return place_of(file if file.startswith("<") else os.path.join(BEGINNING, file)) is Place.PROJECT


def _fixture(record: Record) -> str:
    """Whose set-up it was: that of a wider fixture, which is charged itself, or of one of the test's own scope."""
    if record["owner"] != record["test"]:
        return record["owner"]
    return f"fixture {record['fixture']}" if record["fixture"] else ""


def _few(group: list[Record], most: int | None) -> str:
    names = list(dict.fromkeys(each["test"] for each in group))
    rest = f" and {len(names) - most} more" if most is not None and len(names) > most else ""
    return ", ".join(names[:most]) + rest


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'s' if number != 1 else ''}"
