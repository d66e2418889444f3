"""What CPython does with a resource that nobody releases is what the catalogue says."""
# ruff: noqa: ARG001, ARG005, SIM115 - the makers share one signature, and leak on purpose

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import fileinput
import ftplib
import gc
import gzip
import http.client
import http.server
import io
import logging
import mmap
import multiprocessing
import os
import selectors
import shelve
import socket
import sqlite3
import sys
import tarfile
import tempfile
import urllib.request
import warnings
import wave
import zipfile
from collections.abc import Callable
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path

import pytest

from memlint.catalogue import load
from memlint.catalogue.model import Collected

CATALOGUE = load(plugins=False)


def _wave(folder: Path) -> object:
    with wave.open(str(folder / "sound"), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", "not compressed"))
    return wave.open(str(folder / "sound"))


def _tar(folder: Path) -> object:
    with tarfile.open(folder / "archive.tar", "w"):
        pass
    return tarfile.open(folder / "archive.tar")


def _zip_member(folder: Path) -> object:
    with zipfile.ZipFile(folder / "archive.zip", "w") as archive:
        archive.writestr("member", b"content")
    with zipfile.ZipFile(folder / "archive.zip") as archive:
        return archive.open("member")


def _directory(folder: Path) -> object:
    (folder / "one").touch()
    (folder / "two").touch()
    listing = os.scandir(folder)
    next(listing)
    return listing


def _reading(folder: Path) -> object:
    (folder / "lines").write_text("one\ntwo\n")
    lines = fileinput.FileInput(folder / "lines")
    next(lines)
    return lines


def _http(folder: Path) -> object:
    listener = socket.create_server(("127.0.0.1", 0))
    with listener:
        connection = http.client.HTTPConnection("127.0.0.1", listener.getsockname()[1])
        connection.connect()
    return connection


def _ftp(folder: Path) -> object:
    connection = ftplib.FTP()
    connection.sock = socket.socket()  # as connect() leaves it
    return connection


def _response(folder: Path) -> object:
    return urllib.request.urlopen((folder / "page").as_uri()) if (folder / "page").write_text("x") else None


def _shared(folder: Path) -> object:
    block = SharedMemory(create=True, size=16)
    block.unlink()
    return block


# Not here: what holds a child process, for subprocess keeps a child that still runs, with its pipes, until later.
MAKERS: dict[str, Callable[[Path], object]] = {
    "file": lambda folder: open(folder / "file", "w"),
    "directory listing": _directory,
    "input over files": _reading,
    "memory mapping": lambda folder: mmap.mmap(-1, 16),
    "sound file": _wave,
    "socket": lambda folder: socket.socket(),
    "selector": lambda folder: selectors.DefaultSelector(),
    "http connection": _http,
    "http response": _response,
    "ftp connection": _ftp,
    "server": lambda folder: http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler),
    "pipe end": lambda folder: multiprocessing.Pipe()[0],
    "shared memory": _shared,
    "executor": lambda folder: concurrent.futures.ThreadPoolExecutor(),
    "event loop": lambda folder: asyncio.new_event_loop(),
    "temporary directory": lambda folder: tempfile.TemporaryDirectory(dir=folder),
    "archive": _tar,
    "archive member": _zip_member,
    "compressed file": lambda folder: gzip.open(folder / "file.gz", "wb"),
    "sqlite connection": lambda folder: sqlite3.connect(folder / "base"),
    "shelf": lambda folder: shelve.open(str(folder / "shelf")),
    "log handler": lambda folder: logging.FileHandler(folder / "log"),
    "exit stack": lambda folder: contextlib.ExitStack(),
    "closing block": lambda folder: contextlib.closing(io.StringIO()),
}

SINCE = {"sqlite connection": (3, 13)}
"""From which Python on the kind warns."""


@pytest.mark.memguard_allow("socket", reason="it is dropped to see what the collector does")
@pytest.mark.parametrize("kind", MAKERS)
def test_an_unreleased_one_is_collected_as_the_catalogue_says(kind: str, tmp_path: Path) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        held = MAKERS[kind](tmp_path)
        del held
        gc.collect()
    warned = any(issubclass(warning.category, ResourceWarning) for warning in caught)
    says = CATALOGUE.kinds[kind].collected is Collected.WARNS and sys.version_info >= SINCE.get(kind, (3, 0))
    assert warned is says, [str(warning.message) for warning in caught]
