"""The kinds of things that can be left behind: one table makes switches, reports and the reference page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Mode: TypeAlias = Literal["on", "report", "off"]
"""How a kind is looked at: tests fail for it, it is only reported, or nobody looks."""
MODES: tuple[Mode, ...] = ("on", "report", "off")
Switches: TypeAlias = tuple[str, ...]
"""What was said about kinds, such as "thread=report"; a later one overrules an earlier one."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind, as reports and switches call it."""

    name: str
    probes: tuple[str, ...]
    """The modules of `probes/` that tell of it; they rest when all that they tell of is off."""
    group: str = ""
    """A word for several kinds at once."""
    mode: Mode = "on"
    """When nothing else is said.  What is not nearly always a mistake is only reported."""
    how: str = "still open"
    """What is wrong with it at the end of a test."""
    verb: str = "opened by"
    cure: str = ""


def _descriptor(name: str, *probes: str, cure: str = "") -> Kind:
    return Kind(name, ("descriptors", *probes), "descriptor", cure=cure)


STATE = "process state"
ADVICE = "advice"
"""What is looked for only when somebody asks."""
KINDS = (
    _descriptor("file", "files", cure="close it: `with open(...) as file:`, or `file.close()` in `finally`"),
    _descriptor(
        "socket", "sockets", cure="close what holds it (response, client, socket): `with`, or `close()` in `finally`"
    ),
    _descriptor("pipe", cure="close both ends, in `finally`"),
    _descriptor(
        "process handle",
        "processes",
        cure="`process.close()` after its `join()`, or let go of the process object: it keeps pipes until then",
    ),
    _descriptor("epoll", "polls", cure="close the selector or the loop that owns it"),
    _descriptor("eventfd"),
    _descriptor("timerfd"),
    _descriptor("signalfd"),
    _descriptor("pidfd"),
    _descriptor("inotify"),
    _descriptor("memfd"),
    _descriptor("terminal"),
    _descriptor("mmap"),
    _descriptor("shared memory"),
    Kind(
        "sqlite connection",
        ("connections",),
        "connection",
        cure="`with connection:` ends a transaction and closes nothing: use `contextlib.closing(...)`",
    ),
    Kind(
        "database connection",
        ("drivers",),
        "connection",
        cure="`with connection:` closes psycopg 3's and no other: `contextlib.closing(...)`, or `close()` in `finally`",
    ),
    Kind(
        "temporary file",
        ("tempfiles",),
        "temporary",
        how="still on disk",
        verb="made by",
        cure="`with NamedTemporaryFile() as file:`, or close and remove it in `finally`",
    ),
    Kind(
        "temporary folder",
        ("tempfiles",),
        "temporary",
        how="still on disk",
        verb="made by",
        cure="`with TemporaryDirectory() as folder:`, or remove it in `finally`",
    ),
    Kind("thread", ("threads",), how="still running", verb="started by", cure="tell it to stop, then `join()` it"),
    Kind(
        "executor",
        ("executors",),
        verb="created by",
        cure="`with ThreadPoolExecutor() as executor:`, or `executor.shutdown()` in `finally`",
    ),
    Kind(
        "executor job",
        ("jobs",),
        "lease",
        "report",
        how="not done",
        verb="given by",
        cure="wait for `future.result()`, or cancel it, in `finally`",
    ),
    Kind(
        "process",
        ("processes",),
        how="still running",
        verb="started by",
        cure="`with Popen(...)`, or `wait()` (after `kill()` when it must not go on) in `finally`",
    ),
    Kind(
        "zombie process",
        ("processes",),
        how="never waited for",
        verb="started by",
        cure="call `wait()` or `communicate()`: a child stays in the process table until then",
    ),
    Kind(
        "asyncio task",
        ("loops",),
        how="still pending",
        verb="created by",
        cure="keep the task and await it, cancel and await it, or start it in a `TaskGroup`",
    ),
    Kind(
        "trio task",
        ("trio_tasks",),
        "trio",
        "report",
        how="still waiting",
        verb="started by",
        cure="start it in a nursery that the test opens and leaves, or cancel its scope",
    ),
    Kind(
        "transport",
        ("transports",),
        "asyncio",
        verb="created by",
        cure="`writer.close()` and `await writer.wait_closed()` in `finally`; for a subprocess, wait for it",
    ),
    Kind(
        "memory stream",
        ("transports",),
        "asyncio",
        "report",
        verb="created by",
        cure="`async with send, receive:`, or `close()` both ends in `finally`",
    ),
    Kind(
        "shared memory segment",
        ("segments",),
        "shared memory",
        how="never unlinked",
        verb="created by",
        cure="`memory.close()` and, by its creator, `memory.unlink()` in `finally`",
    ),
    Kind(
        "semaphore",
        ("segments",),
        "shared memory",
        "report",
        how="still registered",
        verb="created by",
        cure="let go of the multiprocessing lock, queue or event that it belongs to",
    ),
    Kind("event loop", ("loops",), verb="created by", cure="`asyncio.run(...)`, or `loop.close()` in `finally`"),
    Kind("lease", ("leases",), "lease", how="still held", verb="acquired by"),
    Kind(
        "pooled connection",
        ("pools",),
        "lease",
        how="not given back",
        verb="taken by",
        cure="`with pool.connection()`, `with engine.connect()`, `with Session()`: what gives it back whatever happens",
    ),
    Kind(
        "HTTP response",
        ("pools",),
        "lease",
        how="not released",
        verb="asked for by",
        cure="read it to its end, or `with client.stream(...)`, or `response.close()` in `finally`",
    ),
    Kind(
        "lock",
        ("locks",),
        STATE,
        how="still held",
        verb="taken by",
        cure="`with lock:`, or `lock.release()` in `finally`: the next test that needs it waits for ever",
    ),
    Kind(
        "filled cache",
        ("caches",),
        ADVICE,
        "off",
        how="larger than before",
        verb="made by",
        cure="`cache_clear()` in a fixture, or a cache of the test's own",
    ),
    Kind(
        "grown container",
        ("caches",),
        ADVICE,
        "off",
        how="larger than before",
        verb="filled by",
        cure="take out in a fixture what the test has put in, or give the test a container of its own",
    ),
    Kind(
        "cyclic garbage",
        ("cycles",),
        ADVICE,
        "off",
        how="freed only by the collector",
        verb="of the class at",
        cure="hold the way back weakly (`weakref.ref`), or break the circle in `close()`",
    ),
    Kind(
        "uncollectable object",
        ("garbage",),
        STATE,
        how="still in gc.garbage",
        cure="break the cycle before it is dropped: C code with an old finalizer is part of it",
    ),
    Kind(
        "generator",
        ("generators",),
        "generators",
        "report",
        how="still suspended",
        verb="waiting at",
        cure="`with contextlib.closing(generator):`, or run it to its end",
    ),
    Kind(
        "async generator",
        ("generators",),
        "generators",
        "report",
        how="still suspended",
        verb="waiting at",
        cure="`async with contextlib.aclosing(generator):`, or `await loop.shutdown_asyncgens()`",
    ),
    Kind(
        "environment variable",
        ("environment",),
        STATE,
        how="still changed",
        verb="written by",
        cure="`monkeypatch.setenv(...)`, or `mock.patch.dict(os.environ, ...)`",
    ),
    Kind(
        "working directory",
        ("working_directory",),
        STATE,
        how="still changed",
        verb="changed by",
        cure="`monkeypatch.chdir(...)`, or `with contextlib.chdir(...)`",
    ),
    Kind(
        "sys.path entry",
        ("import_path",),
        STATE,
        "report",
        how="still changed",
        verb="changed by",
        cure="`monkeypatch.syspath_prepend(...)`",
    ),
    Kind(
        "signal handler",
        ("signal_handlers",),
        STATE,
        how="still installed",
        verb="installed by",
        cure="keep what `signal.signal` returns, and install it again in `finally`",
    ),
    Kind(
        "exit callback",
        ("exit_callbacks",),
        STATE,
        "report",
        how="still registered",
        verb="registered by",
        cure="`atexit.unregister(...)` in `finally`",
    ),
    Kind(
        "logging handler",
        ("logging_handlers",),
        STATE,
        "report",
        how="still attached",
        verb="attached by",
        cure="`logger.removeHandler(...)` in `finally`",
    ),
    Kind(
        "warnings filter",
        ("warning_filters",),
        STATE,
        "report",
        how="still in force",
        verb="added by",
        cure="`with warnings.catch_warnings(): ...`",
    ),
    Kind("locale", ("locales",), STATE, "report", how="still changed", verb="set by", cure="set it back in `finally`"),
    Kind("umask", ("masks",), STATE, how="still changed", verb="set by", cure="set it back in `finally`"),
    Kind(
        "event loop policy",
        ("loop_policies",),
        STATE,
        how="still changed",
        verb="set by",
        cure="`asyncio.Runner(loop_factory=...)`, or set the policy back in `finally`",
    ),
    Kind(
        "mock patch",
        ("mock_patches",),
        STATE,
        how="still active",
        verb="started by",
        cure="`with patch(...)`, or `self.addCleanup(patcher.stop)`",
    ),
    Kind(
        "interpreter hook",
        ("hooks",),
        STATE,
        "report",
        how="still changed",
        verb="changed by",
        cure="put back what stood there, in `finally`",
    ),
    Kind("heap growth", (), "heap", how="in every run", cure="bound the container, or take out what a run has put in"),
    Kind(
        "native growth",
        (),
        "heap",
        "report",
        how="in every run",
        cure="free what C code allocated, close what wraps it, or bound what keeps large objects",
    ),
    Kind("heap peak", (), "heap", how="above its limit", cure="work in pieces, or raise the limit"),
)
DEFAULT_CURE = "give it back in `finally`, or use it in a `with` block"


def words() -> tuple[str, ...]:
    """What a switch can name: kinds, and groups of them."""
    return tuple(dict.fromkeys([*(kind.name for kind in KINDS), *(kind.group for kind in KINDS if kind.group)]))


def find(name: str) -> Kind:
    """The kind of a thing by the name that a report gives it; what a lender of its own calls it is a lease."""
    return _BY_NAME.get(name) or _BY_NAME["lease"]


def mode(name: str, switches: Switches) -> Mode:
    """How a kind is looked at."""
    return _modes(switches)[find(name).name]


def resting(switches: Switches) -> frozenset[str]:
    """The modules of probes that need not look: all that they tell of is off."""
    modes = _modes(switches)
    awake = {probe for kind in KINDS if modes[kind.name] != "off" for probe in kind.probes}
    return frozenset({probe for kind in KINDS for probe in kind.probes} - awake)


def _modes(switches: Switches) -> dict[str, Mode]:
    if switches not in _KNOWN:
        modes = {kind.name: kind.mode for kind in KINDS}
        for switch in switches:
            word, _, how = switch.rpartition("=")
            chosen = next(mode for mode in MODES if mode == how)
            modes |= {kind.name: chosen for kind in KINDS if word in (kind.name, kind.group)}
        _KNOWN[switches] = modes
    return _KNOWN[switches]


_BY_NAME = {kind.name: kind for kind in KINDS}
_KNOWN: dict[Switches, dict[str, Mode]] = {}
"""Every kind's mode for what was said: strings alone, so that nothing here is on the collector's list, where
the heap level counts."""
