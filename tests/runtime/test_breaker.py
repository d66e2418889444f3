from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pytest_memguard.runtime import CircuitBreaker, CircuitOpen, cancel_everywhere, outstanding
from pytest_memguard.runtime.breaker import Attempt


def fail(breaker: CircuitBreaker, times: int = 1, error: Exception | None = None) -> None:
    for _ in range(times):
        with pytest.raises((ConnectionError, KeyError)), breaker.attempt():
            raise error or ConnectionError("refused")


def test_it_opens_after_failures_in_a_row_and_says_when_to_try_again(clock) -> None:
    breaker = CircuitBreaker("payments", failures=3, open_for=30, clock=clock)
    fail(breaker, 2)
    with breaker.attempt():
        pass
    fail(breaker, 2)
    assert breaker.state == "closed"
    fail(breaker)
    clock.pass_by(10)

    with pytest.raises(
        CircuitOpen, match=r"'payments' is open after 3 failures in a row; it may be tried again in 20 s"
    ):
        breaker.attempt()


def test_a_probe_that_succeeds_closes_it(clock) -> None:
    breaker = CircuitBreaker("payments", failures=1, open_for=30, clock=clock)
    fail(breaker)
    clock.pass_by(30)
    assert breaker.state == "half-open"
    with breaker.attempt() as attempt:
        assert attempt.is_probe
    assert breaker.state == "closed"


def test_a_probe_that_fails_opens_it_anew(clock) -> None:
    breaker = CircuitBreaker("payments", failures=3, open_for=30, clock=clock)
    fail(breaker, 3)
    clock.pass_by(30)
    fail(breaker)
    assert breaker.state == "open"
    assert breaker.statistics().opened == 2


def test_of_fifty_calls_in_half_open_one_goes_through(clock) -> None:
    breaker = CircuitBreaker("payments", failures=1, open_for=30, clock=clock)
    fail(breaker)
    clock.pass_by(30)
    through: list[int] = []

    async def call(number: int) -> None:
        with breaker.attempt():
            through.append(number)
            await asyncio.sleep(0)

    async def main() -> list[Any]:
        return await asyncio.gather(*(call(number) for number in range(50)), return_exceptions=True)

    results = asyncio.run(main())
    assert through == [0]
    assert sum(isinstance(result, CircuitOpen) for result in results) == 49
    assert "a probe is under way" in str(results[1])


def test_of_fifty_threads_in_half_open_one_goes_through(clock) -> None:
    breaker = CircuitBreaker("payments", failures=1, open_for=30, clock=clock)
    fail(breaker)
    clock.pass_by(30)
    barrier = threading.Barrier(50)
    over = threading.Event()
    through: list[Attempt] = []

    def call() -> None:
        barrier.wait()
        try:
            with breaker.attempt() as attempt:
                through.append(attempt)
                over.wait(10)
        except CircuitOpen:
            if breaker.statistics().refused == 49:
                over.set()

    threads = [threading.Thread(target=call) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(through) == 1


@pytest.mark.parametrize("interruption", [asyncio.CancelledError, KeyboardInterrupt, GeneratorExit])
def test_a_cancelled_probe_is_no_answer_and_the_next_call_probes(clock, interruption: type[BaseException]) -> None:
    breaker = CircuitBreaker("payments", failures=1, open_for=30, clock=clock)
    fail(breaker)
    clock.pass_by(30)
    with pytest.raises(interruption), breaker.attempt():
        raise interruption

    assert breaker.state == "half-open"
    with breaker.attempt() as attempt:
        assert attempt.is_probe


def test_a_cancelled_call_is_neither_success_nor_failure() -> None:
    breaker = CircuitBreaker("payments", failures=2)
    fail(breaker)
    with pytest.raises(asyncio.CancelledError), breaker.attempt():
        raise asyncio.CancelledError
    assert breaker.statistics().failures == 1


def test_a_probe_that_hangs_is_replaced_and_its_late_verdict_ignored(clock) -> None:
    breaker = CircuitBreaker("payments", failures=1, open_for=30, probe_timeout=5, clock=clock)
    fail(breaker)
    clock.pass_by(30)
    slow = breaker.attempt()
    clock.pass_by(6)
    quick = breaker.attempt()
    assert quick.is_probe
    slow.__exit__(None, None, None)
    assert breaker.state == "half-open"
    quick.__exit__(ValueError, ValueError(), None)
    assert breaker.state == "open"


def test_a_dropped_probe_comes_back(clock) -> None:
    breaker = CircuitBreaker("payments", failures=1, open_for=30, clock=clock)
    fail(breaker)
    clock.pass_by(30)
    attempts = [breaker.attempt()]
    assert [lease.kind for lease in outstanding()] == ["probe"]
    with pytest.warns(ResourceWarning, match=r"probe \d+ of CircuitBreaker 'payments' was dropped"):
        attempts.clear()
    assert breaker.attempt().__exit__(None, None, None) is None
    assert breaker.state == "closed"


def test_a_verdict_from_before_the_opening_changes_nothing(clock) -> None:
    breaker = CircuitBreaker("payments", failures=1, open_for=30, clock=clock)
    early = breaker.attempt()
    fail(breaker)
    early.__exit__(None, None, None)
    assert breaker.state == "open"


def test_errors_that_are_not_the_services_do_not_count() -> None:
    breaker = CircuitBreaker("payments", failures=1, trip_on=(OSError,))
    fail(breaker, error=KeyError("no such user"))
    assert breaker.state == "closed"
    fail(breaker, error=ConnectionError())
    assert breaker.state == "open"


def test_it_wraps_functions_and_coroutine_functions() -> None:
    breaker = CircuitBreaker("payments", failures=1)

    @breaker
    def double(number: int) -> int:
        return 2 * number

    @breaker
    async def pay() -> None:
        raise ConnectionError

    assert double(4) == 8
    with pytest.raises(ConnectionError):
        asyncio.run(pay())
    with pytest.raises(CircuitOpen):
        double(4)
    assert repr(breaker) == "<CircuitBreaker 'payments' [open | 1 of 1 failures in a row]>"


def test_a_threshold_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="circuit breaker 'payments': failures must be at least 1, not 0"):
        CircuitBreaker("payments", failures=0)


def test_a_call_can_be_cancelled_anywhere(clock) -> None:
    def make() -> CircuitBreaker:
        breaker = CircuitBreaker("payments", failures=1, open_for=30, clock=clock)
        fail(breaker)
        clock.pass_by(30)
        return breaker

    async def use(breaker: CircuitBreaker) -> None:
        async with breaker.attempt():
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    async def may_try(breaker: CircuitBreaker) -> int:
        with breaker.attempt():
            return 1

    sweep = cancel_everywhere(make, use, capacity=may_try, double=True)
    assert sweep.trials
    assert sweep.problems == ()


class Breakers(RuleBasedStateMachine):
    """Any order of calls, verdicts and time: never two probes, and open exactly when a model says so."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.breaker = CircuitBreaker("x", failures=2, open_for=10, probe_timeout=1e9, clock=lambda: self.now)
        self.calls: list[Attempt] = []
        self.stale: list[Attempt] = []
        self.failures = 0
        self.open_until: float | None = None

    @rule()
    def call(self) -> None:
        probing = any(call.is_probe for call in self.calls)
        allowed = self.open_until is None or (self.now >= self.open_until and not probing)
        try:
            self.calls.append(self.breaker.attempt())
        except CircuitOpen:
            assert not allowed
        else:
            assert allowed

    @precondition(lambda self: self.calls)
    @rule(data=st.data(), ending=st.sampled_from([None, ConnectionError, asyncio.CancelledError]))
    def end(self, data: st.DataObject, ending: type[BaseException] | None) -> None:
        call = data.draw(st.sampled_from(self.calls))
        self.calls.remove(call)
        call.__exit__(ending, None, None)
        if call in self.stale or ending is asyncio.CancelledError:
            return
        self.failures = self.failures + 1 if ending else 0
        before = self.open_until
        if ending and (call.is_probe or self.failures >= 2):
            self.open_until = self.now + 10
        elif call.is_probe:
            self.open_until = None
        if before != self.open_until or call.is_probe:
            self.stale += self.calls

    @rule()
    def time_passes(self) -> None:
        self.now += 5

    @invariant()
    def it_is_open_when_the_model_is(self) -> None:
        expected = "closed" if self.open_until is None else "open" if self.now < self.open_until else "half-open"
        assert self.breaker.state == expected

    @invariant()
    def one_probes_at_most(self) -> None:
        assert sum(call.is_probe for call in self.calls if call not in self.stale) <= 1

    def teardown(self) -> None:
        for call in self.calls:
            call.__exit__(None, None, None)
        assert not tuple(self.breaker.outstanding())


TestBreakers = Breakers.TestCase
TestBreakers.settings = settings(deadline=None, max_examples=50)
