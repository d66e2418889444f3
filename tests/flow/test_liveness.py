"""States that differ only in what nobody reads again are one state."""

import ast

from memlint.catalogue import load
from memlint.cfg.builder import build
from memlint.cfg.graph import ENTRY, Graph
from memlint.flow.chart import making_blocks
from memlint.flow.liveness import Item, live_at
from memlint.flow.remembered import remembered_tests
from memlint.flow.show import show_facts
from memlint.source.decode import parse

CATALOGUE = load(plugins=False)


def build_function(program: str) -> Graph:
    """The graph of a program's only function."""
    function = ast.parse(program).body[0]
    assert isinstance(function, ast.FunctionDef)
    return build(function)


def at_entry(body: str) -> set[Item]:
    """What may be read in a function with this body, seen from its first line; tests stand in tuples."""
    graph = build_function(f"def f(a, b):\n    {body}\n")
    ways = [graph.successors(block) for block in graph.blocks]
    live = live_at(graph, ways, remembered_tests(graph, ways))
    return {each for each, bit in live.bits.items() if bit & live.masks[ENTRY]}


def states(program: str) -> list[str]:
    """The states that were kept apart at the blocks and at the ends of ``f``."""
    return show_facts(parse(program, "m.py"), CATALOGUE, "f").splitlines()


def test_a_variable_is_live_until_it_was_read_last() -> None:
    assert "a" in at_entry("use(a)")
    assert "a" not in at_entry("use(b)")


def test_a_variable_that_is_bound_before_it_is_read_is_dead() -> None:
    assert "a" not in at_entry("a = 1; use(a)")


def test_a_variable_that_a_handler_reads_is_live_although_the_block_binds_it() -> None:
    body = "\n    ".join(["try:", "    a = make()", "except OSError:", "    use(a)"])

    assert "a" in at_entry(body)


def test_a_test_is_remembered_while_it_may_be_met_again() -> None:
    twice = "if a: use(1)\n    if a: use(2)"

    assert ("a",) in at_entry(twice)
    assert ("a",) not in at_entry("if a: use(1)")


def remembered(body: str) -> set[str]:
    """The tests that are remembered in a function whose third line acquires."""
    graph = build_function(f"def f(p, flag, other):\n    while p.more():\n        {body}\n")
    ways = [graph.successors(block) for block in graph.blocks]
    return {text for text, _ in remembered_tests(graph, ways, making_blocks(graph, [3])).values()}


def test_a_loop_that_comes_back_to_a_flag_finds_it_as_it_was_where_it_decides_about_an_acquisition() -> None:
    acquiring = "if flag: f = open(p)"

    assert remembered(f"{acquiring}\n        if other: p.work()") == {"flag"}
    assert remembered(f"{acquiring}\n        flag = p.work()") == set()
    assert remembered(f"{acquiring}\n        flag.pop()") == set()


def test_a_temporary_is_live_only_within_its_expression() -> None:
    assert not {place for place in at_entry("use(a and b)") if isinstance(place, int)}


def test_paths_meet_again_behind_a_test_whose_outcome_nobody_asks_for() -> None:
    tests = "".join(f"    x = {i} if p{i} else None\n" for i in range(8))
    program = f"def f(p, {', '.join(f'p{i}' for i in range(8))}):\n    f = open(p)\n{tests}    f.close()\n"

    assert not any("stopped early" in line for line in states(program))


def test_a_container_with_a_resource_is_kept_although_nobody_reads_it() -> None:
    program = "def f(p, q):\n    kept = [open(p)]\n    if q:\n        use()\n    return 1\n"

    assert any("kept=bag" in line for line in states(program))
