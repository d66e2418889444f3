"""An interrupt (Ctrl-C) at any point of a borrower's way through the pool costs neither a slot nor the lock.

The interpreter looks for signals when a function of its own begins and when one of C has returned.  A profiler is
told of these very moments and may raise there, so the tests need no signal and no luck: they raise at each in turn.
"""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from pytest_memguard.runtime import Pool
from pytest_memguard.runtime.pool import __file__ as ROOM

FOLDER = ROOM.removesuffix("__init__.py")


class Interrupt(BaseException):
    """Stands for `KeyboardInterrupt`, which would end the test run if it got away."""


class Resource:
    closed = 0

    def close(self) -> None:
        self.closed += 1
        assert self.closed == 1, "closed twice"


def yes(_: Resource) -> bool:
    return True


def broken(_: Resource) -> None:
    raise OSError


def in_finalizer(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_name == "__del__":
            return True
        frame = frame.f_back
    return False


def interrupted_at(point: int, body: Callable[[], object]) -> str | None:
    """Run the body and interrupt it at the point of that number; where that was, or None: it has fewer points."""
    passed = 0
    place: str | None = None

    def look(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal passed, place
        if event not in ("call", "c_return") or not frame.f_code.co_filename.startswith(FOLDER):
            return
        if in_finalizer(frame):  # what is raised there goes nowhere
            return
        passed += 1
        if passed == point:
            sys.setprofile(None)
            what = getattr(argument, "__name__", "begin")
            place = f"{frame.f_code.co_name}, line {frame.f_lineno}, {event} {what}"
            raise Interrupt

    before = sys.getprofile()
    sys.setprofile(look)
    try:
        body()
    except Interrupt:
        pass
    finally:
        sys.setprofile(before)
    return place


def new(warm: bool, **settings: Any) -> Pool[Resource]:
    pool: Pool[Resource] = Pool(Resource, name="p", maximum=2, timeout=0.0, sweep_every=None, **settings)
    if warm:
        for lease in [pool.acquire(), pool.acquire()]:
            lease.release()
    return pool


def whole(pool: Pool[Resource]) -> None:
    """The lock is free and all slots can be used, each by one."""
    assert not pool._planner.lock._is_owned()  # type: ignore[attr-defined]
    leases = [pool.acquire(), pool.acquire()]
    pool._state.check_invariants()
    assert leases[0].value is not leases[1].value
    for lease in leases:
        lease.release()
    pool.close(timeout=0)
    assert pool.statistics().open == 0


def use(pool: Pool[Resource]) -> None:
    pool.acquire().release()


def use_block(pool: Pool[Resource]) -> None:
    with pool.acquire():
        pass


def discard(pool: Pool[Resource]) -> None:
    pool.acquire().discard()


CASES: dict[str, tuple[Callable[[], Pool[Resource]], Callable[[Pool[Resource]], object]]] = {
    "idle": (lambda: new(True), use),
    "in a block": (lambda: new(True), use_block),
    "opened": (lambda: new(False), use),
    "checked": (lambda: new(True, check=yes), use),
    "dead": (lambda: new(True, check=broken), use),
    "reset": (lambda: new(True, reset=yes), use),
    "reset fails": (lambda: new(True, reset=broken), use),
    "discarded": (lambda: new(True), discard),
    "filled": (lambda: new(False, minimum=2), lambda pool: pool.fill()),
}


@pytest.mark.memguard_allow("pool lease", reason="the lease that the interrupted borrower never got is dropped")
@pytest.mark.parametrize("case", CASES)
def test_an_interrupt_at_any_point_loses_no_slot(case: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "pytest_memguard.runtime.pool")
    make, body = CASES[case]
    point = 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # a lease that nobody got is dropped
        while True:
            pool = make()
            place = interrupted_at(point, lambda pool=pool: body(pool))  # type: ignore[misc]
            if place is None:
                pool.close()
                break
            try:
                whole(pool)
            except Exception as error:
                error.add_note(f"interrupted at point {point}: {place}")
                raise
            point += 1
    assert point > 8
