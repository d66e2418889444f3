"""Fill the printed blocks of ``docs/explanation/reading.md``: each begins with the command that prints it.

The functions are those of the standard library of the Python that runs this, so the page holds for one version, which
it names; the words around the blocks are written by hand and must be read again when a block changes.
"""

from __future__ import annotations

import contextlib
import io
import platform
import re
import sysconfig
from pathlib import Path

from memlint.cli import main

PAGE = Path(__file__).with_name("reading.md")
_BLOCK = re.compile(r"^```text\n\$ memlint (\w+) (\S+)\n.*?^```$", re.MULTILINE | re.DOTALL)
_VERSION = re.compile(r"CPython (\d+\.\d+\.\d+)")


def version_of(text: str) -> str:
    """The Python whose library a page speaks of."""
    found = _VERSION.search(text)
    assert found, "the page must name its Python"
    return found[1]


def filled(text: str) -> str:
    """A page with its blocks printed anew."""
    return _BLOCK.sub(
        lambda block: f"```text\n$ memlint {block[1]} {block[2]}\n{_printed(block[1], block[2])}```", text
    )


def _printed(command: str, place: str) -> str:
    library = sysconfig.get_path("stdlib")
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = main([command, *(["--isolated"] if command != "cfg" else []), f"{library}/{place}"])
    assert code == 0, f"memlint {command} {place} ended with {code}"
    return out.getvalue().replace(f"{library}/", "")


def write() -> None:
    """Write the page."""
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(filled(_VERSION.sub(f"CPython {platform.python_version()}", text)), encoding="utf-8")


if __name__ == "__main__":
    write()
