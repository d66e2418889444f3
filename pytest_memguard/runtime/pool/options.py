"""What a pool may do: bounds, times and chances, validated once, shared by the two kinds of pool."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait before the next attempt: exponential, bounded, with full jitter above the half.

    The jitter keeps many processes, which saw the same server go away, from coming back at the same
    instant (M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015: "equal jitter").

    >>> Backoff(first=0.1, most=1.0).delay(attempt=3, chance=1.0)
    0.4
    """

    first: float = 0.1
    """Seconds before the second attempt, at most."""
    most: float = 5.0
    """Seconds that no delay exceeds."""
    factor: float = 2.0

    def delay(self, attempt: int, chance: float) -> float:
        """Seconds to wait after failed attempt number `attempt` (from 1); `chance` is random in [0, 1)."""
        steps = min(attempt - 1, 64)  # more would overflow, and the bound was reached long ago
        whole = min(self.most, self.first * self.factor**steps)
        return whole * (0.5 + 0.5 * chance)


@dataclass(frozen=True, slots=True)
class Options:
    """The settings that both kinds of pool understand alike.  Raises `ValueError` for what cannot be."""

    name: str
    minimum: int = 0
    """Resources that the sweep keeps open, leased or idle."""
    maximum: int = 10
    """Resources that exist at most, counting those that are being opened or closed."""
    timeout: float | None = 30.0
    """Seconds that `acquire` waits unless told otherwise; None waits for ever."""
    check_after: float = 0.0
    """Seconds of idleness after which a borrower's resource is checked first."""
    max_lifetime: float | None = None
    """Seconds after which a resource is replaced, when it is next idle."""
    lifetime_jitter: float = 0.05
    """Each resource lives up to this share less, so that they are not all replaced at once."""
    max_idle: float | None = None
    """Seconds of idleness after which the sweep closes what exceeds the minimum."""
    sweep_every: float | None = 30.0
    """Seconds between sweeps; None leaves them to whoever calls `sweep()`."""
    retry_on: tuple[type[Exception], ...] = (OSError,)
    """Failures of the factory that mean an outage: retried by one at a time, with backoff."""
    backoff: Backoff = field(default_factory=Backoff)

    def __post_init__(self) -> None:
        self._require(self.maximum >= 1, f"maximum must be at least 1, not {self.maximum}")
        self._require(
            0 <= self.minimum <= self.maximum,
            f"minimum must be between 0 and maximum ({self.maximum}), not {self.minimum}",
        )
        self._require(0 <= self.lifetime_jitter < 1, f"lifetime_jitter must be in [0, 1), not {self.lifetime_jitter}")
        for name in ("timeout", "check_after", "max_lifetime", "max_idle", "sweep_every"):
            value = getattr(self, name)
            least = 0.0 if name in ("timeout", "check_after") else 1e-9
            self._require(value is None or least <= value <= inf, f"{name} must be positive, not {value}")

    def _require(self, holds: bool, complaint: str) -> None:
        if not holds:
            raise ValueError(f"pool {self.name!r}: {complaint}")

    @property
    def needs_sweep(self) -> bool:
        """Whether anything has to happen while nobody uses the pool."""
        wanted = self.minimum or self.max_idle is not None or self.max_lifetime is not None
        return bool(wanted) and self.sweep_every is not None
