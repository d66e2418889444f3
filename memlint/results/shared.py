"""Results that a fleet shares: kept under words that mean the same in every checkout.

A key is made of memlint, Python, the settings, the file's place in its project and its bytes.  Under it lie a few
variants: what the file's analysis looked at elsewhere in the project, and the result that goes with it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from memlint.results import surroundings
from memlint.results.disk import Disk
from memlint.results.grounds import digest_of
from memlint.results.plain import Malformed, from_plain, listed, text, to_plain
from memlint.results.result import Fact, FileResult, Grounds
from memlint.results.stores import Outage, Store
from memlint.source.modules import module_name, root_of

VARIANTS = 8
"""States of the rest of the project that are kept for one state of a file."""

Terms = Callable[[str], Sequence[object]]
"""What decides on a file's result beside contents: rules, settings and catalogue, as plain values."""


class Shared:
    """A shared cache.  The first outage is told, and the run goes on without."""

    def __init__(self, store: Store, terms: Terms) -> None:
        self._store = store
        self._terms = terms
        self._engine = surroundings.anywhere()
        self._disk = Disk({})
        self._variants: dict[str, list[Any]] = {}
        self.trouble: str | None = None
        """Why the cache could not be used."""

    def recall(self, files: Iterable[str]) -> dict[str, FileResult]:
        """The results of those files for which one is kept that is true here."""
        keys = {path: key for path in files if (key := self._key(path)) is not None}
        try:
            values = self._store.get(list(keys.values()))
        except Outage as outage:
            self.trouble = str(outage)
            return {}
        found: dict[str, FileResult] = {}
        for path, value in zip(keys, values, strict=True):
            self._variants[path] = _variants(value)
            result = self._true_here(path, self._variants[path])
            if result is not None:
                found[path] = result
        return found

    def share(self, results: Iterable[FileResult]) -> None:
        """Keep new results for others; those whose grounds are not known are passed by."""
        if self.trouble is not None:
            return
        values: dict[str, bytes] = {}
        for result in results:
            grounds = result.grounds
            if grounds is None:
                continue
            variant = [sorted(map(list, set(grounds.facts)), key=str), to_plain(result, grounds.root)]
            others = self._variants.get(result.path, ())
            variants = [variant, *(each for each in others if each[:1] != variant[:1])]
            key = self._key_of(result.path, grounds.path, grounds.digest)
            values[key] = json.dumps(variants[:VARIANTS], separators=(",", ":")).encode()
        try:
            self._store.put(values)
        except Outage as outage:
            self.trouble = str(outage)

    def close(self) -> None:
        """Hang up."""
        self._store.close()

    def _true_here(self, path: str, variants: Iterable[Any]) -> FileResult | None:
        root, place = _place(path)
        for each in variants:
            try:
                facts, plain = each
                known = [_fact(fact) for fact in listed(facts)]
                if all(self._disk.holds(f"{root}/{name}", digest) for name, digest in known):
                    digest = self._disk.digest(os.path.abspath(path)) or ""
                    return replace(from_plain(plain, path, root), grounds=Grounds(root, place, digest, tuple(known)))
            except (Malformed, TypeError, ValueError):
                continue  # nobody of ours has written it
        return None

    def _key(self, path: str) -> str | None:
        digest = self._disk.digest(os.path.abspath(path))
        return None if digest is None else self._key_of(path, _place(path)[1], digest)

    def _key_of(self, path: str, place: str, digest: str) -> str:
        words = json.dumps([self._engine, self._terms(path), place, digest], default=str)
        return digest_of(words.encode("utf-8", "surrogatepass"))


def _variants(value: bytes | None) -> list[Any]:
    try:
        found = [] if value is None else json.loads(value)
    except (ValueError, RecursionError):
        return []
    return [each for each in found if isinstance(each, list)] if isinstance(found, list) else []


def _fact(plain: object) -> Fact:
    """A fact whose path stays below the root, whoever has written it."""
    path, digest = listed(plain)
    if text(path).startswith("/") or ".." in path.split("/"):
        raise ValueError(f"{path} is no place below a root")
    return path, None if digest is None else text(digest)


def _place(path: str) -> tuple[str, str]:
    """The root of a file's project, and the file's place below it."""
    root, _ = root_of(path, module_name(path))
    return root, os.path.relpath(os.path.abspath(path), root).replace(os.sep, "/")
