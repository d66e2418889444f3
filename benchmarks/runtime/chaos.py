"""A minute of everything at once: failing connects, pings, resets and closes, cancellations, timeouts, kills.

At the end every slot must be usable, nothing may be open, and every scope must have released its thing.

    python -m benchmarks.runtime chaos             a minute of 1,000 tasks, then a minute of 200 threads
    python -m benchmarks.runtime chaos --quick     three seconds each
"""

from __future__ import annotations

import asyncio
import logging
import random
import threading
import time
import warnings
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from benchmarks.runtime.rows import figure, print_table
from pytest_memguard.runtime import AsyncPool, AsyncScope, Backoff, CannotOpen, Exhausted, Pool, Scope, drain

MAXIMUM = 20
SECONDS = 60.0


@dataclass
class Report:
    """What came of it."""

    leases: int = 0
    cancelled: int = 0
    timeouts: int = 0
    failures: int = 0
    usable: int = 0
    open: int = 0
    scopes: int = 0
    scopes_lost: int = 0
    problems: list[str] = field(default_factory=list)


class Fate:
    """Fails at random; the same for threads and tasks."""

    def __init__(self, seed: int, report: Report) -> None:
        self.chances = random.Random(seed)
        self.report = report
        self.lock = threading.Lock()
        self.connections: set[Connection] = set()

    def strikes(self, share: float) -> bool:
        """Whether this goes wrong."""
        with self.lock:
            return self.chances.random() < share

    def connect(self) -> Connection:
        """Open one, or fail."""
        if self.strikes(0.15):
            self.report.failures += 1
            raise ConnectionRefusedError("by chance")
        connection = Connection(self)
        with self.lock:
            self.connections.add(connection)
        return connection

    def kill_half(self) -> None:
        """As when a server restarts half-way."""
        with self.lock:
            for connection in list(self.connections)[::2]:
                connection.alive = False


class Connection:
    """Complains when two use it at once, or when it is used after its close or closed twice."""

    def __init__(self, fate: Fate) -> None:
        self.fate = fate
        self.alive = True
        self.closed = False
        self.user: object = None

    def use(self) -> None:
        """Begin to use it."""
        self.expect(self.user is None, "used by two at once")
        self.expect(not self.closed, "used after its close")
        self.user = threading.get_ident()

    def leave(self) -> None:
        """End to use it."""
        self.user = None

    def check(self) -> bool:
        """Whether it is alive; may raise."""
        self.expect(not self.closed, "checked after its close")
        if self.fate.strikes(0.05):
            raise ConnectionResetError("by chance")
        return self.alive

    def reset(self) -> None:
        """May raise."""
        self.expect(not self.closed, "reset after its close")
        if self.fate.strikes(0.1):
            raise ConnectionResetError("by chance")

    def close(self) -> None:
        """May raise, when it is closed."""
        self.expect(not self.closed, "closed twice")
        self.closed = True
        with self.fate.lock:
            self.fate.connections.discard(self)
        if self.fate.strikes(0.1):
            raise BrokenPipeError("by chance")

    def expect(self, holds: bool, what: str) -> None:
        """Note a problem."""
        if not holds:
            self.fate.report.problems.append(what)


def main(quick: bool = False) -> None:
    """Print one table."""
    seconds = 3.0 if quick else SECONDS
    reports = {"1000 tasks": tasks(seconds), "200 threads": threads(seconds)}
    columns = {
        "leases": "leases",
        "cancelled": "cancelled",
        "timeouts": "timeouts",
        "failed connects": "failures",
        "scopes": "scopes",
        "slots usable": "usable",
        "open": "open",
        "scopes lost": "scopes_lost",
    }
    rows = [
        (name, *(getattr(report, field) for field in columns.values()), len(report.problems))
        for name, report in reports.items()
    ]
    print_table(f"{seconds:g} seconds each, {MAXIMUM} slots", ("", *columns, "misuses"), rows)
    for name, report in reports.items():
        whole = (report.usable, report.open, report.scopes_lost, report.problems) == (MAXIMUM, 0, 0, [])
        figure(
            "Pool" if "threads" in name else "AsyncPool",
            f"{seconds:g} s of {name} with everything failing",
            "every slot usable, nothing open, every scope released",
            f"{report.usable} of {MAXIMUM} usable, {report.open} open, "
            f"{report.scopes_lost} of {report.scopes} scopes not released",
            whole,
        )
        for problem in sorted(set(report.problems)):
            print(f"{name}: {problem}")


def tasks(seconds: float, tasks: int = 1000, seed: int = 1) -> Report:
    """A pool for tasks, its users cancelled at random, some of them twice."""
    report = Report()
    with _quiet():
        asyncio.run(_tasks(seconds, tasks, Fate(seed, report)))
    return report


async def _tasks(seconds: float, count: int, fate: Fate) -> None:
    report, chances = fate.report, fate.chances

    async def connect() -> Connection:
        await asyncio.sleep(chances.random() * 0.002)
        return fate.connect()

    async def later(call: Any) -> Any:
        await asyncio.sleep(0)
        return call()

    pool = AsyncPool(
        connect,
        name="chaos",
        maximum=MAXIMUM,
        check=lambda connection: later(connection.check),
        reset=lambda connection: later(connection.reset),
        close=lambda connection: later(connection.close),
        backoff=Backoff(first=0.001, most=0.01),
        max_lifetime=0.5,
        sweep_every=0.05,
    )

    async def scoped() -> None:
        async with AsyncScope() as scope:
            report.scopes += 1
            report.scopes_lost += 1
            scope.defer(later, released)
            async with pool.acquire(timeout=chances.choice([0.001, 0.5, 5.0])) as connection:
                report.leases += 1
                connection.use()
                try:
                    await asyncio.sleep(chances.random() * 0.002)
                finally:
                    connection.leave()

    def released() -> None:
        report.scopes_lost -= 1

    async def work() -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            task = asyncio.ensure_future(scoped())
            for _ in range(chances.choice([0, 0, 0, 1, 2])):
                await asyncio.sleep(chances.random() * 0.03)
                report.cancelled += task.cancel()
            (result,) = await asyncio.gather(task, return_exceptions=True)
            report.timeouts += isinstance(result, Exhausted | CannotOpen)
            if not isinstance(result, Exhausted | CannotOpen | asyncio.CancelledError | None):
                report.problems.append(repr(result))

    async def kill() -> None:
        while True:
            await asyncio.sleep(0.2)
            fate.kill_half()

    killer = asyncio.ensure_future(kill())
    await asyncio.gather(*(work() for _ in range(count)))
    killer.cancel()
    await drain()
    report.usable = await _usable(pool)
    await pool.close()
    await drain()
    report.open = len(fate.connections)


async def _usable(pool: AsyncPool[Connection]) -> int:
    leases = [await pool.acquire(timeout=20) for _ in range(MAXIMUM)]
    different = len({id(lease.value) for lease in leases})
    for lease in leases:
        await lease.release()
    return different


def threads(seconds: float, threads: int = 200, seed: int = 1) -> Report:
    """A pool for threads; some leases are dropped instead of released."""
    report = Report()
    fate = Fate(seed, report)
    pool = Pool(
        fate.connect,
        name="chaos",
        maximum=MAXIMUM,
        check=lambda connection: connection.check(),
        reset=lambda connection: connection.reset(),
        backoff=Backoff(first=0.001, most=0.01),
        max_lifetime=0.5,
        sweep_every=0.05,
    )
    end = time.monotonic() + seconds
    with _quiet():
        workers = [threading.Thread(target=_work, args=(pool, fate, seed * 1000 + n, end)) for n in range(threads)]
        for worker in workers:
            worker.start()
        while time.monotonic() < end:
            time.sleep(min(0.2, seconds))
            fate.kill_half()
        for worker in workers:
            worker.join()
        leases = [pool.acquire(timeout=20) for _ in range(MAXIMUM)]
        report.usable = len({id(lease.value) for lease in leases})
        for lease in leases:
            lease.release()
        pool.close()
    report.open = len(fate.connections)
    return report


def _work(pool: Pool[Connection], fate: Fate, seed: int, end: float) -> None:
    report, chances = fate.report, random.Random(seed)
    while time.monotonic() < end:
        try:
            with Scope() as scope:
                with fate.lock:
                    report.scopes += 1
                    report.scopes_lost += 1
                scope.defer(_released, fate)
                lease = pool.acquire(timeout=chances.choice([0.001, 0.5, 5.0]))
                report.leases += 1
                lease.value.use()
                time.sleep(chances.random() * 0.001)
                lease.value.leave()
                match chances.randrange(10):
                    case 0:
                        lease.discard()
                    case 1:
                        del lease
                    case _:
                        lease.release()
        except (Exhausted, CannotOpen):
            report.timeouts += 1
        except Exception as error:
            report.problems.append(repr(error))


def _released(fate: Fate) -> None:
    with fate.lock:
        fate.report.scopes_lost -= 1


def connections(count: int) -> tuple[int, int, int]:
    """Hold `count` real TCP connections at once: how many there were, at the server, and left afterwards."""
    return asyncio.run(_connections(count))


async def _connections(count: int) -> tuple[int, int, int]:
    at_server: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        at_server.add(writer)
        with suppress(ConnectionError):
            while line := await reader.readline():
                writer.write(line)
        at_server.discard(writer)
        writer.close()

    async def connect() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", port)

    async def close(streams: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
        streams[1].close()
        await streams[1].wait_closed()

    async def echo(number: int) -> None:
        async with pool.acquire() as (reader, writer):
            writer.write(f"{number}\n".encode())
            assert int(await reader.readline()) == number
            held.append(number)
            if len(held) == count:
                everyone.set()
            await everyone.wait()
            most.append(len(at_server))

    held: list[int] = []
    most: list[int] = []
    everyone = asyncio.Event()
    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=count)
    port = server.sockets[0].getsockname()[1]
    pool = AsyncPool(connect, close=close, name="tcp", maximum=count)
    await asyncio.gather(*(echo(number) for number in range(count)))
    await pool.close(timeout=60)
    server.close()
    while at_server:
        await asyncio.sleep(0.01)
    return len(held), max(most), pool.statistics().open


class _quiet:  # reads as a word in a with statement
    """Without the log lines and warnings that failures by chance make."""

    def __enter__(self) -> None:
        self._caught = warnings.catch_warnings()
        self._caught.__enter__()
        warnings.simplefilter("ignore", ResourceWarning)
        logging.getLogger("pytest_memguard.runtime").setLevel(logging.CRITICAL)

    def __exit__(self, *_: object) -> None:
        logging.getLogger("pytest_memguard.runtime").setLevel(logging.NOTSET)
        self._caught.__exit__(None, None, None)


if __name__ == "__main__":
    main()
