from __future__ import annotations

import gc
import sys
import threading
import weakref
from typing import Any

import pytest

from pytest_memguard.runtime import (
    Backoff,
    CannotOpen,
    Closed,
    Exhausted,
    LeaseEnded,
    Pool,
    StillHeld,
    WrongThread,
    outstanding,
)


def in_thread(work: Any) -> Any:
    """Run in another thread and give what it returned or raised."""
    found: list[Any] = []

    def run() -> None:
        try:
            found.append(work())
        except BaseException as error:
            found.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(10)
    return found[0]


def queue_up(pool: Pool[Any], work: Any, others: int = 0) -> threading.Thread:
    """Start a thread that has to wait for the pool, and return when it does."""
    thread = threading.Thread(target=work)
    thread.start()
    while pool.statistics().waiting < others + 1:
        assert thread.is_alive()
        threading.Event().wait(0.001)
    return thread


def test_a_resource_is_opened_when_first_needed_and_used_again(server) -> None:
    with Pool(server.connect, name="db") as pool:
        assert server.connections == []
        with pool.acquire() as first:
            pass
        with pool.acquire() as second:
            pass

    assert first is second
    assert [connection.closed for connection in server.connections] == [1]


def test_the_resource_used_last_is_used_next(server) -> None:
    with Pool(server.connect) as pool:
        one, two = pool.acquire(), pool.acquire()
        two.release()
        one.release()

        with pool.acquire() as connection:
            assert connection.number == 1


def test_no_more_than_the_maximum_exist_and_the_error_names_who_holds_them(server) -> None:
    with Pool(server.connect, name="db", maximum=2) as pool:
        with pool.acquire(), pool.acquire(), pytest.raises(Exhausted) as caught:
            pool.acquire(timeout=0.01)

        text = str(caught.value)
        assert text.startswith("Pool 'db' had nothing free within ")
        assert text.count("in test_no_more_than_the_maximum_exist_and_the_error_names_who_holds_them") == 2
        assert "raise `maximum` (2)" in text
    assert len(server.connections) == 2


def test_a_timeout_of_nothing_does_not_wait(server) -> None:
    with Pool(server.connect, maximum=1) as pool, pool.acquire():
        with pytest.raises(TimeoutError):
            pool.acquire(timeout=0)
        assert pool.statistics().timeouts == 1


def test_who_waits_is_served_in_order_of_asking(server) -> None:
    order: list[int] = []
    with Pool(server.connect, maximum=1) as pool:
        lease = pool.acquire()

        def borrow(number: int) -> None:
            with pool.acquire():
                order.append(number)

        threads = [queue_up(pool, lambda number=number: borrow(number), number) for number in range(5)]
        lease.release()
        for thread in threads:
            thread.join(10)

    assert order == [0, 1, 2, 3, 4]
    assert pool.statistics().waits == 5


def test_a_newcomer_does_not_overtake_who_waits(server) -> None:
    with Pool(server.connect, maximum=1) as pool:
        lease = pool.acquire()
        served = threading.Event()

        def borrow() -> None:
            with pool.acquire():
                served.wait(10)

        thread = queue_up(pool, borrow)
        lease.release()
        with pytest.raises(Exhausted):
            pool.acquire(timeout=0)
        served.set()
        thread.join(10)


def test_a_dead_resource_is_found_and_replaced_before_it_is_lent(server) -> None:
    with Pool(server.connect, check=lambda connection: connection.check()) as pool:
        pool.acquire().release()
        server.connections[0].alive = False

        with pool.acquire() as connection:
            assert connection.number == 2

        assert pool.statistics().check_failures == 1
        assert server.connections[0].closed == 1


def test_a_check_that_raises_means_dead(server) -> None:
    def check(_: Any) -> bool:
        raise OSError("reset by peer")

    with Pool(server.connect, check=check) as pool:
        pool.acquire().release()
        with pool.acquire() as connection:
            assert connection.number == 2


def test_a_resource_used_just_now_is_not_checked(server, clock) -> None:
    checks: list[int] = []

    def check(connection: Any) -> bool:
        checks.append(connection.number)
        return True

    with Pool(server.connect, check=check, check_after=0.5, clock=clock) as pool:
        pool.acquire().release()
        pool.acquire().release()
        assert checks == []
        clock.pass_by(1)
        pool.acquire().release()
        assert checks == [1]


def test_a_resource_is_reset_on_its_way_back(server) -> None:
    with Pool(server.connect, reset=lambda connection: connection.reset()) as pool:
        with pool.acquire() as connection:
            assert connection.resets == 0
        assert connection.resets == 1


def test_a_failing_reset_closes_the_resource_and_keeps_the_slot(server, caplog) -> None:
    def reset(_: Any) -> None:
        raise ValueError("in a transaction")

    with Pool(server.connect, name="db", maximum=1, reset=reset) as pool:
        pool.acquire().release()
        assert server.connections[0].closed == 1
        assert pool.statistics().reset_failures == 1
        pool.acquire().discard()
    assert "Pool 'db': a reset failed" in caplog.text


def test_a_discarded_resource_is_closed(server) -> None:
    with Pool(server.connect) as pool:
        pool.acquire().discard()

        assert server.open == []
        assert pool.statistics().discarded == 1


def test_an_interrupted_block_discards_its_resource(server) -> None:
    with Pool(server.connect) as pool:
        with pytest.raises(KeyboardInterrupt), pool.acquire():
            raise KeyboardInterrupt
        assert server.open == []
        with pytest.raises(ValueError, match="wrong"), pool.acquire():
            raise ValueError("wrong")
        assert len(server.open) == 1


def test_a_close_that_raises_is_logged_and_the_slot_is_free(server, caplog) -> None:
    def close(connection: Any) -> None:
        connection.close()
        raise OSError("broken pipe")

    with Pool(server.connect, name="db", maximum=1, close=close) as pool:
        pool.acquire().discard()
        pool.acquire(timeout=0).release()
        assert pool.statistics().close_failures == 1
    assert "Pool 'db': a resource could not be closed" in caplog.text


def test_a_second_release_is_refused_and_the_resource_lent_once(server) -> None:
    with Pool(server.connect, maximum=2) as pool:
        lease = pool.acquire()
        lease.release()
        with pytest.raises(LeaseEnded, match="released a second time"):
            lease.release()
        one, two = pool.acquire(), pool.acquire()
        assert one.value is not two.value
        with pytest.raises(LeaseEnded, match="used after its release"):
            _ = lease.value
        one.release()
        two.release()


def test_a_dropped_lease_gives_its_slot_back_and_its_resource_is_not_lent_again(server) -> None:
    with Pool(server.connect, name="db", maximum=1) as pool:
        lease = pool.acquire()
        with pytest.warns(ResourceWarning, match=r"pool lease \d+ of Pool 'db' was dropped without a release"):
            del lease

        with pool.acquire(timeout=0) as connection:
            assert connection.number == 2
            assert server.connections[0].closed == 1
        assert pool.statistics().dropped == 1


def test_a_lease_dropped_while_someone_waits_serves_him(server) -> None:
    with Pool(server.connect, maximum=1) as pool:
        leases = [pool.acquire()]
        got: list[int] = []

        def borrow() -> None:
            with pool.acquire() as connection:
                got.append(connection.number)

        thread = queue_up(pool, borrow)
        with pytest.warns(ResourceWarning):
            leases.clear()
        thread.join(10)

    assert got == [2]
    assert server.open == []


def test_a_lease_dropped_while_the_pool_is_locked_is_taken_in_at_the_unlocking(server) -> None:
    with Pool(server.connect, maximum=1) as pool:
        leases = [pool.acquire()]
        with pool._planner.lock, pytest.warns(ResourceWarning):  # as when the collector runs inside the pool
            leases.clear()
        assert pool.statistics().dropped == 1
        pool.acquire(timeout=0).release()


def test_a_resource_is_replaced_when_it_has_lived_its_time(server, clock) -> None:
    with Pool(server.connect, max_lifetime=100, random=lambda: 0.0, clock=clock, sweep_every=None) as pool:
        pool.acquire().release()
        clock.pass_by(99)
        pool.acquire().release()
        assert len(server.connections) == 1
        clock.pass_by(2)
        with pool.acquire() as connection:
            assert connection.number == 2
        assert pool.statistics().expired == 1


def test_lifetimes_are_spread_by_the_jitter(server, clock) -> None:
    chances = iter([0.0, 0.999])
    with Pool(
        server.connect,
        max_lifetime=100,
        lifetime_jitter=0.5,
        random=lambda: next(chances),
        clock=clock,
        sweep_every=None,
    ) as pool:
        one, two = pool.acquire(), pool.acquire()
        one.release()
        two.release()
        clock.pass_by(60)
        pool.sweep()
        assert [connection.number for connection in server.open] == [1]


def test_idle_resources_beyond_the_minimum_are_reaped(server, clock) -> None:
    with Pool(server.connect, minimum=1, max_idle=10, clock=clock, sweep_every=None) as pool:
        leases = [pool.acquire() for _ in range(3)]
        for lease in leases:
            lease.release()
        clock.pass_by(11)
        pool.sweep()
        assert len(server.open) == 1
        assert pool.statistics().reaped == 2


def test_the_minimum_is_opened_on_entering_and_restored_by_the_sweep(server) -> None:
    with Pool(server.connect, minimum=2, sweep_every=None) as pool:
        assert len(server.open) == 2
        pool.acquire().discard()
        assert len(server.open) == 1
        pool.sweep()
        assert len(server.open) == 2
        assert pool.statistics().idle == 2


def test_the_sweep_runs_by_itself_and_ends_with_the_pool(server) -> None:
    pool = Pool(server.connect, name="db", minimum=1, sweep_every=0.001)
    pool.acquire().discard()
    while not server.open:
        threading.Event().wait(0.001)
    assert "sweep of Pool 'db'" in {thread.name for thread in threading.enumerate()}
    pool.close()
    assert "sweep of Pool 'db'" not in {thread.name for thread in threading.enumerate()}
    assert server.open == []


def test_a_smaller_maximum_closes_the_excess_as_it_comes_back(server) -> None:
    with Pool(server.connect, maximum=3) as pool:
        leases = [pool.acquire() for _ in range(3)]
        leases.pop().release()
        pool.resize(1)
        assert len(server.open) == 2
        for lease in leases:
            lease.release()
        assert len(server.open) == 1
        with pool.acquire(), pytest.raises(Exhausted):
            pool.acquire(timeout=0)


def test_a_larger_maximum_serves_who_waits(server) -> None:
    with Pool(server.connect, maximum=1) as pool:
        with pool.acquire():
            thread = queue_up(pool, lambda: pool.acquire().release())
            pool.resize(2)
            thread.join(10)
        assert pool.statistics().maximum == 2


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"maximum": 0}, "pool 'db': maximum must be at least 1, not 0"),
        ({"minimum": 11}, r"pool 'db': minimum must be between 0 and maximum \(10\), not 11"),
        ({"timeout": -1.0}, "pool 'db': timeout must be positive, not -1.0"),
        ({"lifetime_jitter": 1.0}, r"pool 'db': lifetime_jitter must be in \[0, 1\), not 1.0"),
    ],
)
def test_settings_that_cannot_be_are_refused_by_name(settings: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Pool(object, name="db", **settings)


def test_expire_replaces_everything(server) -> None:
    with Pool(server.connect) as pool:
        held, idle = pool.acquire(), pool.acquire()
        idle.release()
        pool.expire()
        assert [connection.number for connection in server.open] == [1]
        held.release()
        assert server.open == []
        with pool.acquire() as connection:
            assert connection.number == 3


def test_drain_waits_for_leases_closes_all_and_goes_on(server) -> None:
    with Pool(server.connect, maximum=2) as pool:
        held = pool.acquire()
        pool.acquire().release()
        draining = threading.Thread(target=pool.drain)
        draining.start()
        while server.open != [held.value]:
            threading.Event().wait(0.001)
        late = queue_up(pool, lambda: pool.acquire().release())
        assert "draining" in repr(pool)
        held.release()
        draining.join(10)
        late.join(10)
        assert [connection.closed for connection in server.connections] == [1, 1, 0]


def test_a_drain_that_takes_too_long_names_the_leases_and_goes_on(server) -> None:
    with Pool(server.connect, name="db") as pool, pool.acquire():
        with pytest.raises(StillHeld, match=r"Pool 'db' could not be drained within 0.01 s: held are lease \d+ for"):
            pool.drain(timeout=0.01)
        pool.acquire().release()


def test_close_is_bounded_and_names_each_outstanding_lease_with_its_line(server) -> None:
    pool = Pool(server.connect, name="db")
    lease = pool.acquire()
    pool.acquire().release()

    with pytest.raises(StillHeld) as caught:
        pool.close(timeout=0.01)

    assert "in test_close_is_bounded_and_names_each_outstanding_lease_with_its_line" in str(caught.value)
    assert len(server.open) == 1
    lease.release()
    assert server.open == []
    pool.close()


def test_a_closed_pool_refuses_and_says_where_it_was_closed(server) -> None:
    pool = Pool(server.connect, name="db")
    pool.close()

    with pytest.raises(Closed, match=r"Pool 'db', made at .* was closed at .* in test_a_closed_pool_refuses"):
        pool.acquire()
    assert "closed" in repr(pool)


def test_closing_wakes_who_waits(server) -> None:
    pool = Pool(server.connect, maximum=1)
    lease = pool.acquire()
    found: list[BaseException] = []

    def borrow() -> None:
        try:
            pool.acquire()
        except Closed as error:
            found.append(error)

    thread = queue_up(pool, borrow)
    closing = threading.Thread(target=pool.close)
    closing.start()
    thread.join(10)
    assert len(found) == 1
    lease.release()
    closing.join(10)
    assert server.open == []


def test_what_was_being_opened_during_the_close_is_closed(server) -> None:
    opening, go_on = threading.Event(), threading.Event()

    def connect() -> Any:
        opening.set()
        go_on.wait(10)
        return server.connect()

    pool = Pool(connect)
    found: list[BaseException] = []

    def borrow() -> None:
        try:
            pool.acquire()
        except Closed as error:
            found.append(error)

    thread = threading.Thread(target=borrow)
    thread.start()
    opening.wait(10)
    with pytest.raises(StillHeld, match="1 being opened or closed"):
        pool.close(timeout=0.01)
    go_on.set()
    thread.join(10)
    assert len(found) == 1
    assert [connection.closed for connection in server.connections] == [1]


def test_an_error_in_the_block_is_not_hidden_by_a_lease_that_it_left(server) -> None:
    pool = Pool(server.connect, name="db")
    lease = pool.acquire()
    pool.close = lambda timeout=0.01: Pool.close(pool, timeout)  # type: ignore[method-assign]

    with pytest.raises(ValueError, match="wrong") as caught, pool:
        raise ValueError("wrong")

    assert "could not be closed" in caught.value.__notes__[0]
    lease.release()


def test_a_pool_dropped_open_is_warned_about_and_closes_its_idle_resources(server) -> None:
    pool = Pool(server.connect, name="db")
    pool.acquire().release()

    with pytest.warns(ResourceWarning, match=r"Pool 'db', made at .* was dropped with 1 resources open"):
        del pool

    assert server.open == []


def test_a_dropped_pool_needs_no_collector(server) -> None:
    pool = Pool(server.connect)
    gone = weakref.ref(pool)
    gc.disable()
    try:
        del pool
        assert gone() is None
    finally:
        gc.enable()


def test_a_failing_factory_raises_its_own_error_at_once_and_keeps_no_slot(server) -> None:
    with Pool(server.connect, maximum=1) as pool:
        server.error = ValueError("wrong password")
        for _ in range(3):
            with pytest.raises(ValueError, match="wrong password"):
                pool.acquire()
        server.error = None
        pool.acquire().release()
        assert pool.statistics().open_failures == 3


def test_an_outage_is_waited_for_with_backoff(server, clock) -> None:
    naps: list[float] = []

    def sleep(seconds: float) -> None:
        naps.append(seconds)
        clock.pass_by(seconds)
        if len(naps) == 4:
            server.error = None

    server.error = ConnectionRefusedError("refused")
    with Pool(
        server.connect, backoff=Backoff(first=1.0, most=3.0), random=lambda: 1.0, clock=clock, sleep=sleep
    ) as pool:
        pool.acquire().release()

    assert naps == [1.0, 2.0, 3.0, 3.0]


def test_an_outage_longer_than_the_timeout_says_when_the_next_attempt_is_due(server, clock) -> None:
    server.error = ConnectionRefusedError("refused")
    with Pool(
        server.connect, name="db", backoff=Backoff(first=1.0), random=lambda: 1.0, clock=clock, sleep=clock.pass_by
    ) as pool:
        with pytest.raises(CannotOpen) as caught:
            pool.acquire(timeout=2.5)
        assert "Pool 'db' cannot open anything: 2 attempts failed, the next is due in 2 s" in str(caught.value)
        assert caught.value.__cause__ is server.error
        attempts = server.attempts
        with pytest.raises(CannotOpen):
            pool.acquire(timeout=1)
        assert server.attempts == attempts, "the factory was called before the next attempt was due"


def test_one_at_a_time_tries_during_an_outage(server) -> None:
    trying = threading.Semaphore(0)
    at_once: list[int] = []
    inside = 0

    def connect() -> Any:
        nonlocal inside
        inside += 1
        at_once.append(inside)
        try:
            trying.acquire(timeout=0.005)
            return server.connect()
        finally:
            inside -= 1

    server.error = ConnectionRefusedError("refused")
    with Pool(connect, maximum=8, backoff=Backoff(first=0.001, most=0.002)) as pool:
        threads = [threading.Thread(target=lambda: pool.acquire().release()) for _ in range(8)]
        for thread in threads:
            thread.start()
        while server.attempts < 30:
            threading.Event().wait(0.001)
        during = at_once[20:]
        server.error = None
        for thread in threads:
            thread.join(10)

    assert set(during) == {1}
    assert pool.statistics().acquired == 8


def test_a_pool_of_one_thread_refuses_others_by_name(server) -> None:
    with Pool(server.connect, name="db", one_thread=True) as pool:
        pool.acquire().release()
        error = in_thread(pool.acquire)

    assert isinstance(error, WrongThread)
    assert "Pool 'db' is confined to thread 'MainThread'" in str(error)
    assert "in test_a_pool_of_one_thread_refuses_others_by_name" in str(error)


def test_none_may_be_a_resource() -> None:
    with Pool(lambda: None, maximum=1) as pool, pool.acquire() as nothing:
        assert nothing is None


def test_the_leases_of_a_pool_are_outstanding_until_they_end(server) -> None:
    with Pool(server.connect, name="db") as pool:
        one, two = pool.acquire(), pool.acquire()
        assert list(pool.outstanding()) == [one, two]
        assert {lease.owner for lease in outstanding()} == {"Pool 'db'"}
        one.release()
        assert list(pool.outstanding()) == [two]
        two.release()
    assert outstanding() == ()


def test_the_repr_is_a_status_board(server) -> None:
    with Pool(server.connect, name="db", maximum=5) as pool:
        pool.acquire().release()
        with pool.acquire(), pool.acquire():
            assert repr(pool) == "<Pool 'db' [Leases: 2 out, 0 waiting | Resources: 0 idle, 2 open of 5]>"
        assert repr(pool) == "<Pool 'db' [Leases: 0 out, 0 waiting | Resources: 2 idle, 2 open of 5]>"


def test_statistics_measure_waits_and_use(server, clock) -> None:
    with Pool(server.connect, clock=clock, maximum=4) as pool:
        with pool.acquire():
            clock.pass_by(3)
        statistics = pool.statistics()

    assert statistics.lease_seconds == 3
    assert (statistics.acquired, statistics.opened, statistics.idle, statistics.used) == (1, 1, 1, 0.0)


def test_many_threads_with_random_endings_lose_no_slot(server) -> None:
    import random

    chances = random.Random(5)
    lock = threading.Lock()

    def connect() -> Any:
        with lock:
            fails = chances.random() < 0.1
        if fails:
            raise ConnectionResetError("by chance")
        return server.connect()

    def check(_: Any) -> bool:
        with lock:
            return chances.random() > 0.1

    pool = Pool(
        connect,
        maximum=4,
        check=check,
        reset=lambda connection: connection.reset(),
        backoff=Backoff(first=0.0001, most=0.001),
    )
    problems: list[BaseException] = []

    def work(seed: int) -> None:
        mine = random.Random(seed)
        for _ in range(40):
            try:
                lease = pool.acquire(timeout=mine.choice([0.0, 0.001, 10.0]))
            except (Exhausted, CannotOpen):
                continue
            try:
                lease.value.use()
                lease.value.stop_using()
                if mine.random() < 0.1:
                    lease.discard()
                elif mine.random() < 0.9:
                    lease.release()
            except BaseException as error:
                problems.append(error)
                raise
            finally:
                del lease

    previous = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(16)]

    def run_all() -> None:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)

    try:
        with pytest.warns(ResourceWarning):
            run_all()
    finally:
        sys.setswitchinterval(previous)
    assert problems == []
    pool._state.check_invariants()
    leases = [pool.acquire(timeout=5) for _ in range(4)]
    assert len({id(lease.value) for lease in leases}) == 4
    for lease in leases:
        lease.release()
    pool.close()
    assert server.open == []
    assert [connection.closed for connection in server.connections] == [1] * len(server.connections)
