"""One rule, one module; ``RULES`` says what is what."""

from __future__ import annotations

from memlint.rules.mem101_unreleased_resource import UnreleasedResource
from memlint.rules.mem102_discarded_resource import DiscardedResource
from memlint.rules.mem103_reacquired_while_held import ReacquiredWhileHeld
from memlint.rules.mem104_use_after_release import UseAfterRelease
from memlint.rules.mem105_double_release import DoubleRelease
from memlint.rules.mem106_dangling_task import DanglingTask
from memlint.rules.mem107_unreaped_process import UnreapedProcess
from memlint.rules.mem108_unjoined_worker import UnjoinedWorker
from memlint.rules.mem109_leftover_temporary_file import LeftoverTemporaryFile
from memlint.rules.mem110_lock_not_released import LockNotReleased
from memlint.rules.mem111_lease_not_returned import LeaseNotReturned
from memlint.rules.mem112_owner_without_release import OwnerWithoutRelease
from memlint.rules.mem113_field_not_released import FieldNotReleased
from memlint.rules.mem114_unclosed_generator import UnclosedGenerator
from memlint.rules.mem201_unbounded_queue import UnboundedQueue
from memlint.rules.mem202_unbounded_read import UnboundedRead
from memlint.rules.mem203_unbounded_pool import UnboundedPool
from memlint.rules.mem204_ignored_pressure import IgnoredPressure
from memlint.rules.mem301_leaked_on_error import LeakedOnError
from memlint.rules.mem302_release_outside_finally import ReleaseOutsideFinally
from memlint.rules.mem303_cleanup_chain_broken import CleanupChainBroken
from memlint.rules.mem304_release_of_unbound import ReleaseOfUnbound
from memlint.rules.mem305_cancellable_cleanup import CancellableCleanup
from memlint.rules.mem306_half_built_owner import HalfBuiltOwner
from memlint.rules.mem307_swallowed_release_error import SwallowedReleaseError
from memlint.rules.mem401_prefer_with import PreferWith
from memlint.rules.mem402_closable_without_context_manager import ClosableWithoutContextManager
from memlint.rules.mem403_exit_swallows_exceptions import ExitSwallowsExceptions
from memlint.rules.mem404_contextmanager_without_finally import ContextManagerWithoutFinally
from memlint.rules.mem405_with_does_not_close import WithDoesNotClose
from memlint.rules.mem406_sync_with_on_async import SyncWithOnAsync
from memlint.rules.mem407_manual_enter_exit import ManualEnterExit
from memlint.rules.mem501_unbounded_cache import UnboundedCache
from memlint.rules.mem502_cache_on_method import CacheOnMethod
from memlint.rules.mem503_grow_only_container import GrowOnlyContainer
from memlint.rules.mem504_mutable_default_growth import MutableDefaultGrowth
from memlint.rules.mem505_registration_never_removed import RegistrationNeverRemoved
from memlint.rules.mem506_store_without_retention import StoreWithoutRetention
from memlint.rules.mem507_exception_cycle import ExceptionCycle
from memlint.rules.mem601_unrotated_log import UnrotatedLog
from memlint.rules.mem602_uncompressed_archive import UncompressedArchive
from memlint.rules.mem603_archive_without_retention import ArchiveWithoutRetention
from memlint.rules.mem604_non_atomic_archive_write import NonAtomicArchiveWrite
from memlint.rules.rule import Default, Rule

RULES: tuple[Rule, ...] = (
    UnreleasedResource(),
    DiscardedResource(),
    ReacquiredWhileHeld(),
    UseAfterRelease(),
    DoubleRelease(),
    DanglingTask(),
    UnreapedProcess(),
    UnjoinedWorker(),
    LeftoverTemporaryFile(),
    LockNotReleased(),
    LeaseNotReturned(),
    OwnerWithoutRelease(),
    FieldNotReleased(),
    UnclosedGenerator(),
    UnboundedQueue(),
    UnboundedRead(),
    UnboundedPool(),
    IgnoredPressure(),
    LeakedOnError(),
    ReleaseOutsideFinally(),
    CleanupChainBroken(),
    ReleaseOfUnbound(),
    CancellableCleanup(),
    HalfBuiltOwner(),
    SwallowedReleaseError(),
    PreferWith(),
    ClosableWithoutContextManager(),
    ExitSwallowsExceptions(),
    ContextManagerWithoutFinally(),
    WithDoesNotClose(),
    SyncWithOnAsync(),
    ManualEnterExit(),
    UnboundedCache(),
    CacheOnMethod(),
    GrowOnlyContainer(),
    MutableDefaultGrowth(),
    RegistrationNeverRemoved(),
    StoreWithoutRetention(),
    ExceptionCycle(),
    UnrotatedLog(),
    UncompressedArchive(),
    ArchiveWithoutRetention(),
    NonAtomicArchiveWrite(),
)

__all__ = ["RULES", "Default", "Rule"]
