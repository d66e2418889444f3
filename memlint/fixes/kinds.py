"""Which kinds of resources a block treats exactly as their release does, and what their methods give."""

from __future__ import annotations

from memlint.catalogue.model import Category, Kind

PLAIN = frozenset({
    "archive", "archive member", "async file", "compressed file", "compressed stream", "dbm database",
    "directory listing", "extracted member", "file", "http response", "image stream", "memory mapping",
    "requests session", "selector", "shelf", "socket", "sqlalchemy connection", "sqlalchemy session", "sqlite blob",
    "temporary directory",
})  # fmt: skip
"""Kinds whose block ends with nothing but their release, which may come twice.

Others do more there: a database connection commits, a pool of processes is terminated, an executor is waited for.
"""

UNSEEN = PLAIN - {"socket", "sqlalchemy connection", "sqlalchemy session", "temporary directory"}
"""Of those, the kinds whose release nobody outside the function is waiting for, so that it may come earlier."""

TEXTS = frozenset({
    "archive member", "async file", "compressed file", "compressed stream", "extracted member", "file",
    "http response", "directory listing", "requests stream", "urllib3 response",
})  # fmt: skip
"""Kinds that are read piece by piece, and whose pieces need them no more."""

VALUES = frozenset({
    "bind", "commit", "communicate", "connect", "decode", "encode", "extractall", "fetch", "fetchall", "fetchmany",
    "fetchone", "fetchrow", "fetchval", "find", "flush", "format", "getcode", "getheader", "getheaders", "getinfo",
    "getnames", "getpeername", "getsockname", "geturl", "getvalue", "infolist", "isatty", "items", "json", "keys",
    "listen", "namelist", "poll", "read", "read1", "readable", "readall", "readline", "readlines", "recv", "result",
    "returncode", "rfind", "rollback", "run_until_complete", "scalar", "seek", "seekable", "select", "send",
    "sendall", "sendto", "serve_forever", "setblocking", "setsockopt", "settimeout", "shutdown", "size", "split",
    "splitlines", "startswith", "strip", "tell", "text", "truncate", "unregister", "values", "wait", "writable",
    "write", "writelines",
})  # fmt: skip
"""Methods whose result needs what it was read from no more."""

FACTS = frozenset({
    "closed", "code", "encoding", "mode", "ok", "pid", "reason", "returncode", "status", "status_code", "text", "url",
})  # fmt: skip
"""Attributes that are plain values."""

CONSUMERS = frozenset({
    "all", "any", "bool", "bytearray", "bytes", "dict", "float", "frozenset", "hash", "int", "isinstance", "len",
    "list", "max", "min", "print", "set", "sorted", "sum", "tuple",
})  # fmt: skip
"""Builtins that have read their argument to its end, or as far as they want, when they return."""

RETURN_WHEN_DONE = (
    "builtins.", "json.", "os.", "shutil.", "subprocess.call", "subprocess.check_call", "subprocess.check_output",
    "subprocess.run",
)  # fmt: skip
"""Callees, or how their names begin, that keep nothing of their arguments when they return."""

_WORDS = (("response", "response"), ("connection", "connection"), ("socket", "connection"), ("archive", "archive"),
          ("session", "session"), ("client", "client"), ("directory", "folder"), ("mapping", "mapping"))  # fmt: skip


def variable_for(kind: Kind) -> str:
    """What to call a resource that has no name yet."""
    if kind.name in TEXTS and "response" not in kind.name:
        return "entries" if kind.name == "directory listing" else "stream"
    return next((word for part, word in _WORDS if part in kind.name), "resource")


def ends_on_its_own_terms(kind: Kind) -> str | None:
    """Why a block does more than release, if it does."""
    if kind.name in PLAIN or kind.category is Category.LOCK:
        return None
    return f"leaving the block may do more to {kind.label} than release it"
