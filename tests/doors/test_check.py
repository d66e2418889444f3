"""``memlint check``: exit codes, standard input, files for output, and what is said beside the findings."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Command
from .fakes import FAKES, Preview

LEAK = "f = open(1)\n"


def test_exit_codes_are_clean_0_findings_1_bad_use_2(faked: Command, tmp_path: Path) -> None:
    (tmp_path / "clean.py").write_text("x = 1\n")
    (tmp_path / "leak.py").write_text(LEAK)

    assert faked("check", "clean.py").code == 0
    assert faked("check", "leak.py").code == 1
    assert faked("check", "--exit-zero", "leak.py").code == 0
    assert faked("check", "gone.py").code == 2
    assert faked("check", "--exit-zero", "gone.py").code == 2


def test_a_silenced_finding_is_counted_and_does_not_fail(faked: Command, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("f = open(1)  # noqa: MEM101\n")

    outcome = faked("check", "a.py")

    assert (outcome.code, outcome.out) == (0, "No findings in 1 file (1 silenced by comments).\n")


def test_standard_input_bears_the_name_it_is_given(memlint: Command) -> None:
    named = memlint("check", "-", "--stdin-filename", "src/app.py", "--output-format", "concise", stdin=b"x = = 1\n")
    bare = memlint("check", "-", "--output-format", "concise", stdin=b"x = = 1\n")

    assert named.out == "src/app.py:1:5: MEM000 syntax error: invalid syntax\n"
    assert bare.out == "-:1:5: MEM000 syntax error: invalid syntax\n"


def test_standard_input_finds_the_configuration_of_its_name(memlint: Command, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "pyproject.toml").write_text("[tool.memlint]\nignore = ['MEM000']\n")

    assert memlint("check", "-", "--stdin-filename", "sub/app.py", stdin=b"x = = 1\n").code == 0
    assert memlint("check", "-", "--stdin-filename", "app.py", stdin=b"x = = 1\n").code == 1


def test_standard_input_whose_name_is_excluded_by_force_is_clean(memlint: Command) -> None:
    words = ("check", "-", "--stdin-filename", "build/app.py")

    assert memlint(*words, "--force-exclude", stdin=b"x = = 1\n").code == 0
    assert memlint(*words, stdin=b"x = = 1\n").code == 1


def test_output_goes_to_a_file(faked: Command, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(LEAK)

    outcome = faked("check", "a.py", "--output-file", "out.json", "--output-format", "json")

    assert (outcome.code, outcome.out) == (1, "")
    assert json.loads((tmp_path / "out.json").read_text())["summary"]["findings"] == 1


def test_an_output_file_that_cannot_be_written_is_one_line(faked: Command, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(LEAK)

    outcome = faked("check", "a.py", "--output-file", "no/such/folder.txt")

    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == "memlint: no/such/folder.txt: cannot be written: No such file or directory\n"


def test_statistics_count_by_rule(faked: Command, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import socket\n" + LEAK * 11 + "s = socket.socket()\n")

    outcome = faked("check", "a.py", "--statistics", "--select", "ALL")

    assert outcome.out == "11 MEM101 unreleased-resource\n 1 MEM401 prefer-with\n"


def test_a_selector_that_names_only_previews_is_said(faked: Command, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(LEAK)

    outcome = faked("check", "a.py", "--select", "MEM2")

    assert outcome.err == "memlint: `MEM2` selects only previews; add --preview to run them\n"
    assert faked("check", "a.py", "--select", "MEM2", "--preview", rules=[*FAKES, Preview()]).err == ""


def test_verbose_says_settings_rules_and_time_on_standard_error(faked: Command, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(LEAK)

    outcome = faked("check", "a.py", "-v")

    assert "memlint: settings: defaults\n" in outcome.err
    assert "memlint: rules: MEM101\n" in outcome.err
    assert " files in " in outcome.err
    assert "settings" not in outcome.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["chekc"], "no command `chekc`; did you mean `check`?"),
        (["src"], "no command `src`; to check a path: `memlint check src`"),
        (["check", "--selct", "x"], "unknown option `--selct`; did you mean `--select`?"),
        (["check", "--jobs", "many"], "argument --jobs: invalid int value: 'many'"),
        (["check", "--jobs", "0"], "command line: `jobs` must be a whole number of at least 1, not the number 0"),
        (["check", "--config", "a", "--isolated"], "not allowed with argument"),
        (["explain"], "the following arguments are required: CODE"),
        (["explain", "MEM999"], "no rule is called 'MEM999'"),
        ([], "the following arguments are required: COMMAND"),
    ],
    ids=" ".join,
)
def test_bad_use_is_one_line(words: list[str], said: str, faked: Command) -> None:
    outcome = faked(*words)

    assert outcome.code == 2
    assert said in outcome.err
    assert len(outcome.err.splitlines()) == 1


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = = 1\n")
    reader = subprocess.Popen(["true"], stdin=subprocess.PIPE)
    reader.wait()

    done = subprocess.run(
        [sys.executable, "-m", "memlint.cli", "check", "a.py"],
        stdout=reader.stdin,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        check=False,
    )
    assert reader.stdin is not None
    reader.stdin.close()

    assert done.stderr == b""


def test_the_version_is_printed(memlint: Command) -> None:
    outcome = memlint("--version")

    assert (outcome.code, outcome.out.split()[0]) == (0, "memlint")


def test_a_rule_is_explained_and_all_are_listed(memlint: Command) -> None:
    page, table, data = memlint("explain", "MEM101"), memlint("rules"), memlint("rules", "--output-format", "json")

    assert page.out.startswith("# unreleased-resource (MEM101)\n")
    assert table.out.startswith("MEM000  unparsable-file")
    assert json.loads(data.out)[0]["explanation"].startswith("# unparsable-file (MEM000)\n")


def test_the_catalogue_is_searched_with_the_users_own_entries(memlint: Command, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        "[[tool.memlint.catalogue.acquire]]\ncall = 'mine.connect'\nkind = 'file'\nwhy = 'it opens one'\n"
    )

    assert "Popen" in memlint("catalogue", "find", "Popen").out
    assert "it opens one" in memlint("catalogue", "find", "mine.connect").out
    assert "nothing is known of mine.connect" in memlint("catalogue", "find", "mine.connect", "--isolated").out


def test_a_users_own_resource_is_followed(memlint: Command, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        "[[tool.memlint.catalogue.acquire]]\ncall = 'mine.connect'\nkind = 'file'\nwhy = 'it opens one'\n"
    )
    (tmp_path / "a.py").write_text("import mine\n\ndef f():\n    c = mine.connect()\n    print(c)\n")

    assert "a.py:4:9: MEM101" in memlint("check", "a.py").out
    assert memlint("check", "--isolated", "a.py").code == 0


def test_strict_believes_that_an_unknown_function_only_borrows(memlint: Command, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("from there import use\n\ndef f(p):\n    h = open(p)\n    use(h)\n")

    assert memlint("check", "a.py").code == 0
    assert "MEM101" in memlint("check", "a.py", "--strict").out


@pytest.mark.parametrize("name", ["text", "concise", "json"])
def test_output_is_the_same_twice(name: str, faked: Command, tmp_path: Path) -> None:
    for letter in "cab":
        (tmp_path / f"{letter}.py").write_text(LEAK)

    first, second = (faked("check", "--output-format", name, *files) for files in (["."], ["c.py", "b.py", "a.py"]))

    assert first == second


def test_texts_of_a_program_are_no_warnings_of_ours(memlint: Command, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("def f(path):\n    with open(path) as x:\n        return 'a 1if'.join(x)\n")
    (tmp_path / "b.py").write_text("def f(path):\n    x = open(path)\n    return '1if'.join(x.readlines())\n")

    assert memlint("check").err == ""
