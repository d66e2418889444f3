"""From ``pyproject.toml`` to ``Settings``: the nearest table is found, and each value in it is judged."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence

from memlint.settings import globs
from memlint.settings.model import FileCodes, Settings
from memlint.settings.options import OPTIONS, Kind, Option, Place
from memlint.settings.problems import SettingsError, meant
from memlint.settings.selection import check_selectors
from memlint.values import TYPE_CHECKING, replace

if TYPE_CHECKING:
    from pathlib import Path

_FILE_OPTIONS = {option.key: option for option in OPTIONS if option.place is not Place.FLAG_ONLY}


def find_configuration(paths: Iterable[str]) -> Path | None:
    """The nearest ``pyproject.toml`` with a ``[tool.memlint]`` table, from the folder that holds all paths.

    One run has one configuration, so that its result does not depend on which file is looked at first.

    Raises:
        SettingsError: a ``pyproject.toml`` on the way is not TOML.
    """
    for folder in _upwards(paths):
        candidate = os.path.join(folder, "pyproject.toml")
        if os.path.isfile(candidate):
            from pathlib import Path  # late, as all that only a file needs

            found = Path(candidate)
            if _own_table(_parsed(found), found) is not None:
                return found
    return None


def _upwards(paths: Iterable[str]) -> Iterator[str]:
    folders = []
    for path in paths:
        full = os.path.abspath(path)
        folders.append(full if os.path.isdir(full) else os.path.dirname(full))
    try:
        folder = os.path.commonpath(folders) if folders else os.getcwd()
    except ValueError:  # different drives have nothing in common
        folder = os.getcwd()
    yield folder
    while (above := os.path.dirname(folder)) != folder:
        yield above
        folder = above


def read_configuration(path: Path, codes: Sequence[str] | None) -> Settings:
    """The settings that a file holds: ``[tool.memlint]`` of a ``pyproject.toml``, or else the whole file.

    Raises:
        SettingsError: the file cannot be read or a value in it cannot be used.
    """
    table = _own_table(_parsed(path), path)
    if table is None:
        raise SettingsError(f"{path}: no [tool.memlint] table")
    settings = Settings(root=str(path.resolve().parent), origin=str(path))
    read = with_options(settings, table, codes, f"{path}: [tool.memlint]")
    return replace(
        read,
        baseline=None if read.baseline is None else os.path.join(settings.root, read.baseline),
        cache_dir=None if read.cache_dir is None else os.path.join(settings.root, read.cache_dir),
        shared_cache=_placed(read.shared_cache, settings.root),
    )


def _placed(place: str | None, root: str) -> str | None:
    """Where a shared cache is: an address stays as it is, a folder is below ``root``."""
    return place if place is None or "://" in place else os.path.join(root, place)


def _parsed(path: Path) -> Mapping[str, object]:
    import tomllib

    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: is not valid TOML: {error}") from error
    except RecursionError as error:
        raise SettingsError(f"{path}: is nested too deeply to be read") from error


def _own_table(document: Mapping[str, object], path: Path) -> Mapping[str, object] | None:
    tool = document.get("tool")
    own = tool.get("memlint") if isinstance(tool, dict) else None
    if own is None and path.name != "pyproject.toml":
        return document
    if own is not None and not isinstance(own, dict):
        raise SettingsError(f"{path}: tool.memlint must be a table, not {_type(own)}")
    return own


def with_options(settings: Settings, values: Mapping[str, object], codes: Sequence[str] | None, place: str) -> Settings:
    """``settings`` with the options in ``values`` (by key) in place of its own.

    Raises:
        SettingsError: an unknown key, a wrong type or an unknown rule; the line begins with ``place``.
    """
    changes: dict[str, object] = {}
    for key, value in values.items():
        option = _FILE_OPTIONS.get(key)
        if option is None:
            raise SettingsError(f"{place}: unknown key `{key}`{meant(key, _FILE_OPTIONS)}")
        changes[option.name] = _judged(option, value, codes, f"{place}: `{key}`")
    return replace(settings, **changes)  # type: ignore[arg-type]  # each was judged by its option's kind


def _judged(option: Option, value: object, codes: Sequence[str] | None, place: str) -> object:
    kind = option.kind
    if kind is Kind.FLAG and isinstance(value, bool):
        return value
    if kind is Kind.NUMBER and isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    if kind is Kind.TEXT and isinstance(value, str):
        return value
    if kind is Kind.TABLE and isinstance(value, dict):
        return value
    if kind is Kind.CHOICE and isinstance(value, str):
        return _choice(option, value, place)
    if kind is Kind.CODES and (texts := _texts(value)) is not None:
        check_selectors(texts, codes, place)
        return texts
    if kind is Kind.GLOBS and (texts := _texts(value)) is not None:
        for pattern in texts:
            _check_glob(pattern, place)
        return texts
    if kind is Kind.CODES_BY_GLOB and isinstance(value, dict):
        return tuple(_file_codes(pattern, under, codes, place) for pattern, under in value.items())
    raise SettingsError(f"{place} must be {kind.value}, not {_type(value)}")


def _choice(option: Option, value: str, place: str) -> str:
    if value in option.choices:
        return value
    hint = meant(value, option.choices) or f"; known are {', '.join(option.choices)}"
    raise SettingsError(f"{place} cannot be `{value}`{hint}")


def _file_codes(pattern: str, under: object, codes: Sequence[str] | None, place: str) -> FileCodes:
    inner = f"{place}.{pattern!r}"
    _check_glob(pattern, place)
    texts = _texts(under)
    if texts is None:
        raise SettingsError(f"{inner} must be {Kind.CODES.value}, not {_type(under)}")
    check_selectors(texts, codes, inner)
    return FileCodes(pattern, texts)


def _check_glob(pattern: str, place: str) -> None:
    if (trouble := globs.problem(pattern)) is not None:
        raise SettingsError(f"{place}: pattern `{pattern}` {trouble}")


def _texts(value: object) -> tuple[str, ...] | None:
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return tuple(value)
    return None


def _type(value: object) -> str:
    """What a TOML value is, in TOML's words, with the value where it is short."""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, str):
        return f"the string {value!r}" if len(value) < 40 else "a string"
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        odd = next((item for item in value if not isinstance(item, str)), None)
        return "a list" if odd is None else f"a list holding {_type(odd)}"
    return "a date or time"
