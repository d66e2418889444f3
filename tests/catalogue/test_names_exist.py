"""Every name in our catalogue files exists where it is said to, and its class can do what is said of it."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from memlint.catalogue import load

from .names import Entry, NotInstalled, can, class_of, enters, entries, exists, resolve

CATALOGUE = load(plugins=False)


def _each(found: Iterable[Entry]) -> pytest.MarkDecorator:
    listed = list(found)
    return pytest.mark.parametrize("entry", listed, ids=[entry.title for entry in listed])


def _here(entry: Entry) -> None:
    reason = entry.absent()
    if reason is not None:
        pytest.skip(reason)


def _class(name: str, aliases: Mapping[str, str]) -> type:
    try:
        return class_of(name, aliases)
    except NotInstalled as missing:
        pytest.skip(str(missing))


@_each(entry for entry in entries() if entry.calls)
def test_every_call_exists(entry: Entry) -> None:
    _here(entry)
    missing, absent = [], []
    for call in entry.calls:
        try:
            if not exists(call, CATALOGUE.aliases):
                missing.append(call)
        except NotInstalled as error:
            absent.append(str(error))
    assert not missing
    if absent and entry.file.startswith("stdlib"):
        pytest.fail("; ".join(absent))
    if len(absent) == len(entry.calls):
        pytest.skip("; ".join(absent))


@_each(entries("kind"))
def test_a_kind_says_what_its_classes_can(entry: Entry) -> None:
    _here(entry)
    classes = {name: _class(name, CATALOGUE.aliases) for name in entry.table.get("types", [])}
    wrong = []
    for name, found in classes.items():
        wrong += [f"{name} has no {method}()" for method in entry.table.get("release", []) if not can(found, method)]
        wrong += [f"{name}: {problem}" for problem in _context_problems(entry.table, found)]
    for method in (*entry.table.get("detach", []), *entry.table.get("quiet", [])):
        if classes and not any(can(found, method) for found in classes.values()):
            wrong.append(f"none has {method}()")
    assert not wrong


@_each(entry for entry in entries("kind") if entry.table.get("types") and entry.table.get("release"))
def test_a_release_that_must_be_awaited_is_a_coroutine(entry: Entry) -> None:
    _here(entry)
    classes = [_class(name, CATALOGUE.aliases) for name in entry.table["types"]]
    methods = [getattr(found, name, None) for found in classes for name in entry.table["release"]]
    coroutines = {inspect.iscoroutinefunction(inspect.unwrap(one)) for one in methods if inspect.isfunction(one)}
    if entry.table.get("awaited_release", False):
        assert coroutines <= {True}
    else:
        assert coroutines != {True}


def _context_problems(table: Mapping[str, Any], found: type) -> Iterable[str]:
    for key, enter in (("context", "__enter__"), ("async_context", "__aenter__")):
        says, has = table.get(key, "none") != "none", enters(found, enter)
        if says and not has:
            yield f"{key} = {table[key]!r} but there is no {enter}"
        if has and not says:
            yield f"there is an {enter}, and {key} is not given"


@_each(entry for entry in entries("kind") if entry.table.get("release_by"))
def test_a_releasing_function_exists(entry: Entry) -> None:
    _here(entry)
    for name in entry.table["release_by"]:
        try:
            found = resolve(name)
        except NotInstalled as missing:
            pytest.skip(str(missing))
        assert callable(found)


@_each(entry for section in ("acquire", "returns") for entry in entries(section) if "type" in entry.table)
def test_a_result_class_exists(entry: Entry) -> None:
    _here(entry)
    assert _class(entry.table["type"], CATALOGUE.aliases)


@pytest.mark.parametrize(("alias", "target"), sorted(CATALOGUE.aliases.items()))
def test_an_alias_means_what_its_target_is(alias: str, target: str) -> None:
    try:
        meant = resolve(target)
        found = resolve(alias)
    except (NotInstalled, AttributeError) as error:
        pytest.skip(f"not on this Python: {error}")
    if found is None:
        pytest.skip(f"{alias} was left out of this build")
    assert _stands_for(alias, found, target, meant)


def _stands_for(alias: str, found: Any, target: str, meant: Any) -> bool:
    """The same thing; a module with some of the same things; a subclass; a namesake; the class of a factory."""
    if found is meant:
        return True
    if inspect.ismodule(found) and inspect.ismodule(meant):
        below = [name.removeprefix(f"{target}.") for name in _named() if name.startswith(f"{target}.")]
        return any(hasattr(found, name.partition(".")[0]) for name in below)
    if isinstance(found, type) and isinstance(meant, type) and (issubclass(found, meant) or issubclass(meant, found)):
        return True
    if target == "threading.Lock":
        kind, maker = (found, meant) if isinstance(found, type) else (meant, found)
        return isinstance(maker(), kind)
    return alias.rpartition(".")[2].lower() == target.rpartition(".")[2].lower()


def _named() -> list[str]:
    return [name for entry in entries() for name in (*entry.calls, *entry.table.get("types", []))]
