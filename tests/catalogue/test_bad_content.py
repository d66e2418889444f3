"""A catalogue that is wrong is refused with one line that names the source, the entry, the key and the cure."""

from __future__ import annotations

import textwrap

import pytest

from memlint.catalogue import CatalogueError, load
from memlint.catalogue.layers import SETTING, from_toml

KIND = """
[[kind]]
name = "gadget"
label = "a gadget"
category = "handle"
release = ["close"]
why = "it is expensive"
"""


def _refused(toml: str) -> str:
    with pytest.raises(CatalogueError) as caught:
        from_toml("gadgets.toml", textwrap.dedent(toml).encode())
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith("gadgets.toml: ")
    return message.removeprefix("gadgets.toml: ")


def _contradiction(**content: object) -> str:
    with pytest.raises(CatalogueError) as caught:
        load(content, plugins=False)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"{SETTING}: ")
    return message.removeprefix(f"{SETTING}: ")


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("[[acquir]]", "acquir: unknown section; did you mean 'acquire'?"),
        ("[acquire]\ncall='a.b'", "acquire: write [[acquire]], a list of tables, not [acquire]"),
        ("[[acquire]]\nkind='x'", "[[acquire]] number 1: needs 'call', 'why'"),
        ("[[borrow]]\ncall='a.b'", "[[borrow]] a.b: needs 'why'"),
        ("[[borrow]]\ncall='a.b'\nwhi='w'", "[[borrow]] a.b: unknown key 'whi'; did you mean 'why'?"),
        (
            "[[borrow]]\ncall='a.b'\nwhy='w'\nargument=[0]",
            "[[borrow]] a.b: unknown key 'argument'; did you mean 'arguments'?",
        ),
        ("[[borrow]]\ncall='a.b'\nwhy=''", "[[borrow]] a.b: why: expected a text, got ''"),
        ("[[borrow]]\ncall='a.b'\nwhy=3", "[[borrow]] a.b: why: expected a text, got 3"),
        ("[[borrow]]\ncall='a b'\nwhy='w'", "[[borrow]] a b: call: expected a dotted name, got 'a b'"),
        (
            "[[borrow]]\ncall=[]\nwhy='w'",
            "[[borrow]] number 1: call: expected a list with at least one item, got []",
        ),
        (
            "[[borrow]]\ncall=['a.b', 'c.d']\nwhy='w'\nview='yes'",
            "[[borrow]] a.b, ...: view: expected true or false, got 'yes'",
        ),
        (
            "[[borrow]]\ncall='a.b'\nwhy='w'\narguments=[-1]",
            '[[borrow]] a.b: arguments: expected a position, a keyword or "*", got -1',
        ),
        (
            "[[acquire]]\ncall='a.b'\nwhy='w'\nkind='x'\npositions=[true]",
            "[[acquire]] a.b: positions: expected a position counted from 0, got True",
        ),
        (
            "[[acquire]]\ncall='a.b'\nwhy='w'\nkind='x'\nwhen=[3]",
            "[[acquire]] a.b: when: expected a table such as { argument = 'daemon', values = [true] }, got 3",
        ),
        (
            "[[acquire]]\ncall='a.b'\nwhy='w'\nkind='x'\nwhen=[{position=3}]",
            "[[acquire]] a.b: when: a condition needs 'argument', the keyword that it looks at",
        ),
        (
            "[[acquire]]\ncall='a.b'\nwhy='w'\nkind='x'\nunless=[{argument='d', value=[true]}]",
            "[[acquire]] a.b: unless: unknown key 'value'; did you mean 'values'?",
        ),
        (
            "[[acquire]]\ncall='a.b'\nwhy='w'\nkind='x'\nunless=[{argument='d', values=[[1]]}]",
            "[[acquire]] a.b: unless: values: expected a constant, got [1]",
        ),
        (
            "[[acquire]]\ncall='open'\nwhy='w'\nkind='x'",
            "[[acquire]] open: call: 'open' has no module; write it as it is imported (builtins.open for a "
            "builtin), or give 'receivers' to believe a method of that name",
        ),
        (
            "[[acquire]]\ncall='a.b'\nwhy='w'\nkind='x'\nreceivers=['a']",
            "[[acquire]] a.b: receivers: 'a.b' is a qualified name, so they say nothing",
        ),
        (
            "[[borrow]]\ncall='a.b'\nwhy='w'\nsince='4'",
            "[[borrow]] a.b: since: expected a Python version such as \"3.12\", got '4'",
        ),
        (
            "[[borrow]]\ncall='a.b'\nwhy='w'\nplatform='dos'",
            "[[borrow]] a.b: platform: expected linux, windows or bsd, got 'dos'",
        ),
        (
            KIND.replace('"handle"', '"handel"'),
            "[[kind]] gadget: category: 'handel' is not one of handle, task, process, worker, temporary, lock, "
            "lease, generator; did you mean 'handle'?",
        ),
        (
            KIND.replace('release = ["close"]', ""),
            "[[kind]] gadget: nothing releases it; give 'release', 'release_by' or context = \"releases\"",
        ),
        (
            "[aliases]\n'a.b' = 3",
            "[aliases] a.b: expected a dotted name, got 3",
        ),
        ("aliases = ['a']", "[aliases]: expected a table of names, got ['a']"),
        ("forget = 'a.b'", "forget: expected a list with at least one item, got 'a.b'"),
        ("[[kind]\n", "is no valid TOML: Expected ']]' at the end of an array declaration (at line 1, column 7)"),
    ],
)
def test_a_wrong_table_is_one_clear_error(toml: str, message: str) -> None:
    assert _refused(toml) == message


def test_bytes_that_are_no_text_are_one_clear_error() -> None:
    with pytest.raises(CatalogueError, match=r"^gadgets\.toml: is no valid TOML: 'utf-8' codec"):
        from_toml("gadgets.toml", b"\xff")


def test_a_call_that_is_known_already_must_be_forgotten_first() -> None:
    entry = {"call": "subprocess.Popen", "kind": "file", "why": "ours", "unless": [{"argument": "x"}]}
    same = {"call": "json.load", "why": "ours"}
    assert _contradiction(borrow=[same]) == (
        "[[borrow]] json.load: is already described in stdlib-borrowers.toml; "
        "put 'json.load' into 'forget' to say something else about it"
    )
    assert load({"acquire": [entry]}, plugins=False).acquires["subprocess.Popen"][-1].kind == "file"


def test_the_same_entry_twice_in_one_source_is_an_error() -> None:
    entry = {"call": "gadgets.look", "why": "ours"}
    assert _contradiction(borrow=[entry, entry]) == "[[borrow]] gadgets.look: is described twice"


def test_a_kind_that_nobody_describes_is_an_error() -> None:
    entry = {"call": "gadgets.make", "why": "ours", "kind": "sockett"}
    assert _contradiction(acquire=[entry]) == (
        "[[acquire]] gadgets.make: kind 'sockett' is not described anywhere; did you mean 'socket'?"
    )


def test_a_class_belongs_to_one_kind() -> None:
    kind = {
        "name": "gadget",
        "label": "a gadget",
        "category": "handle",
        "why": "w",
        "release": ["close"],
        "types": ["socket.socket"],
    }
    assert _contradiction(kind=[kind]) == ("[[kind]] gadget: types: 'socket.socket' is already of the kind 'socket'")


def test_an_entry_uses_the_name_that_aliases_lead_to() -> None:
    entry = {"call": "io.open", "why": "ours", "kind": "file"}
    assert _contradiction(acquire=[entry]) == ("[[acquire]] io.open: 'io.open' is an alias here; write 'builtins.open'")


def test_an_alias_that_means_something_else_already_is_an_error() -> None:
    assert _contradiction(aliases={"io.open": "os.open"}) == (
        "[aliases] io.open: already means builtins.open; put 'io.open' into 'forget' to change that"
    )


def test_forgetting_what_is_not_known_is_an_error() -> None:
    assert _contradiction(forget=["subprocess.Pope"]) == (
        "forget: nothing is known of 'subprocess.Pope'; did you mean 'subprocess.Popen'?"
    )


def test_aliases_that_go_round_are_an_error() -> None:
    with pytest.raises(CatalogueError, match=r"\[aliases\]: a\.b: goes round in a circle: a\.b -> c\.d -> a\.b"):
        load({"aliases": {"a.b": "c.d", "c.d": "a.b"}}, plugins=False)
