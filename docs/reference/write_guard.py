"""Write docs/reference/guard.md from the options' table, the markers and the probes.

python docs/reference/write_guard.py            # write the page
python docs/reference/write_guard.py --check    # exit 1 when it is not what the code says
"""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

from pytest_memguard import kinds, options
from pytest_memguard.plugin import Memguard
from pytest_memguard.reports.record import Record
from pytest_memguard.verdict import INNOCENT

PAGE = Path(__file__).with_name("guard.md")


def page() -> str:
    """The whole page."""
    return "\n".join([*_options(), *_markers(), *_kinds(), *_probes(), *_innocent(), *_document()]) + "\n"


def _options() -> Iterator[str]:
    yield "# The guard: options, markers, kinds"
    yield ""
    yield "Generated from the code by `python docs/reference/write_guard.py`; a test compares."
    yield ""
    yield "## Options"
    yield ""
    yield "On the command line, or in the ini file under `[pytest]` (`[tool.pytest.ini_options]` in pyproject.toml)."
    yield ""
    yield "| command line | ini key | default | what it does |"
    yield "|---|---|---|---|"
    for option in options.OPTIONS:
        if option.kind == "folders":
            flag = "only in the ini file"
        else:
            flag = option.flag if option.kind == "flag" else f"{option.flag} {option.metavar}"
        default = {"": "none", (): "none", False: "off"}.get(option.default, option.default)
        yield f"| `{flag}` | `{option.key}` | {default} | {option.help} |"
    yield ""


def _markers() -> Iterator[str]:
    yield "## Markers and the fixture"
    yield ""
    for line in options.MARKERS.values():
        form, _, words = line.partition(": ")
        yield f"- `@pytest.mark.{form}`: {words}."
    yield f"- `memguard` (fixture): {inspect.getdoc(Memguard.watch)}"
    yield "- `pytest_memguard.guard.watch`: the same in scripts and notebooks, without pytest."
    yield ""


def _kinds() -> Iterator[str]:
    yield "## Kinds"
    yield ""
    yield "A test fails for a kind that is on. One that is only reported is noted at the end of the run and in the JSON"
    yield "document. `--memguard-kinds` and the marker's `kinds=` switch each: by its name, or by its group's."
    yield ""
    yield "| kind | group | unless switched | what the report advises |"
    yield "|---|---|---|---|"
    for kind in kinds.KINDS:
        yield f"| {kind.name} | {kind.group} | {kind.mode} | {kind.cure or kinds.DEFAULT_CURE} |"
    yield ""


def _probes() -> Iterator[str]:
    yield "## Probes and what they cost"
    yield ""
    for name in sorted({probe for kind in kinds.KINDS for probe in kind.probes}):
        words = inspect.getdoc(importlib.import_module(f"pytest_memguard.probes.{name}")) or ""
        yield f"- **{name}**: {' '.join(words.split())}"
    yield ""


def _innocent() -> Iterator[str]:
    yield "## Known innocents"
    yield ""
    yield "| acquired in | why it is no leak |"
    yield "|---|---|"
    for file, function, why in INNOCENT:
        yield f"| `{file}`{f', `{function}`' if function else ''} | {why} |"
    yield ""


def _document() -> Iterator[str]:
    yield "## The JSON document"
    yield ""
    yield "`--memguard-json PATH` writes `version`, `tests` (how many were watched) and `findings`, each with:"
    yield ""
    yield from (f"- `{name}`" for name in Record.__annotations__)
    yield ""
    yield "`origin` has file, line and function, innermost first; `subject` is false for what stands on another thing."
    yield "The same file serves as `--memguard-baseline`."


def main() -> int:
    """Write the page, or compare it."""
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == page():
        return 0
    print(f"{PAGE.name} is not what the code says: run python docs/reference/write_guard.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
