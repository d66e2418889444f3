"""Write random programs, execute each in every way, and compare with what memlint says of it.

    python -m benchmarks.proof --programs 100000 --seed 1      count, and each disagreement as a small program
    python -m benchmarks.proof --program FILE                  judge one program

The language of the programs and the raise model are described in docs/explanation/proof.md.  Exit code 1 when memlint
and the executions disagree anywhere, or when memlint fails.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.proof.judgement import InternalError, Judge, Unjudged
from tests.proof.minimise import minimise
from tests.proof.writer import write


@dataclass
class Tally:
    """What a run has seen."""

    judged: int = 0
    sites: Counter[str] = field(default_factory=Counter)
    unjudged: Counter[str] = field(default_factory=Counter)
    disagreeing: list[tuple[str, str]] = field(default_factory=list)
    """Programs and what is disagreed about."""


def judge_all(judge: Judge, programs: int, seed: int, seconds: float | None = None) -> Tally:
    """Judge ``programs`` programs; stop early after ``seconds`` of CPU time."""
    tally = Tally()
    started = time.process_time()
    for number in range(programs):
        if seconds is not None and time.process_time() - started > seconds:
            break
        random = Random(f"{seed} {number}")
        text = write(random, random.randint(2, 10))
        told = differing(judge, text, tally)
        if told:
            tally.disagreeing.append((text, told))
    return tally


def differing(judge: Judge, text: str, tally: Tally | None = None) -> str:
    """What memlint and the executions disagree about, as text; empty when they agree or cannot be compared."""
    tally = tally or Tally()
    try:
        shown, found = judge.compare(text)
    except Unjudged as reason:
        tally.unjudged[str(reason).partition(":")[0]] += 1
        return ""
    except InternalError as error:
        return f"internal error: {str(error).strip().splitlines()[-1]}"
    tally.judged += 1
    tally.sites.update(seen.verdict for each in shown.values() for seen in each)
    return "\n".join(map(str, found))


def kind(told: str) -> str:
    """A disagreement without its line: what must stay while the program is made smaller."""
    return told.splitlines()[0].partition(": ")[2] if told else ""


def same_kind(judge: Judge, told: str) -> Callable[[str], bool]:
    """Whether a smaller program still shows a disagreement."""
    wanted = kind(told)
    return lambda candidate: kind(differing(judge, candidate)) == wanted


def main(words: list[str] | None = None) -> int:
    """Read the command line, judge, print."""
    parser = argparse.ArgumentParser(prog="benchmarks.proof", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--programs", type=int, default=1000, help="how many programs (default: 1000)")
    parser.add_argument("--seed", type=int, default=0, help="programs differ with it (default: 0)")
    parser.add_argument("--most", type=int, default=20, help="how many disagreements to print (default: 20)")
    parser.add_argument("--program", type=Path, metavar="FILE", help="judge this program only")
    asked = parser.parse_args(words)
    judge = Judge()
    if asked.program is not None:
        told = differing(judge, asked.program.read_text(encoding="utf-8"))
        print(told or "memlint and the executions agree")
        return 1 if told else 0
    started = time.process_time()
    tally = judge_all(judge, asked.programs, asked.seed)
    print(f"programs      {asked.programs} (seed {asked.seed}), {time.process_time() - started:.0f} s of CPU time")
    print(f"judged        {tally.judged}")
    print("resources    ", ", ".join(f"{count} {what}" for what, count in sorted(tally.sites.items())))
    print("not judged   ", ", ".join(f"{count} {why}" for why, count in tally.unjudged.most_common()) or "none")
    print(f"disagreements {len(tally.disagreeing)}", flush=True)
    seen: set[str] = set()
    for text, told in sorted(tally.disagreeing, key=lambda each: len(each[0]))[: asked.most]:
        small = minimise(text, same_kind(judge, told))
        if small not in seen:
            seen.add(small)
            print(f"\n# {differing(judge, small)}\n{small}", flush=True)
    return 1 if tally.disagreeing else 0


if __name__ == "__main__":
    sys.exit(main())
