"""A shared block lives until its owner removes it, whoever else comes and goes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_memguard.runtime.errors import Closed, StillHeld
from pytest_memguard.runtime.shared_block import (
    BlockExists,
    NoSuchBlock,
    NotOwner,
    SharedBlock,
    orphans,
    remove_orphans,
)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX shared memory")


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    head = "import sys\nfrom pytest_memguard.runtime.shared_block import SharedBlock\n"
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", head + script, *arguments], capture_output=True, text=True, check=False
    )


def exists(name: str) -> bool:
    try:
        with SharedBlock.attach(name):
            return True
    except NoSuchBlock:
        return False


def test_two_who_attach_see_the_same_bytes() -> None:
    with SharedBlock.create(100) as mine, SharedBlock.attach(mine.name) as theirs:
        theirs.view[:5] = b"hello"
        assert bytes(mine.view[:5]) == b"hello"
        assert theirs.size == mine.size == 100


def test_the_exit_of_an_unrelated_process_that_attached_leaves_the_block() -> None:
    """The standard library's block is destroyed here (CPython issue 82300)."""
    with SharedBlock.create(100) as mine:
        for _ in range(2):
            done = run("block = SharedBlock.attach(sys.argv[1]); block.view[0] += 1; sys.exit()", mine.name)
            assert (done.returncode, done.stderr) == (0, "")
        assert mine.view[0] == 2
        assert exists(mine.name)


def test_a_process_that_attached_and_was_killed_leaves_the_block() -> None:
    with SharedBlock.create(100) as mine:
        done = run("import os; SharedBlock.attach(sys.argv[1]); os.kill(os.getpid(), 9)", mine.name)
        assert done.returncode == -signal.SIGKILL
        assert exists(mine.name)


def test_the_block_goes_when_its_owner_closes() -> None:
    with SharedBlock.create(100) as mine:
        assert mine.owned
    assert not exists(mine.name)


def test_whoever_is_attached_keeps_the_memory_after_the_name_has_gone() -> None:
    mine = SharedBlock.create(100)
    theirs = SharedBlock.attach(mine.name)
    mine.view[:2] = b"ok"
    mine.close()
    assert bytes(theirs.view[:2]) == b"ok"
    theirs.close()


def test_only_the_owner_removes() -> None:
    with SharedBlock.create(100) as mine, SharedBlock.attach(mine.name) as theirs:
        with pytest.raises(NotOwner, match="is not owned here"):
            theirs.unlink()
        assert exists(mine.name)


def test_ownership_can_be_handed_over() -> None:
    mine = SharedBlock.create(100)
    name = mine.disown()
    mine.close()
    assert exists(name)
    with SharedBlock.attach(name, own=True):
        pass
    assert not exists(name)


def test_a_taken_name_and_a_missing_one_are_errors_with_the_cure() -> None:
    with SharedBlock.create(100) as mine, pytest.raises(BlockExists, match="choose another name"):
        SharedBlock.create(100, mine.name)
    with pytest.raises(NoSuchBlock, match="has removed it"):
        SharedBlock.attach(mine.name)
    with pytest.raises(ValueError, match="1 byte or more"):
        SharedBlock.create(0)


def test_closing_under_a_held_slice_is_refused_and_names_it() -> None:
    block = SharedBlock.create(100)
    head = block.view[:9]
    with pytest.raises(StillHeld, match="9 bytes in `head` of test_closing_under_a_held_slice"):
        block.close()
    block.view[0] = 1
    assert head[0] == 1
    head.release()
    block.close()
    block.close()
    with pytest.raises(Closed, match=r"test_shared_block.py"):
        block.view  # noqa: B018 - reading it is what raises


def test_a_dropped_owner_removes_the_block_and_warns() -> None:
    block = SharedBlock.create(100)
    name = block.name
    with pytest.warns(ResourceWarning, match=r"was dropped without close\(\); the block was removed"):
        del block
    assert not exists(name)


def test_a_dropped_attachment_says_nothing() -> None:
    with SharedBlock.create(100) as mine:
        SharedBlock.attach(mine.name)
        assert exists(mine.name)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_does_not_own_its_parents_block() -> None:
    with SharedBlock.create(100) as mine:
        child = os.fork()
        if not child:
            mine.view[0] = 1 + mine.owned
            mine.close()
            os._exit(0)
        os.waitpid(child, 0)
        assert mine.view[0] == 1
        assert exists(mine.name)


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="shared memory is not a folder here")
def test_blocks_of_a_killed_owner_are_found_and_removed() -> None:
    done = run("import os; b = SharedBlock.create(10); print(b.name, flush=True); os.kill(os.getpid(), 9)")
    name = done.stdout.strip()
    assert exists(name)
    assert name in orphans()
    assert name in remove_orphans()
    assert not exists(name)


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="shared memory is not a folder here")
def test_a_block_of_a_living_owner_is_no_orphan() -> None:
    with SharedBlock.create(100) as mine:
        assert mine.name not in orphans()


def test_leaving_the_block_with_a_slice_alive_still_removes_the_name() -> None:
    kept: list[memoryview] = []
    names: list[str] = []

    def leave(error: Exception | None) -> None:
        with SharedBlock.create(100) as mine:
            names.append(mine.name)
            kept.append(mine.view[:3])
            if error is not None:
                raise error

    with pytest.raises(StillHeld, match="3 bytes in a list"):
        leave(None)
    with pytest.raises(OSError, match="disk full") as caught:
        leave(OSError("disk full"))
    assert "3 bytes in a list" in caught.value.__notes__[0]
    assert [exists(name) for name in names] == [False, False]
    for view in kept:
        view.release()


def test_a_block_too_large_to_map_leaves_no_name_behind() -> None:
    with pytest.raises((OSError, ValueError, OverflowError)):
        SharedBlock.create(1 << 62, "memguard-test-too-large")
    assert not exists("memguard-test-too-large")


def test_the_repr_says_who_owns() -> None:
    with SharedBlock.create(100, "memguard-test-shown") as mine, SharedBlock.attach(mine.name) as theirs:
        assert repr(mine) == "<SharedBlock 'memguard-test-shown': 100 bytes, owned here>"
        assert repr(theirs) == "<SharedBlock 'memguard-test-shown': 100 bytes, attached>"
