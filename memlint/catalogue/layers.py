"""Where catalogue content comes from: our own files, plugins and the user's settings, each one layer."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from memlint.catalogue import schema
from memlint.catalogue.errors import CatalogueError, did_you_mean
from memlint.catalogue.installed import may_bring

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

DATA = Path(__file__).with_name("data")
GROUP = "memlint.catalogue"
"""Entry-point group of plugins that bring catalogue content."""
RESOURCE = "memlint.toml"
"""The file that is read when an entry point names a module."""
SETTING = "pyproject.toml [tool.memlint.catalogue]"


@dataclass(frozen=True)
class Layer:
    """The content of one source, parsed but not yet merged with the others."""

    entries: tuple[tuple[str, schema.Record], ...]
    """Each record with its origin, which messages name."""
    aliases: Mapping[str, str]
    digest: str
    """Hash of the content."""
    origin: str
    forget: tuple[str, ...] = ()
    """Names (calls, kinds, aliases) of earlier layers that this one drops, often to say something else."""


def layer(origin: str, content: Mapping[str, object]) -> Layer:
    """Parse one catalogue mapping: the content of a TOML file, of a plugin or of the user's table.

    :raises CatalogueError: naming ``origin``, the entry and the key that is wrong.
    """
    entries: list[tuple[str, schema.Record]] = []
    known = {*schema.SECTIONS, "aliases", "forget"}
    for section, tables in content.items():
        if section not in known:
            raise CatalogueError(origin, section, f"unknown section; {did_you_mean(section, known)}")
        if section in schema.SECTIONS:
            entries.extend((origin, record) for record in schema.parse(origin, section, tables))
    return Layer(
        tuple(entries),
        schema.parse_aliases(origin, content.get("aliases", {})),
        digest_of({"content": repr(content).encode()}),
        origin,
        schema.parse_forget(origin, content.get("forget", [])),
    )


def from_toml(origin: str, text: bytes) -> Layer:
    """Parse the bytes of one TOML file.

    :raises CatalogueError: also when the bytes are no TOML.
    """
    import tomllib  # late: what is stored makes it needless in most runs

    try:
        content = tomllib.loads(text.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CatalogueError(origin, "", f"is no valid TOML: {error}") from None
    return layer(origin, content)


def shipped() -> dict[str, bytes]:
    """The bytes of our own files by name, in a fixed order."""
    return {path.name: path.read_bytes() for path in sorted(DATA.iterdir()) if path.suffix == ".toml"}


def built_in(files: Mapping[str, bytes]) -> Layer:
    """Our own files as one layer.

    :raises CatalogueError: when one is wrong, which a released version's never are.
    """
    parts = [from_toml(name, text) for name, text in files.items()]
    aliases: dict[str, str] = {}
    for part in parts:
        for name, target in part.aliases.items():
            if name in aliases:
                raise CatalogueError(part.origin, f"[aliases] {name}", "is given in another file too")
            aliases[name] = target
    entries = tuple(entry for part in parts for entry in part.entries)
    return Layer(entries, aliases, digest_of(files), "memlint")


def digest_of(files: Mapping[str, bytes]) -> str:
    """One hash for named contents, so that any edit, addition or renaming changes it."""
    digest = hashlib.sha256()
    for name, text in files.items():
        digest.update(f"{name}\0{len(text)}\0".encode())
        digest.update(text)
    return digest.hexdigest()


def plugins() -> Iterator[Layer]:
    """What installed plugins bring, in the order of their names.

    :raises CatalogueError: when a plugin cannot be loaded or its content is wrong.
    """
    if not may_bring(GROUP):
        return
    from importlib.metadata import entry_points  # late: a large import, needless where there are no plugins

    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        distribution = f" of {point.dist.name}" if point.dist is not None else ""
        origin = f"plugin {point.name!r}{distribution}"
        yield layer(origin, _content_of(origin, point))


def _content_of(origin: str, point: EntryPoint) -> Mapping[str, object]:
    """What an entry point means: a mapping, a callable that returns one, a TOML file or a module beside one."""
    try:
        value = point.load()
        if isinstance(value, ModuleType):
            from importlib.resources import files

            value = files(value) / RESOURCE
        elif callable(value):
            value = value()
        if hasattr(value, "read_bytes"):
            import tomllib

            value = tomllib.loads(value.read_bytes().decode())
    except Exception as error:  # a plugin may fail in any way; the user must learn which one
        problem = f"{point.value} cannot be loaded: {type(error).__name__}: {error}"
        raise CatalogueError(origin, "", problem) from error
    if not isinstance(value, Mapping):
        raise CatalogueError(origin, "", f"{point.value} gave {type(value).__name__}, not a mapping of sections")
    return value
