"""Caches: time of a hit and of a put that evicts, and hit ratios, beside the peers in one run.

    python -m benchmarks.runtime cache [--quick]

Traces: Zipf 0.8 and 1.0; scan (Zipf interleaved with keys that never come again); shift (the popularity of
the keys is permuted half-way).  The aim: a hit in 100 ns, and a ratio not half a point below W-TinyLFU.
"""

from __future__ import annotations

import functools
import itertools
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks.runtime.rows import figure, peer, print_table, statement
from pytest_memguard.runtime.caches import Cache, FastCache

KEYS = 100_000
SEED = 20_240_917


@dataclass(frozen=True)
class Candidate:
    """One cache to measure: how to make it, look into it and put something."""

    name: str
    make: Callable[[int], Any]
    get: str = "c.get(k)"
    put: str = "c[k] = v"


def candidates() -> Iterator[Candidate]:
    """Ours first."""
    for policy in ("sieve", "s3fifo", "lru", "lfu"):
        yield Candidate(f"memguard {policy}", functools.partial(Cache, policy=policy), put="c.put(k, v)")
    if peer("cachebox"):
        yield Candidate("memguard FastCache lru", functools.partial(FastCache, policy="lru"), put="c.put(k, v)")
    if library := peer("cachetools"):
        yield Candidate("cachetools LRU", library.LRUCache)
        yield Candidate("cachetools LFU", library.LFUCache)
    if library := peer("cachebox"):
        yield Candidate("cachebox LRU (Rust)", library.LRUCache)
        yield Candidate("cachebox LFU (Rust)", library.LFUCache)
    if library := peer("lru"):
        yield Candidate("lru-dict LRU (C)", library.LRU)
    if library := peer("theine"):
        yield Candidate("theine W-TinyLFU", library.Cache, "c.get(k)[0]", "c.set(k, v)")
    if library := peer("moka_py"):
        yield Candidate("moka-py TinyLFU (Rust)", library.Moka, put="c.set(k, v)")


def zipf(exponent: float, length: int, chance: random.Random) -> list[int]:
    """Keys by popularity: the k-th most popular comes k**-exponent as often as the first."""
    weights = list(itertools.accumulate(rank**-exponent for rank in range(1, KEYS + 1)))
    return chance.choices(range(KEYS), cum_weights=weights, k=length)


def traces(length: int) -> dict[str, list[int]]:
    """The four workloads, the same for every cache."""
    chance = random.Random(SEED)
    plain = zipf(1.0, length, chance)
    fresh = itertools.count(KEYS)
    scan = [key for pair in zip(plain[: length // 2], fresh, strict=False) for key in pair]
    other = list(range(KEYS))
    chance.shuffle(other)
    shift = plain[: length // 2] + [other[key] for key in plain[length // 2 :]]
    return {"zipf 0.8": zipf(0.8, length, chance), "zipf 1.0": plain, "scan": scan, "shift": shift}


def hit_ratio(candidate: Candidate, capacity: int, trace: list[int]) -> float:
    """Look up every key of the trace, put it when it is missing."""
    cache = candidate.make(capacity)
    names: dict[str, Any] = {"c": cache, "trace": trace}
    body = f"""
def run():
    v, hits = 1, 0
    for k in trace:
        if {candidate.get} is None:
            {candidate.put}
        else:
            hits += 1
    return hits
"""
    exec(body, names)  # the same loop for all, without a call between
    hits: int = names["run"]()
    _close(cache)
    return hits / len(trace)


def times(candidate: Candidate) -> tuple[float, float]:
    """Nanoseconds of a hit, and of a put of a new key into a full cache."""
    cache = candidate.make(1000)
    fill = {"c": cache, "v": 1}
    for key in range(1000):
        exec(candidate.put, {**fill, "k": key})
    number = 2_000 if "theine" in candidate.name else 20_000
    hit = statement(candidate.get, number, c=cache, k=999)
    fresh = itertools.count(1000)
    put = statement(f"k = next(fresh); {candidate.put}", number, 7, c=cache, v=1, fresh=fresh)
    _close(cache)
    return hit, put


def _close(cache: Any) -> None:
    if hasattr(cache, "close"):
        cache.close()


def main(quick: bool = False) -> None:
    """Print three tables: times, and ratios at two capacities."""
    chosen = list(candidates())
    rows = []
    for candidate in chosen:
        hit, put = times(candidate)
        rows.append((candidate.name, hit, put))
    reference = functools.lru_cache(1000)(lambda key: key)
    reference(1)
    rows.append(("functools.lru_cache, called", statement("f(1)", f=reference), None))
    ours = rows[0][1]
    print_table(
        "nanoseconds, the least of many runs; the last column is the peer's hit by ours (sieve)",
        ("cache", "hit", "put + evict", "ratio"),
        [(name, round(hit), None if put is None else round(put), hit / ours) for name, hit, put in rows],
    )
    for name, hit, _ in rows[:2]:
        figure(
            "Cache",
            f"a hit, {name.removeprefix('memguard ')}",
            "100 ns",
            f"{hit:.0f} ns",
            hit <= 100,
            ", ".join(f"{other} {taken:.0f}" for other, taken, _ in rows if "memguard" not in other),
        )
    workloads = traces(60_000 if quick else 300_000)
    against: dict[str, list[float]] = {}
    for capacity in (1000, 10_000):
        table = [
            (candidate.name, *(hit_ratio(candidate, capacity, trace) for trace in workloads.values()))
            for candidate in chosen
            if not quick or "memguard" in candidate.name or "theine" in candidate.name
        ]
        print_table(f"hit ratio, {capacity} of {KEYS} keys", ("cache", *workloads), table)
        reference_row = next((row[1:] for row in table if "W-TinyLFU" in row[0]), None)
        if reference_row is not None:
            for row in table[:2]:
                points = [(mine - theirs) * 100 for mine, theirs in zip(row[1:], reference_row, strict=True)]
                against.setdefault(row[0], []).extend(points)
    for name, points in against.items():
        said = ", ".join(f"{point:+.1f}" for point in points)
        figure(
            "Cache",
            f"hit ratio, {name.removeprefix('memguard ')}, in points against W-TinyLFU "
            f"({', '.join(workloads)}; room for 1 %, then for 10 %)",
            "-0.5 or better",
            said,
            min(points) >= -0.5,
        )


if __name__ == "__main__":
    main()
