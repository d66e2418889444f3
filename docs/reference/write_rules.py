"""Write ``docs/reference/rules.md`` and the tables of ``README.md`` and ``rules/README.md`` from the rule pages."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from memlint.rulebook import Page, Rulebook

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "rules"
HEAD = """\
# Rules

Written from the pages in `rules/` by `python docs/reference/write_rules.py`; do not edit.

*on*: shown to everyone. *preview*: shown with `preview = true` or when selected by name. *off*: shown when selected.
[Fixes](fixes.md) that are *sometimes safe* are carried out by `--fix` where they cannot change what the program does;
those that are *unsafe* only with `--unsafe-fixes`.
"""


def table(pages: tuple[Page, ...], folder: str) -> str:
    """A Markdown table of pages, linked below ``folder``."""
    if not pages:
        return "No code yet.\n"
    rows = [
        f"| [{page.code}]({folder}{page.file_name}) | {page.name} | {page.default} | {page.severity} "
        f"| {page.fix} | {page.summary} |\n"
        for page in pages
    ]
    return "| code | name | default | severity | fix | finds |\n|---|---|---|---|---|---|\n" + "".join(rows)


def reference(book: Rulebook) -> str:
    """The text of ``docs/reference/rules.md``."""
    parts = [HEAD]
    for family in book.families:
        pages = book.of_family(family.code)
        parts.append(f"\n## {family.code}: {family.title}\n\n{table(pages, '../../rules/')}")
    parts.append(f"\n## About no resource\n\n{table(book.of_family('none'), '../../rules/')}")
    return "".join(parts)


def readme(book: Rulebook, text: str) -> str:
    """The rules document with the table of every family renewed."""
    for family in (*(family.code for family in book.families), "none"):
        block = rf"(<!-- codes {family} -->\n).*?(<!-- end -->)"
        fresh = table(book.of_family(family), "")
        text, count = re.subn(block, lambda match, fresh=fresh: match[1] + fresh + match[2], text, flags=re.DOTALL)
        if count != 1:
            raise SystemExit(f"rules/README.md: one <!-- codes {family} --> ... <!-- end --> expected, {count} found")
    return text


def families(book: Rulebook) -> str:
    """The families and their codes, in few lines; what is not on by default stands in italics."""
    rows = []
    for family in book.families:
        named = [f"[{page.code}](rules/{page.file_name}) {page.name}" for page in book.of_family(family.code)]
        on = [page.default == "on" for page in book.of_family(family.code)]
        codes = [name if shown else f"*{name}*" for name, shown in zip(named, on, strict=True)]
        rows.append(f"| [{family.code}](rules/README.md): {family.title} | {' · '.join(codes)} |\n")
    return "| family | rules |\n|---|---|\n" + "".join(rows)


def front(book: Rulebook, text: str) -> str:
    """The project's README with its table of rules renewed."""
    fresh = families(book)
    text, count = re.subn(r"(<!-- rules -->\n).*?(<!-- end -->)", lambda m: m[1] + fresh + m[2], text, flags=re.DOTALL)
    if count != 1:
        raise SystemExit(f"README.md: one <!-- rules --> ... <!-- end --> expected, {count} found")
    return text


def main() -> int:
    """Write the files, or with ``--check`` say which are stale (exit code 1)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; name the stale files")
    check = parser.parse_args().check
    book = Rulebook.read(RULES)
    document = RULES / "README.md"
    wanted = {
        ROOT / "docs" / "reference" / "rules.md": reference(book),
        document: readme(book, document.read_text(encoding="utf-8")),
        ROOT / "README.md": front(book, (ROOT / "README.md").read_text(encoding="utf-8")),
    }
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in stale:
        if check:
            print(f"{path.relative_to(ROOT)} is stale: run python docs/reference/write_rules.py")
        else:
            path.write_text(wanted[path], encoding="utf-8")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
