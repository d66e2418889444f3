"""Run real projects' own suites with and without the guard: what fails, is it true, what does it cost.

    python benchmarks/suites.py --work DIR [--pairs 3] [--heap] [NAME ...]

Each suite comes from its source distribution; its package is taken from that source, so that its code counts
as the project's; the guard is installed as its users install it, with its bytecode.  Runs alternate (plain, guarded,
plain, ...), and CPU time is that of the child process with its own children.  No run writes bytecode, or the first
would compile for the second.  The table goes to standard output, every finding to DIR/NAME.json.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import signal
import statistics
import subprocess
import sys
import tarfile
import venv
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parent.parent
BACKENDS = (
    "flit_core",
    "hatchling",
    "hatch-vcs",
    "hatch-fancy-pypi-readme",
    "setuptools>=77",
    "setuptools_scm",
    "poetry-core",
)
"""Build backends: pip asks them for a source distribution's name."""


@dataclass(frozen=True)
class Suite:
    """One project's suite: its pinned source, what its tests need, how they are run."""

    name: str
    version: str
    needs: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    """With the reason for each that leaves something out, in `left_out`."""
    left_out: str = ""
    setup: str = ""
    """Python that the project's own runner does before its tests."""


OTHERS = ("randomly", "cacheprovider", "asyncio", "httpbin", "pytest_mock", "codspeed", "relaxed")
"""Plugins that some suites need and that the rest would only pay for; a suite's own `-p` brings one back."""
HEAP_MOST = 1500
"""How many tests a suite may have to be run at the heap level unnamed: most tests are run three times more there."""
NO_ADDOPTS = ("-o", "addopts=")
REDIS = (
    "client",
    "commands",
    "connect",
    "connection",
    "connection_pool",
    "lock",
    "monitor",
    "pipeline",
    "pubsub",
    "scripting",
)
AIOHTTP = (
    "client_session",
    "connector",
    "proxy_functional",
    "resolver",
    "run_app",
    "test_utils",
    "web_runner",
    "web_server",
    "web_websocket_functional",
)
SUITES = (
    Suite("attrs", "26.1.0", ("hypothesis", "cloudpickle"), (*NO_ADDOPTS, "tests")),
    Suite("click", "8.5.1", (), ("tests",)),
    Suite(
        "flask",
        "3.1.3",
        ("python-dotenv", "asgiref"),
        (*NO_ADDOPTS, "tests", "--ignore=tests/test_cli.py"),
        "test_cli imports a private name that pytest 9 has moved",
    ),
    Suite(
        "werkzeug",
        "3.1.9",
        ("cryptography", "watchdog", "ephemeral-port-reserve", "pytest-timeout"),
        (*NO_ADDOPTS, "tests", "--ignore=tests/test_serving.py"),
        "test_serving's reloader does not end on a loaded machine",
    ),
    Suite("jinja2", "3.1.6", ("trio",), (*NO_ADDOPTS, "tests")),
    Suite("itsdangerous", "2.2.0", ("freezegun",), (*NO_ADDOPTS, "tests")),
    Suite("h11", "0.16.0", (), (*NO_ADDOPTS, "h11/tests")),
    Suite("pluggy", "1.7.0", (), (*NO_ADDOPTS, "testing", "--ignore=testing/benchmark.py")),
    Suite(
        "httpcore",
        "1.0.9",
        ("anyio", "h2", "socksio", "trio", "pytest-trio", "pytest-httpbin"),
        (*NO_ADDOPTS, "tests", "-W", "default", "-p", "pytest_httpbin.plugin"),
    ),
    Suite(
        "httpx",
        "0.28.1",
        ("anyio", "trio", "trustme", "uvicorn", "chardet", "h2", "socksio", "brotli", "zstandard", "click", "rich"),
        (*NO_ADDOPTS, "tests", "-W", "default"),
    ),
    Suite(
        "anyio",
        "4.16.0",
        ("trio", "hypothesis", "psutil", "pytest-mock", "trustme"),
        (
            *NO_ADDOPTS,
            *("-o", "anyio_mode=auto", "-p", "pytest_mock", "-p", "no:trio", "tests", "-W", "default"),
            *("--ignore=tests/test_pytest_plugin.py", "--ignore=tests/test_lazyimport.py"),
        ),
        "what runs pytest or pip again for each test: five of its ten minutes on a loaded machine",
    ),
    Suite(
        "trio",
        "0.35.0",
        ("pyOpenSSL", "trustme", "astor", "async_generator"),
        (
            *NO_ADDOPTS,
            "-p",
            "trio._tests.pytest_plugin",
            "--import-mode=importlib",
            "src/trio",
            "--skip-optional-imports",
        ),
        "tests of its exports, which need type checkers and linters",
    ),
    Suite(
        "redis",
        "8.1.0",
        ("coverage",),
        (*NO_ADDOPTS, *(f"tests/test_{name}.py" for name in REDIS), "--redis-url=redis://127.0.0.1:6390/9"),
        "its asynchronous half and what needs a cluster; `redis-server --port 6390` must run, for the tests flush it",
    ),
    Suite(
        "urllib3",
        "2.8.0",
        ("brotli", "PySocks", "trustme", "quart", "quart-trio", "hypercorn", "pytest-timeout"),
        (*NO_ADDOPTS, "test", "--ignore=test/with_dummyserver", "--ignore=test/contrib"),
        "the rest needs a patched server that is not on the index",
    ),
    Suite(
        "starlette",
        "1.10.0",
        ("anyio", "trio", "httpx", "httpx2", "itsdangerous", "jinja2", "python-multipart"),
        (*NO_ADDOPTS, "tests", "--ignore=tests/middleware/test_opentelemetry.py"),
        "a middleware for a library that it does not need",
    ),
    Suite(
        "tornado",
        "6.6.1",
        (),
        (*NO_ADDOPTS, "tornado/test"),
        setup="import logging; logging.getLogger('tornado.access').setLevel(logging.CRITICAL)",
    ),
    Suite(
        "requests",
        "2.34.2",
        ("pytest-httpbin", "httpbin>=0.10.2", "trustme", "pytest-mock", "PySocks"),
        (*NO_ADDOPTS, "tests", "-p", "pytest_httpbin.plugin", "-p", "pytest_mock"),
    ),
    Suite(
        "aiohttp",
        "3.14.5",
        (
            "aiohappyeyeballs",
            "blockbuster",
            "brotli",
            "coverage",
            "freezegun",
            "gunicorn",
            "isal",
            "proxy.py",
            "pytest-codspeed",
            "pytest-mock",
            "pytest-timeout",
            "re-assert",
            "setproctitle",
            "trustme",
            "uvloop",
            "zlib_ng",
        ),
        (*NO_ADDOPTS, *(f"tests/test_{name}.py" for name in AIOHTTP), "-p", "pytest_mock"),
        "what parses, routes and formats, benchmarks, and half of what asks a server",
    ),
    Suite(
        "sqlalchemy",
        "2.1.9",
        ("aiosqlite", "greenlet"),
        (*NO_ADDOPTS, "-p", "logging", "test/engine", "test/ext/asyncio", "test/dialect/sqlite"),
        "what compiles and maps, nine tenths of it: it opens nothing but in-memory databases",
    ),
    Suite(
        "uvicorn",
        "0.54.0",
        (
            "a2wsgi",
            "httpx",
            "httpx2",
            "httptools",
            "websockets",
            "wsproto",
            "pytest-mock",
            "trustme",
            "cryptography",
            "watchfiles",
            "pyyaml",
            "python-dotenv",
            "uvloop",
            "typing_extensions",
        ),
        (*NO_ADDOPTS, "-p", "pytest_mock", "tests", "--ignore=tests/importer", "-W", "default"),
    ),
    Suite(
        "gunicorn",
        "27.0.1",
        ("h2", "pytest-asyncio", "uvloop", "httpx", "inotify"),
        (*NO_ADDOPTS, "-o", "asyncio_mode=auto", "-p", "asyncio", "tests", "--ignore=tests/docker"),
    ),
    Suite(
        "paramiko",
        "5.1.0",
        ("invoke", "icecream", "pynacl", "pytest-relaxed"),
        (*NO_ADDOPTS, "tests"),
    ),
)


@dataclass
class Outcome:
    """What one run of a suite said."""

    seconds: float
    passed: int = 0
    failed: int = 0
    errors: int = 0
    findings: list[dict[str, Any]] = field(default_factory=list)


def prepare(work: Path, suites: list[Suite]) -> Path:
    """Make the environment and unpack the sources; returns the environment's Python."""
    python = work / "venv" / "bin" / "python"
    if not python.exists():
        venv.create(work / "venv", with_pip=True)
        pip(python, "install", "pytest<9", *BACKENDS)
        pip(python, "install", str(CHECKOUT))
    else:
        pip(python, "install", "--force-reinstall", "--no-deps", "--no-build-isolation", str(CHECKOUT))
    needs = {need for suite in suites for need in (*suite.needs, f"{suite.name}=={suite.version}")}
    stamp = work / "needs.txt"
    known = set(stamp.read_text().split()) if stamp.exists() else set()
    if needs - known:
        pip(python, "install", *sorted(needs))
        stamp.write_text("\n".join(sorted(needs | known)))
    for suite in suites:
        if not source(work, suite).exists():
            wanted = f"{suite.name}=={suite.version}"
            words = ("download", "--no-deps", "--no-binary=:all:", "--no-build-isolation", "--dest", str(work), wanted)
            pip(python, *words)
            with tarfile.open(work / f"{suite.name}-{suite.version}.tar.gz") as archive:
                archive.extractall(work, filter="data")
    return python


def pip(python: Path, *words: str) -> None:
    """Run pip quietly; its own words explain a failure."""
    subprocess.run([python, "-m", "pip", "--quiet", "--disable-pip-version-check", *words], check=True)


def source(work: Path, suite: Suite) -> Path:
    """Where a suite's source is unpacked."""
    return work / f"{suite.name}-{suite.version}"


def plugins(without: tuple[str, ...] = ()) -> list[str]:
    """The words that leave out the plugins that a suite does not need."""
    others = [word for name in OTHERS if name not in without for word in ("-p", f"no:{name}")]
    return [*others, "-p", "suite_setup"]


def run(work: Path, python: Path, suite: Suite, *, level: str, limit: float) -> Outcome:
    """Run a suite once, at a level of the guard or, with none, without it."""
    folder = source(work, suite)
    document = work / f"{suite.name}{'.heap' if level == 'heap' else ''}.json"
    document.unlink(missing_ok=True)
    (work / "suite_setup.py").write_text(suite.setup + "\n")
    path = os.pathsep.join([str(folder / "src"), str(folder), str(work)])
    flags = ["--memguard", f"--memguard-level={level}", f"--memguard-json={document}"] if level else []
    words = [str(python), "-m", "pytest", "-q", "--tb=no", *plugins(), *suite.arguments, *flags]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        words,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        errors="replace",
        timeout=limit,
        check=False,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    outcome = Outcome(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    (work / f"{suite.name}.{level or 'plain'}.txt").write_text(done.stdout + done.stderr)
    last = next(
        (line for line in reversed(done.stdout.splitlines()) if re.search(r"\d (passed|failed|error)", line)), ""
    )
    for number, word in re.findall(r"(\d+) (passed|failed|error)", last):
        setattr(outcome, {"error": "errors"}.get(word, word), int(number))
    if document.exists():
        outcome.findings = json.loads(document.read_text())["findings"]
    return outcome


def row(suite: Suite, plain: list[Outcome], guarded: list[Outcome], heap: Outcome | None) -> str:
    """One line of the table."""
    ratios = [with_.seconds / without.seconds for without, with_ in zip(plain, guarded, strict=True)]
    failing = [each for each in guarded[-1].findings if each["fails"] and each["subject"]]
    kinds: dict[str, set[str]] = {}
    for each in failing:
        kinds.setdefault(each["kind"], set()).add(each["test"])
    by_kind = ", ".join(f"{kind} {len(tests)}" for kind, tests in sorted(kinds.items())) or "none"
    noted = len({each["fingerprint"] for each in guarded[-1].findings if not each["fails"]})
    leaks = len({each["fingerprint"] for each in failing})
    first, last = plain[-1], guarded[-1]
    fastest = min(each.seconds for each in plain)
    grown = [each for each in heap.findings if each["kind"] == "heap growth" and each["fails"]] if heap else []
    growth = f"{len({each['fingerprint'] for each in grown})} in {len({each['test'] for each in grown})}"
    deep = f"{growth} | {heap.seconds / fastest:.1f}" if heap else "- | -"
    return (
        f"| {suite.name} {suite.version} | {first.passed} + {first.failed + first.errors} "
        f"| {last.passed} + {last.failed + last.errors} | {by_kind} | {leaks} | {noted} "
        f"| {statistics.median(ratios):.2f} | {fastest:.1f} | {deep} |"
    )


def main() -> None:
    """Read the arguments, run, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="suites to run; all when none is named")
    parser.add_argument("--work", type=Path, required=True, help="folder for the environment, sources and findings")
    parser.add_argument("--pairs", type=int, default=1, help="how many pairs of runs")
    parser.add_argument("--limit", type=float, default=300.0, help="seconds that one run may take")
    parser.add_argument(
        "--heap", action="store_true", help="run once at the heap level too; unnamed, if the suite is short"
    )
    chosen = parser.parse_args()
    # a shell starts its background jobs without it, and tests that interrupt themselves would wait for ever
    signal.signal(signal.SIGINT, signal.default_int_handler)
    known = {suite.name: suite for suite in SUITES}
    unknown = [name for name in chosen.names if name not in known]
    if unknown:
        parser.error(f"there is no suite {', '.join(unknown)}; there are {', '.join(known)}")
    suites = [known[name] for name in chosen.names] or list(SUITES)
    work = chosen.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    python = prepare(work, suites)
    columns = ("suite", "passed + failed, plain", "guarded", "tests that leak, by kind", "leaks", "noted", "time")
    print(f"| {' | '.join((*columns, 'plain s', 'growth in tests', 'heap level, time'))} |")
    print("|---" * 10 + "|")
    for suite in suites:
        plain, guarded = [], []
        try:
            for _ in range(chosen.pairs):
                plain.append(run(work, python, suite, level="", limit=chosen.limit))
                guarded.append(run(work, python, suite, level="watch", limit=chosen.limit))
            short = bool(chosen.names) or plain[-1].passed + plain[-1].failed <= HEAP_MOST
            heap = run(work, python, suite, level="heap", limit=10 * chosen.limit) if chosen.heap and short else None
        except subprocess.TimeoutExpired:
            print(f"| {suite.name} {suite.version} | longer than {chosen.limit:.0f} s | | | | | | | | |", flush=True)
            continue
        print(row(suite, plain, guarded, heap), flush=True)


if __name__ == "__main__":
    sys.exit(main())
