"""Programs that grow in one direction: the shapes in which analyses of other tools are known to explode."""

from __future__ import annotations

from collections.abc import Callable


def _function(body: str) -> str:
    return f"def f(p, q, work):\n{body}"


def _held(body: str) -> str:
    return f"    a = open(p)\n{body}    a.close()\n"


def _lines(count: int, line: Callable[[int], str], indent: int = 4) -> str:
    return "".join(" " * indent + line(i) + "\n" for i in range(count))


def _nested(count: int, head: Callable[[int], str], inside: str, tail: Callable[[int], str] | None = None) -> str:
    text = "".join("    " * (i + 1) + head(i) + "\n" for i in range(count))
    text += "    " * (count + 1) + inside + "\n"
    if tail is not None:
        text += "".join("    " * (i + 1) + tail(i) + "\n" for i in reversed(range(count)))
    return text


SHAPES: dict[str, Callable[[int], str]] = {
    "functions that leak": lambda n: "\n".join(f"def f{i}(p):\n    a = open(p)\n    a.read()" for i in range(n)),
    "functions that do not acquire": lambda n: "\n".join(
        f"def f{i}(p):\n    for x in p:\n        if x:\n            p.q(x)" for i in range(n)
    ) + "\ndef g(p):\n    open(p).close()",
    "leaks in one function": lambda n: _function(_lines(n, lambda i: f"a{i} = open(p)")),
    "files opened and closed in turn": lambda n: _function(_lines(n, lambda _: "a = open(p); a.read(); a.close()")),
    "leaks at the top of a module": lambda n: _lines(n, lambda i: f"open('{i}').read()", 0),
    "tests while a file is held": lambda n: _function(
        "    a = open(p)\n" + _lines(n, lambda i: f"if q.x{i}: work()") + "    a.close()\n"
    ),
    "tests that bind a flag each": lambda n: _function(
        "    a = open(p)\n" + _lines(n, lambda i: f"z{i} = True if q.x{i} else False") + "    a.close()\n"
    ),
    "calls while a file is held": lambda n: _function(_held(_lines(n, lambda _: "work()"))),
    "returns in a try with finally": lambda n: _function(
        "    a = open(p)\n    try:\n"
        + _lines(n, lambda i: f"if q == {i}: return {i}", 8)
        + "    finally:\n        a.close()\n"
    ),
    "branches of one if": lambda n: _function(
        "    a = open(p)\n    if q: pass\n" + _lines(n, lambda i: f"elif q == {i}: work({i})") + "    a.close()\n"
    ),
    "clauses of one try": lambda n: _function(
        "    a = open(p)\n    try: work()\n" + _lines(n, lambda i: f"except q.E{i}: a.close()") + "    a.close()\n"
    ),
    "cases of one match": lambda n: _function(
        "    a = open(p)\n    match q:\n" + _lines(n, lambda i: f"case {i}: work()", 8) + "    a.close()\n"
    ),
    "aliases of one file": lambda n: _function(
        "    a0 = open(p)\n" + _lines(n, lambda i: f"a{i + 1} = a{i}") + f"    a{n}.close()\n"
    ),
    "files in one list": lambda n: _function(f"    xs = [{', '.join(['open(p)'] * n)}]\n    for x in xs: x.close()\n"),
    "items of one with": lambda n: _function(f"    with {', '.join(['open(p)'] * n)}: work()\n"),
    "operands of one test": lambda n: _function(
        f"    a = open(p)\n    if {' or '.join(f'q.x{i}' for i in range(n))}: work()\n    a.close()\n"
    ),
    "arguments of one call": lambda n: _function(f"    work({', '.join('open(p)' for _ in range(n))})\n"),
    "helpers that call the next": lambda n: "\n".join(
        f"def f{i}(a):\n    return f{i + 1}(a)" for i in range(n)
    ) + f"\ndef f{n}(a):\n    a.close()\ndef g(p):\n    f0(open(p))",
    "functions that give the next one's file": lambda n: "\n".join(
        f"def f{i}(p):\n    return f{i + 1}(p)" for i in range(n)
    ) + f"\ndef f{n}(p):\n    return open(p)\ndef g(p):\n    f0(p)",
    "methods of one class": lambda n: "class C:\n" + "".join(
        f"    def m{i}(self, p):\n        self.a{i} = open(p)\n" for i in range(n)
    ) + "    def close(self):\n        self.a0.close()\n",
    "parts of one long line": lambda n: f"x = {' + '.join(str(i) for i in range(n))}\ndef f(p): open(p)\n",
}  # fmt: skip
"""Shapes by what they have more and more of."""

DEEP: dict[str, Callable[[int], str]] = {
    "try in finally in try": lambda n: _function(
        _nested(n, lambda _: "try:", "a = open(p)", lambda _: "finally: work()")
    ),
    "try in except in try": lambda n: _function(
        _nested(n, lambda _: "try:", "a = open(p)", lambda _: "except OSError: work()")
    ),
    "with in with": lambda n: _function(_nested(n, lambda i: f"with open(p) as a{i}:", "work()")),
    "loop in loop": lambda n: _function(_held(_nested(n, lambda i: f"for x{i} in q:", "work()"))),
    "if in if": lambda n: _function("    a = open(p)\n" + _nested(n, lambda i: f"if q.x{i}:", "a.close()")),
    "parentheses in parentheses": lambda n: _function(f"    a = {'(' * n}open(p){')' * n}\n"),
    "call of call": lambda n: _function(f"    a = {'work(' * n}open(p){')' * n}\n"),
    "attribute of attribute": lambda n: _function(f"    a = open(p){'.x' * n}\n"),
    "list in list": lambda n: _function(f"    a = {'[' * n}open(p){']' * n}\n"),
}
"""Shapes by what is nested in itself; Python's own parser bounds how deeply."""
