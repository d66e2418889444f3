"""What an installed library makes: its own affair while it keeps it, the project's once the project holds it."""

from __future__ import annotations

from collections.abc import Callable

from .conftest import Run

LIBRARY = """
import socket, threading, time
CACHE = {}

class Client:
    monitor = None
    def __init__(self):
        self.socket = socket.socket()
    def close(self):
        self.socket.close()

def shared():
    return CACHE.setdefault("client", Client())

def watched():
    if Client.monitor is None:
        Client.monitor = threading.Thread(target=time.sleep, args=(2,), daemon=True)
        Client.monitor.start()

def quick():
    Client()

def at_exit():
    import atexit
    atexit.register(lambda: None)
"""
TESTS = """
import sys
sys.path.insert(0, "site-packages")
import library
HELD = []
def test_the_library_keeps_it(): library.shared()
def test_the_library_keeps_a_thread(): library.watched()
def test_the_library_drops_it(): library.quick()
def test_the_library_drops_another(): library.quick()
def test_the_library_waits_for_the_exit(): library.at_exit()
def test_the_project_keeps_it(): HELD.append(library.Client())
def test_the_project_closes_it(): library.Client().close()
"""


def test_a_librarys_own_things_are_noted_and_what_the_project_keeps_of_it_fails(suite: Callable[..., Run]) -> None:
    run = suite(TESTS, files={"site-packages/library.py": LIBRARY})
    failing = [name.rpartition("::")[2] for name, outcome in run.outcomes.items() if outcome != "passed"]
    assert failing == ["test_the_project_keeps_it"]
    assert run.of("test_the_library_keeps_it")[0]["held_by"] == "library.CACHE (dict) → client → socket"
    assert run.of("test_the_library_keeps_a_thread")[0]["held_by"] == "library.Client (type) → monitor"
    assert run.of("test_the_library_waits_for_the_exit") == []
    assert run.of("test_the_library_drops_it")[0]["verdict"] == "unknown"
    assert len({each["fingerprint"] for each in run.findings if "library_drops" in each["test"]}) == 1
    assert run.of("test_the_project_keeps_it")[0]["held_by"] == "test_it.HELD (list) → [0] → socket"
    assert run.of("test_the_project_closes_it") == []
    assert "socket still open, test_it.py:11 in test_the_project_keeps_it\n" in run.output
