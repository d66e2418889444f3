"""memlint and the executions agree on random programs: no missed leak and no false one."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .judgement import Judge, Unjudged
from .writer import write

PROGRAMS = 2000
SHARES = 8


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge()


@pytest.mark.parametrize("share", range(SHARES))
def test_memlint_says_what_the_executions_of_random_programs_show(judge: Judge, share: int) -> None:
    judged: Counter[str] = Counter()
    for number in range(PROGRAMS // SHARES):
        random = Random(f"{share} {number}")
        program = write(random, random.randint(2, 10))
        try:
            shown, disagreements = judge.compare(program)
        except Unjudged:
            judged["not"] += 1
            continue
        assert not disagreements, f"{disagreements[0]}\n{program}"
        judged.update(seen.verdict for each in shown.values() for seen in each)

    assert judged["not"] < PROGRAMS // SHARES / 20, "most programs are inside the language"
    rarest = min(judged["normal"], judged["error"], judged["none"])
    assert rarest > PROGRAMS // SHARES / 10, "all three are put to the test"


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(random=st.randoms(use_true_random=False), size=st.integers(2, 8))
def test_memlint_says_what_the_executions_of_a_program_show_and_a_disagreement_shrinks(
    judge: Judge, random: Random, size: int
) -> None:
    program = write(random, size)
    try:
        disagreements = judge.disagreements(program)
    except Unjudged:
        return
    assert not disagreements, f"{disagreements[0]}\n{program}"
