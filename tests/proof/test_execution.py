"""The executions themselves: what they show of programs whose fate is plain."""

from __future__ import annotations

import textwrap

import pytest

from .execution import Outside, prepare, verdicts
from .minimise import minimise


def shown(body: str, *, head: str = "", word: str = "def") -> dict[int, list[str]]:
    """What the executions of a function with this body show."""
    program = f"import contextlib\n{textwrap.dedent(head)}\n{word} main(b0, b1, box):\n"
    return verdicts(prepare(program + textwrap.indent(textwrap.dedent(body), "    ")))


def test_a_resource_that_is_closed_at_once_is_lost_nowhere() -> None:
    assert shown("a = res.acquire(1)\na.close()") == {1: ["none"]}


def test_a_resource_that_nobody_closes_is_lost_on_a_normal_path() -> None:
    assert shown("a = res.acquire(1)") == {1: ["normal"]}


def test_a_resource_whose_name_is_taken_away_is_lost_at_that_moment() -> None:
    assert shown("a = res.acquire(1)\na = None\nres.work()") == {1: ["normal"]}


def test_a_close_behind_work_that_may_fail_is_not_reached_on_an_exceptional_path() -> None:
    assert shown("a = res.acquire(1)\nres.work()\na.close()") == {1: ["error"]}


def test_a_close_in_finally_is_always_reached() -> None:
    body = """
        a = res.acquire(1)
        try:
            res.work()
        finally:
            a.close()
    """
    assert shown(body) == {1: ["none"]}


def test_what_is_returned_or_stored_has_another_owner() -> None:
    assert shown("a = res.acquire(1)\nif b0:\n    return a\nbox.slot = a") == {1: ["none"]}


def test_an_argument_has_one_truth_in_one_execution() -> None:
    assert shown("if b0:\n    a = res.acquire(1)\nif b0:\n    a.close()") == {1: ["none"]}


def test_a_broad_class_catches_what_is_unknown_and_a_narrow_one_perhaps() -> None:
    body = """
        a = res.acquire(1)
        try:
            res.work()
        except {}:
            pass
        a.close()
    """
    assert shown(body.format("OSError")) == {1: ["none"]}
    assert shown(body.format("KeyError")) == {1: ["error"]}


def test_what_was_acquired_before_is_not_asked_for_when_cleaning_up_fails() -> None:
    body = """
        a = res.acquire(1)
        try:
            pass
        finally:
            c = res.acquire(2)
            res.work()
            c.close()
            a.close()
    """
    assert shown(body) == {1: ["none"], 2: ["error"]}


def test_what_a_helper_gives_is_owed_by_its_caller() -> None:
    head = """
        def make(n):
            return res.acquire(1)
    """
    assert shown("make(2)", head=head) == {1: ["none"], 2: ["normal"]}


def test_a_helper_that_may_release_counts_as_the_owner() -> None:
    head = """
        def perhaps(r):
            if res.flip(9):
                r.close()
    """
    assert shown("perhaps(res.acquire(1))", head=head)[1] == ["none"]


def test_what_was_lent_is_believed_given_away_unless_it_is_released_after_all() -> None:
    assert shown("a = res.acquire(1)\nres.keep(a)") == {1: ["none"]}
    assert shown("a = res.acquire(1)\nres.keep(a)\na.close()") == {1: ["error"]}


def test_a_generator_may_be_closed_where_it_yields() -> None:
    assert shown("a = res.acquire(1)\nyield\na.close()") == {1: ["error"]}
    assert shown("with res.acquire(1):\n    yield") == {1: ["none"]}


def test_a_coroutine_may_be_cancelled_where_it_waits() -> None:
    body = """
        a = res.acquire(1)
        try:
            await res.pause()
        except Exception:
            a.close()
            raise
        a.close()
    """
    assert shown(body, word="async def") == {1: ["error"]}
    assert shown(body.replace("Exception", "BaseException"), word="async def") == {1: ["none"]}


def test_a_release_that_is_not_awaited_releases_nothing() -> None:
    assert shown("m = await res.connect(1)\nm.aclose()", word="async def") == {1: ["normal"]}
    assert shown("m = await res.connect(1)\nawait m.aclose()", word="async def") == {1: ["none"]}


def test_a_program_that_uses_a_name_which_holds_nothing_is_outside_the_language() -> None:
    with pytest.raises(Outside, match="AttributeError"):
        shown("try:\n    a = None\n    a.close()\nexcept Exception:\n    pass")


def test_a_loop_without_end_is_outside_the_language() -> None:
    with pytest.raises(Outside, match="does not end"):
        shown("while True:\n    pass")


def test_minimising_keeps_what_is_interesting_and_nothing_else() -> None:
    program = "import res\ndef main():\n    if 1:\n        a = 1\n        keep = 2\n    for b in ():\n        pass\n"

    small = minimise(program, lambda text: "keep" in text)

    assert small == "import res\n\ndef main():\n    keep = 2\n"
