"""Who is charged: the test, the fixture of a wider scope at its own end, or nobody."""

from __future__ import annotations

from .conftest import Run, scenario

START = """
import gc, os, pytest, socket, sqlite3, subprocess, sys, tempfile, threading, time, warnings, weakref
HELD = []
"""
KEEPS = """
@pytest.fixture(scope="SCOPE")
def server():
    server = socket.create_server(("127.0.0.1", 0))
    worker = threading.Thread(target=time.sleep, args=(0.2,))
    worker.start()
    yield server
    worker.join()
    server.close()

class Test:
    def test_first(self, server): pass
    def test_second(self, server): pass

def test_after(): pass
"""
FORGETS = """
@pytest.fixture(scope="SCOPE")
def server():
    HELD.append(socket.create_server(("127.0.0.1", 0)))

class Test:
    def test_first(self, server): pass
    def test_second(self, server): pass

def test_after(): pass
"""


@scenario(*(START + KEEPS.replace("SCOPE", scope) for scope in ("class", "module", "package", "session")))
def test_what_a_wider_fixture_acquires_is_judged_at_its_own_tear_down(told: Run) -> None:
    assert set(told.outcomes.values()) == {"passed"}
    assert len(told.outcomes) == 12
    assert told.findings == []


@scenario(START + FORGETS.replace("SCOPE", "class"))
def test_what_a_class_fixture_forgets_is_reported_once_at_the_end_of_the_class(told: Run) -> None:
    assert [each["owner"] for each in told.findings] == ["class fixture 'server'"]
    assert told.findings[0]["test"].endswith("test_second")
    assert told.outcome("test_second") == "error"


@scenario(START + FORGETS.replace("SCOPE", "module"))
def test_what_a_module_fixture_forgets_is_reported_once_at_the_end_of_the_module(told: Run) -> None:
    assert [each["owner"] for each in told.findings] == ["module fixture 'server'"]
    assert told.outcome("test_after") == "error"


@scenario(START + FORGETS.replace("SCOPE", "session"))
def test_what_a_session_fixture_forgets_is_reported_at_the_end_of_the_run(told: Run, everything: Run) -> None:
    assert told.outcomes["0.Test::test_first"] == "passed"
    charged = [each for each in everything.findings if each["owner"] == "session fixture 'server'"]
    assert [each["kind"] for each in charged] == ["socket"]
    assert "session fixture 'server' (defined at test_what_a_session_fixture" in everything.output


@scenario(
    START
    + """
class Client:
    def __init__(self): self.connections = []
    def ask(self): self.connections.append(socket.socket())
    def close(self): [each.close() for each in self.connections]

@pytest.fixture(scope="module")
def client():
    client = Client()
    yield client
    client.close()

@pytest.fixture(scope="module")
def hidden():
    kept = Client()
    yield kept.ask
    kept.close()

def test_first(client, hidden): client.ask(); hidden()
def test_second(client): client.ask()
"""
)
def test_what_a_wider_fixture_acquires_late_for_a_test_is_still_its_own(told: Run) -> None:
    assert told.outcomes == {"0::test_first": "passed", "0::test_second": "passed"}


@scenario(
    START
    + """
@pytest.fixture
def good():
    connection = sqlite3.connect(":memory:")
    yield connection
    connection.close()

@pytest.fixture
def bad():
    yield sqlite3.connect(":memory:")

def test_good(good): pass
def test_bad(bad): pass
"""
)
def test_a_function_fixture_that_forgets_fails_its_test(told: Run) -> None:
    assert told.outcomes == {"0::test_good": "passed", "0::test_bad": "failed"}


@scenario(
    START
    + """
@pytest.fixture(scope="module", autouse=True)
def worker():
    go, done = threading.Event(), threading.Event()
    def work():
        go.wait()
        HELD.append(socket.socket())
        done.set()
    thread = threading.Thread(target=work)
    thread.start()
    yield go, done
    thread.join()
    HELD.pop().close()

def test_it(worker):
    worker[0].set()
    worker[1].wait()

def test_next(): pass
"""
)
def test_a_background_threads_work_is_not_the_running_tests(told: Run) -> None:
    assert told.outcomes == {"0::test_it": "passed", "0::test_next": "passed"}


@scenario(
    """
import importlib, sys
def test_it(tmp_path, monkeypatch):
    (tmp_path / "keeper.py").write_text("LOG = open(__file__)\\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert importlib.import_module("keeper").LOG
"""
)
def test_what_a_module_acquires_while_it_is_imported_is_no_leak(told: Run) -> None:
    assert told.outcomes == {"0::test_it": "passed"}


@scenario(
    START
    + """
def test_fails():
    file = open(__file__)
    assert False

def test_skips():
    file = open(__file__)
    pytest.skip("halfway")

@pytest.mark.xfail(strict=True)
def test_expected():
    file = open(__file__)
    assert False

def test_next(): pass
"""
)
def test_a_failed_test_is_not_judged_and_charges_nobody_later(told: Run) -> None:
    assert told.outcomes == {
        "0::test_fails": "failed",
        "0::test_skips": "skipped",
        "0::test_expected": "skipped",
        "0::test_next": "passed",
    }
    assert told.findings == []


@scenario(
    START
    + """
def test_leaks(): HELD.append(open(__file__))
def test_next(): pass
def test_that_drops_it(): HELD.clear()
"""
)
def test_a_leak_of_one_test_is_not_the_next_ones(told: Run) -> None:
    assert told.outcomes == {"0::test_leaks": "failed", "0::test_next": "passed", "0::test_that_drops_it": "passed"}


@scenario(
    START
    + """
def test_expected():
    with pytest.warns(ResourceWarning, match="unclosed file"):
        open(__file__)

def test_recorded():
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        open(__file__)
    assert seen[0].filename == __file__
"""
)
def test_a_test_that_looks_for_the_warning_drops_on_purpose(told: Run) -> None:
    assert told.outcomes == {"0::test_expected": "passed", "0::test_recorded": "passed"}


@scenario("def test_it():\n    open(1, 'w', closefd=False)\n")
def test_a_borrowed_descriptor_is_not_the_files_to_close(told: Run) -> None:
    assert told.outcomes == {"0::test_it": "passed"}


@scenario(
    START
    + """
class Node: pass

def test_makes_a_cycle():
    node = Node()
    node.itself = node
    HELD.append(node)

def test_frees_it():
    ref = weakref.ref(HELD.pop())
    gc.collect()
    assert ref() is None

def test_sees_every_object():
    assert len(gc.get_objects()) > 10_000

def test_finds_referrers():
    assert any(each is globals() for each in gc.get_referrers(HELD))
"""
)
def test_the_collector_behaves_as_ever_for_code_that_uses_it(told: Run) -> None:
    assert set(told.outcomes.values()) == {"passed"}
    assert len(told.outcomes) == 4


@scenario(
    """
import unittest

class Case(unittest.TestCase):
    def setUp(self): self.file = open(__file__)
    def tearDown(self): self.file.close()
    def test_clean(self): pass
    def test_leaky(self): self.other = open(__file__)

class Shared(unittest.TestCase):
    @classmethod
    def setUpClass(cls): cls.file = open(__file__)
    @classmethod
    def tearDownClass(cls): cls.file.close()
    def test_first(self): pass
    def test_second(self): pass

class Async(unittest.IsolatedAsyncioTestCase):
    async def test_async_clean(self): pass
    async def test_async_leaky(self): self.other = open(__file__)

class Forgetful(unittest.TestCase):
    @classmethod
    def setUpClass(cls): cls.file = open(__file__)
    def test_last(self): pass
"""
)
def test_unittest_cases_are_watched_with_their_set_up_and_their_classes(told: Run) -> None:
    failing = {name for name, outcome in told.outcomes.items() if outcome != "passed"}
    assert failing == {"0.Case::test_leaky", "0.Async::test_async_leaky", "0.Forgetful::test_last"}
