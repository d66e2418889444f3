"""A wrapper in one file, its misuse in another."""

from __future__ import annotations

from pathlib import Path

import pytest

from memlint.api import check_paths
from memlint.settings import Settings

PACKAGE = {
    "app/__init__.py": "from app.files import opened\n",
    "app/files.py": (
        "def opened(path):\n    return open(path)\n\n"
        "def shut(stream):\n    stream.close()\n\n"
        "def look(stream):\n    return stream.fileno()\n"
    ),
    "app/base.py": "class Base:\n    def close(self):\n        self.stream.close()\n",
}


LOG = """
class Log(Base):
    def __init__(self, p):
        self.stream = open(p)
"""


def codes(folder: Path, jobs: int = 1) -> list[str]:
    report = check_paths([folder], settings=Settings(jobs=jobs))
    assert not report.failures
    return [f"{Path(f.path).relative_to(folder).as_posix()}:{f.span.line} {f.code}" for f in report.findings]


@pytest.fixture
def package(tmp_path: Path) -> Path:
    for name, text in PACKAGE.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def use(package: Path, text: str) -> list[str]:
    (package / "app" / "use.py").write_text(text, encoding="utf-8")
    return codes(package)


def test_what_a_function_of_another_file_opens_is_the_callers_to_close(package: Path) -> None:
    program = "from app.files import opened\n\ndef main(p):\n    f = opened(p)\n    print(f.read())\n"

    assert use(package, program) == ["app/use.py:4 MEM101"]


@pytest.mark.parametrize(
    ("imports", "call"),
    [
        ("from app import opened", "opened"),
        ("from .files import opened as o", "o"),
        ("from app import files", "files.opened"),
        ("import app.files", "app.files.opened"),
        ("import app.files as f_", "f_.opened"),
    ],
)
def test_it_is_found_by_every_way_to_import_it(package: Path, imports: str, call: str) -> None:
    assert use(package, f"{imports}\n\ndef main(p):\n    f = {call}(p)\n    print(f)\n") == ["app/use.py:4 MEM101"]


CHAIN = {
    "a_more.py": "from app import files\n\ndef wrapped(p):\n    return files.opened(p)\n",
    "b_more.py": "import app.a_more\n\ndef wrapped(p):\n    f = app.a_more.wrapped(p)\n    return f\n",
    "z_more.py": "from .b_more import wrapped as w\n\ndef wrapped(p):\n    return w(p)\n",
}


@pytest.mark.parametrize("last", ["a_more", "b_more", "z_more"])
def test_a_chain_of_wrappers_is_followed_from_file_to_file(package: Path, last: str) -> None:
    for name, text in CHAIN.items():
        (package / "app" / name).write_text(text, encoding="utf-8")

    assert use(package, f"from .{last} import wrapped\n\ndef main(p):\n    f = wrapped(p)\n    print(f.read())\n") == [
        "app/use.py:4 MEM101"
    ]


def test_a_wrapper_that_closes_what_it_opened_gives_nothing(package: Path) -> None:
    (package / "app" / "more.py").write_text(
        "from .files import opened\n\ndef text(p):\n    f = opened(p)\n    f.close()\n    return f.name\n"
    )

    assert use(package, "from .more import text\n\ndef main(p):\n    f = text(p)\n    print(f)\n") == []


def test_wrappers_that_call_each_other_end(package: Path) -> None:
    (package / "app" / "a.py").write_text("from app.b import g\n\ndef f(p):\n    return g(p)\n")
    (package / "app" / "b.py").write_text("from app.a import f\n\ndef g(p):\n    return f(p)\n")

    assert use(package, "from .a import f\n\ndef main(p):\n    x = f(p)\n    print(x)\n") == []


def test_a_helper_of_another_file_that_closes_releases(package: Path) -> None:
    program = "from app.files import opened, shut\n\ndef main(p):\n    f = opened(p)\n    shut(f)\n"

    assert use(package, program) == []


def test_a_helper_of_another_file_that_only_looks_does_not(package: Path) -> None:
    program = "from app.files import look\n\ndef main(p):\n    f = open(p)\n    look(f)\n"

    assert use(package, program) == ["app/use.py:4 MEM101"]


def test_a_base_class_of_another_file_may_close_the_field(package: Path) -> None:
    program = f"from app.base import Base\n{LOG}"

    assert use(package, program) == []
    assert use(package, program.replace("self.stream =", "self.other =")) == ["app/use.py:5 MEM113"]


def test_a_base_class_out_of_sight_is_believed(package: Path) -> None:
    program = f"from app.gone import Base\n{LOG}"

    assert use(package, program) == []


def test_an_edit_in_one_file_changes_the_verdict_on_another(package: Path) -> None:
    program = "from app.files import opened\n\ndef main(p):\n    f = opened(p)\n    print(f.read())\n"
    assert use(package, program) == ["app/use.py:4 MEM101"]

    (package / "app" / "files.py").write_text("def opened(path):\n    with open(path) as f:\n        return list(f)\n")

    assert codes(package) == []


def test_the_number_of_jobs_changes_nothing(package: Path) -> None:
    program = "from app.files import opened\n\ndef main(p):\n    f = opened(p)\n    print(f.read())\n"
    use(package, program)

    assert codes(package, jobs=2) == codes(package, jobs=1)


def test_modules_beside_one_another_are_a_project_too(tmp_path: Path) -> None:
    (tmp_path / "files.py").write_text("def opened(path):\n    return open(path)\n")
    (tmp_path / "use.py").write_text("from files import opened\n\ndef main(p):\n    f = opened(p)\n    print(f)\n")

    assert codes(tmp_path) == ["use.py:4 MEM101"]


def test_files_that_import_each_other_end(package: Path) -> None:
    (package / "app" / "a.py").write_text("from app.b import g\n\ndef f(p, n):\n    return g(p, n) if n else open(p)\n")
    (package / "app" / "b.py").write_text("from app.a import f\n\ndef g(p, n):\n    return f(p, n)\n")

    assert codes(package) == []


def test_the_path_begins_where_the_innermost_helper_acquires(package: Path) -> None:
    text = "from app import opened\n\ndef wrapped(p):\n    return opened(p)\n\ndef main(p):\n    f = wrapped(p)\n"
    (package / "app" / "use.py").write_text(text)

    (finding,) = check_paths([package / "app" / "use.py"], settings=Settings()).findings

    first, second, *_ = finding.witness
    assert first.path is not None
    assert (Path(first.path).name, first.span.line) == ("files.py", 2)
    assert (second.path, second.span.line) == (None, 7)
