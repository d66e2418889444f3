"""Notebooks are checked as one program and reported by cell."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memlint.api import check_source
from memlint.source.decode import Unreadable
from memlint.source.notebook import read_notebook

from .conftest import Command
from .fakes import FAKES


def notebook(*cells: str | tuple[str, str], language: str = "python") -> str:
    return json.dumps(
        {
            "cells": [
                {"cell_type": "code", "source": cell.splitlines(keepends=True), "outputs": []}
                if isinstance(cell, str)
                else {"cell_type": cell[0], "source": cell[1]}
                for cell in cells
            ],
            "metadata": {"language_info": {"name": language}},
            "nbformat": 4,
        }
    )


def places(text: str) -> list[str]:
    found = check_source(text, "nb.ipynb", rules=FAKES)
    return [f"{finding.path}:{finding.span.line}:{finding.span.column} {finding.code}" for finding in found]


def test_a_finding_is_placed_by_cell_and_line_in_it() -> None:
    text = notebook("import os\n", ("markdown", "# open(1)"), "x = 1\n\nf = open(1)", "g = open(2)\n")

    assert places(text) == ["nb.ipynb:cell 3:3:4 MEM101", "nb.ipynb:cell 4:1:4 MEM101"]


def test_the_path_may_lead_through_several_cells() -> None:
    (finding,) = check_source(notebook("f = open(1)", "x = 1", "y = 2"), "nb.ipynb", rules=FAKES)

    assert [step.path for step in finding.witness] == ["nb.ipynb:cell 1", "nb.ipynb:cell 3"]
    assert finding.statement is not None
    assert finding.statement.line == 1


def test_cells_are_in_the_order_of_the_notebook(faked: Command, tmp_path: Path) -> None:
    (tmp_path / "nb.ipynb").write_text(notebook(*(f"f = open({n})" for n in range(11))))

    outcome = faked("check", "--output-format", "concise")

    assert outcome.lines[0].startswith("nb.ipynb:cell 1:1:5: MEM101")
    assert outcome.lines[1].startswith("nb.ipynb:cell 2:1:5: MEM101")
    assert outcome.lines[10].startswith("nb.ipynb:cell 11:1:5: MEM101")


def test_the_code_of_a_cell_is_shown(faked: Command, tmp_path: Path) -> None:
    (tmp_path / "nb.ipynb").write_text(notebook("x = 1", "f = open(1)"))

    assert "  |\n1 | f = open(1)\n  |     ^^^^^^^ 1. acquired here\n" in faked("check").out


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("%matplotlib inline\nf = open(1)", ["nb.ipynb:cell 1:2:4 MEM101"]),
        ("!ls {x}\nf = open(1)", ["nb.ipynb:cell 1:2:4 MEM101"]),
        ("if x:\n    %load_ext a\nf = open(1)", ["nb.ipynb:cell 1:3:4 MEM101"]),
        ("open?\nf = open(1)", ["nb.ipynb:cell 1:2:4 MEM101"]),
        ("os.path??\nf = open(1)", ["nb.ipynb:cell 1:2:4 MEM101"]),
        ("files = !ls\nt = %time x\nf = open(1)", ["nb.ipynb:cell 1:3:4 MEM101"]),
        ("%%time\nf = open(1)", ["nb.ipynb:cell 1:2:4 MEM101"]),
        ("%%bash\ncat open(1)", []),
        ("%%\nopen(1)", []),
        ("s = '''\n%not magic\n'''\nf = open(1)", ["nb.ipynb:cell 1:4:4 MEM101"]),
        ("x = 5 \\\n % 2\nf = open(1)", ["nb.ipynb:cell 1:3:4 MEM101"]),
        ("await x()\nasync with y: pass\nf = open(1)", ["nb.ipynb:cell 1:3:4 MEM101"]),
        ("f = open(1)  # noqa: MEM101", []),
        ("", []),
    ],
)
def test_what_ipython_adds_is_taken_out(cell: str, found: list[str]) -> None:
    assert places(notebook(cell)) == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (notebook("x = 1", "y = = 2"), "2:1:4 syntax error: invalid syntax (in cell 2)"),
        ("{", "1:0 the notebook is not valid JSON"),
        ("[]", "the notebook has no list of cells"),
        ('{"worksheets": []}', "the notebook has no list of cells"),
    ],
)
def test_what_is_no_notebook_is_one_finding(text: str, said: str) -> None:
    (finding,) = check_source(text, "nb.ipynb", rules=FAKES)

    assert finding.code == "MEM000"
    assert said.partition(" ")[2] in f"x {finding.message}"


def test_another_language_is_passed_by() -> None:
    assert places(notebook("f <- open(1)", language="R")) == []


def test_formats_for_servers_name_the_file_of_a_cell(faked: Command, tmp_path: Path) -> None:
    (tmp_path / "nb.ipynb").write_text(notebook("f = open(1)"))

    assert "file=nb.ipynb,line=1" in faked("check", "--output-format", "github").out
    assert '"uri": "nb.ipynb"' in faked("check", "--output-format", "sarif").out
    assert json.loads(faked("check", "--output-format", "gitlab").out)[0]["location"]["path"] == "nb.ipynb"


def test_a_baseline_outlives_a_moved_cell(faked: Command, tmp_path: Path) -> None:
    (tmp_path / "nb.ipynb").write_text(notebook("f = open(1)"))
    faked("check", "--baseline", "known.json", "--update-baseline")
    (tmp_path / "nb.ipynb").write_text(notebook("x = 1", "f = open(1)"))

    assert faked("check", "--baseline", "known.json").code == 0


def test_a_view_of_a_notebook_is_refused(faked: Command, tmp_path: Path) -> None:
    (tmp_path / "nb.ipynb").write_text(notebook("f = open(1)"))

    assert faked("explain", "nb.ipynb:1").err == "memlint: nb.ipynb: is a notebook; this view needs a Python file\n"


@settings(deadline=None)
@given(st.recursive(st.none() | st.text(max_size=5) | st.integers(), lambda inner: st.lists(inner, max_size=3)))
def test_any_cells_are_read_or_refused(cells: object) -> None:
    for document in (cells, {"cells": cells}, {"cells": [{"cell_type": "code", "source": cells}], "metadata": cells}):
        with contextlib.suppress(Unreadable):
            read_notebook(json.dumps(document), "nb.ipynb")
