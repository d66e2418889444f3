"""Which block releases a kind of resource, and how the block is put around a lifetime."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from memlint.catalogue.model import Context, Kind
from memlint.fixes.case import Case
from memlint.fixes.kinds import ends_on_its_own_terms
from memlint.fixes.lifetime import Lifetime
from memlint.fixes.proposal import Block, Item, JoinBlock, Operation, Refused, Wrap

WIDTH = 88
"""Columns up to which a second item joins a ``with`` line; a block of its own is easier to read from there."""


@dataclass(frozen=True)
class Way:
    """How a block releases a kind."""

    asynchronous: bool
    wrapper: str | None = None
    operations: tuple[Operation, ...] = ()
    doubt: str | None = None

    @property
    def words(self) -> str:
        """As titles say it."""
        block = "`async with`" if self.asynchronous else "`with`"
        return f"{block} and {self.wrapper.rpartition('.')[2]}()" if self.wrapper else block


def way(case: Case) -> Way:
    """How a block releases what a finding is about.

    Raises:
        Refused: none does.
    """
    kind = case.kind
    inside_async = isinstance(case.places.function(case.call), ast.AsyncFunctionDef)
    if kind.context is Context.RELEASES:
        return Way(False, doubt=ends_on_its_own_terms(kind))
    if kind.async_context is Context.RELEASES:
        if not inside_async:
            raise Refused(f"{kind.label} needs an asynchronous function")
        if isinstance(case.value, ast.Await):
            raise Refused("the block may want the call itself instead of what awaiting it gives")
        return Way(True, doubt=ends_on_its_own_terms(kind))
    wrapper = _closer(kind)
    if wrapper is None:
        raise Refused(f"no block releases {kind.label}")
    asynchronous = wrapper == "contextlib.aclosing"
    if asynchronous and not inside_async:
        raise Refused(f"{kind.label} needs an asynchronous function")
    spelled, operations = case.spelled(wrapper)
    return Way(asynchronous, spelled, operations)


def _closer(kind: Kind) -> str | None:
    """What makes a block of a release method, by its name."""
    if not kind.release or kind.release_by:
        return None
    if kind.release[0] == "close" and not kind.awaited_release:
        return "contextlib.closing"
    if "aclose" in kind.release and kind.awaited_release:
        return "contextlib.aclosing"
    return None


def enclose(
    case: Case, life: Lifetime, item: Item, manner: Way, declares: str | None = None
) -> tuple[Operation, ...]:  # fmt: skip
    """Put a lifetime into a block, or into the ``with`` line whose whole body the lifetime would be."""
    outer = life.spot.owner
    acquisition = life.spot.block[life.spot.index]
    sort = ast.AsyncWith if manner.asynchronous else ast.With
    whole = life.spot.index == 0 and life.last == len(life.spot.block) - 1 and life.last > 0
    if isinstance(outer, sort) and whole and declares is None and _joins(case, outer, item):
        drops = (acquisition, *life.drops)
        return (*manner.operations, JoinBlock(outer, item, drops, life.unwraps))
    wrap = Wrap(life.statements, Block((item,), manner.asynchronous), acquisition, drops=life.drops,
                unwraps=life.unwraps, declares=declares)  # fmt: skip
    return (*manner.operations, wrap)


def _joins(case: Case, outer: ast.With | ast.AsyncWith, item: Item) -> bool:
    """Whether an item fits into a ``with`` line: on one line, without a comment of its own."""
    lines = case.source.lines
    first = outer.body[0]
    if outer.lineno != outer.items[-1].context_expr.end_lineno or "#" in lines[first.lineno - 1]:
        return False
    if lines[first.lineno - 2].lstrip().startswith("#") or first.lineno != first.end_lineno:
        return False
    text = item.value if isinstance(item.value, str) else ast.unparse(item.value)
    line = lines[outer.lineno - 1]
    return "#" not in line and len(line) + len(text) + len(item.name or "") + 6 <= WIDTH
