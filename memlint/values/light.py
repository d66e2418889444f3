"""What we need of ``dataclasses``, without what its import and its compiling cost a short run.

``dataclasses`` imports ``inspect``, and with it ``ast``, ``dis`` and more; then it writes and compiles methods for each
class.  Together that was a quarter of a run that finds every result kept.  Here all classes share their methods.  They
stay dataclasses for whoever asks: ``dataclasses.fields``, ``replace`` and ``asdict`` take their values.
"""

from __future__ import annotations

_MISSING: object = object()
_FIELDS = "__dataclass_fields__"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any


class _Part:
    """What is said of one field beside its type."""

    __slots__ = ("compare", "default", "factory")

    def __init__(self, default: object, factory: Callable[[], object] | None, compare: bool) -> None:
        self.default = default
        self.factory = factory
        self.compare = compare


def field(
    *, default: object = _MISSING, default_factory: Callable[[], object] | None = None, compare: bool = True
) -> Any:
    """A field whose default is made anew for each value, or one that does not count in comparisons."""
    return _Part(default, default_factory, compare)


def dataclass(*, slots: bool, frozen: bool = False, order: bool = False) -> Callable[[type], type]:
    """Makes a class anew: with slots for its annotated names, and with the methods of a dataclass.

    Raises:
        TypeError: at the class that asks for what only ``dataclasses`` does.
    """

    def make(cls: type) -> type:
        if not slots or cls.__bases__ != (object,):
            raise TypeError(f"{cls.__qualname__}: a dataclass of ours has slots and no base")
        own = dict(vars(cls))
        names = tuple(cls.__annotations__)
        given = {name: own.pop(name) for name in names if name in own}
        parts = {name: _part(given.get(name, _MISSING)) for name in names}
        methods = _methods(names, tuple(name for name in names if parts[name].compare), frozen, order)
        own = {name: value for name, value in own.items() if name not in ("__dict__", "__weakref__")}
        fields = _Fields(dict(cls.__annotations__), given, frozen, order)
        fixed = {"__slots__": names, "__match_args__": names, "__qualname__": cls.__qualname__, _FIELDS: fields}
        made: Any = type(cls.__name__, (), {**methods, **own, **fixed})
        made.__init__ = _init(made, parts)
        return made  # type: ignore[no-any-return]

    return make


def replace(value: Any, /, **changes: object) -> Any:
    """The value with others in some of its fields."""
    return type(value)(**{name: getattr(value, name) for name in value.__slots__} | changes)


def _part(given: object) -> _Part:
    return given if isinstance(given, _Part) else _Part(given, None, True)


def _init(made: type, parts: Mapping[str, _Part]) -> Callable[..., None]:
    every = [(name, vars(made)[name].__set__, part) for name, part in parts.items()]
    setters = [put for _, put, _ in every]

    def __init__(self: object, /, *values: object, **named: object) -> None:
        at = len(values)
        if at > len(every):
            raise TypeError(f"{made.__qualname__}() takes {len(every)} values, not {at}")
        for put, value in zip(setters, values, strict=False):
            put(self, value)
        used = 0
        for name, put, part in every[at:]:
            if name in named:
                put(self, named[name])
                used += 1
            elif part.default is not _MISSING:
                put(self, part.default)
            elif part.factory is not None:
                put(self, part.factory())
            else:
                raise TypeError(f"{made.__qualname__}() has no value for `{name}`")
        if used < len(named):
            wrong = next(name for name in named if name not in [name for name, *_ in every[at:]])
            raise TypeError(f"{made.__qualname__}() cannot take `{wrong}`" + (" twice" if wrong in parts else ""))

    return __init__


def _methods(names: tuple[str, ...], counted: tuple[str, ...], frozen: bool, order: bool) -> dict[str, Any]:
    """The methods of a class, by their names; ``counted`` are the fields that count in comparisons."""

    def key(self: object) -> tuple[object, ...]:
        return tuple([getattr(self, name) for name in counted])

    def __eq__(self: object, other: object) -> bool:
        return key(self) == key(other) if other.__class__ is self.__class__ else NotImplemented

    def __hash__(self: object) -> int:
        return hash(key(self))

    def __repr__(self: object) -> str:
        return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"

    def __reduce__(self: object) -> tuple[type, tuple[object, ...]]:
        return type(self), tuple([getattr(self, name) for name in names])

    found: dict[str, Any] = {"__eq__": __eq__, "__hash__": None, "__repr__": __repr__, "__reduce__": __reduce__}
    if frozen:
        found |= {"__hash__": __hash__, "__setattr__": _refuse, "__delattr__": _refuse}
    if order:
        found |= _ordered(key)
    return found


def _refuse(_self: object, name: str, *_value: object) -> None:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot change field {name!r}")


def _ordered(key: Callable[[object], tuple[object, ...]]) -> dict[str, Any]:
    def compared(how: str) -> Callable[[object, object], bool]:
        compare = getattr(tuple, how)
        return lambda self, other: (
            compare(key(self), key(other)) if other.__class__ is self.__class__ else NotImplemented
        )

    return {how: compared(how) for how in ("__lt__", "__le__", "__gt__", "__ge__")}


class _Fields:
    """What ``dataclasses`` knows a dataclass by, made when somebody looks for it."""

    def __init__(self, annotations: dict[str, Any], given: dict[str, object], frozen: bool, order: bool) -> None:
        self._annotations = annotations
        self._given = given
        self._frozen = frozen
        self._order = order

    def __get__(self, _instance: object, owner: type) -> Any:
        import dataclasses

        body: dict[str, Any] = {"__annotations__": self._annotations, "__module__": owner.__module__}
        for name, given in self._given.items():
            body[name] = given
            if isinstance(given, _Part):
                default = dataclasses.MISSING if given.default is _MISSING else given.default
                factory: Any = given.factory or dataclasses.MISSING
                body[name] = dataclasses.field(default=default, default_factory=factory, compare=given.compare)
        like: Any = dataclasses.dataclass(frozen=self._frozen, order=self._order)(type(owner.__name__, (), body))
        found = getattr(like, _FIELDS)
        setattr(owner, _FIELDS, found)
        return found
