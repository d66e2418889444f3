"""Which fixes each rule has, in the order in which they are tried."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from memlint.fixes import (
    aclosing,
    before_try,
    bound,
    cached_property,
    closing_item,
    constructor,
    default_none,
    enter_exit,
    exit_stack,
    keep_task,
    lock_block,
    manual_block,
    mkstemp_path,
    nested_finally,
    one_finally,
    other_block,
    release_field,
    release_on_error,
    try_finally,
    unnamed,
    with_block,
)
from memlint.fixes.case import Case
from memlint.fixes.proposal import Proposal


@dataclass(frozen=True, slots=True)
class Fix:
    """One way to mend a finding."""

    name: str
    """What reports, pages and counts call it."""
    propose: Callable[[Case], Proposal]
    """Plans it; raises ``Refused`` where it does not apply."""
    sometimes_safe: bool = True
    """Whether any of its proposals can be safe."""


WITH = Fix("with-block", with_block.propose)
LOCK = Fix("lock-block", lock_block.propose)
UNNAMED = Fix("with-statement", unnamed.propose)
STACK = Fix("exit-stack", exit_stack.propose)
FINALLY = Fix("try-finally", try_finally.propose)
MKSTEMP = Fix("close-descriptor", mkstemp_path.propose)
ON_ERROR = Fix("release-on-error", release_on_error.propose, sometimes_safe=False)

_HANDLES = (WITH, UNNAMED, FINALLY, STACK)

FIXES: dict[str, tuple[Fix, ...]] = {
    "MEM101": _HANDLES,
    "MEM102": (UNNAMED, MKSTEMP),
    "MEM103": _HANDLES,
    "MEM106": (Fix("keep-task", keep_task.propose, sometimes_safe=False),),
    "MEM108": (replace(WITH, sometimes_safe=False),),
    "MEM109": (replace(WITH, sometimes_safe=False), replace(FINALLY, sometimes_safe=False)),
    "MEM110": (LOCK,),
    "MEM111": (WITH, FINALLY),
    "MEM113": (Fix("release-field", release_field.propose, sometimes_safe=False),),
    "MEM114": (Fix("aclosing", aclosing.propose, sometimes_safe=False),),
    "MEM201": (Fix("bound-queue", bound.queue, sometimes_safe=False),),
    "MEM301": (LOCK, *_HANDLES, ON_ERROR),
    "MEM302": (Fix("one-finally", one_finally.propose),),
    "MEM303": (Fix("next-release", nested_finally.next_release),),
    "MEM304": (Fix("before-try", before_try.propose),),
    "MEM306": (Fix("constructor", constructor.propose, sometimes_safe=False),),
    "MEM401": (LOCK, WITH),
    "MEM402": (Fix("enter-exit", enter_exit.propose),),
    "MEM404": (Fix("finally-after-yield", nested_finally.after_yield, sometimes_safe=False),),
    "MEM405": (Fix("closing-item", closing_item.propose), *_HANDLES),
    "MEM406": (Fix("other-block", other_block.propose),),
    "MEM407": (Fix("manual-block", manual_block.propose, sometimes_safe=False),),
    "MEM501": (Fix("bound-cache", bound.cache, sometimes_safe=False),),
    "MEM502": (Fix("cached-property", cached_property.propose, sometimes_safe=False),),
    "MEM503": (Fix("bound-deque", bound.deque, sometimes_safe=False),),
    "MEM504": (Fix("default-none", default_none.propose, sometimes_safe=False),),
}
"""By rule; a rule that is not here has no fix."""


def availability(code: str) -> str:
    """Whether a rule has a fix: ``sometimes safe``, ``unsafe`` or ``none``."""
    fixes = FIXES.get(code, ())
    if not fixes:
        return "none"
    return "sometimes safe" if any(fix.sometimes_safe for fix in fixes) else "unsafe"


def every_fix() -> Iterator[Fix]:
    """All fixes, each once."""
    found: dict[str, Fix] = {}
    for fix in (fix for fixes in FIXES.values() for fix in fixes):
        known = found.setdefault(fix.name, fix)
        if fix.sometimes_safe and not known.sometimes_safe:
            found[fix.name] = fix
    yield from found.values()
