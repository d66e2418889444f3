"""What the guard patches in libraries, once they are imported, is what it was when the guard stops."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pytest_memguard.unrewritten import unrewritten

LOOK = """
import importlib, sys
NAMES = {names}
for name in NAMES:
    importlib.import_module(name)
CLASSES = [each for name in NAMES for each in vars(sys.modules[name]).values()
           if isinstance(each, type) and each.__module__ == name]
LIBRARIES = [sys.modules[name] for name in NAMES]

def state():
    return [(thing, dict(vars(thing))) for thing in [*CLASSES, *LIBRARIES]]

from pytest_memguard.guard import Guard
before = state()
guard = Guard()
guard.start()
guard.take()
changed = sum(one != other for one, other in zip(before, state(), strict=True))
guard.stop()
after = state()
for (thing, one), (_, other) in zip(before, after, strict=True):
    different = [name for name in one.keys() | other.keys() if one.get(name) is not other.get(name)]
    assert different in ([], ["__abstractmethods__"]), (thing, different)
print(changed)
"""


@pytest.mark.parametrize(
    "modules",
    [
        ("psycopg._connection_base", "psycopg_pool.pool", "psycopg_pool.pool_async"),
        ("asyncpg.connection", "asyncpg.pool"),
        ("pymysql.connections",),
        ("aiosqlite.core",),
        ("redis.connection", "redis.asyncio.connection"),
        ("urllib3.connectionpool",),
        ("httpcore._sync.connection_pool", "httpcore._async.connection_pool"),
        ("aiohttp.connector",),
        ("asyncio.selector_events", "asyncio.unix_events", "asyncio.streams", "asyncio.base_subprocess"),
        ("anyio.streams.memory",),
        ("multiprocessing.shared_memory", "multiprocessing.resource_tracker"),
        ("unittest.mock", "logging", "warnings"),
    ],
    ids=lambda modules: str(modules[0]),
)
def test_a_librarys_classes_are_what_they_were_when_the_guard_stops(tmp_path: Path, modules: tuple[str, ...]) -> None:
    script = tmp_path / "look.py"
    script.write_text(LOOK.replace("{names}", repr(modules)))
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)
    if "ModuleNotFoundError" in done.stderr:
        pytest.skip(done.stderr.strip().splitlines()[-1])
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 0, "the guard patched something in between"


def test_our_modules_are_imported_without_pytests_rewriting() -> None:
    before = sys.meta_path.copy()
    rewriting = [each for each in before if type(each).__module__ == "_pytest.assertion.rewrite"]
    with unrewritten():
        during = sys.meta_path.copy()
    assert rewriting
    assert during == [each for each in before if each not in rewriting]
    assert sys.meta_path == before
