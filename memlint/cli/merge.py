"""``memlint merge``: the reports of shards as the report of one run."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace

from memlint.cli.configuration import configured
from memlint.cli.console import ExitCode, printer_of, tell_failures, write
from memlint.cli.narrowing import against_baseline
from memlint.engine.run import gather
from memlint.results.plain import Malformed
from memlint.results.shards import Part, from_document, problem
from memlint.settings import Settings, SettingsError


def merge(arguments: argparse.Namespace) -> ExitCode:
    """Join the reports of all shards, take out what the baseline knows, and print the rest."""
    settings = _settings(arguments)
    parts = sorted(_parts(arguments.reports), key=lambda part: part.shard)
    trouble = problem(parts)
    if trouble is not None:
        raise SettingsError(f"these reports are not the shards of one run: {trouble}")
    failures = dict.fromkeys(failure for part in parts for failure in part.failures)
    results = [result for part in parts for result in part.results]
    report = gather(results, failures, parts[0].rules)
    if settings.baseline is not None or arguments.update_baseline:
        checked = sorted(result.path for result in results)
        report = against_baseline(report, settings.baseline, checked, arguments.update_baseline)
    write(report, printer_of(arguments, settings), arguments.output_file)
    tell_failures(report.failures, arguments.debug)
    if report.failures:
        return ExitCode.BAD_USE
    return ExitCode.FINDINGS if report.findings and not arguments.exit_zero else ExitCode.CLEAN


def _settings(arguments: argparse.Namespace) -> Settings:
    settings = configured(arguments, [os.curdir], None)
    return replace(
        settings,
        output_format=arguments.output_format or settings.output_format,
        baseline=arguments.baseline or settings.baseline,
    )


def _parts(files: Sequence[str]) -> Iterator[Part]:
    for file in files:
        try:
            with open(file, "rb") as stream:
                document = json.load(stream)
        except OSError as error:
            raise SettingsError(f"{file}: cannot be read: {error.strerror or error}") from error
        except (ValueError, RecursionError) as error:
            raise SettingsError(f"{file}: is not JSON: {error}") from error
        if not isinstance(document, dict) or document.get("shard") is None:
            cure = "`memlint check --shard 1/2 --output-format json` writes one"
            raise SettingsError(f"{file}: is no report of a shard; {cure}")
        try:
            yield from_document(document["shard"])
        except Malformed as error:
            raise SettingsError(f"{file}: cannot be merged: {error}") from error
