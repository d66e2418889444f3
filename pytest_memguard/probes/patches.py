"""Attributes that are replaced while the guard runs, and put back afterwards."""

from __future__ import annotations

import functools
import inspect
import sys
import types
from collections.abc import Callable
from typing import Any, TypeVar

_MISSING = object()
T = TypeVar("T")


class Patches:
    """Replaced attributes of modules and classes, put back in reverse order.

    >>> class Box: size = 1
    >>> patches = Patches()
    >>> patches.put(Box, "size", 2)
    >>> patches.undo()
    >>> Box.size
    1
    """

    def __init__(self) -> None:
        self._done: list[tuple[Any, str, Any, Any]] = []

    def put(self, holder: Any, name: str, value: Any) -> None:
        """Replace `holder.name`, remembering what stood in its own dictionary."""
        self._done.append((holder, name, vars(holder).get(name, _MISSING), value))
        setattr(holder, name, value)

    def undo(self) -> None:
        """Put everything back, except what somebody has replaced on top since: that stays theirs."""
        while self._done:
            holder, name, before, value = self._done.pop()
            if vars(holder).get(name, _MISSING) is not value:
                continue  # another tool patched over us; taking it away would break that tool
            if before is _MISSING:
                delattr(holder, name)
            else:
                setattr(holder, name, before)

    def __len__(self) -> int:
        return len(self._done)


def signed(wrapper: Callable[..., Any], real: Any) -> Any:
    """A function that calls `wrapper`, with the very parameters of the one that it stands for.

    `__wrapped__` tells `inspect.signature`; SQLAlchemy reads the names from the code to learn which words of
    `create_engine` are the pool's, and refuses those that it does not find.
    """
    if not isinstance(real, types.FunctionType):
        return wrapper
    code = real.__code__
    counts = code.co_argcount, code.co_kwonlyargcount
    positional, named = code.co_varnames[: counts[0]], code.co_varnames[counts[0] : sum(counts)]
    rest = list(code.co_varnames[sum(counts) :])
    starred = [f"*{rest.pop(0)}"] if code.co_flags & inspect.CO_VARARGS else []
    mapping = [f"**{rest.pop(0)}"] if code.co_flags & inspect.CO_VARKEYWORDS else []
    before, after = positional[: code.co_posonlyargcount], positional[code.co_posonlyargcount :]
    slash = ["/"] if before else []
    star = starred or (["*"] if named else [])
    taken = ", ".join([*before, *slash, *after, *star, *named, *mapping])
    given = ", ".join([*positional, *starred, *(f"{name}={name}" for name in named), *mapping])
    space: dict[str, Any] = {"__wrapper__": wrapper}
    text = f"def made({taken}):\n    return __wrapper__({given})"
    exec(compile(text, wrapper.__code__.co_filename, "exec"), space)
    made: Any = functools.wraps(real)(space["made"])
    made.__defaults__, made.__kwdefaults__ = real.__defaults__, real.__kwdefaults__
    return made


class Stands:
    """Stands wherever a module's name is bound to what they stand for: `from os import pipe` too.

    Looking through every module costs 5 to 20 ms, so that it is done once for all.
    """

    def __init__(self) -> None:
        self._stands: list[Stand] = []

    def add(self, *stands: Stand) -> None:
        """Have these put up by the next `put`."""
        self._stands += stands

    def put(self) -> None:
        """Bind every name of a module that is bound to what a stand stands for to the stand."""
        for module, name, stand in _bound_to({id(stand.real): stand for stand in self._stands}):
            setattr(module, name, stand)

    def undo(self) -> None:
        """Bind the names back, those of modules that were imported meanwhile too."""
        for module, name, stand in _bound_to({id(stand): stand for stand in self._stands}):
            setattr(module, name, stand.real)
        self._stands.clear()


def _bound_to(wanted: dict[int, Stand]) -> list[tuple[types.ModuleType, str, Stand]]:
    """The names of modules that are bound to one of these objects, by identity."""
    everything: list[object] = list(sys.modules.values())  # some libraries put other things there
    return [
        (module, name, wanted[id(value)])
        for module in everything
        if isinstance(module, types.ModuleType)
        for name, value in vars(module).copy().items()
        if id(value) in wanted
    ]


class Stand:
    """Stands where a builtin function stood.

    An instance, because a Python function would become a method where a class keeps it as an attribute,
    which a builtin never does.
    """

    def __init__(self, real: Callable[..., Any]) -> None:
        self.real = real
        functools.update_wrapper(self, real, assigned=("__module__", "__name__", "__qualname__", "__doc__"))

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self.real)

    @property
    def __self__(self) -> Any:
        return self.real.__self__  # type: ignore[attr-defined]

    def __repr__(self) -> str:
        return repr(self.real)

    def __reduce__(self) -> str:
        return self.real.__name__

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Do what the function does, and note it."""
        raise NotImplementedError
