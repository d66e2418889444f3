"""Our own files, plugins and the user's table become one catalogue."""

from __future__ import annotations

import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from memlint.catalogue import Catalogue, CatalogueError, layers, load, stored
from memlint.catalogue.loader import sound

GADGETS: dict[str, Any] = {
    "kind": [
        {
            "name": "gadget",
            "label": "a gadget",
            "category": "lease",
            "release": ["give_back", "close"],
            "release_by": ["gadgets.dispose"],
            "types": ["gadgets.Gadget"],
            "context": "releases",
            "why": "the shop has only three",
        }
    ],
    "acquire": [
        {"call": ["gadgets.lend", "gadgets.Gadget"], "kind": "gadget", "why": "lends one"},
        {
            "call": "lend",
            "receivers": ["shop"],
            "kind": "gadget",
            "why": "lends one",
            "unless": [{"argument": "free", "position": 1, "values": [True], "none": True}],
        },
    ],
    "borrow": [{"call": "gadgets.look", "why": "looks"}],
    "returns": [{"call": "gadgets.shop", "type": "gadgets.Shop", "why": "a shop"}],
    "quiet": [{"call": "polish", "receivers": ["gadget"], "why": "never fails"}],
    "aliases": {"gadgets.core": "gadgets"},
}


def _ours() -> Catalogue:
    return load(plugins=False)


def test_the_users_table_adds_to_what_is_built_in() -> None:
    catalogue = load(GADGETS, plugins=False)
    (lend,) = catalogue.acquires["gadgets.lend"]
    assert lend.kind == "gadget"
    assert catalogue.kinds["gadget"].release == ("give_back", "close")
    assert catalogue.kind_of_type("gadgets.Gadget") is catalogue.kinds["gadget"]
    assert catalogue.borrows["gadgets.look"].arguments == ("*",)
    assert catalogue.returns["gadgets.shop"].type == "gadgets.Shop"
    assert catalogue.acquires["builtins.open"] == _ours().acquires["builtins.open"]


def test_an_entry_with_receivers_is_found_as_a_method() -> None:
    catalogue = load(GADGETS, plugins=False)
    (lend,) = catalogue.methods["lend"]
    assert lend.receivers == ("shop",)
    assert lend.unless[0].values == (True, None)
    assert "lend" not in catalogue.acquires
    assert catalogue.quiet_methods["polish"][0].receivers == ("gadget",)


def test_a_kinds_releasing_functions_are_releases() -> None:
    (release,) = load(GADGETS, plugins=False).releases["gadgets.dispose"]
    assert release.kinds == ("gadget",)
    assert release.arguments == (0,)


def test_a_forgotten_entry_can_be_said_anew() -> None:
    mine = {"forget": ["json.load"], "borrow": [{"call": "json.load", "arguments": [0], "why": "ours"}]}
    assert load(mine, plugins=False).borrows["json.load"].arguments == (0,)


def test_a_forgotten_kind_takes_its_acquisitions_as_errors() -> None:
    with pytest.raises(CatalogueError, match="kind 'spawned process' is not described"):
        load({"forget": ["spawned process"], "acquire": [_of("spawned process")]}, plugins=False)


def _of(kind: str) -> dict[str, str]:
    return {"call": "gadgets.spawn", "kind": kind, "why": "ours"}


def test_aliases_lead_to_the_name_in_use_through_modules_and_other_aliases() -> None:
    catalogue = load(
        {**GADGETS, "aliases": {"old.lend": "gadgets.core.lend", "gadgets.core": "gadgets"}}, plugins=False
    )
    assert catalogue.resolve("gadgets.core.lend") == "gadgets.lend"
    assert catalogue.resolve("io.open") == "builtins.open"
    assert catalogue.resolve("concurrent.futures.thread.ThreadPoolExecutor") == (
        "concurrent.futures.ThreadPoolExecutor"
    )
    assert catalogue.resolve("nobody.knows") == "nobody.knows"


def test_the_version_changes_with_the_content_only() -> None:
    assert _ours().version == _ours().version
    assert load(GADGETS, plugins=False).version != _ours().version
    assert load(GADGETS, plugins=False).version == load(dict(GADGETS), plugins=False).version


# Plugins


class _Point:
    """An entry point whose value is given instead of imported."""

    name = "gadgets"
    value = "gadgets.memlint:catalogue"
    dist = None

    def __init__(self, loaded: object) -> None:
        self.loaded = loaded

    def load(self) -> object:
        if isinstance(self.loaded, Exception):
            raise self.loaded
        return self.loaded


def _plugged(monkeypatch: pytest.MonkeyPatch, point: object) -> Catalogue:
    def entry_points(group: str) -> list[object]:
        return [point] if group == layers.GROUP else []

    monkeypatch.setattr("importlib.metadata.entry_points", entry_points)
    monkeypatch.setattr(layers, "may_bring", lambda _group: True)
    return load()


def test_a_plugin_may_be_a_mapping_or_a_callable(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "gadgets.lend" in _plugged(monkeypatch, _Point(GADGETS)).acquires
    assert "gadgets.lend" in _plugged(monkeypatch, _Point(lambda: GADGETS)).acquires


def test_a_plugin_may_be_a_toml_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "gadgets.toml"
    file.write_text('[[borrow]]\ncall = "gadgets.look"\nwhy = "looks"\n')
    assert "gadgets.look" in _plugged(monkeypatch, _Point(file)).borrows


def test_a_plugin_may_be_a_package_with_a_resource(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    package = tmp_path / "gadgetry"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / layers.RESOURCE).write_text('[[borrow]]\ncall = "gadgets.look"\nwhy = "looks"\n')
    monkeypatch.syspath_prepend(tmp_path)
    point = EntryPoint("gadgets", "gadgetry", layers.GROUP)
    assert "gadgets.look" in _plugged(monkeypatch, point).borrows


def test_plugins_can_be_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    with_plugin = _plugged(monkeypatch, _Point(GADGETS))
    assert "gadgets.lend" in with_plugin.acquires
    assert "gadgets.lend" not in load(plugins=False).acquires


def test_a_plugin_that_fails_is_named_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CatalogueError, match=r"^plugin 'gadgets': gadgets\.memlint:\S+ cannot be loaded: .*no shop"):
        _plugged(monkeypatch, _Point(RuntimeError("no shop")))


def test_a_plugin_that_brings_something_else_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CatalogueError, match=r"^plugin 'gadgets': .* gave int, not a mapping of sections$"):
        _plugged(monkeypatch, _Point(7))


# The stored form


def test_the_stored_form_is_fresh_and_says_what_the_files_say() -> None:
    files = layers.shipped()
    read = stored.read(files)
    parsed = sound(layers.built_in(files))
    assert read is not None, "run python tools/catalogue_files.py"
    assert read == parsed
    assert stored.PATH.read_text("utf-8") == stored.text(files, parsed)


def test_an_edited_file_is_parsed_and_not_read_from_the_stored_form(monkeypatch: pytest.MonkeyPatch) -> None:
    files = layers.shipped() | {"more.toml": b'[[borrow]]\ncall = "gadgets.look"\nwhy = "looks"\n'}
    monkeypatch.setattr(layers, "shipped", lambda: files)
    assert stored.read(files) is None
    assert "gadgets.look" in _ours().borrows


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"key": 1}'])
def test_a_damaged_stored_form_is_passed_over(content: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    expected = _ours()
    damaged = tmp_path / "stored.json"
    damaged.write_bytes(content)
    monkeypatch.setattr(stored, "PATH", damaged)
    assert _ours() == expected


def test_our_files_have_no_forgetting_and_say_each_alias_once() -> None:
    for name, text in layers.shipped().items():
        assert "forget" not in tomllib.loads(text.decode()), name
    twice = {"a.toml": b'[aliases]\n"a.b" = "c.d"\n', "b.toml": b'[aliases]\n"a.b" = "c.d"\n'}
    with pytest.raises(CatalogueError, match=r"^b\.toml: \[aliases\] a\.b: is given in another file too$"):
        layers.built_in(twice)
