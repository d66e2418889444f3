"""Which functions are followed at all: those in which a call could acquire."""

import ast

import pytest

from memlint.engine.checker import standard_catalogue
from memlint.flow.analysis import FileAnalyser
from memlint.flow.raising import RaiseLevel
from memlint.source.text import Source

NEVER = {
    "a docstring that speaks of open()": "def f():\n    'calls open()'\n",
    "a method of this object that opens nothing": "class C:\n    def open(self): pass\n    def f(self): self.open()\n",
    "a method of a parameter": "def f(signal):\n    signal.connect(1)\n",
    "a parameter that is called as `open` is": "def f(open):\n    open(1)\n",
    "a function of the file that happens to be called so": "def mkstemp(): pass\ndef f():\n    mkstemp()\n",
    "a constructor without an acquisition": "class C:\n    def __init__(self): self.a = 1\n    def close(self): pass\n",
}
PERHAPS = {
    "the builtin": "def f(p):\n    x = open(p)\n",
    "a call inside a formatted text": 'def f(p):\n    x = f"""\n\n{open(p)}"""\n',
    "a module that the function imports": "def f(p):\n    import io\n    x = io.open(p)\n",
    "a local name for a module": "import io\ndef f(p):\n    m = io\n    x = m.open(p)\n",
    "an annotated parameter": "import pathlib\ndef f(p: pathlib.Path):\n    x = p.open()\n",
    "what a known call returns": "import pathlib\ndef f(p):\n    x = pathlib.Path(p).open()\n",
    "a field that one maker sets": (
        "import pathlib\nclass C:\n    def __init__(self, p): self.p = pathlib.Path(p)\n"
        "    def f(self):\n        x = self.p.open()\n"
    ),
    "a name of an enclosing function": "def g():\n    from io import open\n    def f(p):\n        x = open(p)\n",
    "a function of the file that gives": "def g(p):\n    return open(p)\ndef f(p):\n    x = g(p)\n",
    "a method of this object that gives": (
        "class C:\n    def g(self, p): return open(p)\n    def f(self, p):\n        x = self.g(p)\n"
    ),
    "a class method that builds its class": (
        "class C:\n    def __init__(self, p): self.h = open(p)\n    def close(self): self.h.close()\n"
        "    @classmethod\n    def f(cls, p):\n        x = cls(p) or p.open()\n"
    ),
    "a property that gives": (
        "class C:\n    @property\n    def g(self): return open(self.p)\n    def f(self):\n        x = self.g\n"
    ),
}


def followed(program: str) -> set[str]:
    """The functions whose paths were followed, by what they are called in the report."""
    source = Source("m.py", program, ast.parse(program), tuple(program.splitlines()))
    analysis = FileAnalyser(source, standard_catalogue(), RaiseLevel.DEFAULT, False, "m").run()
    return {report.unit.symbol.rpartition(".")[2] for report in analysis.units if report.records}


@pytest.mark.parametrize("program", NEVER.values(), ids=NEVER)
def test_a_function_in_which_nothing_can_acquire_has_no_graph(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[str] = []
    monkeypatch.setattr(FileAnalyser, "graph", lambda _, unit: built.append(unit.symbol))
    followed(program)
    assert not built


@pytest.mark.parametrize("program", PERHAPS.values(), ids=PERHAPS)
def test_a_function_in_which_a_call_may_acquire_is_followed(program: str) -> None:
    assert "f" in followed(program)
