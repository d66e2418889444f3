"""Our dataclasses are what those of ``dataclasses`` are, for everything that we ask of them."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from memlint.values import light

MAKERS: list[Any] = [light, dataclasses]


@light.dataclass(frozen=True, slots=True, order=True)
class Light:
    """Ours."""

    line: int
    names: list[str] = light.field(default_factory=list)
    seconds: float = light.field(default=0.0, compare=False)
    note: str | None = None

    @property
    def double(self) -> int:
        """Twice the line."""
        return 2 * self.line


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Real:
    """The same, made by ``dataclasses``."""

    line: int
    names: list[str] = dataclasses.field(default_factory=list)
    seconds: float = dataclasses.field(default=0.0, compare=False)
    note: str | None = None

    @property
    def double(self) -> int:
        """Twice the line."""
        return 2 * self.line


QUESTIONS: dict[str, Callable[[Any], object]] = {
    "words": lambda make: repr(make(1, note="x")).partition("(")[2],
    "defaults": lambda make: (make(1).names, make(1).seconds, make(1).note),
    "no default is shared": lambda make: make(1).names is make(1).names,
    "equality": lambda make: (make(1) == make(1), make(1) == make(2), make(1) == (1, [], 0.0, None)),
    "a field that does not count": lambda make: make(1, seconds=1.0) == make(1, seconds=2.0),
    "order": lambda make: (make(1) < make(2), make(2) <= make(1), make(2) > make(1), make(1) >= make(1)),
    "hash": lambda make: hash(make(1, ())) == hash(make(1, (), 5.0)),
    "methods": lambda make: make(4).double,
    "replace": lambda make: dataclasses.replace(make(1), line=3).line,
    "asdict": lambda make: dataclasses.asdict(make(1)),
    "fields": lambda make: [(f.name, f.default, f.default_factory, f.compare) for f in dataclasses.fields(make)],
    "copy": lambda make: copy.deepcopy(make(1, ["a"])) == make(1, ["a"]),
    "pickle": lambda make: pickle.loads(pickle.dumps(make(1, ["a"], 2.0))).seconds,
    "slots": lambda make: make.__slots__,
    "parts in a pattern": lambda make: make.__match_args__,
    "doc": lambda make: bool(make.__doc__),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_is_answered_as_by_a_dataclass(question: str) -> None:
    assert QUESTIONS[question](Light) == QUESTIONS[question](Real)


@pytest.mark.parametrize(
    "work",
    [
        lambda make: make(),
        lambda make: make(1, [], 0.0, None, "more"),
        lambda make: make(1, line=2),
        lambda make: make(1, wrong=2),
        lambda make: setattr(make(1), "line", 2),
        lambda make: delattr(make(1), "line"),
        lambda make: make(1) < 3,
        lambda make: hash(make(1, ["a list"])),
    ],
)
def test_what_a_dataclass_refuses_is_refused_with_the_same_error(work: Callable[[Any], object]) -> None:
    errors = []
    for make in (Light, Real):
        with pytest.raises(Exception) as caught:  # noqa: PT011 # whichever it is, both must raise it
            work(make)
        errors.append(caught.type)
    assert errors[0] is errors[1]


def test_our_replace_makes_another_value() -> None:
    assert light.replace(Light(1, ["a"]), line=2) == Light(2, ["a"])


@pytest.mark.parametrize("make", MAKERS)
def test_a_value_that_may_change_has_no_hash(make: Any) -> None:
    class Kept:
        day: int

    kept = make.dataclass(slots=True)(Kept)(1)
    kept.day = 2

    assert kept.day == 2
    with pytest.raises(TypeError):
        hash(kept)


@pytest.mark.parametrize(("bases", "asked"), [((), {"slots": False}), ((Exception,), {"slots": True})])
def test_a_class_that_needs_more_is_refused(bases: tuple[type, ...], asked: dict[str, bool]) -> None:
    with pytest.raises(TypeError, match="slots and no base"):
        light.dataclass(**asked)(type("Other", bases, {"__annotations__": {}}))


def test_values_import_nothing_of_what_they_replace() -> None:
    program = "import sys, memlint.values; print({'dataclasses', 'inspect', 'typing'} & set(sys.modules))"
    checkout = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-S", "-c", program], cwd=checkout, capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"
