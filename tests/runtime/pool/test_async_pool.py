from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from pytest_memguard.runtime import (
    AsyncPool,
    Backoff,
    CannotOpen,
    Closed,
    Exhausted,
    LeaseEnded,
    StillHeld,
    WrongLoop,
    outstanding,
)


async def turns(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def test_a_resource_is_lent_and_used_again(server) -> None:
    async def main() -> None:
        async with AsyncPool(server.connect_async, name="db") as pool:
            async with pool.acquire() as first:
                assert repr(pool) == "<AsyncPool 'db' [Leases: 1 out, 0 waiting | Resources: 0 idle, 1 open of 10]>"
            lease = await pool.acquire()
            assert lease.value is first
            assert "in main" in str(lease.origin)
            await lease.release()
            with pytest.raises(LeaseEnded, match="released a second time"):
                await lease.release()

    asyncio.run(main())
    assert [connection.closed for connection in server.connections] == [1]


def test_who_waits_is_served_in_order_of_asking(server) -> None:
    order: list[int] = []

    async def main() -> None:
        async with AsyncPool(server.connect_async, maximum=1) as pool:

            async def borrow(number: int) -> None:
                async with pool.acquire():
                    order.append(number)
                    await turns()

            await asyncio.gather(*(borrow(number) for number in range(10)))
            assert pool.statistics().waits == 9

    asyncio.run(main())
    assert order == list(range(10))
    assert len(server.connections) == 1


def test_no_more_than_the_maximum_exist_and_the_error_names_who_holds_them(server) -> None:
    async def main() -> None:
        async with AsyncPool(server.connect_async, name="db", maximum=1) as pool:
            async with pool.acquire():
                with pytest.raises(Exhausted, match=r"AsyncPool 'db' had nothing free .* in main; 0 others wait"):
                    await pool.acquire(timeout=0.01)
                with pytest.raises(Exhausted):
                    await pool.acquire(timeout=0)
            assert pool.statistics().timeouts == 2

    asyncio.run(main())


def test_a_timeout_covers_the_factory_and_what_it_makes_late_is_kept(server) -> None:
    async def main() -> None:
        go_on = asyncio.Event()

        async def connect() -> Any:
            await go_on.wait()
            return server.connect()

        async with AsyncPool(connect, maximum=1) as pool:
            with pytest.raises(Exhausted, match="1 being opened or closed"):
                await pool.acquire(timeout=0.01)
            go_on.set()
            await turns()
            assert pool.statistics().idle == 1
            async with pool.acquire(timeout=0) as connection:
                assert connection.number == 1

    asyncio.run(main())


def test_a_factory_that_hangs_is_ended_by_the_open_timeout() -> None:
    async def main() -> None:
        async def connect() -> Any:
            await asyncio.Event().wait()

        async with AsyncPool(connect, open_timeout=0.001, retry_on=()) as pool:
            with pytest.raises(TimeoutError):
                await pool.acquire()

    asyncio.run(main())


def test_a_cancelled_borrower_does_not_interrupt_the_factory(server) -> None:
    async def main() -> None:
        ends: list[str] = []

        async def connect() -> Any:
            try:
                await turns(3)
            finally:
                ends.append("done")
            return server.connect()

        async with AsyncPool(connect, maximum=1) as pool:
            task = asyncio.create_task(pool._acquire_slowly(1.0))
            await turns(2)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await turns(6)
            assert ends == ["done"]
            assert pool.statistics().idle == 1
            assert pool.statistics().acquired == 0

    asyncio.run(main())
    assert [connection.closed for connection in server.connections] == [1]


def test_a_waiter_served_in_the_turn_of_its_cancellation_hands_on_what_it_got(server) -> None:
    async def main() -> None:
        async with AsyncPool(server.connect_async, maximum=1) as pool:
            lease = await pool.acquire()
            cancelled, next_one = (asyncio.create_task(pool._acquire_slowly(5.0)) for _ in range(2))
            await turns(2)
            cancelled.cancel()
            await lease.release()  # finds the cancelled one at the head of the queue, before it has run again
            with pytest.raises(asyncio.CancelledError):
                await cancelled
            await (await next_one).release()

    asyncio.run(main())


def test_checks_resets_and_closes_may_be_coroutines(server) -> None:
    async def later(answer: Any) -> Any:
        await turns(1)
        return answer

    async def main() -> None:
        async with AsyncPool(
            server.connect_async,
            check=lambda connection: later(connection.check()),
            reset=lambda connection: later(connection.reset()),
            close=lambda connection: later(connection.close()),
        ) as pool:
            async with pool.acquire() as connection:
                pass
            assert connection.resets == 1
            connection.alive = False
            async with pool.acquire() as connection:
                assert connection.number == 2

    asyncio.run(main())
    assert [connection.closed for connection in server.connections] == [1, 1]


def test_a_cancelled_block_discards_its_resource(server) -> None:
    async def main() -> None:
        async with AsyncPool(server.connect_async) as pool:

            async def work() -> None:
                async with pool.acquire():
                    await asyncio.Event().wait()

            task = asyncio.create_task(work())
            await turns()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await turns()
            assert server.open == []

    asyncio.run(main())


def test_a_dropped_lease_gives_its_slot_back(server) -> None:
    async def main() -> None:
        async with AsyncPool(server.connect_async, name="db", maximum=1) as pool:
            lease = await pool.acquire()
            with pytest.warns(ResourceWarning, match=r"of AsyncPool 'db' was dropped without a release; .* in main"):
                del lease
            async with pool.acquire(timeout=1) as connection:
                assert connection.number == 2
            assert pool.statistics().dropped == 1

    asyncio.run(main())
    assert server.open == []


def test_a_lease_dropped_in_another_thread_comes_back_too(server) -> None:
    async def main() -> None:
        async with AsyncPool(server.connect_async, maximum=1) as pool:
            leases = [await pool.acquire()]

            def drop() -> None:
                with pytest.warns(ResourceWarning):
                    leases.clear()

            thread = threading.Thread(target=drop)
            thread.start()
            async with pool.acquire(timeout=5) as connection:
                assert connection.number == 2
            thread.join()

    asyncio.run(main())


def test_a_lease_dropped_after_its_loop_is_closed_only_warns(server) -> None:
    pools: list[AsyncPool[Any]] = [AsyncPool(server.connect_async, name="db")]

    async def main() -> Any:
        return await pools[0].acquire()

    leases = [asyncio.run(main())]
    with pytest.warns(ResourceWarning, match="was dropped without a release"):
        leases.clear()
    with pytest.warns(ResourceWarning, match=r"AsyncPool 'db', made at .* was dropped with 1 resources open"):
        pools.clear()


def test_another_loop_is_refused_by_name(server) -> None:
    pool: AsyncPool[Any] = AsyncPool(server.connect_async, name="db")

    async def main() -> None:
        await pool.close()

    async def other() -> None:
        await pool.acquire()

    asyncio.run(main())
    with pytest.raises(WrongLoop) as caught:
        asyncio.run(other())
    text = str(caught.value)
    assert "AsyncPool 'db' belongs to event loop" in text
    assert "(closed), which first used it at" in text
    assert "in main (it was made at" in text
    assert "in test_another_loop_is_refused_by_name)" in text


def test_with_reopen_elsewhere_another_loop_starts_afresh(server) -> None:
    pool: AsyncPool[Any] = AsyncPool(server.connect_async, reopen_elsewhere=True)
    numbers: list[int] = []

    async def main() -> None:
        async with pool.acquire() as connection:
            numbers.append(connection.number)

    async def last() -> None:
        await main()
        await pool.close()

    asyncio.run(main())
    asyncio.run(main())
    asyncio.run(last())
    assert numbers == [1, 2, 3]
    assert [connection.number for connection in server.open] == [1, 2], "a closed loop's resources are left alone"


def test_a_lease_released_in_another_loop_is_refused_and_its_slot_comes_back(server) -> None:
    async def main() -> None:
        async with AsyncPool(server.connect_async, name="db", maximum=1) as pool:
            lease = await pool.acquire()
            found: list[BaseException] = []

            def elsewhere() -> None:
                try:
                    asyncio.run(lease.release())
                except WrongLoop as error:
                    found.append(error)

            thread = threading.Thread(target=elsewhere)
            thread.start()
            while thread.is_alive():
                await asyncio.sleep(0.001)
            assert len(found) == 1
            async with pool.acquire(timeout=5) as connection:
                assert connection.number == 2

    asyncio.run(main())


def test_drain_and_close_wait_name_and_go_on(server) -> None:
    async def main() -> None:
        pool: AsyncPool[Any] = AsyncPool(server.connect_async, name="db", maximum=2)
        lease = await pool.acquire()
        with pytest.raises(StillHeld, match=r"could not be drained within 0.01 s: held are lease \d+ for .* in main"):
            await pool.drain(timeout=0.01)
        draining = asyncio.create_task(pool.drain())
        await turns()
        late = asyncio.create_task(pool._acquire_slowly(5.0))
        await turns()
        assert not late.done()
        await lease.release()
        await draining
        lease = await late
        assert lease.value.number == 2
        with pytest.raises(StillHeld, match="could not be closed"):
            await pool.close(timeout=0.01)
        with pytest.raises(Closed, match=r"AsyncPool 'db', made at .* was closed at .* in main"):
            await pool.acquire()
        await lease.release()
        await pool.close()

    asyncio.run(main())
    assert server.open == []


def test_a_close_that_hangs_is_bounded() -> None:
    async def main() -> None:
        hanging = asyncio.Event()

        class Stuck:
            async def aclose(self) -> None:
                await hanging.wait()

        async def connect() -> Stuck:
            return Stuck()

        pool = AsyncPool(connect, name="db")
        async with pool.acquire():
            pass
        with pytest.raises(StillHeld, match="1 being opened or closed"):
            await pool.close(timeout=0.01)
        hanging.set()
        await pool.close()

    asyncio.run(main())


def test_an_outage_is_waited_for_by_one_prober_with_backoff(server, clock) -> None:
    naps: list[float] = []

    async def sleep(seconds: float) -> None:
        naps.append(seconds)
        clock.pass_by(seconds)
        if len(naps) == 3:
            server.error = None
        await asyncio.sleep(0)

    async def main() -> None:
        server.error = ConnectionRefusedError("refused")
        async with AsyncPool(
            server.connect_async, maximum=5, backoff=Backoff(first=1.0), random=lambda: 1.0, clock=clock, sleep=sleep
        ) as pool:

            async def borrow() -> None:
                async with pool.acquire():
                    await turns()

            await asyncio.gather(*(borrow() for _ in range(5)))

    asyncio.run(main())
    assert naps == [1.0, 2.0, 4.0]


def test_an_outage_longer_than_the_timeout_is_said_with_its_cause(server) -> None:
    server.error = ConnectionRefusedError("refused")

    async def main() -> None:
        async with AsyncPool(server.connect_async, name="db", backoff=Backoff(first=60, most=60)) as pool:
            with pytest.raises(CannotOpen, match="AsyncPool 'db' cannot open anything: 1 attempts failed") as caught:
                await pool.acquire(timeout=1)
            assert caught.value.__cause__ is server.error

    asyncio.run(main())


def test_closing_ends_a_backoff_and_wakes_who_waits(server) -> None:
    server.error = ConnectionRefusedError("refused")

    async def main() -> None:
        pool: AsyncPool[Any] = AsyncPool(server.connect_async, maximum=1, backoff=Backoff(first=60, most=60))
        tasks = [asyncio.create_task(pool._acquire_slowly(None)) for _ in range(3)]
        while not pool._driver._naps:
            await asyncio.sleep(0)
        await pool.close(timeout=5)
        found = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(error) for error in found] == [Closed] * 3

    asyncio.run(main())


def test_resize_expire_fill_and_sweep(server, clock) -> None:
    async def main() -> None:
        async with AsyncPool(server.connect_async, minimum=2, max_idle=5, clock=clock, sweep_every=None) as pool:
            assert len(server.open) == 2
            await pool.expire()
            assert len(server.open) == 0
            await pool.sweep()
            assert len(server.open) == 2
            await pool.resize(maximum=1, minimum=0)
            assert len(server.open) == 1
            clock.pass_by(6)
            await pool.sweep()
            assert len(server.open) == 0

    asyncio.run(main())


def test_the_sweep_runs_by_itself_and_ends_with_the_pool(server) -> None:
    async def main() -> None:
        async with AsyncPool(server.connect_async, name="db", minimum=1, sweep_every=0.001) as pool:
            await (await pool.acquire()).discard()
            await (await pool.acquire()).discard()
            while not server.open:
                await asyncio.sleep(0.001)
        await turns()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())


def test_leases_are_outstanding_until_they_end(server) -> None:
    async def main() -> None:
        async with AsyncPool(server.connect_async) as pool:
            async with pool.acquire():
                assert [lease.kind for lease in outstanding()] == ["pool lease"]
            assert outstanding() == ()

    asyncio.run(main())


def test_a_thousand_tasks_are_served_evenly(server) -> None:
    async def main() -> list[int]:
        served = [0] * 1000
        ending = asyncio.Event()
        async with AsyncPool(server.connect_async, maximum=10) as pool:

            async def work(number: int) -> None:
                while not ending.is_set():
                    async with pool.acquire():
                        served[number] += 1
                        await asyncio.sleep(0)

            tasks = [asyncio.create_task(work(number)) for number in range(1000)]
            while pool.statistics().acquired < 5000:
                await asyncio.sleep(0)
            ending.set()
            await asyncio.gather(*tasks)
        return served

    served = asyncio.run(main())
    assert sum(served) ** 2 / (1000 * sum(each * each for each in served)) > 0.95  # Jain's index of fairness
