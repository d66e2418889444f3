"""What global names stand for."""

from __future__ import annotations

import ast

import pytest

from memlint.source.names import module_names


def candidates(program: str, name: str, module: str = "pkg.mod") -> tuple[str, ...]:
    return module_names(ast.parse(program), module).candidates(name)


def test_an_import_stands_for_the_module_or_the_member() -> None:
    assert candidates("import socket", "socket") == ("socket",)
    assert candidates("import os.path", "os") == ("os",)
    assert candidates("import os.path as p", "p") == ("os.path",)
    assert candidates("from io import open as o", "o") == ("io.open",)


def test_a_relative_import_is_relative_to_the_package() -> None:
    assert candidates("from . import db", "db") == ("pkg.db",)
    assert candidates("from .db import connect", "connect") == ("pkg.db.connect",)
    assert candidates("from ..base import connect", "connect", "a.b.mod") == ("a.base.connect",)


def test_an_import_in_two_ways_stands_for_both() -> None:
    program = "try:\n    from urllib2 import urlopen\nexcept ImportError:\n    from urllib.request import urlopen\n"

    assert candidates(program, "urlopen") == ("urllib2.urlopen", "urllib.request.urlopen")


def test_a_builtin_is_one_until_the_module_binds_its_name() -> None:
    assert candidates("", "open") == ("builtins.open",)
    assert candidates("open = None", "open") == ()
    assert candidates("def open(p): ...", "open") == ("pkg.mod.open",)


def test_a_name_bound_to_a_name_is_an_alias() -> None:
    assert candidates("import io\n_open = io.open", "_open") == ("io.open",)


def test_a_name_bound_twice_is_a_variable() -> None:
    assert candidates("import io\nf = io.open\nf = None", "f") == ()


def test_a_global_that_a_call_made_is_known_by_its_maker() -> None:
    names = module_names(ast.parse("import threading\nlock = threading.Lock()"), "m")

    assert names.instance("lock") == ("threading.Lock",)
    assert names.candidates("lock") == ()


@pytest.mark.parametrize("annotation", ['"\\ud901"', '"("', "3", "f(x)"])
def test_an_annotation_that_names_nothing_is_no_error(annotation: str) -> None:
    names = module_names(ast.parse(""), "m")

    assert names.qualified(ast.parse(annotation, mode="eval").body) == ()
