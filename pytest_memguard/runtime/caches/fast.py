"""The cache on top of `cachebox`, which keeps its entries in Rust.  Needs the `fast` extra."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal

from .cache import Cache
from .entry import MISSING, Cause, K, Removal, V
from .holders import Holding
from .state import _inherited

_KINDS = {"lru": "LRUCache", "lfu": "LFUCache", "fifo": "FIFOCache"}


class FastCache(Cache[K, V]):
    """A :class:`Cache` bounded in items, by LRU, LFU or FIFO, without times: less can be asked of it, faster.

    Everything else is the same: one load for many, values closed once, `take`, `borrow`, statistics.  Among
    entries of equal frequency, LFU may choose another one than `Cache` does.

    >>> cache = FastCache(max_items=2)
    >>> cache.put("a", 1); cache.put("b", 2); cache.put("c", 3)
    >>> cache.get("a"), cache.get("c")
    (None, 3)
    """

    __slots__ = ("_fast", "_held", "_look")

    def __init__(
        self,
        max_items: int,
        *,
        policy: Literal["lru", "lfu", "fifo"] = "lru",
        on_remove: Callable[[K, V, Cause], object] | None = None,
        close: bool | Callable[[V], object] = False,
        name: str | None = None,
    ) -> None:
        if policy not in _KINDS:
            raise ValueError(f"FastCache has the policies {', '.join(_KINDS)}, not {policy!r}: use Cache for others")
        super().__init__(max_items, policy=policy, on_remove=on_remove, close=close, name=name)
        self._make()

    def _make(self) -> None:
        import cachebox

        self._fast: Any = getattr(cachebox, _KINDS[self._policy_name])(self._max_items)
        # FIFO has no `peek`, since there a `get` changes nothing.
        self._look: Callable[..., Any] = getattr(self._fast, "peek", self._fast.get)
        self._held: dict[K, Holding] = {}

    def _begin_empty(self) -> None:
        _inherited.append((self._fast, self._held))
        super()._begin_empty()
        self._make()

    def get(self, key: K, default: Any = None) -> Any:
        """Return the value under `key`, or `default`; counts as a hit or a miss."""
        value = self._fast.get(key, MISSING)
        if value is MISSING:
            self._misses += 1
            return default
        self._hits += 1
        return value

    def peek(self, key: K, default: Any = None) -> Any:
        """Return the value under `key` without a trace."""
        return self._look(key, default)

    def remaining(self, key: K) -> None:  # noqa: ARG002 - the signature is the parent's
        """Nothing: values have no times here."""
        return

    def __len__(self) -> int:
        return len(self._fast)

    def keys(self) -> list[K]:
        """The keys of this moment."""
        with self._lock:
            return list(self._fast.keys())

    def items(self) -> list[tuple[K, V]]:
        """The keys and values of this moment, without counting as hits."""
        with self._lock:
            return list(self._fast.items())

    def _insert(
        self,
        key: K,
        value: V,
        weight: int,  # noqa: ARG002 - the signature is the parent's
        ttl: float | None,
        idle: float | None,
        priority: float,
    ) -> list[Removal[K, V]]:
        if ttl is not None or idle is not None or priority:
            raise ValueError("a FastCache has no ttl, no idle time and no priorities: use Cache for them")
        removals: list[Removal[K, V]] = []
        holding = None if self._holders is None else self._holders.hold(value)
        old = self._look(key, MISSING)
        if old is not MISSING:
            removals.append(self._gone_from(key, old, Cause.REPLACED))
        elif len(self._fast) >= self._max_items:
            removals.append(self._evicted(Cause.EVICTED))
        self._fast.insert(key, value)
        if holding is not None:
            self._held[key] = holding
        self._puts += 1
        if len(self._fast) > self._peak:
            self._peak = len(self._fast)
        return removals

    def _withdraw(self, key: K, cause: Cause) -> Removal[K, V] | None:
        with self._lock:
            self._loads.pop(key, None)
            value = self._fast.pop(key, MISSING)
            return None if value is MISSING else self._gone_from(key, value, cause)

    def _expired(self) -> list[Removal[K, V]]:
        return []

    def _press(self, share: float) -> list[Removal[K, V]]:
        if not 0 <= share <= 1:
            raise ValueError(f"share is a part of what is held, from 0 to 1, not {share}")
        with self._lock:
            keep = math.floor(len(self._fast) * (1 - share))
            going = range(len(self._fast) - keep)
            return [self._evicted(Cause.PRESSURE) for _ in going]

    def _empty(self, cause: Cause) -> list[Removal[K, V]]:
        with self._lock:
            self._loads.clear()
            items = list(self._fast.items())
            self._fast.clear()
            return [self._gone_from(key, value, cause) for key, value in items]

    def _lend(self, key: K) -> tuple[V, Holding | None]:
        with self._lock:
            value = self[key]
            return value, None if self._holders is None else self._holders.hold(value)

    def _evicted(self, cause: Cause) -> Removal[K, V]:
        key, value = self._fast.popitem()
        return self._gone_from(key, value, cause)

    def _gone_from(self, key: K, value: V, cause: Cause) -> Removal[K, V]:
        self._gone[cause] += 1
        release = False
        if self._holders is not None:
            holding = self._held.pop(key)
            if cause is Cause.TAKEN:
                self._holders.disown(holding)
            else:
                release = self._holders.let_go(holding)
        return Removal(key, value, cause, release)
