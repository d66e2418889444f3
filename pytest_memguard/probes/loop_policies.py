"""asyncio's event-loop policy, when it is not put back: every later loop is of another make.

Cost: nothing until asyncio is imported, then 0.2 µs.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Hashable
from functools import partial
from typing import Any

from ..origins import Owner
from .patches import Patches, Stands
from .probe import Census, Key
from .state import State


class LoopPolicies(State):
    """What `asyncio.set_event_loop_policy` sets."""

    name = "event loop policy"
    is_one = True

    def begin(self, _: Stands) -> None:
        """Patch the setter once asyncio is there; `take` looks again."""
        self._patches = Patches()
        self._events: Any = None
        self._known: dict[Hashable, Any] = {}
        """The policies that stood there at the last looks, so that one can be put back."""
        self._base: Any = None
        self._find()

    def stop(self) -> None:
        """Put it back."""
        self._patches.undo()
        self._events = self._base = None
        self._known.clear()
        super().stop()

    def take(self) -> Census:
        """The policy, when it is not the one that was there when the guard started."""
        if self._events is None and not self._find():
            return self._keys
        now = _own(self._events._event_loop_policy)
        if now is self._base:
            self._keys = frozenset()
        elif not self._keys or (self.name, id(now)) not in self._keys:
            self._keys = frozenset([(self.name, id(now))])
            self._known[id(now)] = now
        return self._keys

    def undo(self, _: Key, found: Key | None) -> Callable[[], object] | None:
        """Set the policy that was there."""
        policy = self._known.get(found[1]) if found is not None else self._base
        if found is not None and policy is None:
            return None
        return partial(setattr, self._events, "_event_loop_policy", policy)

    def forget(self, ended: Owner) -> None:
        """Keep only the policy that still stands there."""
        super().forget(ended)
        if self._known:
            self._known = {key: policy for key, policy in self._known.items() if (self.name, key) in self._keys}

    def words(self, _: Key) -> str:
        """Name the policy's type."""
        policy = self._events._event_loop_policy
        return "none" if policy is None else type(policy).__name__

    def _find(self) -> bool:
        events, package = sys.modules.get("asyncio.events"), sys.modules.get("asyncio")
        if not hasattr(package, "set_event_loop_policy") or not hasattr(events, "_event_loop_policy"):
            return False  # not imported, or just being so
        self._events = events
        self._base = _own(self._events._event_loop_policy)
        stand = self._setting(self._events.set_event_loop_policy)
        for module in (events, package):
            self._patches.put(module, "set_event_loop_policy", stand)
        return True

    def _setting(self, real: Callable[[Any], None]) -> Callable[[Any], None]:
        def set_event_loop_policy(policy: Any) -> None:
            real(policy)
            self.wrote(sys._getframe(1), id(_own(policy)))

        set_event_loop_policy.__doc__ = real.__doc__
        return set_event_loop_policy


def _own(policy: Any) -> Any:
    """A policy that somebody chose: asyncio makes its own when the first loop is asked for."""
    return None if type(policy).__module__.partition(".")[0] == "asyncio" else policy
