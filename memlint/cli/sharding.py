"""``memlint check --shard``: one part of a run."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence

from memlint.cli.arguments import BadUse
from memlint.engine.files import STDIN, Sought
from memlint.results.result import FileResult
from memlint.values import TYPE_CHECKING, replace

if TYPE_CHECKING:
    from memlint.cli.judge import Judge
    from memlint.engine.changes import Changes
    from memlint.results.shards import Shard


def shard_of(arguments: argparse.Namespace, paths: Sequence[str]) -> Shard | None:
    """The part of the run that is asked for, if not all of it.

    Raises:
        BadUse: a part can only be looked at.
    """
    if arguments.shard is None:
        return None
    if STDIN in paths:
        raise BadUse("--shard divides files: standard input is one program")
    for name in ("update_baseline", "add_noqa", "watch", "fix", "fix_only", "diff"):
        if getattr(arguments, name):
            cure = "; `memlint merge` takes it" if name == "update_baseline" else ""
            raise BadUse(f"--shard only looks: leave --{name.replace('_', '-')} out{cure}")
    arguments.fix = False
    from memlint.results.shards import Shard

    return Shard.read(arguments.shard)


def part_of(
    shard: Shard, judge: Judge, sought: Sought, results: Sequence[FileResult], changes: Changes | None
) -> Mapping[str, object]:
    """What the report of a shard carries for ``memlint merge``: everything found, whatever the baseline knows."""
    from memlint.results.shards import Part, to_document
    from memlint.results.surroundings import everywhere

    if changes is not None:
        results = [replace(result, findings=tuple(filter(changes.touch, result.findings))) for result in results]
    return to_document(Part(shard, everywhere(judge.settings), judge.rules, sought.failures, tuple(results)))
