"""``memlint cfg``, ``memlint facts`` and ``memlint explain FILE:LINE`` show what the analysis believes."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Command

PROGRAM = """\
import json
from contextlib import closing


def load(path):
    f = open(path)
    return json.load(f)


def safe(path):
    with open(path) as f:
        return f.read()


class Store:
    def read(self, path):
        f = open(path)  # noqa: MEM101 the caller ends soon
        return json.load(f)


def other(path):
    print(path)
    return path
"""


@pytest.fixture
def app(tmp_path: Path) -> Path:
    path = tmp_path / "app.py"
    path.write_text(PROGRAM)
    return path


@pytest.mark.usefixtures("app")
def test_a_graph_and_its_facts_are_printed(memlint: Command) -> None:
    graph, facts = memlint("cfg", "app.py:load"), memlint("facts", "app.py:Store.read")

    assert graph.out.startswith("load: 1 parameters")
    assert "Acquire" in graph.out or "call" in graph.out.lower()
    assert facts.out.startswith("Store.read\n")
    assert "a file acquired at line 17" in facts.out


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("cfg", "app.py:laod"), "app.py has no function `laod`; did you mean `load`?"),
        (("facts", "app.py:read"), "app.py has no function `read`; did you mean `Store.read`?"),
        (
            ("cfg", "app.py:zzz"),
            "app.py has no function `zzz`; it has `load`, `safe`, `Store.read`, `other`, `<module>`",
        ),
        (("cfg", "app.py"), "`app.py` names no function: write FILE:FUNCTION"),
        (("cfg", "gone.py:f"), "gone.py: cannot be read: No such file or directory"),
        (("cfg", "bad.py:f"), "bad.py:1:5: syntax error: invalid syntax"),
        (("explain", "gone.py:1"), "gone.py: cannot be read: No such file or directory"),
        (("explain", "app.py:99"), "app.py has 24 lines, so none with number 99"),
        (("explain", "MEM999"), "no rule is called 'MEM999'"),
    ],
    ids=str,
)
def test_a_wrong_place_is_one_line(words: tuple[str, str], said: str, memlint: Command, tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("x = = 1\n")

    outcome = memlint(*words)

    assert outcome.code == 2
    assert outcome.err.startswith(f"memlint: {said}")
    assert len(outcome.err.splitlines()) == 1


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(
    ("line", "said"),
    [
        (6, "MEM101 `f` acquired here is not released on any path (line 6)\n  it is reported"),
        (7, "MEM101 `f` acquired here is not released on any path (line 6)"),
        (11, "it is not reported, because no path that was followed loses it"),
        (17, "it is not shown, because of the comment at line 17"),
        (22, "builtins.print"),
        (23, "nothing is called here"),
        (3, "nothing is called here"),
    ],
)
def test_a_line_is_explained(line: int, said: str, memlint: Command) -> None:
    outcome = memlint("explain", f"app.py:{line}")

    assert outcome.code == 0
    assert outcome.out.startswith(f"app.py:{line}:")
    assert said in outcome.out


def test_settings_are_among_the_reasons(memlint: Command, app: Path) -> None:
    settings = app.with_name("pyproject.toml")

    settings.write_text("[tool.memlint]\nignore = ['MEM101']\n")
    assert "because the rule is not selected (its default: on)" in memlint("explain", "app.py:6").out
    settings.write_text("[tool.memlint.per-file-ignores]\n'app.py' = ['MEM1']\n")
    assert "because `per-file-ignores` names the file" in memlint("explain", "app.py:6").out


def test_a_file_that_does_not_parse_explains_itself(memlint: Command, tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("x = = 1\ny = 2\n")

    assert memlint("explain", "bad.py:2").out == (
        "bad.py:1: MEM000 syntax error: invalid syntax, so nothing is known of line 2\n"
    )


def test_facts_know_the_other_files_of_the_project(memlint: Command, tmp_path: Path) -> None:
    (tmp_path / "files.py").write_text("def opened(path):\n    return open(path)\n")
    (tmp_path / "use.py").write_text(
        "from files import opened\n\n\ndef again(path):\n    return opened(path)\n\n\n"
        "def use(path):\n    f = again(path)\n    print(f)\n"
    )

    assert "r0: a file acquired at line 9: unreleased" in memlint("facts", "use.py:use").out
