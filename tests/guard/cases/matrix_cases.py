# ruff: noqa: ARG001, ARG002, SIM115 - the cases are one shape, and leak on purpose
"""Each way to acquire, crossed with each way to lose it and each way to give it back.

An acquiring function has one line that acquires; its report must name that line.
"""

from __future__ import annotations

import asyncio
import atexit
import bz2
import codecs
import contextlib
import gzip
import http.client
import io
import logging
import lzma
import mmap
import os
import selectors
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import urllib.request
import wave
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from ways import *  # noqa: F403
from ways import HELD, Acquired

from pytest_memguard.runtime.lease import Book, Lease, register


class Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        with contextlib.suppress(OSError):  # the client has gone
            self.wfile.write(b"x" * 100_000)

    def log_message(self, *_: object) -> None:
        pass


SERVER = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
atexit.register(SERVER.server_close)  # who imports this file to know its cases never serves


class Desk:
    """The least that lends: what every pool of the runtime does with its leases."""

    label = "Desk 'cases'"

    def __init__(self) -> None:
        self.book = Book()
        register(self)

    def outstanding(self) -> list[Lease[Any]]:
        return list(self.book)

    def take_back(self, lease: Lease[Any], value: object, ending: str) -> None:
        self.book.strike(lease)


DESK = Desk()


def close(thing: Any) -> Acquired:
    return Acquired(thing, thing.close)


def opened(path: Path) -> Acquired:
    return close(open(path))


def opened_for_bytes(path: Path) -> Acquired:
    return close(open(path, "rb"))


def opened_to_write(path: Path) -> Acquired:
    return close(open(path, "w"))


def opened_by_io(path: Path) -> Acquired:
    return close(io.open(path, "r+b"))  # noqa: UP020


def opened_by_path(path: Path) -> Acquired:
    return close(path.open())


def opened_by_codecs(path: Path) -> Acquired:
    return close(codecs.open(str(path), "r", "utf-8"))


def opened_by_gzip(path: Path) -> Acquired:
    return close(gzip.open(path, "wb"))


def opened_by_bz2(path: Path) -> Acquired:
    return close(bz2.open(path, "wb"))


def opened_by_lzma(path: Path) -> Acquired:
    return close(lzma.open(path, "wb"))


def opened_by_zipfile(path: Path) -> Acquired:
    return close(zipfile.ZipFile(path, "w"))


def opened_by_wave(path: Path) -> Acquired:
    handle = wave.open(open(path, "wb"))
    handle.setparams((1, 1, 8000, 0, "NONE", ""))
    return close(handle.getfp() if hasattr(handle, "getfp") else handle._file)


def opened_from_number(path: Path) -> Acquired:
    return close(os.fdopen(os.open(path, os.O_RDONLY)))


def logged(path: Path) -> Acquired:
    return close(logging.FileHandler(path))


def nameless_temporary(path: Path) -> Acquired:
    return close(tempfile.TemporaryFile(dir=path.parent))


def number_of_file(path: Path) -> Acquired:
    number = os.open(path, os.O_RDONLY)
    return Acquired(number, lambda: os.close(number))


def number_again(path: Path) -> Acquired:
    number = os.dup(2)
    return Acquired(number, lambda: os.close(number))


def both_ends_of_a_pipe(path: Path) -> Acquired:
    ends = os.pipe()
    return Acquired(ends, lambda: [os.close(end) for end in ends])


def terminal(path: Path) -> Acquired:
    ends = os.openpty()
    return Acquired(ends, lambda: [os.close(end) for end in ends])


def event(path: Path) -> Acquired:
    number = os.eventfd(0)
    return Acquired(number, lambda: os.close(number))


def memory_file(path: Path) -> Acquired:
    number = os.memfd_create("case")
    return Acquired(number, lambda: os.close(number))


def detached_socket(path: Path) -> Acquired:
    number = socket.socket().detach()
    return Acquired(number, lambda: os.close(number))


def mapping(path: Path) -> Acquired:
    with open(path, "r+b") as file:
        mapped = mmap.mmap(file.fileno(), 0)
    HELD.append(mapped)
    return close(mapped)


def selector(path: Path) -> Acquired:
    return close(selectors.DefaultSelector())


def made_and_forgotten(path: Path) -> Acquired:
    number, name = tempfile.mkstemp(dir=path.parent)
    return Acquired(name, lambda: os.close(number))


def plain_socket(path: Path) -> Acquired:
    return close(socket.socket())


def listening_socket(path: Path) -> Acquired:
    return close(socket.create_server(("127.0.0.1", 0)))


def connected_socket(path: Path) -> Acquired:
    return close(socket.create_connection(("127.0.0.1", SERVER.server_port)))


def pair_of_sockets(path: Path) -> Acquired:
    pair = socket.socketpair()
    return Acquired(pair, lambda: [end.close() for end in pair])


def file_of_a_socket(path: Path) -> Acquired:
    with socket.create_connection(("127.0.0.1", SERVER.server_port)) as connection:
        return close(connection.makefile("rb"))


def urllib_answer(path: Path) -> Acquired:
    return close(urllib.request.urlopen(f"http://127.0.0.1:{SERVER.server_port}/"))


def http_connection(path: Path) -> Acquired:
    connection = http.client.HTTPConnection("127.0.0.1", SERVER.server_port)
    connection.connect()
    return close(connection)


def database(path: Path) -> Acquired:
    return close(sqlite3.connect(path.with_suffix(".db"), check_same_thread=False))


def database_in_memory(path: Path) -> Acquired:
    return close(sqlite3.connect(":memory:", check_same_thread=False))


def pool_of_threads(path: Path) -> Acquired:
    pool = ThreadPoolExecutor(1)
    pool.submit(int).result()
    return Acquired(pool, pool.shutdown)


def child(path: Path) -> Acquired:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    return Acquired(process, lambda: process.communicate(b"\n"))


def child_that_has_ended(path: Path) -> Acquired:
    process = subprocess.Popen(["true"])
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    return Acquired(process, process.wait)


def temporary_folder(path: Path) -> Acquired:
    folder = tempfile.TemporaryDirectory()
    return Acquired(folder, folder.cleanup)


def named_temporary(path: Path) -> Acquired:
    return close(tempfile.NamedTemporaryFile())


def event_loop(path: Path) -> Acquired:
    return close(asyncio.new_event_loop())


def lease(path: Path) -> Acquired:
    loan = Lease(DESK, object(), "pool lease")
    DESK.book.enter(loan)
    return Acquired(loan, loan.release)


DROPPED = {
    "file": (
        opened,
        opened_for_bytes,
        opened_to_write,
        opened_by_io,
        opened_by_path,
        opened_by_codecs,
        opened_by_gzip,
        opened_by_bz2,
        opened_by_lzma,
        opened_by_zipfile,
        opened_by_wave,
        opened_from_number,
        logged,
        nameless_temporary,
    ),
    "socket": (
        plain_socket,
        listening_socket,
        connected_socket,
        pair_of_sockets,
        file_of_a_socket,
        urllib_answer,
        http_connection,
    ),
    "sqlite connection": (database, database_in_memory),
    "executor": (pool_of_threads,),
    "process": (child, child_that_has_ended),
    "temporary folder": (temporary_folder,),
    "temporary file": (named_temporary,),
    "event loop": (event_loop,),
    "epoll": (selector,),
    "pool lease": (lease,),
}
"""Objects: losing the last reference closes them, which is a leak all the same."""

NUMBERS = {
    "file": (number_of_file, number_again, made_and_forgotten),
    "pipe": (both_ends_of_a_pipe,),
    "terminal": (terminal,),
    "eventfd": (event,),
    "memfd": (memory_file,),
    "socket": (detached_socket,),
    "mmap": (mapping,),
}
"""Numbers and what hides one: nothing closes these by itself."""
HELD_AS = {child_that_has_ended: "zombie process"}
"""What something is called while it is held, where that differs."""
ALL = [(kind, how) for table in (DROPPED, NUMBERS) for kind, group in table.items() for how in group]


@pytest.fixture(scope="session", autouse=True)
def server() -> Iterator[None]:
    thread = threading.Thread(target=SERVER.serve_forever, args=(0.02,))
    thread.start()
    yield
    SERVER.shutdown()
    thread.join()
    SERVER.server_close()


@pytest.fixture(scope="session", autouse=True)
def children() -> Iterator[None]:
    """End the children that leaky cases leave, so that the run itself leaves none."""
    yield
    for acquired in HELD:
        if isinstance(acquired, Acquired) and isinstance(acquired.thing, subprocess.Popen):
            acquired.give_back()
