"""`unittest.mock` patches that were started and never stopped: what they replaced stays replaced.

Cost: nothing until `unittest.mock` is imported; then the length of a list, and 2 µs a `start`.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from typing import Any

from .patches import Patches, Stands
from .probe import Census, Key, Sight
from .state import State

MARK = "_memguard_acquired"
"""Kept on the patch itself, so that it goes when the patch goes."""


class MockPatches(State):
    """What `patcher.start()` starts."""

    name = "mock patch"

    def begin(self, _: Stands) -> None:
        """Patch `start` once mock is there; `take` looks again."""
        self._patches = Patches()
        self._active: list[Any] | None = None
        self._find()

    def stop(self) -> None:
        """Put it back."""
        self._patches.undo()
        self._active = None
        super().stop()

    def take(self) -> Census:
        """The patches that were started and not stopped."""
        if self._active is None and not self._find():
            return self._keys
        if self._active or self._keys:
            self._keys = frozenset((self.name, id(patch)) for patch in self._active or ())
        return self._keys

    def describe(self, key: Key) -> Sight | None:
        """Tell what is replaced, and by whose line."""
        patch = next((each for each in self._active or () if id(each) == key[1]), None)
        return Sight(self.name, _words(patch), vars(patch).get(MARK)) if patch is not None else None

    def words(self, key: Key) -> str:
        """Never asked."""
        raise LookupError(key)

    def _find(self) -> bool:
        module: Any = sys.modules.get("unittest.mock")
        if not hasattr(module, "_patch_dict") or not hasattr(module, "_patch"):
            return False
        self._active = module._patch._active_patches
        for kind in (module._patch, module._patch_dict):
            self._patches.put(kind, "start", self._starting(kind.start))
        return True

    def _starting(self, real: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def start(patch: Any) -> Any:
            result = real(patch)
            setattr(patch, MARK, self.acquired(sys._getframe(1)))
            return result

        start.__doc__ = real.__doc__
        return start


def _words(patch: Any) -> str:
    """Name what is replaced; a target is looked at only when its type is known."""
    target, attribute = getattr(patch, "target", None), getattr(patch, "attribute", "")
    if isinstance(target, types.ModuleType | type):
        return f"of {target.__name__}.{attribute}"
    return f"of {attribute!r}" if attribute else "of a dictionary"
