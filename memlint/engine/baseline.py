"""Known findings, written down so that only new ones are shown.

An entry is a finding's fingerprint in plain words: file, code, enclosing symbol and the statement's text, never a
line number.  Equal ones are counted.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from memlint.findings import Finding
from memlint.reports.fingerprint import statement_text
from memlint.reports.model import Report
from memlint.settings import SettingsError
from memlint.source.cells import cell_of
from memlint.source.codes import UNPARSABLE

VERSION = 1

Content: TypeAlias = tuple[str, str, str]
"""Code, symbol and text."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of some equal findings."""

    path: str
    """From the folder of the baseline file, with ``/``."""
    code: str
    symbol: str
    text: str

    @property
    def content(self) -> Content:
        """The entry without its file, for files that were renamed."""
        return self.code, self.symbol, self.text


@dataclass(frozen=True, slots=True)
class Compared:
    """A report without its known findings."""

    report: Report
    known: int
    stale: tuple[Entry, ...]
    """Entries for which nothing was found, although their file was checked or is gone."""


def write_baseline(file: str, report: Report, checked: Iterable[str]) -> int:
    """Write down the findings of a report, and return how many entries the file now counts.

    What an earlier baseline says of files that were not ``checked`` and of rules that did not run is kept.

    Raises:
        SettingsError: the file cannot be written, or holds something that is no baseline.
    """
    counts = Counter(_entry(finding, report, file) for finding in report.findings if finding.code != UNPARSABLE)
    if os.path.exists(file):
        looked_at = _looked_at(file, checked)
        for entry, count in read_baseline(file).items():
            if not looked_at(entry, report):
                counts[entry] = count
    rows = [
        json.dumps({"path": e.path, "code": e.code, "symbol": e.symbol, "text": e.text, "count": count})
        for e, count in sorted(counts.items(), key=lambda item: (item[0].path, item[0].content))
    ]
    body = ",\n    ".join(rows)
    text = f'{{\n  "memlint-baseline": {VERSION},\n  "entries": [\n    {body}\n  ]\n}}\n'
    try:
        with open(file, "w", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        raise SettingsError(f"{file}: cannot be written: {error.strerror or error}") from error
    return counts.total()


def read_baseline(file: str) -> Counter[Entry]:
    """The entries of a baseline file with their counts.

    Raises:
        SettingsError: it cannot be read, or is none.
    """
    try:
        with open(file, encoding="utf-8") as stream:
            document = json.load(stream)
    except FileNotFoundError as error:
        raise SettingsError(f"{file}: no such baseline; `--update-baseline` writes one") from error
    except (OSError, ValueError) as error:
        raise SettingsError(f"{file}: the baseline cannot be read: {error}") from error
    if not isinstance(document, dict) or document.get("memlint-baseline") != VERSION:
        raise SettingsError(
            f"{file}: is no baseline of version {VERSION}; remove it, and `--update-baseline` writes one"
        )
    found: Counter[Entry] = Counter()
    try:
        for row in document["entries"]:
            found[Entry(str(row["path"]), str(row["code"]), str(row["symbol"]), str(row["text"]))] += int(row["count"])
    except (KeyError, TypeError, ValueError) as error:
        raise SettingsError(f"{file}: an entry of the baseline is incomplete: {error!r}") from error
    return found


def compare(file: str, known: Mapping[Entry, int], report: Report, checked: Iterable[str]) -> Compared:
    """Take the known findings out of a report.

    ``checked`` are the files that were looked at.  A finding in a file that the baseline does not know is also
    looked for under the names of files that are gone: the file may have been renamed.
    """
    folder = os.path.dirname(os.path.abspath(file))
    left = Counter(known)
    gone = {path for path in {entry.path for entry in known} if not os.path.exists(os.path.join(folder, path))}
    kept: list[Finding] = []
    unmatched: list[Finding] = []
    for finding in report.findings:
        entry = _entry(finding, report, file)
        if left[entry] > 0:
            left[entry] -= 1
        else:
            unmatched.append(finding)
    for finding in unmatched:
        content = _entry(finding, report, file).content
        former = next((e for e, count in left.items() if count > 0 and e.path in gone and e.content == content), None)
        if former is None:
            kept.append(finding)
        else:
            left[former] -= 1
    looked_at = _looked_at(file, checked)
    stale = tuple(entry for entry, count in left.items() if count > 0 and looked_at(entry, report))
    changed = replace(report, findings=tuple(kept))
    return Compared(changed, len(report.findings) - len(kept), stale)


def _looked_at(file: str, checked: Iterable[str]) -> Callable[[Entry, Report], bool]:
    """Tells whether a run could have found what an entry speaks of: its file was checked or is gone, its rule ran."""
    folder = os.path.dirname(os.path.abspath(file))
    paths = {_relative(path, file) for path in checked}

    def answer(entry: Entry, report: Report) -> bool:
        ran = any(rule.code == entry.code for rule in report.rules)
        return ran and (entry.path in paths or not os.path.exists(os.path.join(folder, entry.path)))

    return answer


def _entry(finding: Finding, report: Report, file: str) -> Entry:
    text = statement_text(finding, report.lines.get(finding.path, ()))
    return Entry(_relative(cell_of(finding.path)[0], file), finding.code, finding.symbol, text)


def _relative(path: str, file: str) -> str:
    full = os.path.abspath(path)
    try:
        relative = os.path.relpath(full, os.path.dirname(os.path.abspath(file)))
    except ValueError:  # another drive
        relative = full
    return relative.replace(os.sep, "/").encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
