"""What a fix does not mean to change stays as it was: comments, indents, line ends, encodings."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memlint.engine import Checker
from memlint.engine.fixing import Fixer
from memlint.settings import Settings

FIXER = Fixer(Checker(Settings()))


def made(program: str) -> str:
    return FIXER.fix(program.encode(), "app.py").after.decode()


def test_every_comment_stays() -> None:
    before = """\
def f(path):
    # above
    stream = open(path)  # behind

    # before the read
    text = stream.read()  # read
    # before the close
    stream.close()  # closed
    # after
    return text
"""
    after = """\
def f(path):
    # above
    with open(path) as stream:  # behind
        # before the read
        text = stream.read()  # read
        # before the close
        # closed
    # after
    return text
"""

    assert made(before) == after


def test_the_comments_of_a_try_that_goes_stay() -> None:
    before = """\
def f(path):
    stream = open(path)
    # careful
    try:  # begin
        return stream.read()  # read
    finally:  # end
        # at last
        stream.close()  # closed
"""

    after = made(before)

    assert after == before, "released on every path: no finding"
    fixed = Fixer(Checker(Settings(select=("MEM401",)))).fix(before.encode(), "app.py").after.decode()
    assert (
        fixed
        == """\
def f(path):
    with open(path) as stream:
        # careful
        # begin
        return stream.read()  # read
        # end
        # at last
        # closed
"""
    )


@pytest.mark.parametrize("indent", ["  ", "    ", "\t", "   "])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_indents_and_line_ends_are_those_of_the_file(indent: str, end: str) -> None:
    before = "def f(path):\n>x = open(path)\n>if x:\n>>print(x.read(),\n>>      1)\n>x.close()\n"
    after = "def f(path):\n>with open(path) as x:\n>>if x:\n>>>print(x.read(),\n>>>      1)\n"

    def written(program: str) -> str:
        return program.replace(">", indent).replace("\n", end)

    assert made(written(before)) == written(after)


def test_a_string_that_spans_lines_stays_as_it_is() -> None:
    before = 'def f(path):\n    x = open(path, "w")\n    x.write("""a\n  b\n""")\n    x.close()\n'
    after = 'def f(path):\n    with open(path, "w") as x:\n        x.write("""a\n  b\n""")\n'

    assert made(before) == after


@pytest.mark.parametrize(
    "data",
    [
        "\ufeffdef f(é):\r\n    x = open(é)\r\n    x.read()\r\n    x.close()\r\n".encode(),
        "# coding: latin-1\ndef f(é):\n    x = open(é)\n    x.read()\n    x.close()\n".encode("latin-1"),
    ],
)
def test_encodings_and_marks_stay(data: bytes) -> None:
    encoding = "utf-8" if data.startswith(b"\xef\xbb\xbf") else "latin-1"

    after = FIXER.fix(data, "app.py").after

    assert "with open(é) as x:".encode(encoding) in after
    assert after.startswith(data[:10])
    assert after.count(b"\r\n") == (after.count(b"\n") if b"\r\n" in data else 0)


def test_the_last_line_need_not_end() -> None:
    after = made("def f(p):\n    x = open(p)\n    return x.read()")

    assert after == "def f(p):\n    with open(p) as x:\n        return x.read()"


CALL = "def f(p):\n    c = sqlite3.connect(p)\n    c.execute('x')\n"
BLOCK = "def f(p):\n    with contextlib.closing(sqlite3.connect(p)) as c:\n        c.execute('x')\n"
HEADS = {
    "among plain imports": ("import abc\nimport sqlite3\n", "import abc\nimport contextlib\nimport sqlite3\n"),
    "before others": (
        "import sqlite3\nfrom os import path\n",
        "import contextlib\nimport sqlite3\nfrom os import path\n",
    ),
    "behind the docstring and what must come first": (
        '"""D."""\n\nfrom __future__ import annotations\n\nimport sqlite3\n',
        '"""D."""\n\nfrom __future__ import annotations\n\nimport contextlib\nimport sqlite3\n',
    ),
    "before a library's": (
        "# begin\nimport attr\nfrom x import sqlite3\nimport sqlite3\n",
        "# begin\nimport attr\nfrom x import sqlite3\nimport contextlib\nimport sqlite3\n",
    ),
    "not when it is there": (
        "import contextlib\nimport sqlite3\n",
        "import contextlib\nimport sqlite3\n",
    ),
}


@pytest.mark.parametrize(("before", "after"), HEADS.values(), ids=HEADS)
def test_an_import_goes_to_the_imports(before: str, after: str) -> None:
    assert made(f"{before}\n\n{CALL}") == f"{after}\n\n{BLOCK}"


def test_the_name_that_the_file_uses_is_used() -> None:
    before = f"from contextlib import closing as shut\nimport sqlite3\n{CALL}"

    assert made(before) == before.replace(CALL, BLOCK.replace("contextlib.closing", "shut"))


def test_a_file_in_which_the_module_s_name_is_taken_is_left_alone() -> None:
    before = f"import sqlite3\ncontextlib = 1\n{CALL}"

    assert made(before) == before


def test_the_first_import_of_a_file_goes_behind_its_comments() -> None:
    before = "#!/usr/bin/env python\n# Us\ndef f(p):\n    import sqlite3\n    c = sqlite3.connect(p)\n    c.commit()\n"

    assert made(before).startswith("#!/usr/bin/env python\n# Us\n\nimport contextlib\n\ndef f(p):\n")


LINES = st.sampled_from(
    [
        "x = open(p)", "y = open(p)", "print(x.read())", "z = x.read()", "x.close()", "y.close()", "# said", "",
        "for w in x:\n        print(w)", "if p:\n        return None", "return json.load(open(p))", "x = None",
        "try:\n        x.read()\n    finally:\n        x.close()", "with y:\n        x.read()  # read",
        "x = sqlite3.connect(p)",
    ]
)  # fmt: skip


@settings(deadline=None, max_examples=150)
@given(st.lists(LINES, min_size=1, max_size=9))
def test_a_fixed_program_is_python_and_needs_no_second_run(lines: list[str]) -> None:
    program = "import json\nimport sqlite3\n\ndef f(p, x, y):\n" + "".join(f"    {line}\n" for line in [*lines, "pass"])

    after = made(program)

    compile(after, "app.py", "exec")
    assert made(after) == after
    assert after.count("#") == program.count("#")
