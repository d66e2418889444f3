"""How findings are printed: frames, one line each, and JSON with the whole witness."""

from __future__ import annotations

import io
import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memlint.findings import Finding, Remedy, Severity, Span, Step, StepKind
from memlint.reports import FORMATS, Failure, Report, Style
from memlint.reports.frames import WIDTH, Mark, frame

LINES = (
    "import json",
    "",
    "def load(path):",
    "    f = open(path)",
    "    if path:",
    "        return json.load(f)",
    "    f.close()",
)
FINDING = Finding(
    "MEM301",
    "src/app.py",
    Span(4, 8, 4, 18),
    "`f` acquired here is not released if line 6 raises",
    Severity.WARNING,
    "load",
    (
        Step(StepKind.ACQUIRE, Span(4, 8, 4, 18), "acquired here"),
        Step(StepKind.RAISE, Span(6, 15, 6, 27), "`json.load()` raises"),
        Step(StepKind.LEAVE, Span(6, 8, 6, 27), "leaves `load` without `f.close()`"),
    ),
    Remedy("wrap-in-with", "Open `f` in a with statement", True),
    Span(4, 4, 4, 18),
)


def printed(form: str, report: Report, style: Style | None = None) -> str:
    return "\n".join(FORMATS[form](report, style or Style()))


def test_text_shows_the_code_along_the_path() -> None:
    report = Report((FINDING,), lines={"src/app.py": LINES}, files=3)

    assert printed("text", report) == (
        """\
src/app.py:4:9: MEM301 `f` acquired here is not released if line 6 raises
  |
4 |     f = open(path)
  |         ^^^^^^^^^^ 1. acquired here
...
6 |         return json.load(f)
  |                ^^^^^^^^^^^^ 2. `json.load()` raises
  |         ^^^^^^^^^^^^^^^^^^^ 3. leaves `load` without `f.close()`

1 finding in 1 of 3 files."""
    )


def test_a_step_in_another_file_is_shown_with_its_place() -> None:
    step = Step(StepKind.TAKE, Span(1, 0, 1, 11), "`keep` does not close it", "src/other.py")
    finding = Finding("MEM101", "src/app.py", Span(4, 8, 4, 18), "`f` is lost", witness=(FINDING.witness[0], step))
    report = Report((finding,), lines={"src/app.py": LINES, "src/other.py": ("import json",)}, files=1)

    assert "in src/other.py:1:1\n  |\n1 | import json\n  | ^^^^^^^^^^^ 2. `keep`" in printed("text", report)


def test_a_step_whose_file_is_gone_is_still_told() -> None:
    report = Report((FINDING,), files=1)

    assert "  line 6: 2. `json.load()` raises" in printed("text", report)


def test_concise_is_one_line_a_finding_with_columns_from_1() -> None:
    assert printed("concise", Report((FINDING,))) == (
        "src/app.py:4:9: MEM301 `f` acquired here is not released if line 6 raises"
    )


def test_json_holds_the_whole_witness() -> None:
    failure = Failure("gone.py", "no such file or folder")
    document = json.loads(printed("json", Report((FINDING,), (failure,), files=2, suppressed=1)))

    assert set(document) == {"schema", "tool", "findings", "failures", "summary"}
    assert document["schema"] == 1
    assert document["failures"] == [{"path": "gone.py", "reason": "no such file or folder", "internal": False}]
    assert document["summary"] == {"files": 2, "findings": 1, "suppressed": 1, "baselined": 0, "by_code": {"MEM301": 1}}
    (finding,) = document["findings"]
    assert finding["code"] == "MEM301"
    assert (finding["line"], finding["column"], finding["end_line"], finding["end_column"]) == (4, 9, 4, 19)
    assert finding["fix"] == {"name": "wrap-in-with", "title": "Open `f` in a with statement", "safe": True}
    assert [step["kind"] for step in finding["witness"]] == ["acquire", "raise", "leave"]
    assert finding["witness"][1] == {
        "kind": "raise",
        "text": "`json.load()` raises",
        "path": "src/app.py",
        "line": 6,
        "column": 16,
        "end_line": 6,
        "end_column": 28,
    }


@pytest.mark.parametrize(
    ("environment", "terminal", "colour"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"TERM": "dumb"}, True, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
    ],
    ids=str,
)
def test_colour_follows_wishes_then_the_terminal(environment: dict[str, str], terminal: bool, colour: bool) -> None:
    stream = io.StringIO()
    stream.isatty = lambda: terminal  # type: ignore[method-assign]  # a terminal without a terminal

    assert Style.of(stream, environment).colour == colour


def test_colour_changes_no_character() -> None:
    report = Report((FINDING,), lines={"src/app.py": LINES}, files=1)
    coloured = printed("text", report, Style(True))

    assert "\x1b[" in coloured
    assert re.sub("\x1b\\[[0-9;]*m", "", coloured) == printed("text", report)


def test_marks_stand_under_wide_characters_and_tabs() -> None:
    line = "\t'日本' + é + open(1)"
    start = line.index("open")
    shown = list(frame([line], [Mark(Span(1, start, 1, start + 7), "here")], Severity.ERROR, Style()))

    assert shown[1:] == ["1 |     '日本' + é + open(1)", "  |                  ^^^^^^^ here"]


def test_source_cannot_move_the_cursor() -> None:
    report = Report((FINDING,), lines={"src/app.py": ["", "", "", "\x1b[2J\x07\x0cf = open(path)", "", "x"]})

    assert printed("text", report).isascii()
    assert "\x1b" not in printed("text", report)


@settings(deadline=None)
@given(
    st.lists(st.text(max_size=300), min_size=1, max_size=4),
    st.tuples(st.integers(1, 5), st.integers(0, 400), st.integers(0, 3), st.integers(0, 400)),
)
def test_any_span_in_any_text_can_be_framed(lines: list[str], numbers: tuple[int, int, int, int]) -> None:
    line, column, more, end = numbers
    span = Span(line, column, line + more, end)

    for shown in frame(lines, [Mark(span, "")], Severity.NOTE, Style()):
        assert len(shown) <= 4 + WIDTH * 4 + 6
        assert "\n" not in shown
