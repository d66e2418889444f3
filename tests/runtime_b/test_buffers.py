"""A buffer pool lends memory that cannot be used after it was given back."""

from __future__ import annotations

import gc
import random
import sys
from array import array
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pytest_memguard.runtime.buffer_lease import BufferLease
from pytest_memguard.runtime.buffers import SMALLEST_POOLED, BufferPool, size_class
from pytest_memguard.runtime.errors import Closed, LeaseEnded, StillHeld
from pytest_memguard.runtime.events import Event, subscribe
from pytest_memguard.runtime.health import Status
from pytest_memguard.runtime.lease import outstanding

MIB = 1 << 20


def keep(view: memoryview) -> memoryview:
    return view


class Parser:
    """Somebody who keeps a slice."""

    def __init__(self, head: memoryview) -> None:
        self.head = head


def test_a_view_kept_from_before_the_release_is_a_value_error() -> None:
    pool = BufferPool()
    with pool.acquire(MIB) as view:
        view[:3] = b"abc"
    with pytest.raises(ValueError, match="released memoryview"):
        view[0]


def test_a_released_buffer_is_used_again() -> None:
    pool = BufferPool()
    with pool.acquire(MIB) as view:
        view[:3] = b"abc"
    with pool.acquire(MIB) as view:
        assert bytes(view[:3]) == b"abc"
    statistics = pool.statistics()
    assert (statistics.allocated, statistics.reused, statistics.idle_bytes) == (1, 1, MIB)


def test_the_view_has_the_size_asked_for() -> None:
    pool = BufferPool()
    with pool.acquire(MIB + 1) as view:
        assert len(view) == MIB + 1
    assert pool.statistics().idle_bytes == size_class(MIB + 1)


def test_two_loans_never_share_memory() -> None:
    pool = BufferPool()
    with pool.acquire(MIB) as first, pool.acquire(MIB) as second:
        assert first.obj is not second.obj


def test_a_small_buffer_is_not_pooled() -> None:
    pool = BufferPool()
    with pool.acquire(64 * 1024):
        pass
    assert (pool.statistics().idle, pool.statistics().idle_bytes) == (0, 0)


def test_a_second_release_names_the_lines() -> None:
    lease = BufferPool(name="frames").acquire(MIB)
    lease.release()
    with pytest.raises(LeaseEnded, match=r"buffer \d+ of BufferPool 'frames' .*test_buffers.py:\d+ in test_a_second"):
        lease.release()
    with pytest.raises(LeaseEnded):
        lease.value  # noqa: B018 - reading it is what raises


def test_a_dropped_loan_gives_its_buffer_back_and_warns() -> None:
    pool = BufferPool()
    lease = pool.acquire(MIB)
    with pytest.warns(ResourceWarning, match=r"dropped without a release.*test_buffers.py"):
        del lease
    assert (pool.statistics().leased, pool.statistics().idle, pool.statistics().dropped) == (0, 1, 1)
    assert pool.health().status is Status.DEGRADED


def test_a_loan_is_outstanding_until_it_ends() -> None:
    pool = BufferPool()
    lease = pool.acquire(MIB)
    assert list(pool.outstanding()) == [lease]
    assert lease in outstanding()
    assert "test_buffers.py" in str(lease.origin)
    lease.release()
    assert list(pool.outstanding()) == []


def test_listeners_hear_of_each_loan() -> None:
    heard: list[Event] = []
    unsubscribe = subscribe(heard.append)
    try:
        with BufferPool(name="frames").acquire(MIB):
            pass
    finally:
        unsubscribe()
    assert [(event.action, event.kind, event.owner) for event in heard] == [
        ("acquired", "buffer", "BufferPool 'frames'"),
        ("released", "buffer", "BufferPool 'frames'"),
    ]
    assert heard[0].lease_id == heard[1].lease_id


def release_while_held(pool: BufferPool, lease: BufferLease) -> str:
    with pytest.raises(StillHeld) as caught:
        lease.release()
    assert (pool.statistics().quarantined, pool.statistics().idle) == (1, 0)
    assert pool.health().status is Status.DEGRADED
    return str(caught.value)


def test_a_slice_in_a_local_variable_is_named() -> None:
    pool = BufferPool()
    lease = pool.acquire(MIB)
    head = lease.value[:10]
    message = release_while_held(pool, lease)
    assert "10 bytes in `head` of test_a_slice_in_a_local_variable_is_named" in message
    head.release()


def test_a_slice_in_an_attribute_is_named() -> None:
    pool = BufferPool()
    lease = pool.acquire(MIB)
    parser = Parser(lease.value[:20])
    assert "20 bytes in `Parser.head`" in release_while_held(pool, lease)
    parser.head.release()


@pytest.mark.parametrize(("make", "place"), [(list, "in a list at index 0"), (tuple, "in a tuple at index 0")])
def test_a_slice_in_a_sequence_is_named(make: type[list[memoryview]], place: str) -> None:
    pool = BufferPool()
    lease = pool.acquire(MIB)
    kept = make([lease.value[:30]])
    assert f"30 bytes {place}" in release_while_held(pool, lease)
    kept[0].release()


def test_a_slice_in_a_dictionary_is_named_by_its_key() -> None:
    pool = BufferPool()
    lease = pool.acquire(MIB)
    kept = {"head": lease.value[:30]}
    assert "30 bytes in a dict under 'head'" in release_while_held(pool, lease)
    kept["head"].release()


def test_a_buffer_is_used_again_when_its_last_slice_has_gone() -> None:
    pool = BufferPool()
    lease = pool.acquire(MIB)
    head = lease.value[:10]
    release_while_held(pool, lease)
    with pool.acquire(MIB) as other:
        assert other.obj is not head.obj
    head.release()
    assert (pool.statistics().quarantined, pool.statistics().idle) == (0, 2)


def test_an_error_in_the_block_is_not_hidden_by_the_slices_that_it_keeps() -> None:
    pool = BufferPool()

    def fail() -> None:
        with pool.acquire(MIB) as view:
            head = keep(view[:10])
            raise OSError(f"bad header {head[0]}")

    with pytest.raises(OSError, match="bad header 0") as caught:
        fail()
    assert pool.statistics().quarantined == 1
    del caught
    gc.collect()
    assert pool.statistics().quarantined == 0


def test_zeroed_buffers_come_back_empty() -> None:
    pool = BufferPool(zero=True)
    with pool.acquire(MIB) as view:
        view[:] = b"x" * MIB
    with pool.acquire(MIB) as view:
        assert bytes(view) == bytes(MIB)


def test_a_write_after_the_release_is_found_by_the_poison() -> None:
    pool = BufferPool(poison=True)
    with pool.acquire(MIB) as view:
        buffer = view.obj
    with pool.acquire(MIB):
        pass
    buffer[7] = 1  # type: ignore[index]
    with pytest.raises(LeaseEnded, match="written to at offset 7 after its release"):
        pool.acquire(MIB)
    statistics = pool.statistics()
    assert (statistics.leased, statistics.idle_bytes, statistics.freed) == (0, 0, 1)


def test_idle_buffers_stay_within_their_bound() -> None:
    pool = BufferPool(max_idle_bytes=2 * MIB)
    loans = [pool.acquire(MIB) for _ in range(4)]
    assert pool.statistics().peak_bytes == 4 * MIB
    for loan in loans:
        loan.release()
    statistics = pool.statistics()
    assert (statistics.idle_bytes, statistics.freed, statistics.peak_bytes) == (2 * MIB, 2, 4 * MIB)


def test_trimming_lets_the_largest_go_first() -> None:
    pool = BufferPool()
    with pool.acquire(MIB), pool.acquire(4 * MIB), pool.acquire(2 * MIB):
        pass
    assert pool.trim(3 * MIB) == 4 * MIB
    assert pool.evict(1.0) == 3 * MIB
    assert pool.statistics().idle_bytes == 0


def test_a_closed_pool_names_who_holds_buffers_and_frees_them_when_they_come_back() -> None:
    pool = BufferPool(name="frames")
    lease = pool.acquire(MIB)
    with pytest.raises(StillHeld, match=r"closed with 1 buffers on loan: .*test_buffers.py"):
        pool.close()
    with pytest.raises(Closed, match="BufferPool 'frames' is closed"):
        pool.acquire(MIB)
    lease.release()
    assert pool.statistics().idle == 0
    pool.close()


def test_leaving_the_pools_block_names_who_holds_buffers() -> None:
    leases = []

    def leave(error: Exception | None) -> None:
        with BufferPool() as pool:
            leases.append(pool.acquire(MIB))
            if error is not None:
                raise error

    with pytest.raises(StillHeld, match="closed with 1 buffers on loan"):
        leave(None)
    with pytest.raises(OSError, match="disk full") as caught:
        leave(OSError("disk full"))
    assert "closed with 1 buffers on loan" in caught.value.__notes__[0]
    for lease in leases:
        lease.release()


def test_a_loan_may_end_inside_its_block() -> None:
    pool = BufferPool()
    lease = pool.acquire(MIB)
    with lease:
        lease.release()
    assert pool.statistics().leased == 0


def test_a_buffer_that_cannot_be_allocated_is_not_counted() -> None:
    pool = BufferPool()
    with pytest.raises((MemoryError, OverflowError)):
        pool.acquire(1 << 62)
    assert (pool.statistics().leased, pool.statistics().allocated, pool.statistics().idle_bytes) == (0, 0, 0)


def test_the_repr_is_a_status_board() -> None:
    pool = BufferPool(name="frames")
    with pool.acquire(MIB):
        assert repr(pool) == (
            "<BufferPool 'frames': 1 lent (1048576 bytes), 0 idle (0 bytes), high-water mark 1048576 bytes>"
        )


@pytest.mark.parametrize("arguments", [{"max_idle_bytes": -1}, {"zero": True, "poison": True}])
def test_wrong_arguments_are_refused(arguments: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"max_idle_bytes is|not both"):
        BufferPool(**arguments)  # type: ignore[arg-type]


def test_a_negative_size_is_refused() -> None:
    with pytest.raises(ValueError, match="0 bytes or more"):
        BufferPool().acquire(-1)


@settings(deadline=None)
@given(st.integers(SMALLEST_POOLED, 1 << 40))
def test_a_size_class_holds_its_sizes_and_wastes_a_fifth_at_most(size: int) -> None:
    wide = size_class(size)
    assert size <= wide <= size * 1.25
    assert size_class(wide) == wide


class BufferMachine(RuleBasedStateMachine):
    """What is lent is never lent twice, and the books balance, whatever is kept or dropped."""

    SIZES = (1000, 70_000, 80_000, 100_000)
    POISON = True

    def __init__(self) -> None:
        super().__init__()
        self.pool = BufferPool(max_idle_bytes=300_000, poison=self.POISON)
        self.lent: list[BufferLease] = []
        self.slices: list[memoryview] = []
        self.peak = 0

    @rule(size=st.sampled_from(SIZES))
    def acquire(self, size: int) -> None:
        lease = self.pool.acquire(size)
        assert all(lease.value.obj is not other.value.obj for other in self.lent)
        assert len(lease.value) == size
        self.lent.append(lease)
        self.peak = max(self.peak, sum(size_class(len(each.value)) for each in self.lent))

    @precondition(lambda self: self.lent)
    @rule(at=st.integers(0, 9))
    def release(self, at: int) -> None:
        lease = self.lent.pop(at % len(self.lent))
        buffer = lease.value.obj
        if any(each.obj is buffer for each in self.slices):
            with pytest.raises(StillHeld):
                lease.release()
        else:
            lease.release()

    @precondition(lambda self: self.lent)
    @rule()
    def cut(self) -> None:
        self.slices.append(self.lent[-1].value[1:3])

    @precondition(lambda self: self.slices)
    @rule()
    def let_go(self) -> None:
        self.slices.pop().release()

    @rule(keep_bytes=st.sampled_from([0, 100_000]))
    def trim(self, keep_bytes: int) -> None:
        self.pool.trim(keep_bytes)
        assert self.pool.statistics().idle_bytes <= keep_bytes

    @invariant()
    def books_balance(self) -> None:
        now = self.pool.statistics()
        assert now.leased == len(self.lent)
        assert now.leased_bytes == sum(size_class(len(lease.value)) for lease in self.lent)
        assert now.idle_bytes == sum(wide * len(idle) for wide, idle in self.pool._idle.items())
        assert now.idle_bytes <= now.max_idle_bytes
        assert now.acquired == now.allocated + now.reused
        assert now.peak_bytes == self.peak
        lent = {id(lease.value.obj) for lease in self.lent}
        idle = {id(buffer) for buffers in self.pool._idle.values() for buffer in buffers}
        apart = {id(buffer) for buffer, _ in self.pool._quarantine}
        assert len(lent) + len(idle) + len(apart) == len(lent | idle | apart)

    def teardown(self) -> None:
        for view in self.slices:
            view.release()
        for lease in self.lent:
            lease.release()
        assert self.pool.statistics().quarantined == 0
        self.pool.close()


TestBufferMachine = BufferMachine.TestCase
TestBufferMachine.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)


class PlainBufferMachine(BufferMachine):
    """The same without poison, whose loans go by the shortest path."""

    POISON = False


TestPlainBufferMachine = PlainBufferMachine.TestCase
TestPlainBufferMachine.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)


@pytest.mark.parametrize("max_idle_bytes", [1 << 30, 200_000], ids=["room for all", "room for two"])
def test_threads_never_get_the_same_buffer(max_idle_bytes: int) -> None:
    pool = BufferPool(max_idle_bytes=max_idle_bytes)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)

    def work(number: int) -> bool:
        chance = random.Random(number)
        stamp = array("B", [number] * 64)
        for _ in range(300):
            with pool.acquire(chance.choice((70_000, 90_000))) as view:
                view[:64] = memoryview(stamp)
                if bytes(view[:64]) != stamp.tobytes():
                    return False
        return True

    try:
        with ThreadPoolExecutor(8) as threads:
            assert all(threads.map(work, range(8)))
    finally:
        sys.setswitchinterval(before)
    now = pool.statistics()
    assert (now.leased, now.leased_bytes) == (0, 0)
    assert now.idle == now.allocated - now.freed
    assert now.idle_bytes <= max_idle_bytes
    if max_idle_bytes > 200_000:
        assert now.allocated <= 16
