"""Open documents, what is found in them, and the settings that each is checked with."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from memlint.catalogue import CatalogueError
from memlint.engine import Checker, FileResult
from memlint.findings import Finding, Remedy
from memlint.reports.sarif import uri
from memlint.rules import Rule
from memlint.settings import Settings, SettingsError, find_configuration, globs, read_configuration
from memlint.source.decode import split_lines


@dataclass(slots=True)
class Document:
    """A text as the client has it, perhaps unsaved."""

    uri: str
    version: int | None
    text: str
    findings: tuple[Finding, ...] = ()
    remedies: dict[Finding, Remedy | None] = field(default_factory=dict)
    """The fixes that were asked for since the findings were made."""

    @property
    def path(self) -> str:
        """The file's path, or the address itself where it is no file."""
        parts = urlsplit(self.uri)
        return url2pathname(parts.path) if parts.scheme == "file" else unquote(self.uri)

    @property
    def lines(self) -> tuple[str, ...]:
        """Its physical lines."""
        return split_lines(self.text)


def uri_of(path: str) -> str:
    """The address of a path."""
    return uri(os.path.abspath(path))


class Checkers:
    """One checker for each configuration file, made anew when the file changes."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules
        self._made: dict[str, tuple[int, Checker]] = {}
        self.trouble: str | None = None
        """Why the last configuration could not be used; the defaults were used instead."""

    def check(self, document: Document) -> FileResult:
        """Check a document with the settings of its folder; an excluded one has no findings."""
        path = document.path
        checker = self._for(path)
        settings = checker.settings
        if any(globs.names(pattern, path, settings.root) for pattern in settings.exclude + settings.extend_exclude):
            return FileResult(path)
        return checker.check_bytes(document.text.encode("utf-8", "surrogatepass"), path)

    def remedy(self, document: Document, finding: Finding) -> Remedy | None:
        """The fix of a finding in a document as it is now; None where there is none, or nothing to write it with."""
        if finding not in document.remedies:
            document.remedies[finding] = self._remedy(document, finding)
        return document.remedies[finding]

    def _remedy(self, document: Document, finding: Finding) -> Remedy | None:
        from memlint.engine.fixing import Fixer  # most sessions ask for no fix
        from memlint.fixes.installed import NotInstalled

        try:
            fixer = Fixer(self._for(document.path), unsafe=True)
        except NotInstalled:
            return None
        return fixer.remedy(document.text.encode("utf-8", "surrogatepass"), document.path, finding)

    def forget(self) -> None:
        """Look at the other files of a project anew: one of them was saved."""
        self._made.clear()

    def _for(self, path: str) -> Checker:
        self.trouble = None
        try:
            found = find_configuration([path])
            key, age = ("", 0) if found is None else (str(found), os.stat(found).st_mtime_ns)
            known = self._made.get(key)
            if known is not None and known[0] == age:
                return known[1]
            codes = [rule.code for rule in self._rules]
            settings = Settings() if found is None else read_configuration(found, codes)
            checker = Checker(settings, self._rules)
        except (SettingsError, CatalogueError, OSError) as error:
            self.trouble = str(error)
            return Checker(Settings(), self._rules)
        self._made[key] = (age, checker)
        return checker
