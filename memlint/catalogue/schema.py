"""What a catalogue file may say: its sections, the keys of each and the type of every value.

One section of a TOML file (``[[acquire]]``) makes records of one class of the model; :func:`parse` turns the
tables of a file into these records or raises the one error that its author needs.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from memlint.catalogue import model
from memlint.catalogue.errors import CatalogueError, did_you_mean

_DOTTED = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
_PYTHON = re.compile(r"3\.\d+")

Record = (
    model.Kind
    | model.Acquire
    | model.Release
    | model.Borrow
    | model.Transfer
    | model.Quiet
    | model.NoReturn
    | model.Suppress
    | model.Returns
)


class Wrong(Exception):
    """A value does not fit its key; the text completes "key: ..."."""


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise Wrong(f"expected a text, got {value!r}")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise Wrong(f"expected true or false, got {value!r}")
    return value


def _name(value: object) -> str:
    if not isinstance(value, str) or not _DOTTED.fullmatch(value):
        raise Wrong(f"expected a dotted name, got {value!r}")
    return value


def _methods(value: object) -> tuple[str, ...]:
    return tuple("*" if item == "*" else _name(item) for item in _many(value))


def _platform(value: object) -> str:
    if value not in ("linux", "windows", "bsd"):
        raise Wrong(f"expected linux, windows or bsd, got {value!r}")
    return str(value)


def _many(value: object) -> list[object]:
    if not isinstance(value, list) or not value:
        raise Wrong(f"expected a list with at least one item, got {value!r}")
    return value


def _names(value: object) -> tuple[str, ...]:
    return tuple(_name(item) for item in _many(value))


def _texts(value: object) -> tuple[str, ...]:
    return tuple(_text(item) for item in _many(value))


def _position(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise Wrong(f"expected a position counted from 0, got {value!r}")
    return value


def _positions(value: object) -> tuple[int, ...]:
    return tuple(_position(item) for item in _many(value))


def _argument(value: object) -> int | str:
    if value == "*":
        return "*"
    if isinstance(value, str) and value.isidentifier():
        return value
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise Wrong(f'expected a position, a keyword or "*", got {value!r}')


def _arguments(value: object) -> tuple[int | str, ...]:
    return tuple(_argument(item) for item in _many(value))


def _python(value: object) -> str:
    if not isinstance(value, str) or not _PYTHON.fullmatch(value):
        raise Wrong(f'expected a Python version such as "3.12", got {value!r}')
    return value


def _one_of(choices: type[enum.Enum]) -> Callable[[object], enum.Enum]:
    known = {member.value: member for member in choices}

    def parse_choice(value: object) -> enum.Enum:
        if not isinstance(value, str):
            raise Wrong(f"expected one of {', '.join(known)}, got {value!r}")
        if value not in known:
            raise Wrong(f"{value!r} is not one of {', '.join(known)}; {did_you_mean(value, known)}")
        return known[value]

    return parse_choice


def _constants(value: object, none: bool) -> tuple[object, ...]:
    if not isinstance(value, list):
        raise Wrong(f"values: expected a list of constants, got {value!r}")
    for item in value:
        if not isinstance(item, str | int | float):
            raise Wrong(f"values: expected a constant, got {item!r}")
    return (*value, None) if none else tuple(value)


def _condition(value: object) -> model.Condition:
    if not isinstance(value, dict):
        raise Wrong(f"expected a table such as {{ argument = 'daemon', values = [true] }}, got {value!r}")
    known = {"argument", "position", "values", "none"}
    for key in value:
        if key not in known:
            raise Wrong(f"unknown key {key!r}; {did_you_mean(key, known)}")
    if "argument" not in value:
        raise Wrong("a condition needs 'argument', the keyword that it looks at")
    argument = _argument(value["argument"])
    if not isinstance(argument, str):
        raise Wrong(f"argument: expected a keyword, got {argument!r}")
    position = _position(value["position"]) if "position" in value else None
    constants = _constants(value.get("values", []), _flag(value.get("none", False)))
    return model.Condition(argument, position, constants)


def _conditions(value: object) -> tuple[model.Condition, ...]:
    return tuple(_condition(item) for item in _many(value))


@dataclass(frozen=True)
class Section:
    """One kind of table in a catalogue file."""

    make: type[Record]
    required: frozenset[str]
    keys: Mapping[str, Callable[[object], object]]

    @property
    def by_call(self) -> bool:
        """True when a table speaks of one or several calls, false when it is a kind."""
        return "call" in self.required


_WHERE: Mapping[str, Callable[[object], object]] = {"since": _python, "until": _python, "platform": _platform}
"""Where an entry's names exist: first and last Python, platform.  For readers and tests; a record has none of it."""


def _calls(make: type[Record], *required: str, **keys: Callable[[object], object]) -> Section:
    common = {"call": _name, "why": _text, **_WHERE}
    return Section(make, frozenset({"call", "why", *required}), common | keys)


SECTIONS: Mapping[str, Section] = {
    "kind": Section(
        model.Kind,
        frozenset({"name", "label", "category", "why"}),
        {
            "name": _text,
            "label": _text,
            "category": _one_of(model.Category),
            "why": _text,
            "release": _names,
            "release_by": _names,
            "context": _one_of(model.Context),
            "async_context": _one_of(model.Context),
            "types": _names,
            "detach": _names,
            "quiet": _names,
            "collected": _one_of(model.Collected),
            "lifetime": _flag,
            "child": _flag,
            "finalizes": _flag,
            "lazy": _flag,
            "awaited_release": _flag,
            "preview": _flag,
            "release_on_set": _names,
            "exhausted": _flag,
            "fails_after": _methods,
            "wanted": _flag,
            "release_once": _flag,
            **_WHERE,
        },
    ),
    "acquire": _calls(
        model.Acquire,
        "kind",
        kind=_text,
        positions=_positions,
        every=_flag,
        awaited=_flag,
        wraps=_arguments,
        receivers=_texts,
        when=_conditions,
        unless=_conditions,
        type=_name,
        receiver=_flag,
        also=_names,
        beside=_text,
        passive=_flag,
    ),
    "release": _calls(model.Release, arguments=_arguments, kinds=_texts, awaited=_flag),
    "borrow": _calls(model.Borrow, arguments=_arguments, view=_flag),
    "transfer": _calls(model.Transfer, arguments=_arguments),
    "quiet": _calls(model.Quiet, receivers=_texts, unless=_conditions),
    "noreturn": _calls(model.NoReturn, raises=_name),
    "suppress": _calls(model.Suppress, exceptions=_names),
    "returns": _calls(model.Returns, "type", type=_name),
}
"""Section name to what its tables hold."""


def parse(origin: str, section: str, tables: object) -> Iterator[Record]:
    """The records that the tables of one section make.

    :param origin: the file, plugin or setting that the tables come from, for messages.
    :raises CatalogueError: at the first table that is wrong.
    """
    if not isinstance(tables, list):
        raise CatalogueError(origin, section, f"write [[{section}]], a list of tables, not [{section}]")
    for count, table in enumerate(tables, start=1):
        if not isinstance(table, dict):
            raise CatalogueError(origin, f"[[{section}]] number {count}", f"expected a table, got {table!r}")
        yield from _records(origin, section, count, table)


def parse_aliases(origin: str, table: object) -> dict[str, str]:
    """The ``[aliases]`` table: another spelling to the one that entries use.

    :raises CatalogueError: when it is no table of dotted names.
    """
    if not isinstance(table, dict):
        raise CatalogueError(origin, "[aliases]", f"expected a table of names, got {table!r}")
    for name, target in table.items():
        try:
            _name(name)
            _name(target)
        except Wrong as wrong:
            raise CatalogueError(origin, f"[aliases] {name}", str(wrong)) from None
    return dict(table)


def parse_forget(origin: str, value: object) -> tuple[str, ...]:
    """The ``forget`` list: names that earlier layers described.

    :raises CatalogueError: when it is no list of texts.
    """
    if value == []:
        return ()
    try:
        return _texts(value)
    except Wrong as wrong:
        raise CatalogueError(origin, "forget", str(wrong)) from None


def entry_title(section: str, table: Mapping[str, object], count: int) -> str:
    """How a message names a table: its section and its call or name, or its number when it has none."""
    named = table.get("call", table.get("name"))
    if isinstance(named, list) and named:
        named = named[0] if len(named) == 1 else f"{named[0]}, ..."
    return f"[[{section}]] {named}" if isinstance(named, str) and named else f"[[{section}]] number {count}"


def _records(origin: str, section: str, count: int, table: dict[str, object]) -> Iterator[Record]:
    shape = SECTIONS[section]
    title = entry_title(section, table, count)
    for key in table:  # asked first: a misspelled key is the reason why the right one is missing
        if key not in shape.keys:
            raise CatalogueError(origin, title, f"unknown key {key!r}; {did_you_mean(key, shape.keys)}")
    missing = sorted(shape.required - table.keys())
    if missing:
        raise CatalogueError(origin, title, f"needs {', '.join(repr(key) for key in missing)}")
    fields: dict[str, object] = {}
    calls: tuple[str, ...] = ()
    for key, value in table.items():
        try:
            if key == "call":
                calls = _names(value) if isinstance(value, list) else (_name(value),)
            else:
                fields[key] = shape.keys[key](value)
        except Wrong as wrong:
            raise CatalogueError(origin, title, f"{key}: {wrong}") from None
    fields = {key: value for key, value in fields.items() if key not in _WHERE}
    if not shape.by_call:
        yield _kind(origin, title, fields)
        return
    for call in calls:
        if "." not in call and "receivers" not in fields:
            raise CatalogueError(
                origin,
                title,
                f"call: {call!r} has no module; write it as it is imported (builtins.{call} for a builtin), "
                "or give 'receivers' to believe a method of that name",
            )
        if "." in call and "receivers" in fields:
            raise CatalogueError(origin, title, f"receivers: {call!r} is a qualified name, so they say nothing")
        make = cast("Callable[..., Record]", shape.make)
        yield make(call=call, **fields)


def _kind(origin: str, title: str, fields: dict[str, object]) -> model.Kind:
    fields.setdefault("release", ())
    kind = model.Kind(**fields)  # type: ignore[arg-type]  # each value was parsed by its key above
    contexts = (kind.context, kind.async_context)
    if not (kind.release or kind.release_by or model.Context.RELEASES in contexts):
        raise CatalogueError(
            origin, title, "nothing releases it; give 'release', 'release_by' or context = \"releases\""
        )
    return kind
