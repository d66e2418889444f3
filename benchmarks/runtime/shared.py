"""Sharing: `Shared` beside copies and persistent maps, for a mapping of 10,000 keys, in one run.

python -m benchmarks.runtime shared
"""

from __future__ import annotations

import copy
from types import MappingProxyType
from typing import Any

from benchmarks.runtime.rows import figure, nanoseconds, peer, print_table, statement
from pytest_memguard.runtime.shared import Shared

KEYS = 10_000


def main(quick: bool = False) -> None:  # noqa: ARG001  # every table takes it; this one is quick
    """Print one table: reading, taking a snapshot, writing one key alone and under a snapshot."""
    plain = {key: key for key in range(KEYS)}
    alone, shared = Shared(dict(plain)), Shared(dict(plain))

    def write_alone() -> None:
        alone.make_mut()[1] = 2

    def write_shared() -> None:
        snapshot = shared.share()
        shared.make_mut()[1] = 2
        snapshot.drop()

    def write_copy() -> None:
        changed = plain.copy()
        changed[1] = 2

    rows: list[tuple[Any, ...]] = [
        (
            "memguard Shared",
            statement("s.get()[1]", s=alone),
            nanoseconds(lambda: alone.share()),
            nanoseconds(write_alone),
            nanoseconds(write_shared, 200),
        ),
        ("dict, copied", statement("d[1]", d=plain), nanoseconds(plain.copy, 200), None, nanoseconds(write_copy, 200)),
        (
            "dict, deep copied",
            statement("d[1]", d=plain),
            nanoseconds(lambda: copy.deepcopy(plain), 5, 3),
            None,
            nanoseconds(lambda: copy.deepcopy(plain), 5, 3),
        ),
        ("MappingProxyType (no snapshot)", statement("p[1]", p=MappingProxyType(plain)), None, None, None),
    ]
    if library := peer("immutables"):
        persistent = library.Map(plain)
        write = nanoseconds(lambda: persistent.set(1, 2))
        rows.append(("immutables.Map", statement("m[1]", m=persistent), 0.0, write, write))
    if library := peer("pyrsistent"):
        persistent = library.pmap(plain)
        write = nanoseconds(lambda: persistent.set(1, 2))
        rows.append(("pyrsistent.pmap", statement("m[1]", m=persistent), 0.0, write, write))
    rows = [(row[0], *(value if value is None else round(value) for value in row[1:])) for row in rows]
    header = ("", "read a key", "snapshot", "write, alone", "write, under a snapshot")
    print_table(f"nanoseconds, {KEYS} keys", header, rows)
    unique = statement("s.make_mut()", s=alone)
    figure(
        "Shared",
        "make_mut by the only handle",
        "60 ns",
        f"{unique:.0f} ns",
        unique <= 60,
        ", ".join(f"{name}: a write takes {write} ns" for name, *_, write in rows[1:] if write is not None),
    )


if __name__ == "__main__":
    main()
