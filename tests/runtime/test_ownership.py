from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

import pytest

from pytest_memguard.runtime import Pool, WrongProcess, outstanding


def in_child(work: Callable[[], Any]) -> Any:
    """What `work` answers in a forked child: a JSON value, or the name and text of its exception."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            try:
                answer = work()
            except Exception as error:
                answer = [type(error).__name__, str(error)]
            os.write(writing, json.dumps(answer).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        answer = json.loads(pipe.read())
    os.waitpid(child, 0)
    return answer


def test_a_forked_child_is_refused_by_process_and_line(server) -> None:
    with Pool(server.connect, name="db") as pool:
        pool.acquire().release()
        name, text = in_child(lambda: pool.acquire())

    assert name == WrongProcess.__name__
    assert f"Pool 'db' belongs to process {os.getpid()}, which made it at" in text
    assert "in test_a_forked_child_is_refused_by_process_and_line" in text
    assert "or pass `reopen_elsewhere=True`" in text


def test_a_subscripted_pool_belongs_to_the_line_that_makes_it(server) -> None:
    pool = Pool[object](server.connect)

    assert pool.origin.frames()[0].function == "test_a_subscripted_pool_belongs_to_the_line_that_makes_it"
    pool.close()


def test_with_reopen_elsewhere_a_child_opens_its_own_and_leaves_the_parents_alone(server) -> None:
    with Pool(server.connect, name="db", reopen_elsewhere=True) as pool:
        pool.acquire().release()

        def work() -> Any:
            with pool.acquire() as connection:
                number = connection.number
            pool.close()
            return [number, [connection.closed for connection in server.connections]]

        assert in_child(work) == [2, [0, 1]]
        with pool.acquire() as connection:
            assert connection.number == 1


def test_a_lease_copied_by_a_fork_ends_in_the_child_without_touching_the_parents_resource(server) -> None:
    with Pool(server.connect, name="db", reopen_elsewhere=True) as pool, pool.acquire() as connection:

        def work() -> Any:
            (lease,) = kept
            before = len(outstanding())
            lease.release()
            return [before, connection.closed, pool.statistics().leased]

        kept = list(pool.outstanding())
        assert in_child(work) == [0, 0, 0]
        assert pool.statistics().leased == 1


def test_a_child_forked_while_a_thread_held_the_lock_does_not_hang(server) -> None:
    with Pool(server.connect, name="db", reopen_elsewhere=True) as pool:
        with pool._planner.lock:
            answer = in_child(lambda: pool.acquire(timeout=1).value.number)
        assert answer == 1


@pytest.mark.parametrize("reopen", [False, True])
def test_a_pool_closed_before_the_fork_stays_closed(server, reopen: bool) -> None:
    pool = Pool(server.connect, name="db", reopen_elsewhere=reopen)
    pool.close()

    assert in_child(lambda: pool.acquire())[0] == "Closed"
