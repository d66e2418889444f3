# ruff: noqa: PT012 - the block is what raises: that is the subject
from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pytest_memguard.runtime import Closed, MemguardError, Scope, outstanding


class Thing:
    def __init__(self, log: list[Thing] | None = None, fails: BaseException | None = None) -> None:
        self.log = log if log is not None else []
        self.fails = fails
        self.closed = 0

    def close(self) -> None:
        self.closed += 1
        self.log.append(self)
        if self.fails is not None:
            raise self.fails


def test_things_are_released_in_reverse_order() -> None:
    log: list[Thing] = []
    with Scope() as scope:
        things = [scope.own(Thing(log)) for _ in range(3)]
        assert log == []

    assert log == things[::-1]


def test_a_function_a_call_and_a_context_manager_can_be_registered() -> None:
    log: list[Any] = []

    @contextmanager
    def manager() -> Any:
        yield "inside"
        log.append("left")

    with Scope() as scope:
        scope.own("thing", release=log.append)
        scope.defer(log.append, "called")
        assert scope.enter(manager()) == "inside"

    assert log == ["left", "called", "thing"]


def test_what_has_no_close_needs_to_be_told_how() -> None:
    with Scope() as scope, pytest.raises(TypeError, match=r"int has no close\(\): say how to release it with release="):
        scope.own(5)


def test_every_release_is_tried_and_their_errors_are_grouped() -> None:
    first, second = OSError("one"), ValueError("two")
    log: list[Thing] = []

    with (
        pytest.raises(ExceptionGroup, match="Scope 'copy' could not release 2 of its things") as caught,
        Scope("copy") as scope,
    ):
        for fails in (first, None, second):
            scope.own(Thing(log, fails))

    assert caught.value.exceptions == (second, first)
    assert len(log) == 3


def test_the_blocks_own_error_stays_and_bears_the_others_as_notes() -> None:
    with pytest.raises(KeyError, match="mine") as caught, Scope("copy") as scope:
        scope.own(Thing(fails=OSError("disk full")))
        raise KeyError("mine")

    assert caught.value.__notes__ == ["Scope 'copy' could not release one of its things: OSError: disk full"]


def test_an_interruption_during_a_release_comes_out_as_itself_when_all_is_released() -> None:
    log: list[Thing] = []
    with pytest.raises(KeyboardInterrupt), Scope() as scope:
        scope.own(Thing(log))
        scope.own(Thing(log, KeyboardInterrupt()))

    assert len(log) == 2


def test_one_thing_can_be_released_early_once() -> None:
    with Scope("copy") as scope:
        thing = scope.own(Thing())
        scope.release(thing)
        with pytest.raises(MemguardError, match="Scope 'copy' does not own <"):
            scope.release(thing)

    assert thing.closed == 1


def test_a_thing_transferred_to_another_scope_is_released_there() -> None:
    with Scope() as outer:
        with Scope() as inner:
            thing = inner.transfer(inner.own(Thing()), to=outer)
        assert thing.closed == 0
    assert thing.closed == 1


def test_a_thing_transferred_out_is_the_callers() -> None:
    with Scope() as scope:
        thing = scope.transfer(scope.own(Thing()))
        assert len(scope) == 0
    assert thing.closed == 0


def test_pop_all_hands_over_what_was_built_step_by_step() -> None:
    def build(fails: bool) -> tuple[Scope, Thing]:
        with Scope() as scope:
            thing = scope.own(Thing(things))
            if fails:
                raise ValueError
            return scope.pop_all(), thing

    things: list[Thing] = []
    with pytest.raises(ValueError):  # noqa: PT011
        build(True)
    assert len(things) == 1
    kept, thing = build(False)
    assert thing.closed == 0
    kept.close()
    assert thing.closed == 1


def test_a_closed_scope_refuses_and_says_where_it_was_closed() -> None:
    with Scope("copy") as scope:
        pass
    with pytest.raises(Closed) as caught:
        scope.own(Thing())

    assert "Scope 'copy', made at" in str(caught.value)
    assert str(caught.value).count("in test_a_closed_scope_refuses_and_says_where_it_was_closed") == 3


def test_a_transfer_to_a_closed_scope_is_refused_and_the_thing_kept() -> None:
    done = Scope()
    done.close()
    with Scope() as scope:
        thing = scope.own(Thing())
        with pytest.raises(Closed):
            scope.transfer(thing, to=done)
    assert thing.closed == 1


def test_a_scope_dropped_open_releases_late_and_is_warned_about() -> None:
    scopes = [Scope("copy")]
    thing = scopes[0].own(Thing())

    with pytest.warns(ResourceWarning, match=r"Scope 'copy', made at .* was dropped with 1 things to release"):
        scopes.clear()

    assert thing.closed == 1


def test_what_a_scope_owns_is_outstanding_with_the_line_that_registered_it() -> None:
    with Scope("copy") as scope:
        scope.own(Thing())
        (entry,) = outstanding()
        assert (entry.kind, entry.owner) == ("owned", "Scope 'copy'")
        assert (
            entry.origin.frames()[0].function
            == "test_what_a_scope_owns_is_outstanding_with_the_line_that_registered_it"
        )
        assert repr(scope) == "<Scope 'copy': owns 1, 0 of 1 released>"
    assert outstanding() == ()


def test_a_forked_child_releases_nothing_of_its_parents() -> None:
    with Scope() as scope:
        folder = scope.own(Path(tempfile.mkdtemp()), release=Path.rmdir)
        child = os.fork()
        if not child:
            try:
                scope.close()
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        assert folder.is_dir()
    assert not folder.exists()


@settings(deadline=None)
@given(st.lists(st.sampled_from([None, ValueError("x"), KeyboardInterrupt()]), max_size=8))
def test_everything_is_released_once_whatever_fails(failures: list[BaseException | None]) -> None:
    things = [Thing(fails=fails) for fails in failures]
    try:
        with Scope() as scope:
            for thing in things:
                scope.own(thing)
    except (ExceptionGroup, KeyboardInterrupt):
        assert any(failures)
    else:
        assert not any(failures)
    assert [thing.closed for thing in things] == [1] * len(things)


class Scopes(RuleBasedStateMachine):
    """Scopes against a model: lists of things; each thing is in one list or released once."""

    def __init__(self) -> None:
        super().__init__()
        self.scopes: list[tuple[Scope, list[Thing]]] = []
        self.released: list[Thing] = []
        self.free: list[Thing] = []

    @rule()
    def make(self) -> None:
        self.scopes.append((Scope(), []))

    @precondition(lambda self: self.scopes)
    @rule(data=st.data())
    def own(self, data: st.DataObject) -> None:
        scope, things = data.draw(st.sampled_from(self.scopes))
        things.append(scope.own(Thing(self.released)))

    def some(self, data: st.DataObject) -> tuple[Scope, list[Thing], Thing]:
        scope, things = data.draw(st.sampled_from([each for each in self.scopes if each[1]]))
        return scope, things, data.draw(st.sampled_from(things))

    @precondition(lambda self: any(things for _, things in self.scopes))
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        scope, things, thing = self.some(data)
        scope.release(thing)
        things.remove(thing)
        assert self.released[-1] is thing

    @precondition(lambda self: any(things for _, things in self.scopes))
    @rule(data=st.data(), out=st.booleans())
    def transfer(self, data: st.DataObject, out: bool) -> None:
        scope, things, thing = self.some(data)
        other, others = (None, self.free) if out else data.draw(st.sampled_from(self.scopes))
        scope.transfer(thing, to=other)
        things.remove(thing)
        others.append(thing)

    @precondition(lambda self: self.scopes)
    @rule(data=st.data())
    def pop_all(self, data: st.DataObject) -> None:
        at = data.draw(st.integers(0, len(self.scopes) - 1))
        scope, things = self.scopes[at]
        self.scopes.append((scope.pop_all(), things))
        self.scopes[at] = (scope, [])

    @precondition(lambda self: self.scopes)
    @rule(data=st.data())
    def close(self, data: st.DataObject) -> None:
        scope, things = self.scopes.pop(data.draw(st.integers(0, len(self.scopes) - 1)))
        before = len(self.released)
        scope.close()
        assert self.released[before:] == things[::-1]

    @invariant()
    def contents_equal_the_models(self) -> None:
        for scope, things in self.scopes:
            assert [entry.value for entry in scope.outstanding()] == things

    @invariant()
    def nothing_is_released_twice(self) -> None:
        assert all(thing.closed == 1 for thing in self.released)
        assert all(thing.closed == 0 for thing in self.free)

    def teardown(self) -> None:
        for scope, _ in self.scopes:
            scope.close()
        self.nothing_is_released_twice()


TestScopes = Scopes.TestCase
TestScopes.settings = settings(deadline=None, max_examples=50)
