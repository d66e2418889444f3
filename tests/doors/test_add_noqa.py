"""``--add-noqa`` writes a comment with a reason for each finding, and nothing else."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memlint.api import check_source
from memlint.source.comments import with_comments

from .conftest import Command
from .fakes import FAKES

REASON = "closed by the caller"


def silenced(program: str, reason: str = REASON) -> str:
    return with_comments(program, check_source(program, rules=FAKES), reason)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("f = open(1)\n", "f = open(1)  # noqa: MEM101 closed by the caller\n"),
        ("f = open(1)", "f = open(1)  # noqa: MEM101 closed by the caller"),
        ("f = open(1)\r\nx = 1\r\n", "f = open(1)  # noqa: MEM101 closed by the caller\r\nx = 1\r\n"),
        ("f = open(1)  # leak\n", "f = open(1)  # leak  # noqa: MEM101 closed by the caller\n"),
        ("f = open(1)  # noqa: SIM115\n", "f = open(1)  # noqa: SIM115, MEM101\n"),
        ("f = open(1)  # noqa: SIM115 as ever\n", "f = open(1)  # noqa: SIM115, MEM101 as ever\n"),
        ("f = open(\n    1\n)\n", "f = open(  # noqa: MEM101 closed by the caller\n    1\n)\n"),
        ("f = open('''\n1''')\n", "f = open('''\n1''')  # noqa: MEM101 closed by the caller\n"),
        ("f = open(1) \\\n    .x\n", "f = open(1) \\\n    .x  # noqa: MEM101 closed by the caller\n"),
        ("f = [open(1), open(2)]\n", "f = [open(1), open(2)]  # noqa: MEM101 closed by the caller\n"),
        ("x = '\x0c'\nf = open(1)\n", "x = '\x0c'\nf = open(1)  # noqa: MEM101 closed by the caller\n"),
        ("if x: f = open(1)\n", "if x: f = open(1)  # noqa: MEM101 closed by the caller\n"),
    ],
)
def test_a_comment_goes_where_it_silences(before: str, after: str) -> None:
    assert silenced(before) == after
    assert check_source(after, rules=FAKES) == ()


def test_a_reason_is_not_taken_for_a_code() -> None:
    after = silenced("f = open(1)\n", "PROJ123 will close it")

    assert after == "f = open(1)  # noqa: MEM101 - PROJ123 will close it\n"


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "f = open(1)",
                "x = 1",
                "g = [\n  open(1),\n]",
                "s = '''\n# noqa\n'''; f = open(2)",
                "y = 1 + \\\n  open(2)",
                "if x:\n    f = open(3)  # noqa: E1",
                "with open(1) as f:\n    pass",
                "# noqa",
                "s = f'{open(1)}'  # x",
            ]
        ),
        max_size=6,
    ),
    st.sampled_from(["\n", "\r\n"]),
)
def test_any_program_means_the_same_and_is_silent(parts: list[str], end: str) -> None:
    program = "".join(f"{part}\n" for part in parts).replace("\n", end)

    after = silenced(program)

    assert ast.dump(ast.parse(after)) == ast.dump(ast.parse(program))
    assert check_source(after, rules=FAKES) == ()
    assert after.count("\n") == program.count("\n")
    assert silenced(after) == after


def test_files_are_written_in_their_own_encoding(faked: Command, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"# coding: latin-1\nf = open('\xe9')\n")
    (tmp_path / "b.py").write_bytes(b"\xef\xbb\xbff = open(1)\r\n")

    outcome = faked("check", "--add-noqa", "né")

    assert (outcome.code, outcome.out) == (0, "No findings in 2 files (2 silenced by comments).\n")
    assert outcome.err == "memlint: silenced 2 findings in 2 files\n"
    assert (tmp_path / "a.py").read_bytes() == b"# coding: latin-1\nf = open('\xe9')  # noqa: MEM101 n\xe9\n"
    assert (tmp_path / "b.py").read_bytes() == b"\xef\xbb\xbff = open(1)  # noqa: MEM101 n\xc3\xa9\r\n"


def test_what_cannot_be_silenced_is_left_and_told(faked: Command, tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("x = = 1\n")
    (tmp_path / "odd.py").write_bytes(b"# coding: ascii\nf = open(1)\n")

    outcome = faked("check", "--add-noqa", "né", "--output-format", "concise")

    assert outcome.code == 2
    assert [line.split()[0] for line in outcome.lines] == ["bad.py:1:5:", "odd.py:2:5:"]
    assert "odd.py: cannot be given comments: 'ascii' codec can't encode" in outcome.err
    assert (tmp_path / "odd.py").read_bytes() == b"# coding: ascii\nf = open(1)\n"


@pytest.mark.parametrize("reason", ["", "  ", "two\nlines"])
def test_a_reason_is_needed(reason: str, faked: Command, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("f = open(1)\n")

    outcome = faked("check", "--add-noqa", reason)

    assert (outcome.code, outcome.err) == (2, "memlint: --add-noqa needs a reason, on one line\n")
