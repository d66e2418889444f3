"""What a module defines, told from its bytes."""

from __future__ import annotations

from memlint.source.outline import Outline


def test_definitions_reach_to_the_next_statement() -> None:
    outline = Outline(b"import a\n\ndef f():\n    pass\n\n\nclass C:\n    def g(self): ...\nx = 1\n")
    assert outline.definitions == {"f": (3, 6), "C": (7, 8)}


def test_names_that_any_import_binds_are_known() -> None:
    assert Outline(b"from a import b as c, d\nif x:\n    from e import f\n").imported == {"c", "d", "f"}


def test_a_function_that_ends_in_raise_may_never_return() -> None:
    outline = Outline(
        b"def fails():\n    log()\n    raise E\n\n"
        b"def checks(x):\n    if x:\n        raise E\n    return x\n\n"
        b"def plain(): return 1\n"
    )
    assert [outline.surely_returns(name) for name in ("fails", "checks", "plain")] == [False, True, True]


def test_of_a_class_its_own_constructor_counts() -> None:
    outline = Outline(
        b"class A:\n    def __init__(self):\n        self.x = 1\n\n    def f(self):\n        raise E\n\n"
        b"class B(A):\n    pass\n\n"
        b"class C:\n    def __init__(self):\n        raise TypeError\n"
    )
    assert [outline.surely_returns(name) for name in "ABC"] == [True, False, False]


def test_a_function_gives_only_what_it_returns_at_once() -> None:
    outline = Outline(
        b"def writes():\n    f = open(p)\n    return\n\n"
        b"def gives():\n    return(open(p))\n\n"
        b"async def later():\n    return open(p)\n"
    )
    assert [outline.may_give(name) for name in ("writes", "gives", "later")] == [False, True, False]
    assert [outline.asynchronous(name) for name in ("writes", "gives", "later")] == [False, False, True]


def test_an_object_is_a_resource_only_with_a_constructor_and_a_way_to_release() -> None:
    outline = Outline(
        b"class A:\n    def __init__(self): ...\n    def close(self): ...\n\n"
        b"class B(A):\n    def close(self): ...\n\n"
        b"class C:\n    def __init__(self): ...\n    def closed(self): ...\n"
    )
    assert [outline.may_give(name) for name in "ABC"] == [True, False, False]
