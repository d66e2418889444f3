"""Write ``docs/reference/options.md`` from the table of options."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from memlint.cli.arguments import make_parser
from memlint.settings.options import OPTIONS, Kind, Option, Place

PAGE = Path(__file__).with_name("options.md")
HEAD = """\
# Options of `memlint check`

Written from `memlint/settings/options.py` by `python docs/reference/write_options.py`; do not edit.

`memlint check [PATH ...]` takes files and folders; without any it takes the current folder, and `-` is standard
input. Settings stand in `[tool.memlint]` of `pyproject.toml`: the nearest one with that table counts, searched
upwards from the folder that holds all given paths. A flag on the command line takes the place of the setting of the
same name; those that begin with `extend-` add to it.

Beside the options below, `--config FILE` names the file to read (a `pyproject.toml`, or any TOML file whose keys are
these settings), `--isolated` reads none, `--verbose` says on standard error what was skipped and why, and `--debug`
shows the traceback of an internal error.

Exit codes: 0 nothing was found; 1 there are findings; 2 bad use, something unreadable, or an internal error.
"""
TAIL = """
## Which rules run

The longest selector that speaks of a rule decides; where `select` and `ignore` are equally long, `ignore` wins. A
selector is a code (`MEM101`), a prefix of codes (`MEM1` is a family), or one of two words: `MEM` is the default set,
`ALL` is every rule except previews. A rule that is off by default runs when `ALL`, its family or its code is
selected; a preview runs when its code is selected, or with `preview`.

## Patterns

`*` and `?` stay within a name, `[ab]` is one of several characters, `**` crosses folders. A pattern without a slash
is compared with each name below the folder that is searched; one with a slash starts at the folder of the
configuration file. A pattern that names a folder names all that is in it. A path given on the command line is checked
even when a pattern names it, unless `force-exclude` is set.

## Comments

`# noqa` on any line of a finding's statement silences it, `# noqa: MEM101` (or a prefix, `# noqa: MEM1`) only that
code; words may follow. `# memlint: noqa` or `# flake8: noqa` on a line of its own or after code silences the whole
file, with `: MEM101` one code in it. Only comments count: the same words in a string do nothing.

## Your own resources

`[tool.memlint.catalogue]` takes the sections of the catalogue's own files:

```toml
[[tool.memlint.catalogue.kind]]
name = "database session"
label = "a database session"
category = "handle"
release = ["close"]
context = "releases"
why = "the server keeps it until it is closed"

[[tool.memlint.catalogue.acquire]]
call = "mine.db.connect"
kind = "database session"
why = "logs in to the server"
```

`memlint catalogue find NAME` prints what is known of a name, yours included.
"""


def entry(option: Option) -> str:
    """One option as a section."""
    lines = [f"\n### {option.key}\n", option.words]
    places = []
    if option.place is not Place.FILE_ONLY:
        both = option.kind is Kind.FLAG and option.place is Place.BOTH
        value = f" {option.metavar}" if option.metavar else ""
        places.append(f"`--{option.key}{value}`" + (f", `--no-{option.key}`" if both else ""))
    if option.place is not Place.FLAG_ONLY:
        places.append(f"`{option.key}` in `[tool.memlint]`")
    lines.append(f"\n- Given as: {'; '.join(places)}")
    lines.append(f"- Value: {option.kind.value}" + (f": {', '.join(option.choices)}" if option.choices else ""))
    if option.default not in (None, (), False):
        lines.append(f"- Default: {', '.join(option.default) if isinstance(option.default, tuple) else option.default}")
    return "\n".join(lines) + "\n"


def commands() -> str:
    """A table of all commands."""
    rows = []
    for action in make_parser()._actions:
        if isinstance(action, argparse._SubParsersAction):
            words = {choice.dest: choice.help for choice in action._choices_actions}
            for name, command in action.choices.items():
                needs = [
                    str(each.metavar or "|".join(each.choices or ())) for each in command._get_positional_actions()
                ]
                call = " ".join(["memlint", name, *needs]).replace("|", "\\|")
                rows.append(f"| `{call}` | {words[name]} |\n")
    return "\n## All commands\n\n| command | what it does |\n|---|---|\n" + "".join(rows)


def page() -> str:
    """The text of the page."""
    return HEAD + "\n## The options\n" + "".join(map(entry, OPTIONS)) + TAIL + commands()


def main() -> int:
    """Write the page, or with ``--check`` say that it is stale (exit code 1)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; say whether the page is stale")
    check = parser.parse_args().check
    text = page()
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == text:
        return 0
    if check:
        print(f"{PAGE.name} is stale: run python docs/reference/write_options.py")
        return 1
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
