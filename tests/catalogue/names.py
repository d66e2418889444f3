"""Finds the objects that catalogue names speak of, on the Python that runs the tests."""

from __future__ import annotations

import ast
import importlib
import inspect
import sys
import textwrap
import tomllib
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from memlint.catalogue import layers, schema


@dataclass(frozen=True)
class Entry:
    """One table of one of our files, as it is written."""

    file: str
    section: str
    table: Mapping[str, Any]

    @property
    def title(self) -> str:
        return f"{self.file} {schema.entry_title(self.section, self.table, 0)}"

    @property
    def calls(self) -> list[str]:
        """The qualified names that the table speaks of; none for bare methods and kinds."""
        call = self.table.get("call", [])
        calls = [call] if isinstance(call, str) else call
        return [] if "receivers" in self.table else list(calls)

    def absent(self) -> str | None:
        """Why the names of this entry need not exist here, or None when they must."""
        here = f"{sys.version_info.major}.{sys.version_info.minor}"
        number = sys.version_info[:2]
        since, until = self.table.get("since"), self.table.get("until")
        if since is not None and number < tuple(map(int, since.split("."))):
            return f"came with Python {since}, this is {here}"
        if until is not None and number > tuple(map(int, until.split("."))):
            return f"was last in Python {until}, this is {here}"
        platform = self.table.get("platform")
        if platform is not None and not sys.platform.startswith({"windows": "win"}.get(platform, platform)):
            return f"is only on {platform}"
        return None


def entries(section: str | None = None) -> Iterator[Entry]:
    """Every table of our files, or those of one section."""
    for file, text in layers.shipped().items():
        content = tomllib.loads(text.decode())
        for name in schema.SECTIONS if section is None else (section,):
            for table in content.get(name, []):
                yield Entry(file, name, table)


class NotInstalled(Exception):
    """The library of a name is not importable here."""


def resolve(name: str) -> Any:
    """The object of a qualified name.

    :raises NotInstalled: when the top module is missing.
    :raises AttributeError: when the module has no such name.
    """
    parts = name.split(".")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found: Any = importlib.import_module(parts[0])
        except Exception as error:  # a library that does not run on this Python is as good as absent
            raise NotInstalled(f"{parts[0]} cannot be imported: {error}") from None
        for depth, part in enumerate(parts[1:], start=1):
            try:
                found = inspect.getattr_static(found, part) if isinstance(found, type) else getattr(found, part)
            except AttributeError:
                if not inspect.ismodule(found):
                    raise
                try:
                    found = importlib.import_module(".".join(parts[: depth + 1]))
                except ImportError as error:
                    raise AttributeError(f"{name}: {error}") from None
    return found


def spelled(name: str, aliases: Mapping[str, str]) -> Iterator[str]:
    """The name and its other spellings: a factory's class is found under one of them."""
    yield name
    for alias, target in aliases.items():
        if name == target or name.startswith(f"{target}."):
            yield alias + name.removeprefix(target)


def exists(name: str, aliases: Mapping[str, str]) -> bool:
    """Whether a call's name, or another spelling of it, is there.

    :raises NotInstalled: when its top module is missing.
    """
    for spelling in spelled(name, aliases):
        try:
            resolve(spelling)
        except AttributeError:
            continue
        except NotInstalled:
            if spelling == name:
                raise
        else:
            return True
    owner, _, method = name.rpartition(".")
    return any(f"self.{method} = " in _source(one) for one in spelled(owner, aliases))


def _source(name: str) -> str:
    """The text of a class, where methods that every instance gets when it is built are to be seen."""
    try:
        found = resolve(name)
        return "".join(inspect.getsource(one) for one in found.__mro__[:-1]) if isinstance(found, type) else ""
    except (AttributeError, NotInstalled, OSError, TypeError):
        return ""


def can(found: type, method: str) -> bool:
    """Whether instances of a class have a method: of the class, set as they are built, or forwarded."""
    forwards = hasattr(found, "__getattr__") or "__getattribute__" in vars(found)
    if hasattr(found, method) or forwards:
        return True
    return f"self.{method} = " in _source(f"{found.__module__}.{found.__qualname__}")


def enters(found: type, method: str) -> bool:
    """Whether a class can be entered: a method that only refuses, to send users to ``async with``, does not count."""
    if not hasattr(found, method):
        return False
    try:
        body = ast.parse(textwrap.dedent(inspect.getsource(getattr(found, method)))).body[0]
    except (OSError, TypeError):
        return True
    last = body.body[-1] if isinstance(body, ast.FunctionDef) else body
    return not isinstance(last, ast.Raise) or "NotImplementedError" in ast.unparse(last)


def class_of(name: str, aliases: Mapping[str, str]) -> type:
    """The class that a type's name stands for, by one of its other spellings when it names a factory.

    :raises AttributeError: when neither the name nor another spelling of it is a class.
    :raises NotInstalled: when its top module is missing.
    """
    for spelling in spelled(name, aliases):
        try:
            found = resolve(spelling)
        except AttributeError:
            continue
        except NotInstalled:
            if spelling == name:
                raise
            continue
        if isinstance(found, type):
            return found
    raise AttributeError(f"{name} names no class, nor does another spelling of it")
