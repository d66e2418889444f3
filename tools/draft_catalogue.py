"""Lists what typeshed knows and the catalogue does not: a draft of entries for a person to review.

Reads the stubs of the standard library that mypy ships.  A class is a candidate when it has a method that releases
or is a context manager; a function is one when it is annotated to return such a class.  Prints TOML to standard
output; nothing of it is taken over unread.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from memlint.catalogue import Catalogue, load

RELEASING = ("close", "aclose", "shutdown", "release", "stop", "terminate", "cleanup", "disconnect", "quit", "unlink")
ENTERING = ("__enter__", "__aenter__")

SEEN: dict[str, str] = {
    "concurrent.futures._base.Executor": "abstract",
    "concurrent.futures.process": "inner machinery",
    "distutils": "gone with Python 3.12",
    "lib2to3": "gone with Python 3.13",
    "asyncore": "gone with Python 3.12; dispatchers own sockets that their subclasses close",
    "asynchat": "gone with Python 3.12",
    "smtpd": "gone with Python 3.12",
    "msilib": "gone with Python 3.13, Windows only",
    "ossaudiodev": "gone with Python 3.13",
    "unittest": "its patchers and contexts are entered or registered, and hold nothing",
    "xml.sax": "readers close the source that they were given",
    "xml.dom": "readers close the source that they were given",
    "xml.etree": "parsers hold memory only",
    "email": "parsers hold memory only",
    "html": "parsers hold memory only",
    "io": "base classes and memory buffers",
    "_io": "inner machinery",
    "typing": "protocols",
    "_typeshed": "protocols",
    "types": "generators and coroutines: the analysis knows them itself",
    "collections.abc": "protocols",
    "ctypes": "closed with the process",
    "tkinter": "destroyed with the main window",
    "idlelib": "an application",
    "turtle": "an application",
    "decimal": "contexts of arithmetic hold nothing",
    "warnings": "a block of settings",
    "threading": "known by hand: locks, threads, timers",
    "contextlib": "known by hand: closing, stacks, suppressors",
    "_thread": "known as threading",
    "multiprocessing": "known by hand: processes, pools, pipes, queues, managers",
    "importlib": "readers and finders hold paths",
    "encodings": "codecs hold memory only",
    "memoryview": "an export of a buffer",
    "tracemalloc": "holds memory only",
    "cProfile": "a profile holds memory only",
    "_curses": "ended with the terminal",
    "xdrlib": "packers hold memory only",
    "zipimport": "closed with the interpreter",
    "asyncio": "known by hand: loops, tasks, streams, servers, transports, children",
    "_winapi": "Windows only, inner machinery",
    "winreg": "known by hand",
    "select": "known by hand",
    "_socket": "known as socket",
    "_ssl": "inner machinery",
    "_sqlite3": "known as sqlite3",
    "_bz2": "inner machinery",
    "_lzma": "inner machinery",
    "_compression": "inner machinery",
    "_dummy_thread": "gone",
    "_bootlocale": "gone",
    "_dbm": "known as dbm",
    "_gdbm": "known as dbm",
    "_tkinter": "destroyed with the main window",
    "_remote_debugging": "inner machinery",
    "binhex": "gone with Python 3.11",
    "imp": "gone with Python 3.12",
    "cgi": "gone with Python 3.13, and its files are temporary ones that it owns",
    "chunk": "gone with Python 3.13, and closing one is optional",
    "dbm": "its databases are known by the function that opens them",
    "calendar.different_locale": "a block of settings",
    "builtins.memoryview": "an export of a buffer",
    "builtins.range": "`stop` is a number",
    "builtins.slice": "`stop` is a number",
    "pickle.PickleBuffer": "an export of a buffer",
    "os.uname_result": "`release` is a text",
    "os._ScandirIterator": "known by the function that opens it",
    "os._AddedDllDirectory": "known by the function that makes it",
    "pathlib.Path": "a path holds nothing; unlink() removes a file",
    "codecs._WritableStream": "a protocol",
    "codecs._ReadableStream": "a protocol",
    "shlex._ShlexInstream": "a protocol",
    "tarfile._Fileobj": "a protocol",
    "tarfile._Bz2ReadableFileobj": "a protocol",
    "tarfile._Bz2WritableFileobj": "a protocol",
    "zipfile._ClosableZipStream": "a protocol",
    "zipfile._ZipWritable": "a protocol",
    "imaplib.Idler": "ends with its connection",
    "logging.Handler": "its subclasses that hold something are known",
    "mailbox._GetFileReturn": "a protocol",
    "mailbox.Mailbox": "abstract; its subclasses that hold a file are known",
    "mailbox._singlefileMailbox": "abstract; its subclasses that hold a file are known",
    "mailbox._ProxyFile": "a window on the mailbox's file",
    "selectors.BaseSelector": "abstract",
    "socketserver.BaseServer": "abstract; its subclasses are known",
    "sqlite3.Cursor": "ends with its connection",
    "urllib.request": "openers hold handlers; what they open is known",
    "wsgiref": "handlers end with their request; the server is known",
    "xmlrpc.client": "parsers hold memory only; the proxy is known",
    "compression": "the names that gzip, bz2, lzma and zipfile have in Python 3.14",
}
"""Modules and classes that a person has judged, with the reason why nothing of them is missing."""


@dataclass
class Stub:
    """What a stub says of one class."""

    name: str
    releases: list[str] = field(default_factory=list)
    enters: list[str] = field(default_factory=list)


def classes(stubs: Path) -> Iterator[Stub]:
    """The classes of all stubs that can be released or entered."""
    for path in sorted(stubs.rglob("*.pyi")):
        module = ".".join(path.relative_to(stubs).with_suffix("").parts).removesuffix(".__init__")
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                methods = [one.name for one in node.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
                stub = Stub(
                    f"{module}.{node.name}",
                    [name for name in RELEASING if name in methods],
                    [name for name in ENTERING if name in methods],
                )
                if stub.releases or (stub.enters and not node.name.startswith("_")):
                    yield stub


def missing(stubs: Path, catalogue: Catalogue) -> Iterator[Stub]:
    """Those that the catalogue does not know and that nobody has judged."""
    for stub in classes(stubs):
        resolved = catalogue.resolve(stub.name)
        known = resolved in catalogue.types or resolved in catalogue.acquires
        if not known and not any(stub.name == seen or stub.name.startswith(f"{seen}.") for seen in SEEN):
            yield stub


def draft(stub: Stub) -> str:
    """The TOML that a reviewer starts from."""
    context = '\ncontext = "releases"  # or keeps?' if "__enter__" in stub.enters else ""
    release = ", ".join(f'"{name}"' for name in stub.releases)
    return f'[[kind]]\nname = "{stub.name}"\nrelease = [{release}]{context}\ntypes = ["{stub.name}"]\nwhy = "?"\n'


def main() -> int:
    """Print the draft; 2 when mypy's stubs are not installed."""
    import mypy

    stubs = Path(mypy.__file__).parent / "typeshed" / "stdlib"
    if not stubs.is_dir():
        print(f"{stubs} is missing: install mypy with its stubs", file=sys.stderr)
        return 2
    for stub in missing(stubs, load(plugins=False)):
        print(draft(stub))
    return 0


if __name__ == "__main__":
    sys.exit(main())
