"""Print what rules find in real code, and keep the table of how many of these findings a reader accepted.

    python -m benchmarks.rules FOLDER --rule MEM503                 every finding of one rule, with its source line
    python -m benchmarks.rules FOLDER --rule MEM503 --sample 30     thirty of them, the same thirty each time
    python -m benchmarks.rules FOLDER --unread                      only those that nobody has judged yet
    python -m benchmarks.rules FOLDER --json                        as lines for benchmarks/rules_read.jsonl
    python -m benchmarks.rules FOLDER --write                       write docs/reference/rule-measurements.md

FOLDER holds unpacked packages, one folder each, named `<name>-<version>`; `cpython-...` is the standard library.
Folders named `test` or `tests` are left out.  Every rule runs, previews and those that are off too.  Judgements stand
in `benchmarks/rules_read.jsonl`, one a line: rule, package, file, symbol, statement, verdict and why.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from memlint.engine import Checker, find_files
from memlint.fixes.table import FIXES
from memlint.reports.fingerprint import statement_text
from memlint.rulebook import Page, Rulebook
from memlint.rules import RULES, Default
from memlint.settings import Settings

JUDGEMENTS = Path(__file__).with_name("rules_read.jsonl")
PAGE = Path(__file__).parent.parent / "docs" / "reference" / "rule-measurements.md"
SEED = 20261
"""What makes a sample the same sample each time."""
ENOUGH = 30
"""As many findings are read of a rule; all, where there are fewer."""
SHARE = 95
"""In a hundred: what must be accepted of what was read for a rule to be on by default."""
VERDICTS = ("accepted", "doubtful", "not")

HEAD = """# What was read of each rule's findings

Written by `python -m benchmarks.rules FOLDER --write`; do not edit. Every rule, previews too, ran over the standard
library and 39 public packages without their tests, with every suppression taken out. Of each rule thirty findings were
drawn with a fixed seed (all, where there are fewer), read in their function, and judged as a reviewer would:

- *accepted*: would be let pass as a remark on the code, because somebody would act on it;
- *doubtful*: two reviewers would differ: true, but harmless in that program;
- *not*: wrong, or wanted.

The judgements, one line each with its reason, stand in `benchmarks/rules_read.jsonl`;
`python -m benchmarks.rules FOLDER --rule MEM301 --sample 30 --context 8` prints what is drawn. Where reading showed why
a finding was wrong, the rule was mended, its case was put on the page, and the sample was drawn again; judgements of
findings that are gone since are kept and not counted.

A rule is on when at least 95 in 100 of what was read were accepted and enough was there to read; the last column says
where another reason decides.

"""
TAIL = """
*share*: accepted in 100 of those read. *fix*: what `memlint check --fix` or `--unsafe-fixes` can do about it.

The labelled sites in the last column are an exam of 256 acquisitions from the same packages, each judged leak,
error-path leak or right by somebody who saw no report of ours: of 50 leaks everyone is shown 46, of 30 leaks on error
paths 25, and of 166 right ones one.
"""
REASONS = {
    "MEM101": "on: of the labelled sites it reports 20 leaks and nothing that is right",
    "MEM301": "on: of the labelled sites it reports 25 of 30 error paths, and one that is right",
    "MEM112": "on: of the labelled sites it reports 7 leaks, none that is right; the doubtful live on with the process",
    "MEM111": "on: nothing in this code; what MEM101 asks, of the connections of a pool",
    "MEM601": "on: what it shows everyone is a switch that the library documents as off; the rest are previews",
    "MEM603": "on: nothing in this code; a switch that the library documents as off",
    "MEM108": "on: one, accepted; threads and watchers are previews",
    "MEM110": "on: one, accepted; a lock that stays locked is wrong whoever wrote it",
    "MEM103": "on: few, all accepted; what MEM101 asks, in a loop",
    "MEM113": "on: few, all accepted; the class has a method for it, which forgets one",
    "MEM504": "on: one, accepted; defaults that are called caches are previews",
    "MEM104": "on: nothing in this code; each kind says what fails, and every path must have released",
    "MEM105": "on: nothing in this code; as MEM104",
    "MEM405": "on: nothing in this code; what MEM101 said before, in better words",
    "MEM406": "on: nothing in this code; the block fails when it is reached",
}
"""What decides where the count does not."""

Key = tuple[str, str, str, str, str]
"""Rule, package, file, symbol and statement: what a judgement is of.  No line number, so that it lasts."""


@dataclass(frozen=True, slots=True, order=True)
class Found:
    """One finding in a package."""

    rule: str
    package: str
    file: str
    line: int
    symbol: str
    text: str
    message: str
    preview: bool

    @property
    def key(self) -> Key:
        """What a judgement of it is filed under."""
        return self.rule, self.package.rpartition("-")[0], self.file, self.symbol, self.text


def survey(folder: Path, codes: Sequence[str]) -> list[Found]:
    """The findings of some rules in every package of a folder, in order."""
    packages = sorted(each for each in folder.iterdir() if each.is_dir())
    with ProcessPoolExecutor(max_workers=min(2, os.cpu_count() or 1)) as workers:
        found = workers.map(partial(_of_package, codes=tuple(codes)), packages)
        return sorted(each for several in found for each in several)


def _of_package(package: Path, codes: tuple[str, ...]) -> list[Found]:
    checker = Checker(Settings(root=str(package), select=codes, preview=True))
    found: list[Found] = []
    skipped = ("__pycache__", "test", "tests")
    for path in find_files([str(package)], Settings(root=str(package), exclude=skipped)).files:
        data = Path(path).read_bytes()
        result = checker.check_bytes(data, path)
        texts = dict(result.texts)
        for finding in result.findings:
            if finding.code in codes:
                file = Path(path).relative_to(package).as_posix()
                text = statement_text(finding, texts.get(finding.path, ()))[:80]
                line = finding.span.line
                message = finding.message
                preview = finding.preview
                found.append(Found(finding.code, package.name, file, line, finding.symbol, text, message, preview))
    return found


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a reader said of one finding."""

    key: Key
    verdict: str
    why: str


def judgements(lines: Iterable[str]) -> dict[Key, Judgement]:
    """Read the judgements.  Raises SystemExit that names the line which cannot be used."""
    read: dict[Key, Judgement] = {}
    for number, line in enumerate(lines, 1):
        row = json.loads(line)
        if row.get("verdict") not in VERDICTS:
            raise SystemExit(f"{JUDGEMENTS.name}:{number}: the verdict is one of {', '.join(VERDICTS)}")
        key = (row["rule"], row["package"], row["file"], row["symbol"], row["text"])
        read[key] = Judgement(key, row["verdict"], row["why"])
    return read


def sample(found: Sequence[Found], size: int) -> list[Found]:
    """The same ``size`` findings of each rule each time, in order; all, where there are fewer.

    Of a rule that is on those are drawn that everyone sees.
    """
    chosen: list[Found] = []
    on = {rule.code for rule in RULES if rule.default is Default.ON}
    for rule in sorted({each.rule for each in found}):
        of_rule = [each for each in found if each.rule == rule and not (each.preview and rule in on)]
        chosen += of_rule if len(of_rule) <= size else random.Random(f"{SEED}{rule}").sample(of_rule, size)
    return sorted(chosen)


def shown(each: Found, folder: Path, context: int) -> str:
    """A finding with its source."""
    head = f"{each.rule} {each.package}/{each.file}:{each.line} {each.symbol}: {each.message}\n"
    lines = (folder / each.package / each.file).read_text(encoding="utf-8", errors="replace").splitlines()
    first, last = max(0, each.line - 1 - context), each.line + context
    rows = (f"    {number:5} {text}\n" for number, text in enumerate(lines[first:last], first + 1))
    return head + ("".join(rows) if context else f"    {lines[each.line - 1].strip()}\n")


def counts(found: Sequence[Found], read: dict[Key, Judgement]) -> dict[str, Counter[str]]:
    """For each rule how many findings there are, and how many of them were read with which verdict.

    Of a rule that is on, those that only previews show are counted apart, and by no verdict.
    """
    counted: dict[str, Counter[str]] = {rule.code: Counter() for rule in RULES}
    on = {rule.code for rule in RULES if rule.default is Default.ON}
    for each in found:
        if each.preview and each.rule in on:
            counted[each.rule]["previews"] += 1
            continue
        counted[each.rule]["findings"] += 1
        known = read.get(each.key)
        if known is not None:
            counted[each.rule][known.verdict] += 1
    return counted


def main(words: list[str] | None = None) -> int:
    """Read the command line; survey; print or write."""
    parser = argparse.ArgumentParser(prog="benchmarks.rules", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="a folder of unpacked packages")
    parser.add_argument("--rule", action="append", default=[], metavar="CODE", help="only rules whose code begins so")
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="only N findings of each rule")
    parser.add_argument("--unread", action="store_true", help="only findings that nobody has judged")
    parser.add_argument("--context", type=int, default=0, metavar="N", help="lines of source around each")
    parser.add_argument("--json", action="store_true", help="print them as lines to be judged")
    parser.add_argument("--known", type=Path, metavar="FILE", help="take the findings that --json printed into FILE")
    parser.add_argument("--write", action="store_true", help=f"write docs/reference/{PAGE.name}")
    asked = parser.parse_args(words)
    if not asked.folder.is_dir():
        parser.error(f"{asked.folder} is no folder")
    codes = [rule.code for rule in RULES if not asked.rule or rule.code.startswith(tuple(asked.rule))]
    if not codes:
        parser.error(f"no rule begins with {' or '.join(asked.rule)}; `memlint rules` lists them")
    read = judgements(JUDGEMENTS.read_text(encoding="utf-8").splitlines()) if JUDGEMENTS.exists() else {}
    found = survey(asked.folder, codes) if asked.known is None else _known(asked.known, codes)
    if asked.write:
        PAGE.write_text(page(Rulebook.load(), counts(found, read)), encoding="utf-8")
        return 0
    if asked.sample:
        found = sample(found, asked.sample)
    if asked.unread:
        found = [each for each in found if each.key not in read]
    for each in found:
        print(_line(each) if asked.json else shown(each, asked.folder, asked.context), end="\n" if asked.json else "")
    return 0


def _known(file: Path, codes: Sequence[str]) -> list[Found]:
    rows = (json.loads(line) for line in file.read_text(encoding="utf-8").splitlines())
    names = ("rule", "version", "file", "line", "symbol", "text", "message", "preview")
    return sorted(Found(*(row[name] for name in names)) for row in rows if row["rule"] in codes)


def _line(each: Found) -> str:
    rule, package, file, symbol, text = each.key
    row = {"rule": rule, "package": package, "file": file, "symbol": symbol, "text": text, "verdict": "", "why": ""}
    more = {"version": each.package, "line": each.line, "message": each.message, "preview": each.preview}
    return json.dumps({**row, **more}, ensure_ascii=False)


def page(book: Rulebook, counted: dict[str, Counter[str]]) -> str:
    """The text of the page: one row a rule."""
    rows = [_row(book.page(code), counts) for code, counts in sorted(counted.items())]
    head = "| rule | page | default | findings | read | accepted | doubtful | not | share | fix | why this default |\n"
    return HEAD + head + "|---|---|---|--:|--:|--:|--:|--:|--:|---|---|\n" + "".join(rows) + TAIL


def _row(page: Page, counted: Counter[str]) -> str:
    read = sum(counted[verdict] for verdict in VERDICTS)
    share = f"{100 * counted['accepted'] // read} %" if read else ""
    fixes = ", ".join(fix.name for fix in FIXES.get(page.code, ()))
    found = f"{counted['findings']}" + (f" and {counted['previews']} previews" if counted["previews"] else "")
    cells = (
        f"[{page.code}](../../rules/{page.file_name})", page.name, page.default, found, str(read),
        *(str(counted[verdict]) for verdict in VERDICTS), share, fixes, _why(page, counted, read),
    )  # fmt: skip
    return f"| {' | '.join(cells)} |\n"


def _why(page: Page, counted: Counter[str], read: int) -> str:
    """Why a rule is on, a preview or off, in words."""
    if page.code in REASONS:
        return REASONS[page.code]
    if page.default == "off":
        return "a matter of style"
    enough = read >= min(ENOUGH, counted["findings"]) and read > 0
    if enough and 100 * counted["accepted"] >= SHARE * read:
        return "on by what was read" if page.default == "on" else "too few to show it" if read < ENOUGH else "may be on"
    return "nothing was found to read" if not read else "less than 95 in 100, or too few to show it"


if __name__ == "__main__":
    sys.exit(main())
