"""Which module a file is."""

from __future__ import annotations

from pathlib import Path

import pytest

from memlint.source.modules import module_name


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("script.py", "script"),
        ("my-script.py", "__main__"),
        ("pkg/__init__.py", "pkg"),
        ("pkg/a.py", "pkg.a"),
        ("pkg/sub/__init__.pyi", "pkg.sub"),
        ("pkg/sub/b.pyi", "pkg.sub.b"),
        ("plain/c.py", "c"),
        ("__init__.py", "__main__"),
        ("-", "__main__"),
    ],
)
def test_a_module_is_named_from_the_packages_around_it(
    file: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder, suffix in (("pkg", "py"), ("pkg/sub", "pyi"), ("plain", None)):
        (tmp_path / folder).mkdir()
        if suffix is not None:
            (tmp_path / folder / f"__init__.{suffix}").touch()

    assert module_name(file) == name
    assert module_name(str(tmp_path / file)) == name
