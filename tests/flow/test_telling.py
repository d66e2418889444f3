"""Paths that differ only in a constant, class or result that nobody looks at are one path."""

from memlint.catalogue import load
from memlint.flow.show import show_facts
from memlint.source.decode import parse

CATALOGUE = load(plugins=False)
TESTS = 8
NAMES = [f"p{i}" for i in range(TESTS)]


def facts(body: str) -> str:
    """What is known in a function of many tests, each of which gives another variable one of two constants."""
    tests = "".join(f"    x{name} = 1 if {name} else 'a'\n" for name in NAMES)
    program = f"def f(p, {', '.join(NAMES)}):\n    f = open(p)\n{tests}{body}    f.close()\n"
    return show_facts(parse(program, "m.py"), CATALOGUE, "f")


def used(text: str) -> str:
    """One line for each of the variables."""
    return "".join(f"    {text.replace('X', f'x{name}')}\n" for name in NAMES)


def test_a_constant_that_is_only_handed_on_keeps_no_paths_apart() -> None:
    for text in ("use(X)", "print(X)", "kept = X", "kept = [X, X + 1]", "for each in X: use(each)", "p.field = X"):
        assert "stopped early" not in facts(used(text)), text


def test_a_constant_that_a_test_looks_at_keeps_paths_apart() -> None:
    for text in ("use(1 if X else 2)", "y = X; use(1 if y == 1 else 2)", "use(1 if not X else 2)", "print(file=X)"):
        assert "stopped early" in facts(used(text)), text


def test_a_resource_keeps_paths_apart_although_it_is_only_handed_on() -> None:
    program = "def f(p, q):\n    f = None\n    if q:\n        f = open(p)\n    use()\n    return f\n"

    assert "f=r0" in show_facts(parse(program, "m.py"), CATALOGUE, "f")
