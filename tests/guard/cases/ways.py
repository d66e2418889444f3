# ruff: noqa: ARG001, PT012 - the ways are one shape
"""Each way to lose what was acquired, and each way to give it back: every file of cases imports them all.

A file names what it acquires in `ALL`: pairs of a kind and an acquiring function.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

HELD: list[Any] = []


class Holder:
    pass


class Acquired(NamedTuple):
    thing: Any
    give_back: Callable[[], object]
    anywhere: bool = True
    """Whether any thread can give it back."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 100)
    return path


def test_leaky_dropped(acquire: Callable[[Path], Acquired], path: Path) -> None:
    acquire(path)


def test_leaky_held(acquire: Callable[[Path], Acquired], path: Path) -> None:
    HELD.append(acquire(path))


def test_leaky_in_a_cycle(acquire: Callable[[Path], Acquired], path: Path) -> None:
    holder: Any = Holder()
    holder.itself = holder
    holder.acquired = acquire(path)


def test_leaky_when_something_raises(acquire: Callable[[Path], Acquired], path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        acquired = acquire(path)
        1 / 0  # noqa: B018
        acquired.give_back()


def test_clean_at_once(acquire: Callable[[Path], Acquired], path: Path) -> None:
    acquire(path).give_back()


def test_clean_in_finally(acquire: Callable[[Path], Acquired], path: Path) -> None:
    with pytest.raises(ZeroDivisionError), contextlib.ExitStack() as stack:
        stack.callback(acquire(path).give_back)
        1 / 0  # noqa: B018


def test_clean_in_a_cycle(acquire: Callable[[Path], Acquired], path: Path) -> None:
    holder: Any = Holder()
    holder.itself = holder
    holder.acquired = acquire(path)
    holder.acquired.give_back()


def test_clean_a_moment_later(acquire: Callable[[Path], Acquired], path: Path) -> None:
    acquired = acquire(path)
    if acquired.anywhere:
        threading.Timer(0.05, acquired.give_back).start()
    else:
        acquired.give_back()


@pytest.fixture
def acquired(acquire: Callable[[Path], Acquired], path: Path) -> Iterator[Acquired]:
    acquired = acquire(path)
    yield acquired
    acquired.give_back()


def test_clean_in_a_fixture(acquire: Callable[[Path], Acquired], acquired: Acquired) -> None:
    assert acquired.thing is not None


@pytest.fixture
def forgotten(acquire: Callable[[Path], Acquired], path: Path) -> Acquired:
    return acquire(path)


def test_leaky_in_a_fixture(acquire: Callable[[Path], Acquired], forgotten: Acquired) -> None:
    assert forgotten.thing is not None
