"""Write into README.md what its commands really print: `python docs/write_readme.py`, in an environment of `dev.py`."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).parent.parent
README = CHECKOUT / "README.md"
SHOWN = re.compile(r"^```console\n\$ (?P<command>.+)\n(?P<output>(?:.*\n)*?)```$", re.MULTILINE)
VARIES = (
    (r"\d+\.\d\ds\b", "0.10s"),  # how long it took
    (r"\b127\.0\.0\.1:\d{2,}", "127.0.0.1:40000"),  # the system's choice of a port
)


def printed(command: str) -> str:
    """Run a command as a reader would, in a terminal of 80 columns without colours; returns all that it says."""
    program, *words = shlex.split(command)
    environment = {**os.environ, "COLUMNS": "80", "PYTEST_ADDOPTS": "-p no:randomly", "NO_COLOR": "1"}
    command_line = [str(Path(sys.executable).with_name(program)), *words]
    done = subprocess.run(
        command_line, cwd=CHECKOUT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    return "\n".join(line.rstrip() for line in done.stdout.strip("\n").splitlines()) + "\n"


def agrees(shown: str, output: str) -> bool:
    """Compare two outputs but for what differs from run to run."""
    for pattern, value in VARIES:
        shown, output = re.sub(pattern, value, shown), re.sub(pattern, value, output)
    return shown == output


def main() -> None:
    """Put each command's output below it, where it has changed."""

    def renew(block: re.Match[str]) -> str:
        output = printed(block["command"])
        return block[0] if agrees(block["output"], output) else f"```console\n$ {block['command']}\n{output}```"

    README.write_text(SHOWN.sub(renew, README.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
