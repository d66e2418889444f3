"""Shells complete the command line."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from memlint.rules import RULES

from .conftest import Command


def completed(script: str, line: list[str]) -> set[str]:
    """What bash offers for the last word of a line."""
    words = " ".join(f"'{word}'" for word in line)
    asked = (
        f"{script}\nCOMP_WORDS=({words})\nCOMP_CWORD={len(line) - 1}\n_memlint\nprintf '%s\\n' \"${{COMPREPLY[@]}}\""
    )
    done = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_completes_commands_options_and_values(memlint: Command) -> None:
    script = memlint("completion", "bash").out

    assert {"check", "explain", "rules"} <= completed(script, ["memlint", ""])
    assert completed(script, ["memlint", "ch"]) == {"check"}
    assert "--output-format" in completed(script, ["memlint", "check", "--out"])
    assert completed(script, ["memlint", "check", "--output-format", "sa"]) == {"sarif"}
    assert completed(script, ["memlint", "check", "--select", "MEM10"]) == {
        rule.code for rule in RULES if rule.code.startswith("MEM10")
    }
    assert completed(script, ["memlint", "explain", "MEM101"]) == {"MEM101"}
    assert completed(script, ["memlint", "check", "--output-file", "x"]) == set()
    assert "--output-file" not in completed(script, ["memlint", "rules", "--"])


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_accept_the_script(shell: str, memlint: Command) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell}")

    done = subprocess.run([shell, "-n"], input=memlint("completion", shell).out, text=True, check=False)

    assert done.returncode == 0


def test_fish_gets_a_line_for_each_option(memlint: Command) -> None:
    script = memlint("completion", "fish").out

    assert "complete -c memlint -n '__fish_seen_subcommand_from check' -l since -r -d 'Report only findings" in script
    assert "-l output-format -x -a 'text concise json" in script


def test_an_unknown_shell_is_one_line(faked: Command) -> None:
    outcome = faked("completion", "tcsh")

    assert outcome.code == 2
    assert "invalid choice: 'tcsh'" in outcome.err
