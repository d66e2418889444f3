"""Which steps may raise: the three levels of the raise model.

*operations*: operations on a held resource, ``await``, ``yield`` and explicit ``raise``.
*calls*: also every call that is not known to be quiet.
*everything*: every call, quiet ones too, and ``assert``.

Attribute access, subscripts, arithmetic and comparisons raise at no level: almost all of them cannot, and the rest
would drown what matters.
"""

from __future__ import annotations

import enum


class RaiseLevel(enum.Enum):
    """How much of the world may fail; the values are the words of the option ``raises``."""

    RELAXED = "operations"
    DEFAULT = "calls"
    STRICT = "everything"


QUIET_ON_RESOURCES = frozenset(
    {
        "setsockopt", "settimeout", "setblocking", "getsockopt", "getpeername", "getsockname", "fileno", "isatty",
        "tell", "set_debug", "set_name", "setFormatter", "setLevel", "addFilter", "setDaemon", "getName",
    }
)  # fmt: skip
"""Methods of resources that only set or read an option."""

QUIET_METHODS = frozenset(
    {
        # containers and strings: fail only through a programming error
        "append", "appendleft", "add", "clear", "copy", "discard", "endswith", "extend", "extendleft", "format",
        "get", "insert", "pop", "remove", "isalnum", "isalpha", "isdigit", "isspace", "items", "join", "keys",
        "lower", "lstrip",
        "partition", "popitem", "replace", "reverse", "rfind", "find", "rpartition", "rsplit", "rstrip",
        "setdefault", "sort", "split", "splitlines", "startswith", "strip", "title", "update", "upper", "values",
        "zfill", "ljust", "rjust", "capitalize", "casefold", "swapcase", "expandtabs", "hexdigest", "digest",
        "isoformat", "total_seconds", "tolist", "as_posix", "count",
        # logging and events: designed never to raise into the caller
        "debug", "info", "warning", "warn", "error", "exception", "critical", "log", "isEnabledFor", "getLogger",
        "is_set", "set", "notify", "notify_all", "cancel", "cancelled", "done", "is_alive", "fileno", "isatty",
        "getvalue", "getpid", "time", "monotonic", "perf_counter",
        # text to bytes and back, by the names that helpers for it have
        "to_bytes", "to_text", "to_native", "to_str", "ensure_binary", "ensure_bytes", "ensure_str", "ensure_text",
        "force_bytes", "force_str", "force_text",
        # looking a text up in a catalogue of translations
        "_", "gettext", "ngettext",
        # registering an owner
        "enter_context", "push", "callback", "push_async_callback", "addCleanup", "addfinalizer",
        "add_done_callback", "setsockopt", "settimeout", "setblocking", "setDaemon", "getpeername", "getsockname",
        "release", "acquire", "start_soon", "set_task_factory", "set_exception_handler",
        # releasing something else: fails rarely, and MEM303 speaks of that
        "close", "aclose", "terminate", "kill", "disconnect", "stop", "detach",
    }
)  # fmt: skip
"""Method names that, on a value of unknown type, start no exceptional path at the default level."""

LOGGERS = ("logger", "log", "logging")
"""Names of receivers whose methods write a line about what happens, whatever they are called."""
