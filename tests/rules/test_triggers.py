"""A trigger may cost a tree; it never costs a finding."""

from __future__ import annotations

import functools
import sysconfig
from pathlib import Path

import pytest

from memlint.flow.analysis import Analysis
from memlint.rules import RULES
from memlint.rules.defaults import DefaultThatGrows
from memlint.rules.definitions import StructureRule
from memlint.rules.finals import ReleasedInFinally
from memlint.rules.triggers import AnyWordOf, WrongBlock
from memlint.source.decode import parse
from memlint.source.text import Source

STDLIB = Path(sysconfig.get_path("stdlib"))
SAMPLE = [
    *sorted(STDLIB.glob("*.py"))[::10],
    *sorted(STDLIB.glob("*/*.py"))[::50],
    *STDLIB.glob("test/test_tarfile.py"),
]
RELEASED = ReleasedInFinally(("close", "stop"), ("os.close", "os.unlink"))
GROWS = DefaultThatGrows(("append", "setdefault"))
WRONG = WrongBlock(frozenset({"asyncio.Lock"}), frozenset({"threading.Lock"}))


@functools.cache
def sources() -> tuple[Source, ...]:
    return tuple(parse(path.read_text("utf-8", "replace"), str(path)) for path in SAMPLE)


@pytest.mark.parametrize(
    "rule", [rule for rule in RULES if isinstance(rule, StructureRule)], ids=lambda rule: rule.code
)
def test_no_finding_of_real_code_is_behind_a_trigger_that_says_no(rule: StructureRule) -> None:
    for source in sources():
        if not rule.trigger.search(source.data):
            assert not list(rule.places(Analysis(source))), source.path


def in_finally(statements: str, body: str = "f = make()", head: str = "import os") -> str:
    """A function whose ``finally`` has some statements."""
    inside = "".join(f"        {line}\n" for line in statements.splitlines())
    return f"{head}\ndef run():\n    try:\n        {body}\n    finally:\n{inside}"


@pytest.mark.parametrize(
    "text",
    [
        in_finally("f.close()"),
        in_finally("# late\n\nawait f . close ()"),
        in_finally("(f).stop()"),
        in_finally("(f  # it is ours\n .close())"),
        in_finally("log('''\n  return\n''')\nf.close()"),
        in_finally("log(\nf); f.close()"),
        in_finally("f.close()").replace("finally:\n        ", "finally: "),
        in_finally("f.close()", body="print('''\n    try:\n'''); f = 1").replace(
            "def run():\n    try:\n", "def run():\n    try:\n"
        ),
        in_finally("os.unlink(f)"),
        in_finally("os.close(f)"),
        in_finally("unlink(f)", head="from os import unlink"),
        in_finally("away(f)", head="from os import unlink as away"),
        in_finally("away(f)", head="import os\naway = os.unlink"),
        in_finally("f.close()", body="import a, f.b"),
        in_finally("f.close()", body="with make() as (e, f): pass"),
        in_finally("f.close()").replace("\n", "\r\n"),
        in_finally("f.close()").replace("\n", "\r"),
        in_finally("f.close()").replace("finally:", "finally \\\n:"),
    ],
)
def test_a_release_in_finally_is_seen_however_it_is_written(text: str) -> None:
    assert RELEASED.search(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        in_finally("pass"),
        in_finally("if f:\n    f.close()"),
        in_finally("f = None\nf.close()"),
        in_finally("self.f.close()"),
        in_finally("self.close()", body="self.f = make(1)"),
        in_finally("f.close()", body="f.read()"),
        in_finally("f.read()\nreturn\nf.close()"),
        in_finally("unlink(f)", head="import sys"),
        in_finally("them.remove(f)"),
        '"""\n' + in_finally("f.close()") + '"""',
    ],
)
def test_a_finally_that_releases_nothing_of_its_try_asks_for_no_tree(text: str) -> None:
    assert not RELEASED.search(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "def f(a, b=[]):\n    b.append(a)\n",
        "def f(a, b={}):\n    b[a] = 1\n",
        "def f(a, b={}):\n    b[a[0]].x, c = 1\n",
        "def f(a, b=set()):\n    b |= a\n",
        "def f(a, b: Annotated[int, 'x'] = []):\n    '''\ndef g():\n'''\n    (b).append(a)\n",
        "def f(a=')', b=list()):\n    b += a\n",
        "def f(a=g(h(1)), *, b = collections.OrderedDict()):\n    b.setdefault(a, []).append(1)\n",
        "class A:\n    async def f(self, b={}):\n        def g(): b[\n            1] = 2\n",
    ],
)
def test_a_default_that_may_grow_is_seen_however_it_is_written(text: str) -> None:
    assert GROWS.search(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "def f(a, b=[]):\n    a.append(b)\n",
        "def f(a, b=()):\n    b.append(a)\n",
        "def f(a, b={}):\n    return b[a]\n",
        "def f(a, b=[]): pass\ndef g(b):\n    b.append(1)\n",
        "b = []\ndef f(a):\n    b.append(a)\n",
        "def f(b=[]):\n    'b.append(1)' # b.append(1)\n    return a == b\n",
    ],
)
def test_a_default_that_stays_as_it_is_asks_for_no_tree(text: str) -> None:
    assert not GROWS.search(text.encode())


def test_a_block_of_the_wrong_colour_needs_what_it_could_enter() -> None:
    coroutine = "import asyncio, threading as t\nasync def f(lock):\n    "
    assert WRONG.search(f"{coroutine}with asyncio.Lock(): pass\n".encode())
    assert WRONG.search(f"{coroutine}async  with t.Lock(): pass\n".encode())
    assert not WRONG.search(f"{coroutine}with lock: pass\n".encode())
    assert not WRONG.search(f"{coroutine}with Lock(): pass\n".replace("asyncio", "that").encode())
    assert not WRONG.search(f"{coroutine}async with asyncio.Lock(): pass\n".replace("threading", "that").encode())
    assert not WRONG.search(f"{coroutine}with asyncio.Lock(): pass\n".replace("async def", "def").encode())


def test_a_word_that_is_only_written_about_asks_for_no_tree() -> None:
    trigger = AnyWordOf(frozenset({b"logging"}), (b"basicConfig", b"FileHandler"))
    assert trigger.search(b"import logging as l\n'FileHandler'; l.basicConfig()\n")
    assert trigger.search(b"from logging.handlers import RotatingFileHandler as R\n")
    assert not trigger.search(b"'Calls logging.basicConfig().'\nimport logging  # FileHandler\n")
    assert not trigger.search(b"import that as logging\nlogging.basicConfig()\n")
