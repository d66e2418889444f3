"""What is known of libraries: which calls acquire, what releases, who borrows, who takes over.

A catalogue is data (TOML, one file a library family); these frozen records are its loaded form and the only
thing that the analysis reads.  Each thing has one spelling here: the documented name that users import
(``subprocess.Popen``, ``socket.socket.accept``, ``builtins.open``); ``Catalogue.resolve`` brings the others to it.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field


class Category(enum.Enum):
    """Which family of rules speaks about a kind of resource."""

    HANDLE = "handle"
    """Files, sockets, connections, sessions, mappings, event loops: MEM101 to MEM103."""
    TASK = "task"
    """Asynchronous tasks: MEM106."""
    PROCESS = "process"
    """Child processes: MEM107."""
    WORKER = "worker"
    """Threads, executors, worker pools: MEM108."""
    TEMPORARY = "temporary"
    """Temporary files and folders that stay on disk: MEM109."""
    LOCK = "lock"
    """A lock held: MEM110."""
    LEASE = "lease"
    """Something checked out of a pool: MEM111."""
    GENERATOR = "generator"
    """A suspended generator: MEM114."""


class Context(enum.Enum):
    """What ``with`` (or ``async with``) does for a kind of resource."""

    RELEASES = "releases"
    """Leaving the block releases: the obligation ends there on every path."""
    KEEPS = "keeps"
    """The block is allowed but does not release (``with sqlite3.connect(...)`` only commits)."""
    NONE = "none"
    """Not a context manager."""


class Collected(enum.Enum):
    """What CPython does when an unreleased one is garbage-collected."""

    WARNS = "warns"
    """Releases and emits ``ResourceWarning``."""
    SILENT = "silent"
    """Releases without a word."""
    NEVER = "never"
    """Stays acquired (a bare descriptor, a child process, a file on disk)."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of resource: what must be called before the last reference is lost."""

    name: str
    """Unique in the catalogue: ``file``, ``socket``, ``descriptor``, ``child process``."""
    label: str
    """With its article, for messages: ``a file``, ``an event loop``."""
    category: Category
    release: tuple[str, ...]
    """Methods any one of which discharges the obligation; the first is the one to recommend."""
    release_by: tuple[str, ...] = ()
    """Qualified functions that discharge it when it is their first argument (``os.close``)."""
    context: Context = Context.NONE
    async_context: Context = Context.NONE
    types: tuple[str, ...] = ()
    """Qualified classes whose instances are of this kind: ``type.method`` is then resolvable."""
    detach: tuple[str, ...] = ()
    """Methods that hand the resource to whoever takes their result (``socket.detach``)."""
    quiet: tuple[str, ...] = ()
    """Methods that cannot realistically raise (``fileno``, ``settimeout``)."""
    collected: Collected = Collected.SILENT
    lifetime: bool = False
    """True when one that is bound at module level is meant to live as long as the process."""
    child: bool = False
    """True when it ends with the resource whose method made it (a response with its session)."""
    finalizes: bool = False
    """True when it releases itself, by design, as soon as its owner is collected."""
    lazy: bool = False
    """True when it holds nothing until it is used (a client before its first request)."""
    awaited_release: bool = False
    """True when the release method is a coroutine that must be awaited (``aclose``)."""
    preview: bool = False
    """True when findings about this kind are shown only with ``--preview``."""
    release_on_set: tuple[str, ...] = ()
    """Attributes that end the obligation when they are set to true (``thread.daemon = True``)."""
    exhausted: bool = False
    """True when iterating to the end releases it too (``os.scandir``)."""
    fails_after: tuple[str, ...] = ()
    """Methods that fail once it is released; ``*`` stands for functions that work on it, and says that nothing of
    use is left of it: one that is returned or stored after its release is of no use to anybody."""
    wanted: bool = False
    """True when one may be meant to stay: it is owed only on the way out of an exception, and only by a function that
    releases it when nothing is raised."""
    release_once: bool = False
    """True when a second release is an error, or takes away what somebody else has acquired since."""
    why: str = ""
    """What is lost when it is not released."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A constant argument that decides whether an entry applies."""

    argument: str
    """Keyword name of the argument."""
    position: int | None
    """Its position when it may be passed by position."""
    values: tuple[object, ...]
    """The constants that satisfy the condition; the empty tuple means "given at all"."""


@dataclass(frozen=True, slots=True)
class Acquire:
    """A call whose result brings an obligation."""

    call: str
    """Qualified name; or a bare method name when ``receivers`` is given."""
    kind: str
    why: str
    positions: tuple[int, ...] | None = None
    """Which elements of a returned tuple are the resources; None when the value itself is one."""
    every: bool = False
    """The result is a sequence and each element is one."""
    awaited: bool = False
    """The resource exists only once the call has been awaited."""
    wraps: tuple[int | str, ...] = ()
    """Arguments (positions or keywords) whose obligation this result takes over (``os.fdopen``)."""
    receivers: tuple[str, ...] = ()
    """For method names on values of unknown type: last words of the receiver that are believed
    (``loop`` for ``loop.create_task``)."""
    when: tuple[Condition, ...] = ()
    """All must hold for the call to acquire."""
    unless: tuple[Condition, ...] = ()
    """None may hold."""
    type: str | None = None
    """Qualified class of the result, when it is not the call itself or the kind's first type."""
    receiver: bool = False
    """The obligation is the receiver's, not the result's: ``lock.acquire()`` makes ``lock`` owe."""
    also: tuple[str, ...] = ()
    """Methods that whoever acquires in this way must call besides a release (``unlink`` of shared memory)."""
    beside: str | None = None
    """The kind of the element that follows the last of ``positions`` (the path beside a descriptor)."""
    passive: bool = False
    """The result owes only what ``wraps`` brings: around nothing that owes, it owes nothing."""


@dataclass(frozen=True, slots=True)
class Release:
    """A function that discharges the obligation of an argument."""

    call: str
    why: str
    arguments: tuple[int | str, ...] = (0,)
    """Positions or keywords; ``"*"`` means every positional argument, starred ones too."""
    kinds: tuple[str, ...] = ()
    """Only for these kinds; empty means any."""
    awaited: bool = False


@dataclass(frozen=True, slots=True)
class Borrow:
    """A callee that uses its arguments and leaves the obligation with the caller."""

    call: str
    why: str
    arguments: tuple[int | str, ...] = ("*",)
    """Positions or keywords; ``"*"`` means every argument, keywords and starred ones too."""
    view: bool = False
    """The result reads from the argument later (``csv.reader``): it is an alias that cannot release."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """A callee that becomes the owner of its arguments (``weakref.finalize``, ``atexit.register``)."""

    call: str
    why: str
    arguments: tuple[int | str, ...] = ("*",)


@dataclass(frozen=True, slots=True)
class Quiet:
    """A callee that cannot realistically raise, so no exceptional path starts there."""

    call: str
    """Qualified name; or a bare method name when ``receivers`` is given (``logger.debug``)."""
    why: str
    receivers: tuple[str, ...] = ()
    """Last words of the receiver that are believed; ``"*"`` believes every receiver (``append``)."""
    unless: tuple[Condition, ...] = ()
    """None may hold: ``print`` is quiet unless it is given a ``file``."""


@dataclass(frozen=True, slots=True)
class NoReturn:
    """A callee that never comes back."""

    call: str
    why: str
    raises: str | None = None
    """Qualified exception that it raises (``sys.exit`` raises ``SystemExit``); None for ``os._exit``."""


@dataclass(frozen=True, slots=True)
class Suppress:
    """A context manager that swallows exceptions raised inside it."""

    call: str
    why: str
    exceptions: tuple[str, ...] = ()
    """Qualified exceptions; empty means those named by the call's positional arguments."""


@dataclass(frozen=True, slots=True)
class Returns:
    """A call whose result is known by class and brings no obligation of its own.

    It lets a method be found by its qualified name: ``pathlib.Path(p).open``, or ``create_task`` on what
    ``asyncio.get_running_loop()`` returned.
    """

    call: str
    type: str
    why: str


@dataclass(frozen=True)
class Catalogue:
    """Everything known, indexed by qualified call name."""

    kinds: Mapping[str, Kind]
    acquires: Mapping[str, tuple[Acquire, ...]]
    """Entries without ``receivers``, by qualified name; several when conditions tell them apart."""
    methods: Mapping[str, tuple[Acquire, ...]]
    """Entries with ``receivers``, by bare method name."""
    releases: Mapping[str, tuple[Release, ...]]
    borrows: Mapping[str, Borrow]
    transfers: Mapping[str, Transfer]
    quiets: Mapping[str, Quiet]
    noreturns: Mapping[str, NoReturn]
    suppresses: Mapping[str, Suppress]
    version: str
    """Hash of the content, for caches."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    """Other spellings to the one used here (``io.open`` to ``builtins.open``)."""
    quiet_methods: Mapping[str, tuple[Quiet, ...]] = field(default_factory=dict)
    """Quiet entries with ``receivers``, by bare method name."""
    returns: Mapping[str, Returns] = field(default_factory=dict)
    """Calls whose result is known by class only."""
    types: Mapping[str, Kind] = field(init=False)
    """Qualified class to the kind of its instances; made from ``kinds``."""

    def __post_init__(self) -> None:
        types = {name: kind for kind in self.kinds.values() for name in kind.types}
        object.__setattr__(self, "types", types)

    def resolve(self, qualified: str) -> str:
        """The canonical form of a qualified name, following aliases of it or of a prefix of it."""
        if qualified in self.aliases:
            return self.aliases[qualified]
        head, dot, tail = qualified.rpartition(".")
        while dot:
            if head in self.aliases:
                return f"{self.aliases[head]}.{tail}"
            head, dot, rest = head.rpartition(".")
            tail = f"{rest}.{tail}"
        return qualified

    def result_types(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """The classes that a call of one of the names may give, as far as entries tell."""
        found: list[str] = []
        for name in map(self.resolve, names):
            known = self.returns.get(name)
            found += [known.type] if known is not None else []
            for entry in self.acquires.get(name, ()):
                if entry.positions is None and not entry.every:
                    found += [entry.type] if entry.type else [entry.call, *self.kinds[entry.kind].types]
            if name in self.types:
                found.append(name)
        return tuple(dict.fromkeys(found))

    def kind_of_type(self, qualified: str) -> Kind | None:
        """The kind whose instances are of this class, if any."""
        return self.types.get(qualified)
