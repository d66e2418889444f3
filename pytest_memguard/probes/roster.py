"""Every probe, those that others ask first."""

from __future__ import annotations

from collections.abc import Callable

from .caches import Caches
from .connections import Connections
from .cycles import Cycles
from .descriptors import Descriptors
from .drivers import Drivers
from .environment import Environment
from .executors import Executors
from .exit_callbacks import ExitCallbacks
from .files import Files
from .garbage import Garbage
from .generators import Generators
from .hooks import Hooks
from .import_path import ImportPath
from .jobs import Jobs
from .leases import Leases
from .locales import Locales
from .locks import Locks
from .logging_handlers import LoggingHandlers
from .loop_policies import LoopPolicies
from .loops import Loops
from .masks import Masks
from .mock_patches import MockPatches
from .polls import Polls
from .pools import Pools
from .probe import Probe
from .processes import Processes
from .segments import Segments
from .signal_handlers import SignalHandlers
from .sockets import Sockets
from .tempfiles import TemporaryFiles
from .threads import Threads
from .transports import Transports
from .trio_tasks import TrioTasks
from .warning_filters import WarningFilters
from .working_directory import WorkingDirectory


def roster(mark: str, managed: Callable[[str], bool]) -> list[Probe]:
    """A new set of probes.

    `mark` is the attribute in which threads carry their owner; `managed` tells which folders somebody empties.
    """
    files, sockets, polls, drivers = Files(), Sockets(), Polls(), Drivers()
    connections = Connections(drivers.wraps)
    executors, processes = Executors(), Processes()
    return [
        files,
        sockets,
        polls,
        Loops(),
        connections,
        drivers,
        Descriptors((sockets.at, connections.at, drivers.at, polls.at, processes.at, files.at)),
        executors,
        Jobs(),
        Threads(mark, executors.employer),
        processes,
        TemporaryFiles(managed),
        Leases(),
        Pools(),
        Segments(),
        Transports(),
        TrioTasks(),
        Environment(),
        WorkingDirectory(),
        ImportPath(),
        SignalHandlers(),
        ExitCallbacks(),
        LoggingHandlers(),
        WarningFilters(),
        Locales(),
        Masks(),
        LoopPolicies(),
        MockPatches(),
        Hooks(),
        Locks(),
        Caches(),
        Garbage(),
        Cycles(),
        Generators(),
    ]
