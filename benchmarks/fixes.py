"""Lint, fix and lint again a copy of the ten largest packages of a folder, then run their own suites before and after.

    python -m benchmarks.fixes --packages FOLDER --work DIR              fix copies, count, run suites, print
    python -m benchmarks.fixes --packages FOLDER --work DIR --part lint  only one half: lint or suites
    python -m benchmarks.fixes --packages FOLDER --work DIR --write      also renew the tables of the reference

FOLDER holds unpacked source archives, one folder a package, named `<name>-<version>`; the standard library is left out.
Only safe fixes are carried out.  A suite comes from the package's source distribution, which pip downloads into DIR, is
unpacked twice and fixed once, tests included; both copies then run the same tests.  Exit code 1 when a test that passed
fails after the fixes, when a file is no Python any more, or when memlint failed.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tarfile
import venv
import xml.etree.ElementTree as ElementTree
import zipfile
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from memlint.engine import Checker, find_files
from memlint.engine.fixing import Fixer
from memlint.settings import Settings
from memlint.source.decode import Unreadable

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "fixes.md"
PACKAGES = 10


@dataclass
class Tally:
    """What came of one package."""

    name: str
    files: int = 0
    before: int = 0
    after: int = 0
    kept: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    """By fix and reason."""
    unsafe: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    """By reason, the names in it left out."""
    changed: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Suite:
    """One package's own tests: what they need, what of them runs offline."""

    name: str
    needs: tuple[str, ...]
    words: tuple[str, ...]
    """What is run in the unpacked source; ``{junit}`` is where pytest writes what passed."""
    left_out: str = ""


SUITES = (
    Suite(
        "setuptools",
        ("pytest<9", "jaraco.path", "jaraco.envs", "jaraco.test", "path", "wheel", "packaging", "filelock",
         "ini2toml[lite]", "tomli-w", "pytest-home", "pytest-subprocess", "virtualenv", "build", "pip"),
        ("-m", "pytest", "-q", "-o", "addopts=", "-p", "no:cacheprovider", "--junitxml={junit}", "pkg_resources/tests",
         *(f"setuptools/tests/test_{name}.py" for name in (
             "archive_util", "bdist_egg", "build", "build_py", "depends", "dist", "dist_info", "egg_info",
             "extern", "find_packages", "glob", "logging", "manifest", "sdist", "setopt", "setuptools",
             "unicode_utils", "wheel"))),
        "what makes environments or asks the network",
    ),
    Suite(
        "nltk",
        ("pytest<9", "pytest-mock", "click", "joblib", "regex>=2021.8.3", "tqdm"),
        ("-m", "pytest", "-q", "-p", "no:cacheprovider", "--junitxml={junit}",
         "--continue-on-collection-errors", "nltk/test/unit"),
        "doctests, which need its corpora",
    ),
    Suite(
        "django",
        ("asgiref", "sqlparse"),
        ("tests/runtests.py", "--parallel", "1", "-v", "2", "backends", "basic", "cache", "file_storage",
         "file_uploads", "files", "sessions_tests", "staticfiles_tests", "test_runner", "transactions"),
        "applications that no fixed file is part of",
    ),
    Suite(
        "yt-dlp",
        ("pytest<9",),
        ("-m", "pytest", "-q", "-p", "no:cacheprovider", "--junitxml={junit}", "-m", "not download",
         *(f"test/test_{name}.py" for name in (
             "YoutubeDL", "cache", "compat", "config", "cookies", "jsinterp", "netrc", "networking_utils",
             "plugins", "postprocessors", "traversal", "utils"))),
        "what downloads or opens sockets",
    ),
)  # fmt: skip


# --- lint, fix, lint -------------------------------------------------------------------------------------------------


def largest(folder: Path) -> list[Path]:
    """The packages with most lines of Python, the standard library aside."""
    sizes = {
        each: sum(path.read_bytes().count(b"\n") for path in each.rglob("*.py") if path.is_file())
        for each in folder.iterdir()
        if each.is_dir() and not each.name.startswith("cpython-")
    }
    return sorted(sizes, key=lambda each: -sizes[each])[:PACKAGES]


def mend(folder: Path) -> Tally:
    """Lint the files of a folder, fix them safely, and lint them again."""
    tally = Tally(folder.name)
    checker = Checker(Settings())
    fixer = Fixer(checker)
    files = find_files([str(folder)], checker.settings).files
    tally.files = len(files)
    spoken: list[str] = []
    for path in files:
        result = checker.check_file(path)
        tally.before += len(result.findings)
        if result.failure is not None:
            tally.troubles.append(f"{path}: {result.failure.reason}")
        if result.findings:
            spoken.append(path)
            _mend_file(fixer, Path(path), tally)
    again = Checker(Settings())
    tally.after = sum(len(again.check_file(path).findings) for path in spoken)
    return tally


def _mend_file(fixer: Fixer, path: Path, tally: Tally) -> None:
    data = path.read_bytes()
    try:
        done = fixer.fix(data, str(path))
    except Unreadable:
        return
    except Exception as error:
        tally.troubles.append(f"{path}: {type(error).__name__}: {error}")
        return
    tally.kept.update(each.fix for each in done.kept)
    tally.dropped.update(f"{each.fix}: {_general(each.reason)}" for each in done.dropped)
    tally.refused.update(_general(each.reason) for each in done.refused)
    tally.unsafe += len(done.unsafe)
    if done.changed:
        path.write_bytes(done.after)
        tally.changed.append(str(path))
        try:
            compile(done.after, str(path), "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            tally.troubles.append(f"{path}: {error}")


def _general(reason: str) -> str:
    """A reason without the names and numbers of one file."""
    return re.sub(r"line \d+", "line N", re.sub(r"`[^`]*`", "`x`", reason))


# --- the packages' own suites ----------------------------------------------------------------------------------------


@dataclass
class Verdict:
    """What the two runs of one suite said."""

    suite: Suite
    fixes: int = 0
    before: set[str] = field(default_factory=set)
    after: set[str] = field(default_factory=set)
    trouble: str = ""

    @property
    def lost(self) -> set[str]:
        """What passed only before."""
        return self.before - self.after


def compare(suite: Suite, version: str, work: Path, limit: float) -> Verdict:
    """Run a package's tests as they are and after the safe fixes of all its files."""
    verdict = Verdict(suite)
    try:
        archive = _download(suite, version, work)
        python = _environment(suite, work)
        folders = [_unpacked(archive, work / "suites" / suite.name / which) for which in ("before", "after")]
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        verdict.trouble = f"cannot be prepared: {error}"
        return verdict
    tally = mend(folders[1])
    verdict.fixes = sum(tally.kept.values())
    verdict.trouble = "; ".join(tally.troubles)
    try:
        verdict.before, verdict.after = (_passed(suite, python, folder, limit) for folder in folders)
        for name in sorted(verdict.lost):  # a test that fails now and then is asked again, on both sides
            if name not in _passed(suite, python, folders[1], limit) and name in _passed(
                suite, python, folders[0], limit
            ):
                return verdict
        verdict.after |= verdict.lost
    except subprocess.TimeoutExpired:
        verdict.trouble = f"takes more than {limit:.0f} s"
    return verdict


def _download(suite: Suite, version: str, work: Path) -> Path:
    spelled = re.compile(rf"{suite.name.replace('-', '[-_]')}-{re.escape(version)}\.(tar\.gz|zip)", re.IGNORECASE)
    folder = work / "archives"
    folder.mkdir(parents=True, exist_ok=True)
    for _ in range(2):
        for path in folder.iterdir():
            if spelled.fullmatch(path.name):
                return path
        wanted = f"{suite.name}=={version}"
        words = ("download", "--quiet", "--no-deps", "--no-binary=:all:", "--dest", str(folder), wanted)
        subprocess.run([sys.executable, "-m", "pip", *words], check=False, capture_output=True, timeout=300)
    raise ValueError("there is no source distribution")


def _environment(suite: Suite, work: Path) -> Path:
    home = work / "environments" / suite.name
    python = home / "bin" / "python"
    stamp = home / "needs.txt"
    if not stamp.exists() or stamp.read_text().split() != list(suite.needs):
        venv.create(home, with_pip=True, clear=True)
        if suite.needs:
            words = ("install", "--quiet", "--disable-pip-version-check", *suite.needs)
            subprocess.run([python, "-m", "pip", *words], check=True, capture_output=True, timeout=600)
        stamp.write_text("\n".join(suite.needs))
    return python


def _unpacked(archive: Path, target: Path) -> Path:
    shutil.rmtree(target, ignore_errors=True)
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive) as zipped:
            zipped.extractall(target)
    else:
        with tarfile.open(archive) as packed:
            packed.extractall(target, filter="data")
    (inner,) = target.iterdir()
    return inner


def _passed(suite: Suite, python: Path, folder: Path, limit: float) -> set[str]:
    """The names of the tests that passed."""
    junit = folder.parent / "junit.xml"
    junit.unlink(missing_ok=True)
    words = [word.replace("{junit}", str(junit)) for word in suite.words]
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [str(python), *words], cwd=folder, env=environment, capture_output=True, text=True, errors="replace",
        timeout=limit, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    (folder.parent / "output.txt").write_text(done.stdout + done.stderr)
    if junit.exists():
        cases = ElementTree.parse(junit).iter("testcase")
        return {f"{case.get('classname')}.{case.get('name')}" for case in cases if len(case) == 0 or _only_output(case)}
    text = done.stdout + done.stderr
    return {
        *re.findall(r"^(\S+ \(\S+\)).*\.\.\. ok$", text, re.MULTILINE),
        *re.findall(r"^passed .+? (.+)$", text, re.M),
    }


def _only_output(case: ElementTree.Element) -> bool:
    return all(child.tag in ("system-out", "system-err", "properties") for child in case)


# --- the report ------------------------------------------------------------------------------------------------------


def of_packages(tallies: Sequence[Tally]) -> str:
    """What came of the packages, as Markdown."""
    rows = [
        "| package | files | findings | safe fixes kept | dropped | unsafe only | no fix applies | findings after |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for each in tallies:
        counts = (each.files, each.before, each.kept.total(), each.dropped.total(), each.unsafe, each.refused.total())
        rows.append(f"| {each.name} | {' | '.join(map(str, counts))} | {each.after} |")
    kept, dropped, refused = (
        sum((getattr(each, name) for each in tallies), Counter[str]()) for name in ("kept", "dropped", "refused")
    )
    files, before, unsafe, after = (
        sum(getattr(each, name) for each in tallies) for name in ("files", "before", "unsafe", "after")
    )
    counts = (files, before, kept.total(), dropped.total(), unsafe, refused.total())
    rows.append(f"| **all** | {' | '.join(map(str, counts))} | {after} |")
    for title, counted in (("Kept", kept), ("Dropped, and why", dropped), ("No fix applies, because", refused)):
        said = "; ".join(f"{name} ({count})" for name, count in counted.most_common()) or "none"
        rows += ["", f"{title}: {said}."]
    return "\n".join(rows) + "\n"


def of_suites(verdicts: Sequence[Verdict]) -> str:
    """What the suites said, as Markdown."""
    rows = [
        "| suite | safe fixes in package and tests | passed before | passed after | passed only before | left out |",
        "|---|--:|--:|--:|--:|---|",
    ]
    for verdict in verdicts:
        numbers = (verdict.fixes, len(verdict.before), len(verdict.after), len(verdict.lost))
        left_out = verdict.trouble or verdict.suite.left_out
        rows.append(f"| {verdict.suite.name} | {' | '.join(map(str, numbers))} | {left_out} |")
    return "\n".join(rows) + "\n"


def write(part: str, text: str) -> None:
    """Renew one of the tables of the page."""
    page = PAGE.read_text(encoding="utf-8")
    found = rf"(<!-- {part} -->\n).*?(<!-- end -->)"
    fresh, count = re.subn(found, lambda match: f"{match[1]}\n{text}\n{match[2]}", page, flags=re.DOTALL)
    if count != 1:
        raise SystemExit(f"{PAGE}: one <!-- {part} --> ... <!-- end --> expected")
    PAGE.write_text(fresh, encoding="utf-8")


def main(words: Sequence[str] | None = None) -> int:
    """Read the command line, do the work, print."""
    parser = argparse.ArgumentParser(prog="benchmarks.fixes", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--packages", type=Path, required=True, metavar="FOLDER", help="where packages lie unpacked")
    parser.add_argument("--work", type=Path, required=True, metavar="DIR", help="where copies and environments go")
    parser.add_argument("--part", choices=("lint", "suites"), help="do only this half")
    parser.add_argument("--limit", type=float, default=300, help="seconds for one run of a suite (default: 300)")
    parser.add_argument("--write", action="store_true", help="renew the tables of docs/reference/fixes.md")
    asked = parser.parse_args(words)
    chosen = largest(asked.packages)
    tallies: list[Tally] = []
    verdicts: list[Verdict] = []
    if asked.part != "suites":
        copies = [_copied(each, asked.work / "packages") for each in chosen]
        with ProcessPoolExecutor(max_workers=2) as pool:
            tallies = [*pool.map(mend, copies)]
        _show("packages", of_packages(tallies), asked.write)
    if asked.part != "lint":
        versions = dict(each.name.rpartition("-")[::2] for each in chosen)
        suites = [suite for suite in SUITES if suite.name in versions]
        verdicts = [compare(suite, versions[suite.name], asked.work, asked.limit) for suite in suites]
        _show("suites", of_suites(verdicts), asked.write)
    _tell(tallies, verdicts)
    return 1 if any(each.troubles for each in tallies) or any(verdict.lost for verdict in verdicts) else 0


def _show(part: str, text: str, renew: bool) -> None:
    print(text, flush=True)
    if renew:
        write(part, text)


def _copied(folder: Path, target: Path) -> Path:
    copy = target / folder.name
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder, copy)
    return copy


def _tell(tallies: Iterable[Tally], verdicts: Iterable[Verdict]) -> None:
    for tally in tallies:
        for trouble in tally.troubles:
            print(trouble, file=sys.stderr)
    for verdict in verdicts:
        for name in sorted(verdict.lost):
            print(f"{verdict.suite.name}: {name} passes only before the fixes", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
