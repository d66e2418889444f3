"""The parsed form of our own files: ``stored.json`` beside them, made by ``tools/catalogue_files.py``.

Parsing and checking the TOML takes far longer than reading this back.  The stored form carries the hash of
every file that it was made from and of the shape of the records, so an edit is never missed: a form that does
not fit is not used.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, fields
from typing import Any

from memlint.catalogue import model, schema
from memlint.catalogue.layers import DATA, Layer, digest_of

PATH = DATA / "stored.json"


def read(files: Mapping[str, bytes]) -> Layer | None:
    """The layer that ``files`` make, or None when what is stored was made from other files."""
    try:
        content = json.loads(PATH.read_bytes())
        if content["key"] != _key(files):
            return None
        loaded: list[tuple[str, schema.Record]] = []
        for origin, sections in content["entries"].items():
            for section, rows in sections.items():
                load = _loader(section)
                loaded.extend((origin, load(row)) for row in rows)
        return Layer(tuple(loaded), content["aliases"], digest_of(files), "memlint")
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def text(files: Mapping[str, bytes], layer: Layer) -> str:
    """What ``stored.json`` must hold when ``files`` make ``layer``: one line a record."""
    section_of = {shape.make: name for name, shape in schema.SECTIONS.items()}
    grouped: dict[str, dict[str, list[str]]] = {}
    for origin, record in layer.entries:
        rows = grouped.setdefault(origin, {}).setdefault(section_of[type(record)], [])
        rows.append(json.dumps(_row(record), ensure_ascii=False))
    origins = [
        f"{json.dumps(origin)}: "
        + _block("{", (f"{json.dumps(name)}: " + _block("[", rows, "]") for name, rows in sections.items()), "}")
        for origin, sections in grouped.items()
    ]
    content = (
        f'"key": "{_key(files)}"',
        f'"aliases": {json.dumps(dict(layer.aliases), indent=0)}',
        '"entries": ' + _block("{", origins, "}"),
    )
    return _block("{", content, "}") + "\n"


def _block(start: str, lines: Iterable[str], end: str) -> str:
    return "\n".join((start, ",\n".join(lines), end))


def _key(files: Mapping[str, bytes]) -> str:
    shape = [
        (name, [(one.name, "" if one.default is MISSING else str(one.default)) for one in fields(section.make)])
        for name, section in schema.SECTIONS.items()
    ]
    return digest_of({**files, "shape": repr(shape).encode()})


def _row(record: schema.Record) -> list[Any]:
    """The values of a record in the order of its fields, without the defaults at the end."""
    parts = fields(record)
    values = [getattr(record, one.name) for one in parts]
    while values and values[-1] == parts[len(values) - 1].default:
        values.pop()
    return [_plain(value) for value in values]


def _plain(value: Any) -> Any:
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, model.Condition):
        return [value.argument, value.position, _plain(value.values)]
    return value


def _conditions(rows: list[list[Any]]) -> tuple[model.Condition, ...]:
    return tuple(model.Condition(argument, position, tuple(values)) for argument, position, values in rows)


_BACK: Mapping[str, Callable[[Any], Any]] = {
    "category": model.Category,
    "context": model.Context,
    "async_context": model.Context,
    "collected": model.Collected,
    "when": _conditions,
    "unless": _conditions,
}
"""Fields that are neither plain values nor tuples of them."""


def _loader(section: str) -> Callable[[list[Any]], schema.Record]:
    make = schema.SECTIONS[section].make
    back = [_BACK.get(one.name) for one in fields(make)]

    def load(row: list[Any]) -> schema.Record:
        for index, value in enumerate(row):
            convert = back[index]
            if convert is not None:
                row[index] = convert(value)
            elif type(value) is list:
                row[index] = tuple(value)
        return make(*row)

    return load
