"""What the runtime utilities tell whoever listens: one record for each lease that begins or ends.

Nobody listening costs one truth test of an empty list.  A listener that raises is reported as
unraisable (`sys.unraisablehook`) and the production code goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from .unraised import report

if TYPE_CHECKING:
    from .origin import Origin

Action: TypeAlias = Literal["acquired", "released", "dropped"]


@dataclass(frozen=True, slots=True)
class Event:
    """One lease began or ended."""

    action: Action
    """`dropped` means that the lease was garbage-collected without a release."""
    kind: str
    """What was lent, in the words of a report: "pool lease", "buffer", "scope"."""
    owner: str
    """Who lent it: "Pool 'db'"."""
    lease_id: int
    """Unique in the process, growing; the same in the events that begin and end a lease."""
    origin: Origin
    """Where it was acquired, in every action."""


class Hook(Protocol):
    """What listens: called in the thread (or task) that acquires or releases, so it must be quick."""

    def __call__(self, event: Event, /) -> object:
        """Take note of the event."""


hooks: list[Hook] = []
"""Who listens now.  Hot paths test it for truth; only `subscribe` changes it, in place."""


def subscribe(hook: Hook) -> Callable[[], None]:
    """Have `hook` called with every event from now on; the callable returned ends that, once.

    >>> heard = []
    >>> unsubscribe = subscribe(heard.append)
    >>> unsubscribe()
    """
    entry: list[Hook] = [hook]
    hooks.append(hook)

    def unsubscribe() -> None:
        if entry:
            hooks.remove(entry.pop())

    return unsubscribe


def emit(event: Event) -> None:
    """Call every hook, whatever the others did."""
    for hook in tuple(hooks):
        try:
            hook(event)
        except Exception as error:
            report(error, "in a listener to leases", hook)
