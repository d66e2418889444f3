"""What is done to a resource too late: it is used, released again, returned or stored once it has been released.

A use counts as late only when on *every* path that comes to its place the release came first.  The copies that the
graph makes of a ``finally`` are places of their own, so that each is judged by the way on which it is entered.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from memlint.flow.machine import Machine
from memlint.flow.sites import Misuse
from memlint.flow.state import State, Status
from memlint.flow.values import Handle, Pair, Value, View

ANYTHING = "*"
"""Among what fails after a release: functions that work on the resource, so that nothing of use is left of it."""


def called(m: Machine, state: State, value: Value | None, node: ast.AST, name: str) -> None:
    """A method is called on a resource, or (``__iter__``) a loop reads from it."""
    handle = value.of if isinstance(value, View) else value
    if isinstance(handle, Handle) and name in m.kind(handle).fails_after:
        _note(m, state, handle, node, Misuse.USED)


def released(m: Machine, state: State, value: Value | None, node: ast.AST) -> None:
    """A resource is about to be released; for some kinds the second time is an error."""
    if isinstance(value, Handle) and m.kind(value).release_once:
        _note(m, state, value, node, Misuse.RELEASED_AGAIN)


def wrapped(m: Machine, wrapper: Value, inner: list[Handle]) -> None:
    """From here on the release of ``wrapper`` is the release of what it wraps."""
    if isinstance(wrapper, Handle) and inner:
        m.wrapped[wrapper.site] = inner
        entry = m.records[wrapper.site].site.entry
        if len(inner) == 1 and entry is not None and entry.passive and not m.kind(wrapper).release:
            m.lenders[inner[0]] = wrapper


def entered(m: Machine, manager: Handle) -> Handle:
    """What a block gets that enters a resource: itself, or what it wraps, when it can do nothing but release that."""
    for inner in m.wrapped.get(manager.site, ()) if m.lenders else ():
        if m.lenders.get(inner) == manager:
            return inner
    return manager


def returned(m: Machine, state: State, node: ast.AST) -> None:
    """Remember what is still held when it is returned: what leaves released was returned in vain."""
    for handle in _direct(state.returning):
        if state.status.get(handle) is Status.HELD:
            m.returned_open.add((handle.site, id(node)))


def left(m: Machine, state: State) -> None:
    """Control leaves normally: find what is released by now, although it was returned or stored while it was held."""
    if not m.returned_open and not m.by_block:
        return
    node = state.trail.left_at() if state.trail is not None else None
    for handle in _direct(state.returning):
        if node is not None and (handle.site, id(node)) in m.returned_open:
            m.records[handle.site].use(Misuse.RETURNED, node, 0, late=_useless(m, state, handle))
    for store in m.stores:
        if not store.container and store.site in m.by_block:
            kept = state.places.get(f"{store.owner}.{store.attribute}")
            late = isinstance(kept, Handle) and kept.site == store.site and _useless(m, state, kept)
            m.records[store.site].use(Misuse.STORED, store.node, 0, late=late)


def watched(m: Machine, state: State, value: Value | None) -> bool:
    """Whether a value is a released resource to which something may yet be done too late."""
    handle = value.of if isinstance(value, View) else value
    if m.judging or not isinstance(handle, Handle) or state.status.get(handle) is not Status.RELEASED:
        return False
    kind = m.kind(handle)
    return kind.release_once or bool(kind.fails_after)


def stored(m: Machine, state: State) -> bool:
    """Whether a field keeps what a ``with`` of this function releases, or has released."""
    if m.judging:
        return False
    for store in m.stores:
        kept = state.places.get(f"{store.owner}.{store.attribute}")
        if isinstance(kept, Handle) and (
            kept.site in m.by_block or any(place < 0 and value == kept for place, value in state.slots.items())
        ):
            return True
    return False


def _note(m: Machine, state: State, handle: Handle, node: ast.AST, misuse: Misuse) -> None:
    late = state.status.get(handle) is Status.RELEASED
    m.records[handle.site].use(misuse, node, m.block, late=late)


def _useless(m: Machine, state: State, handle: Handle) -> bool:
    return state.status.get(handle) is Status.RELEASED and ANYTHING in m.kind(handle).fails_after


def _direct(value: Value | None) -> Iterator[Handle]:
    """The resources that a value is, reads from, or holds as an element of a tuple."""
    for item in value.items if isinstance(value, Pair) else (value,):
        handle = item.of if isinstance(item, View) else item
        if isinstance(handle, Handle):
            yield handle
