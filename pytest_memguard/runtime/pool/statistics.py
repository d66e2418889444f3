"""What a pool answers to `statistics()`: one frozen record of plain numbers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PoolStatistics:
    """The state of a pool at one moment, and what it has counted since it was made."""

    minimum: int
    maximum: int
    idle: int
    """Resources that wait for a borrower."""
    leased: int
    """Resources in somebody's hands."""
    changing: int
    """Slots whose resource is being opened, checked, reset or closed."""
    waiting: int
    """Borrowers in the queue."""
    acquired: int
    """Leases that began."""
    discarded: int
    """Leases given back as unfit for re-use."""
    dropped: int
    """Leases that were garbage-collected without a release."""
    timeouts: int
    """Borrowers that went away with nothing."""
    waits: int
    """Borrowers that had to queue and were served."""
    wait_seconds: float
    """How long these queued, all together."""
    longest_wait: float
    """Seconds that the longest of these queued."""
    lease_seconds: float
    """How long resources were in somebody's hands, counted when they come back."""
    opened: int
    closed: int
    open_failures: int
    check_failures: int
    reset_failures: int
    close_failures: int
    """Resources whose close raised; they count as closed too."""
    expired: int
    """Resources closed for their age or by `expire`."""
    reaped: int
    """Resources closed because they were idle too long."""

    @property
    def open(self) -> int:
        """Resources that exist."""
        return self.opened - self.closed

    @property
    def used(self) -> float:
        """The share of the maximum that is leased, from 0 to 1."""
        return self.leased / self.maximum
