"""`find` says what is known of a name, in sentences."""

from __future__ import annotations

import pytest

from memlint.catalogue import load
from memlint.catalogue.find import find

CATALOGUE = load(plugins=False)


def _said(name: str) -> str:
    return "\n".join(find(CATALOGUE, name))


def test_an_acquirer_is_described_with_its_kind() -> None:
    said = _said("subprocess.Popen")
    assert "subprocess.Popen acquires a child process:" in said
    assert "  unless start_new_session=True or creationflags is given\n" in said
    assert "  released by .wait(), .communicate()" in said
    assert "  otherwise until it is waited for it stays in the process table" in said
    assert "  the garbage collector never releases it" in said


def test_a_call_may_acquire_and_borrow_at_once() -> None:
    assert "subprocess.Popen borrows argument stdin=, stdout=, stderr= or pass_fds=:" in _said("subprocess.Popen")


def test_another_spelling_leads_to_the_one_in_use() -> None:
    assert find(CATALOGUE, "io.open")[0] == "io.open is known as builtins.open"
    assert find(CATALOGUE, "mkstemp")[0] == "mkstemp is known as tempfile.mkstemp"
    assert "builtins.open acquires a file:" in _said("open()")


def test_a_block_that_does_not_release_is_said() -> None:
    assert "  `with` is allowed and does not release it" in find(CATALOGUE, "sqlite3.connect")


def test_items_of_a_tuple_are_counted() -> None:
    assert "acquires a file descriptor as item 0 and 1 of the tuple that it returns" in _said("os.pipe")


def test_a_view_is_told_from_a_reader() -> None:
    assert "its result reads from them later" in _said("csv.reader")
    assert "its result reads from them later" not in _said("json.load")


def test_a_kind_lists_who_acquires_it() -> None:
    said = _said("socket")
    assert said.startswith("socket is a kind of resource: a socket\n")
    assert "socket.create_connection" in said


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("sys.exit", "sys.exit never returns (it raises builtins.SystemExit)"),
        ("os._exit", "os._exit never returns:"),
        ("contextlib.suppress", "contextlib.suppress as a `with` block swallows the exceptions that it is given"),
        ("atexit.register", "atexit.register takes over its arguments:"),
        ("os.close", "os.close releases argument 0 of the kind descriptor:"),
        ("time.time", "time.time is taken never to raise:"),
        ("print", "  unless file is given"),
        ("append", "append on any receiver is taken never to raise:"),
        ("logging.getLogger", "logging.getLogger returns a logging.Logger and acquires nothing:"),
        ("threading.Lock.acquire", "acquires a lock: its receiver:"),
        ("contextlib.closing", "acquires a closing() block when what it wraps is owed:"),
        ("asyncio.start_server", "asyncio.start_server awaited, acquires an asyncio server:"),
        ("asyncio.create_subprocess_exec", "  released by await .wait() or await .communicate()"),
        ("os.fdopen", "  takes over argument 0 or fd="),
        ("socket.socket", "  handed on by .detach()"),
        ("io.TextIOWrapper.close", "nothing is known of io.TextIOWrapper.close"),
        ("gzip.GzipFile", "  only when fileobj is given and mode='w', mode='wb'"),
        ("os.scandir", "  released by .close(), `with` or reading it to the end"),
        ("threading.Thread", "  released by .join() or setting .daemon = True"),
        ("threading.Thread", "  reported with --preview only"),
        ("requests.Session", "  it holds nothing before it is used"),
        ("aiohttp.ClientSession.get", "  it ends with the resource whose method made it"),
        ("tempfile.TemporaryDirectory", "  it releases itself, by design, when its owner is collected"),
        ("http.client.HTTPResponse", "http.client.HTTPResponse is a class of an HTTP response"),
    ],
)
def test_what_is_known_is_said(name: str, sentence: str) -> None:
    assert sentence in _said(name)


def test_a_misspelt_name_brings_its_neighbours() -> None:
    assert find(CATALOGUE, "subprocess.Poepn")[:2] == [
        "nothing is known of subprocess.Poepn; known are:",
        "  subprocess.Popen",
    ]
    assert "  os.popen" in find(CATALOGUE, "poepn")


def test_a_module_brings_its_names_and_says_how_many_more() -> None:
    lines = find(CATALOGUE, "asyncio")
    assert lines[0] == "nothing is known of asyncio; known are:"
    assert len(lines) == 14
    assert lines[-1].startswith("  and ")


def test_a_common_last_word_brings_all_its_owners() -> None:
    lines = find(CATALOGUE, "Popen")
    assert lines[0] == "Popen may be one of these:"
    assert "  subprocess.Popen" in lines
    assert "  subprocess32.Popen" not in lines


def test_an_unknown_name_is_said_to_be_an_owner() -> None:
    assert find(CATALOGUE, "zzzz.qqqq") == [
        "nothing is known of zzzz.qqqq: a call of it is taken to own what it is given"
    ]
