from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Iterable
from typing import Any

import pytest

from pytest_memguard.runtime import AsyncLease, Event, Lease, LeaseEnded, outstanding, subscribe
from pytest_memguard.runtime.lease import BaseLease, Book, Ending, register


class Lender:
    label = "Desk 'one'"

    def __init__(self) -> None:
        self.book = Book()
        self.back: list[tuple[Any, Ending]] = []
        register(self)

    def lend(self, value: Any) -> Lease[Any]:
        lease: Lease[Any] = Lease(self, value, "pen")
        self.book.enter(lease)
        return lease

    def lend_async(self, value: Any) -> AsyncLease[Any]:
        return AsyncLease(self, value, "pen")

    def take_back(self, lease: Any, value: Any, ending: Ending, /) -> None:
        self.book.strike(lease)
        self.back.append((value, ending))

    def take_back_dropped(self, lease: Any, value: Any, /) -> None:
        self.take_back(lease, value, "dropped")

    def outstanding(self) -> Iterable[BaseLease[Any]]:
        return iter(self.book)


def test_a_released_lease_gives_its_value_back_once() -> None:
    desk = Lender()

    desk.lend("blue").release()

    assert desk.back == [("blue", "released")]


def test_a_with_block_releases_at_its_end() -> None:
    desk = Lender()

    with desk.lend("blue") as pen:
        assert pen == "blue"
        assert desk.back == []

    assert desk.back == [("blue", "released")]


def test_an_error_in_the_block_releases_too() -> None:
    desk = Lender()

    with pytest.raises(ValueError, match="spilt"), desk.lend("blue"):
        raise ValueError("spilt")

    assert desk.back == [("blue", "released")]


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, asyncio.CancelledError, GeneratorExit])
def test_what_was_interrupted_in_the_middle_is_discarded(interruption: type[BaseException]) -> None:
    desk = Lender()

    with pytest.raises(interruption), desk.lend("blue"):
        raise interruption

    assert desk.back == [("blue", "discarded")]


def test_an_early_release_inside_the_block_is_allowed() -> None:
    desk = Lender()

    with (lease := desk.lend("blue")):
        lease.release()

    assert desk.back == [("blue", "released")]


def first_release(lease: Lease[Any]) -> None:
    lease.release()


def test_a_second_release_names_all_three_lines() -> None:
    desk = Lender()
    lease = desk.lend("blue")
    first_release(lease)

    with pytest.raises(LeaseEnded) as caught:
        lease.release()

    text = str(caught.value)
    assert "of Desk 'one' was released a second time, at" in text
    assert "in test_a_second_release_names_all_three_lines: it was acquired at" in text
    assert "in lend and released at" in text
    assert "in first_release." in text
    assert desk.back == [("blue", "released")]


def test_a_value_is_out_of_reach_after_the_release() -> None:
    lease = Lender().lend("blue")
    lease.release()

    with pytest.raises(LeaseEnded, match="was used after its release"):
        _ = lease.value
    assert lease.ended
    assert "ended" in repr(lease)


def test_an_ended_lease_does_not_keep_its_value_alive() -> None:
    class Pen:
        pass

    desk = Lender()
    pens = [Pen()]
    lease = desk.lend(pens[0])
    lease.release()
    desk.back.clear()

    assert gc.get_referrers(pens[0]) == [pens]


def test_a_dropped_lease_comes_back_and_is_warned_about_with_its_line() -> None:
    desk = Lender()
    lease = desk.lend("blue")

    with pytest.warns(ResourceWarning, match=r"pen \d+ of Desk 'one' was dropped without a release; .* in lend\."):
        del lease

    assert desk.back == [("blue", "dropped")]


@pytest.mark.memguard_allow("pen", reason="it is dropped to see what becomes of its slot")
def test_a_warning_made_an_error_does_not_keep_the_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.unraisablehook", lambda _report: None)  # where errors in finalizers go
    desk = Lender()
    lease = desk.lend("blue")

    del lease  # the suite runs with -W error

    assert desk.back == [("blue", "dropped")]


def test_of_many_threads_that_release_at_once_one_succeeds() -> None:
    desk = Lender()
    for _ in range(50):
        lease = desk.lend("blue")
        failures: list[LeaseEnded] = []
        barrier = threading.Barrier(4)

        def release(lease: Lease[Any] = lease, barrier: threading.Barrier = barrier) -> None:
            barrier.wait()
            try:
                lease.release()
            except LeaseEnded as error:
                failures.append(error)  # noqa: B023

        threads = [threading.Thread(target=release) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(failures) == 3
    assert len(desk.back) == 50


def test_all_that_is_outstanding_is_listed_oldest_first_and_weakly() -> None:
    one, two = Lender(), Lender()
    first, second, third = one.lend("a"), two.lend("b"), one.lend("c")

    assert [lease for lease in outstanding() if lease.kind == "pen"] == [first, second, third]

    second.release()
    third.discard()
    assert [lease for lease in outstanding() if lease.kind == "pen"] == [first]
    first.release()


def test_events_tell_of_begin_and_end_with_one_number_and_the_acquiring_line() -> None:
    heard: list[Event] = []
    desk = Lender()
    leave = subscribe(heard.append)
    lease = desk.lend("blue")
    number = lease.id
    lease.release()
    lease = desk.lend("red")
    with pytest.warns(ResourceWarning):
        del lease
    leave()

    assert [event.action for event in heard] == ["acquired", "released", "acquired", "dropped"]
    assert {event.lease_id for event in heard[:2]} == {number}
    assert all(event.origin.frames()[0].function == "lend" for event in heard)
    assert {(event.kind, event.owner) for event in heard} == {("pen", "Desk 'one'")}


def test_an_async_lease_ends_once_too() -> None:
    desk = Lender()

    async def main() -> None:
        async with desk.lend_async("blue") as pen:
            assert pen == "blue"
        lease = desk.lend_async("red")
        await lease.discard()
        with pytest.raises(LeaseEnded, match="released a second time"):
            await lease.release()
        with pytest.raises(asyncio.CancelledError):
            async with desk.lend_async("green"):
                raise asyncio.CancelledError
        with pytest.warns(ResourceWarning, match="was dropped"):
            desk.lend_async("white")

    asyncio.run(main())
    assert desk.back == [("blue", "released"), ("red", "discarded"), ("green", "discarded"), ("white", "dropped")]
