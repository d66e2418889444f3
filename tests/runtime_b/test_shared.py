"""Handles to one value behave like copies that are made as late as possible."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pytest_memguard.runtime.errors import LeaseEnded
from pytest_memguard.runtime.shared import Shared, StaleMutation, StillShared, watch_mutations


def test_the_only_handle_changes_in_place() -> None:
    value = [1]
    handle = Shared(value)
    assert handle.make_mut() is value


def test_a_shared_value_is_copied_for_the_one_who_changes_it() -> None:
    first = Shared([1])
    second = first.share()
    second.make_mut().append(2)
    assert (first.get(), second.get()) == ([1], [1, 2])
    assert not first.same_as(second)


def test_the_copy_is_made_once() -> None:
    copies: list[list[int]] = []

    def clone(value: list[int]) -> list[int]:
        copies.append(value)
        return value.copy()

    first = Shared([1], clone=clone)
    second = first.share()
    second.make_mut()
    second.make_mut()
    first.make_mut()
    assert len(copies) == 1


def test_the_last_handle_left_changes_in_place_again() -> None:
    value = [1]
    first = Shared(value)
    first.share()  # dropped at once
    assert first.handles == 1
    assert first.make_mut() is value


def test_sharing_copies_nothing() -> None:
    first = Shared([1])
    second = first.share()
    assert second.get() is first.get()
    assert (first.handles, second.handles) == (2, 2)
    assert first.same_as(second)


def test_the_only_handle_can_be_unwrapped() -> None:
    value = [1]
    handle = Shared(value)
    assert handle.try_unwrap() is value
    with pytest.raises(LeaseEnded, match=r"after drop\(\) or try_unwrap\(\)"):
        handle.get()
    assert repr(handle) == "<Shared: ended>"


def test_a_shared_value_cannot_be_unwrapped() -> None:
    first = Shared({"a": 1})
    second = first.share()
    with pytest.raises(StillShared, match="<Shared dict: 2 handles> cannot be unwrapped"):
        first.try_unwrap()
    second.drop()
    assert first.try_unwrap() == {"a": 1}


def test_a_handle_is_dropped_once() -> None:
    first = Shared([1])
    with first.share() as second:
        assert first.handles == 2
        second.drop()
    assert first.handles == 1
    with pytest.raises(LeaseEnded):
        second.drop()
    assert first.handles == 1


@pytest.mark.parametrize("use", ["get", "share", "make_mut", "drop"])
def test_a_change_through_what_get_returned_is_noticed_at_the_next_use(use: str) -> None:
    first = Shared([1], watch=True)
    second = first.share()
    first.get().append(2)
    with pytest.raises(StaleMutation, match=r"a list was changed in place after it was shared at .*test_shared.py"):
        getattr(second, use)()


def test_a_change_through_what_make_mut_returned_before_sharing_is_noticed() -> None:
    first = Shared({"retries": 3}, watch=True)
    stale = first.make_mut()
    second = first.share()
    stale["retries"] = 5
    with pytest.raises(StaleMutation):
        second.get()


def test_an_honest_change_is_not_complained_about() -> None:
    with watch_mutations():
        first = Shared([1])
    second = first.share()
    first.make_mut().append(2)
    first.make_mut().append(3)
    assert (first.get(), second.get()) == ([1, 2, 3], [1])
    second.make_mut().append(4)
    assert second.get() == [1, 4]
    assert repr(first) == "<Shared list: the only handle>"


def test_a_change_noticed_when_a_handle_is_collected_goes_to_the_unraisable_hook(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heard: list[Any] = []
    first = Shared([1], watch=True)
    second = first.share()
    first.get().append(2)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "unraisablehook", heard.append)
        del second
    assert [type(each.exc_value) for each in heard] == [StaleMutation]


def test_nothing_is_watched_unless_asked_for() -> None:
    first = Shared([1])
    second = first.share()
    first.get().append(2)
    assert second.get() == [1, 2]


def test_what_counts_as_a_change_can_be_said() -> None:
    first = Shared({"n": 1, "cache": 1}, watch=True, fingerprint=lambda value: value["n"])
    second = first.share()
    first.get()["cache"] = 2
    assert second.get()["cache"] == 2


class SharedMachine(RuleBasedStateMachine):
    """Every handle sees what a private copy would hold."""

    def __init__(self) -> None:
        super().__init__()
        self.handles: list[tuple[Shared[list[int]], list[int]]] = [(Shared([0], watch=True), [0])]

    @rule(at=st.integers(0, 9))
    def share(self, at: int) -> None:
        if self.handles:
            handle, model = self.handles[at % len(self.handles)]
            self.handles.append((handle.share(), model.copy()))

    @precondition(lambda self: self.handles)
    @rule(at=st.integers(0, 9), number=st.integers(0, 3))
    def change(self, at: int, number: int) -> None:
        handle, model = self.handles[at % len(self.handles)]
        handle.make_mut().append(number)
        model.append(number)

    @precondition(lambda self: len(self.handles) > 1)
    @rule(at=st.integers(0, 9))
    def drop(self, at: int) -> None:
        self.handles.pop(at % len(self.handles))

    @invariant()
    def each_sees_its_own(self) -> None:
        for handle, model in self.handles:
            assert handle.get() == model

    @invariant()
    def handles_are_counted(self) -> None:
        for handle, _ in self.handles:
            assert handle.handles == sum(handle.same_as(other) for other, _ in self.handles)


TestSharedMachine = SharedMachine.TestCase
TestSharedMachine.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)


def test_threads_with_a_handle_each_never_see_each_others_changes() -> None:
    first = Shared(list(range(100)))
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)

    def work(handle: Shared[list[int]]) -> bool:
        for turn in range(200):
            with handle.share() as mine:
                mine.make_mut()[0] = turn
                if mine.get()[0] != turn or handle.get()[0] != 0:
                    return False
        return True

    try:
        with ThreadPoolExecutor(8) as threads:
            assert all(threads.map(work, [first.share() for _ in range(8)]))
    finally:
        sys.setswitchinterval(before)
    assert first.handles == 1
