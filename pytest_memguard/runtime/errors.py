"""What the runtime utilities raise: one hierarchy, each message naming the thing, the place and the cure."""

from __future__ import annotations


class MemguardError(Exception):
    """The base of everything that the runtime utilities raise on their own account."""


class LeaseEnded(MemguardError):
    """A lease was released twice, or its value was used after its release."""


class Exhausted(MemguardError, TimeoutError):
    """Nothing became free within the acquire timeout; the message names who holds what."""


class Closed(MemguardError):
    """The pool, scope or cache was used after it was closed, or while it is closing."""


class StillHeld(MemguardError):
    """Closing or draining ended at its time limit with leases outstanding; the message names each."""


class CannotOpen(MemguardError):
    """The factory failed, and the wait for the next attempt (backoff) has not passed."""


class CircuitOpen(MemguardError):
    """The circuit breaker refuses the call because recent ones failed."""


class WrongOwner(MemguardError):
    """Something was used from a process, event loop or thread other than the one that it belongs to."""


class WrongProcess(WrongOwner):
    """A process that was forked off uses what its parent created."""


class WrongLoop(WrongOwner):
    """An event loop uses what was first used in another loop."""


class WrongThread(WrongOwner):
    """A thread uses what is confined to another thread."""


class CancellationSwallowed(MemguardError, AssertionError):
    """`cancel_everywhere` cancelled a body that ran on as if nothing had happened."""


class CapacityLost(MemguardError, AssertionError):
    """`cancel_everywhere` found fewer usable slots after a cancellation than before."""


class LeftOpen(MemguardError, AssertionError):
    """`cancel_everywhere` found a resource that nothing closes after a cancellation."""
