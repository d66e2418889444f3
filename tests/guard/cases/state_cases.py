# ruff: noqa: ARG001 - the cases are one shape
"""Process state that is changed and not put back, to the same value or to another each time."""

from __future__ import annotations

import asyncio
import atexit
import locale
import logging
import os
import signal
import sys
import warnings
from itertools import count
from pathlib import Path
from unittest import mock

from ways import *  # noqa: F403
from ways import Acquired

NUMBERS, LOCALES = count(1), count(1)
CATEGORIES = (locale.LC_TIME, locale.LC_NUMERIC, locale.LC_MONETARY, locale.LC_COLLATE, locale.LC_MESSAGES)
"""For a locale of its own each time: where the kind is only reported, what a test leaves stays."""
os.environ["CASES_REMOVE"] = "there"


def put_back(name: str, before: str | None) -> None:
    if before is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = before


def variable_set(path: Path) -> Acquired:
    before = os.environ.get("CASES_SET")
    os.environ["CASES_SET"] = "always the same"
    return Acquired("CASES_SET", lambda: put_back("CASES_SET", before))


def variable_updated(path: Path) -> Acquired:
    before = os.environ.get("CASES_UPDATED")
    os.environ.update(CASES_UPDATED=str(next(NUMBERS)))
    return Acquired("CASES_UPDATED", lambda: put_back("CASES_UPDATED", before))


def variable_new(path: Path) -> Acquired:
    name = f"CASES_{next(NUMBERS)}"
    os.environ.setdefault(name, "1")
    return Acquired(name, lambda: os.environ.pop(name))


def directory(path: Path) -> Acquired:
    before = os.getcwd()
    os.chdir(path.parent)
    return Acquired(path, lambda: os.chdir(before))


def import_path(path: Path) -> Acquired:
    entry = str(path.parent)
    sys.path.append(entry)
    return Acquired(entry, lambda: sys.path.remove(entry))


def handler_of_a_signal(path: Path) -> Acquired:
    before = signal.signal(signal.SIGUSR1, lambda *_: None)
    return Acquired(before, lambda: signal.signal(signal.SIGUSR1, before), anywhere=False)


def callback_at_exit(path: Path) -> Acquired:
    class Callback:
        def __call__(self) -> None:
            pass

    callback = Callback()
    atexit.register(callback)
    return Acquired(callback, lambda: atexit.unregister(callback))


def handler_of_a_logger(path: Path) -> Acquired:
    handler = logging.NullHandler()
    logging.getLogger("cases").addHandler(handler)
    return Acquired(handler, lambda: logging.getLogger("cases").removeHandler(handler))


def handler_of_the_root_logger(path: Path) -> Acquired:
    handler = logging.StreamHandler()
    logging.getLogger().addHandler(handler)
    return Acquired(handler, lambda: logging.getLogger().removeHandler(handler))


def simple_filter(path: Path) -> Acquired:
    kind = type("CaseWarning", (UserWarning,), {})
    warnings.simplefilter("ignore", kind)
    return Acquired(kind, lambda: warnings.filters.remove(("ignore", None, kind, None, 0)))


def filter_of_messages(path: Path) -> Acquired:
    before = list(warnings.filters)
    warnings.filterwarnings("ignore", f"case {next(NUMBERS)}")
    return Acquired(before, lambda: warnings.filters.__setitem__(slice(None), before))


def other_locale(path: Path) -> Acquired:
    before, number = locale.setlocale(locale.LC_ALL), next(LOCALES)
    for at, category in enumerate(CATEGORIES):
        locale.setlocale(category, "C.UTF-8" if number >> at & 1 else "C")
    return Acquired(before, lambda: locale.setlocale(locale.LC_ALL, before))


def mask(path: Path) -> Acquired:
    before = os.umask(0o077)
    return Acquired(before, lambda: os.umask(before))


def policy_of_loops(path: Path) -> Acquired:
    class Policy(asyncio.DefaultEventLoopPolicy):
        pass

    before = asyncio.get_event_loop_policy()
    asyncio.set_event_loop_policy(Policy())
    return Acquired(before, lambda: asyncio.set_event_loop_policy(before))


def patched_attribute(path: Path) -> Acquired:
    patcher = mock.patch.object(os, f"case_{next(NUMBERS)}", create=True)
    patcher.start()
    return Acquired(patcher, patcher.stop)


def patched_dictionary(path: Path) -> Acquired:
    patcher = mock.patch.dict({}, case=1)
    patcher.start()
    return Acquired(patcher, patcher.stop)


def hook_for_exceptions(path: Path) -> Acquired:
    before = sys.excepthook
    sys.excepthook = lambda *_: None
    return Acquired(before, lambda: setattr(sys, "excepthook", before))


def finder_of_modules(path: Path) -> Acquired:
    class Finder:
        @staticmethod
        def find_spec(*_: object) -> None:
            return None

    sys.meta_path.append(Finder)
    return Acquired(Finder, lambda: sys.meta_path.remove(Finder))


def tracer(path: Path) -> Acquired:
    before = sys.getprofile()
    sys.setprofile(lambda *_: None)
    return Acquired(sys, lambda: sys.setprofile(before), anywhere=False)


ALL = [
    ("environment variable", variable_set),
    ("environment variable", variable_updated),
    ("environment variable", variable_new),
    ("working directory", directory),
    ("sys.path entry", import_path),
    ("signal handler", handler_of_a_signal),
    ("exit callback", callback_at_exit),
    ("logging handler", handler_of_a_logger),
    ("logging handler", handler_of_the_root_logger),
    ("warnings filter", simple_filter),
    ("warnings filter", filter_of_messages),
    ("locale", other_locale),
    ("umask", mask),
    ("event loop policy", policy_of_loops),
    ("mock patch", patched_attribute),
    ("mock patch", patched_dictionary),
    ("interpreter hook", hook_for_exceptions),
    ("interpreter hook", finder_of_modules),
    ("interpreter hook", tracer),
]
SWITCHES = ("--memguard-kinds", "process state=on", "-p", "no:warnings")
