"""Every fix of random programs is executed: the program does what it did, and what was reported is leaked no more."""

from __future__ import annotations

import ast
from collections import Counter
from random import Random

import pytest

from memlint.engine import Checker
from memlint.engine.fixing import FileFix, Fixer
from memlint.settings import Settings

from ..proof.fake import TABLE
from ..proof.judgement import sites
from ..proof.writer import write
from .running import run

PROGRAMS = 240
SHARES = 4
RUNS = 25
CHECKER = Checker(Settings(catalogue=TABLE))
FIXER = Fixer(CHECKER, unsafe=True)


def reported(text: str) -> set[int | None]:
    """The sites in ``main`` that memlint reports; a call that gives two resources is left out, for it is one site."""
    program = ast.parse(text)
    lines = range(program.body[-1].lineno, len(text.splitlines()) + 1)
    places = {
        (node.lineno, node.col_offset): site
        for node, site in sites(program)
        if node.lineno in lines and not ast.unparse(node.func).endswith("pair")
    }
    findings = CHECKER.check_bytes(text.encode(), "program.py").findings
    return {places.get((finding.span.line, finding.span.column)) for finding in findings} - {None}


def fixed(program: str) -> FileFix:
    return FIXER.fix(program.encode(), "program.py")


@pytest.mark.parametrize("share", range(SHARES))
def test_a_fixed_program_does_what_it_did_and_leaks_no_more_what_was_reported(share: int) -> None:
    kept: Counter[str] = Counter()
    for number in range(PROGRAMS // SHARES):
        random = Random(f"fixes {share} {number}")
        before = write(random, random.randint(2, 10))
        done = fixed(before)
        after = done.after.decode()
        mended = reported(before) - reported(after)
        for seed in range(RUNS):
            was, now = run(before, f"{number} {seed}"), run(after, f"{number} {seed}")
            told = f"{[each.fix for each in done.kept]}\n{before}\n# fixed\n{after}"
            assert now.events == was.events, told
            assert now.result == was.result, told
            assert now.leaked <= was.leaked, told
            if now.result != "AssertionError":  # assertions are believed: there is no such execution
                assert not now.leaked & mended, told
        assert not fixed(after).changed, f"a second run changes something\n{after}"
        kept.update(each.fix for each in done.kept)

    assert {"with-block", "with-statement", "exit-stack", "try-finally", "release-on-error"} <= kept.keys()
