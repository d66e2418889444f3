"""The lines of a file that findings need to be shown, and no others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from memlint.findings import Finding
from memlint.values import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import overload


class Excerpt(Sequence[str]):
    """A file's lines of which only some are known; the others read as empty.

    It is as long as the file, so that line numbers mean what they mean there.
    """

    __slots__ = ("_known", "_size")

    def __init__(self, size: int, known: Mapping[int, str]) -> None:
        self._size = size
        self._known = dict(known)

    @property
    def known(self) -> Mapping[int, str]:
        """The known lines by number, from 1."""
        return self._known

    def joined(self, other: Excerpt) -> Excerpt:
        """The lines of both, which are excerpts of one file."""
        return Excerpt(max(self._size, other._size), dict(sorted((self._known | other._known).items())))

    def __len__(self) -> int:
        return self._size

    if TYPE_CHECKING:

        @overload
        def __getitem__(self, index: int) -> str: ...

        @overload
        def __getitem__(self, index: slice) -> list[str]: ...

    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self._known.get(number + 1, "") for number in range(*index.indices(self._size))]
        return self._known.get(range(self._size)[index] + 1, "")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Excerpt):
            return NotImplemented
        return self._size == other._size and self._known == other._known

    def __hash__(self) -> int:
        return hash((self._size, tuple(self._known)))


def excerpt(lines: Sequence[str], findings: Iterable[Finding], path: str) -> Excerpt:
    """What of ``lines``, those of the file ``path``, must be kept to print ``findings``."""
    wanted: set[int] = set()
    for finding in findings:
        if finding.path == path:
            whole = finding.statement or finding.span
            wanted.update(range(whole.line, whole.end_line + 1))
            wanted.add(finding.span.line)
        wanted.update(step.span.line for step in finding.witness if (step.path or finding.path) == path)
    return Excerpt(len(lines), {number: lines[number - 1] for number in sorted(wanted) if 1 <= number <= len(lines)})
