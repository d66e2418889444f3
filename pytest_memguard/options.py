"""One table of options: it makes the command line, the ini keys, their help and the reference page."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from . import kinds
from .kinds import Switches


class BadOption(ValueError):
    """An option's value that cannot be used; the message names the option and the cure."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option: its name on the command line is `--memguard-NAME`, in the ini file `memguard_NAME`."""

    name: str
    """Without the prefix; empty for `--memguard` itself."""
    kind: str
    """`flag`, `number`, `choice`, `count`, `size`, `words`, `switches` or `path`."""
    default: Any
    help: str
    choices: tuple[str, ...] = ()

    @property
    def flag(self) -> str:
        """As it stands on the command line."""
        return f"--memguard-{self.name}" if self.name else "--memguard"

    @property
    def metavar(self) -> str:
        """What its value is called in the help."""
        return {
            "number": "SECONDS",
            "words": "KINDS",
            "switches": "KIND=HOW",
            "path": "PATH",
            "choice": "LEVEL",
            "count": "NUMBER",
            "runs": "NUMBER",
            "size": "SIZE",
        }[self.kind]

    @property
    def key(self) -> str:
        """As it stands in the ini file, and in the parsed options."""
        return f"memguard_{self.name}".replace("-", "_") if self.name else "memguard"

    def read(self, value: Any) -> Any:
        """Check and convert a value that somebody wrote; raises `BadOption`."""
        return _READERS[self.kind](self, value)


OPTIONS = (
    Option("", "flag", False, "watch each test, and fail those that leave something behind"),
    Option(
        "level",
        "choice",
        "watch",
        "how hard to look: `watch` every test; `heap` also repeats those whose heap grew until growth is proved or "
        "dismissed; `explain` also runs confirmed leaks once more to name the lines that allocate or open what stays",
        ("watch", "heap", "explain"),
    ),
    Option(
        "repeats",
        "runs",
        4,
        "how many measured runs prove growth, after two that are not measured",
    ),
    Option(
        "growth",
        "size",
        None,
        "how much Python memory a test may leave in each run, such as `1 MB`; unless given, growth of any size fails",
    ),
    Option(
        "settle",
        "number",
        1.0,
        "how many seconds to look again before something counts as left behind; only what looks wrong is waited for",
    ),
    Option("strict", "flag", False, "fail for what has an unknown origin too"),
    Option("handles", "count", 0, "how many descriptors a test may leave open"),
    Option("threads", "count", 0, "how many threads a test may leave running"),
    Option("tasks", "count", 0, "how many asyncio tasks a test may leave pending"),
    Option("peak", "size", 0, "how much Python memory a test's call may need at its highest, such as `64 MB`; 0: any"),
    Option(
        "ignore",
        "words",
        (),
        "kinds that are not looked at, separated by commas (the reference page has the table)",
        kinds.words(),
    ),
    Option(
        "kinds",
        "switches",
        (),
        "how kinds are looked at, separated by commas: `thread=report` fails for none, `umask=off` does not look, "
        "`sys.path entry=on` fails; what the command line says goes over the ini file, and a marker over both",
        kinds.words(),
    ),
    Option(
        "baseline",
        "path",
        "",
        "a document of --memguard-json: leaks that are in it are reported apart, and nothing fails for them",
    ),
    Option(
        "folders",
        "folders",
        (),
        "settings of folders, one a line, such as `tests/slow: threads=2 growth='1 MB'`; a folder's go over those of "
        "the folder around it, and a marker's over both",
    ),
    Option("json", "path", "", "write everything that was found to this file, as JSON"),
)
UNITS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3}
"""Of sizes, in bytes."""
MARKED = (
    "enabled",
    "growth",
    "handles",
    "ignore",
    "kinds",
    "level",
    "peak",
    "repeats",
    "settle",
    "strict",
    "tasks",
    "threads",
)
"""What a test's own marker can set."""
MARKERS = {
    "memguard": (
        f"memguard({', '.join(f'{name}=...' for name in (*MARKED, 'allow'))}): how this test is watched under "
        "--memguard; `enabled=False` switches the guard off for it, `growth` and `repeats` have its growth proved at "
        "every level, and `allow` lists what memguard_allow says, each as a dictionary"
    ),
    "memguard_allow": (
        "memguard_allow(kind, reason=..., issue=..., until=...): report this kind of leak apart, and "
        "do not fail for it; `until` is the last day, such as '2027-01-31'"
    ),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """The options' values for a run or for a test."""

    level: str = "watch"
    settle: float = 1.0
    baseline: str = ""
    strict: bool = False
    ignore: tuple[str, ...] = ()
    kinds: Switches = ()
    json: str = ""
    handles: int = 0
    threads: int = 0
    tasks: int = 0
    peak: int = 0
    """In bytes."""
    growth: int | None = None
    """In bytes a run; None where nobody set a limit."""
    repeats: int = 4
    folders: tuple[Folder, ...] = ()
    enabled: bool = True

    def ignores(self, kind: str) -> bool:
        """Whether a kind of thing is not looked at."""
        return kinds.mode(kind, self.switches) == "off"

    def only_reports(self, kind: str) -> bool:
        """Whether nothing fails for a kind of thing."""
        return kinds.mode(kind, self.switches) == "report"

    @property
    def switches(self) -> Switches:
        """Everything that was said about kinds; what is to be ignored has the last word."""
        return self.kinds + tuple(f"{word}=off" for word in self.ignore)


def settings(values: dict[str, Any]) -> Settings:
    """Make settings of what was written, by option name; raises `BadOption`."""
    table = {option.name: option for option in OPTIONS if option.name}
    read: dict[str, Any] = {}
    for name, value in values.items():
        if name == "enabled":
            read[name] = _flag(Option("enabled", "flag", True, ""), value)
        elif name not in table:
            known = ", ".join([*table, "enabled"])
            raise BadOption(f"memguard: there is no option {name!r}; there are {known}")
        else:
            read[name] = table[name].read(value)
    return Settings(**read)


def overlaid(below: Settings, values: dict[str, Any]) -> Settings:
    """Put what was written for a test over the settings of its run; raises `BadOption`."""
    if "kinds" in values:
        values = {**values, "kinds": below.kinds + _switches(_named("kinds"), values["kinds"])}
    return settings({**{name: getattr(below, name) for name in MARKED}, **values})


Folder: TypeAlias = tuple[str, tuple[tuple[str, str], ...]]
"""A folder's path, and what was written for it."""


def _folders(option: Option, value: Any) -> tuple[Folder, ...]:
    return tuple(_folder(option, line) if isinstance(line, str) else line for line in value)


def _folder(option: Option, line: str) -> Folder:
    path, colon, rest = line.partition(":")
    try:
        words = shlex.split(rest)
    except ValueError as error:
        raise BadOption(f"{option.key}: {line!r}: {error}") from None
    pairs = [word.partition("=") for word in words]
    if not colon or not path.strip() or not pairs or not all(equals for _, equals, _ in pairs):
        raise BadOption(f"{option.key}: {line!r} is no folder with settings; write 'tests/slow: threads=2 settle=5'")
    unknown = [name for name, _, _ in pairs if name not in MARKED]
    if unknown:
        raise BadOption(f"{option.key}: {line!r}: there is no setting {unknown[0]!r}; there are {', '.join(MARKED)}")
    values = tuple((name, value) for name, _, value in pairs)
    try:
        overlaid(Settings(), dict(values))
    except BadOption as error:
        raise BadOption(f"{option.key}: {line!r}: {error}") from None
    return path.strip(), values


def _named(name: str) -> Option:
    return next(option for option in OPTIONS if option.name == name)


def _flag(option: Option, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text in ("1", "true", "yes", "on"):
        return True
    if text in ("0", "false", "no", "off", ""):
        return False
    raise BadOption(f"{option.key} = {value!r} is neither true nor false")


def _number(option: Option, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise BadOption(f"{option.key} = {value!r} is not a number") from None
    if not 0 <= number <= 3600:
        raise BadOption(f"{option.key} = {value!r} must lie between 0 and 3600")
    return number


def _words(option: Option, value: Any) -> tuple[str, ...]:
    parts = value.replace("\n", ",").split(",") if isinstance(value, str) else list(value)
    words = tuple(word.strip() for word in parts if word.strip())
    for word in words:
        if option.choices and word not in option.choices:
            raise BadOption(f"{option.key}: there is no kind {word!r}; there are {', '.join(option.choices)}")
    return words


def _switches(option: Option, value: Any) -> Switches:
    if isinstance(value, Mapping):
        value = [f"{word}={how}" for word, how in value.items()]
    parts = value.replace("\n", ",").split(",") if isinstance(value, str) else value
    return tuple(_switch(option, str(part)) for part in parts if str(part).strip())


def _switch(option: Option, text: str) -> str:
    word, equals, how = (part.strip() for part in text.partition("="))
    if not equals:
        raise BadOption(f"{option.key}: {word!r} says nothing; write '{word}=report' (or on, off)")
    if word not in option.choices:
        raise BadOption(f"{option.key}: there is no kind {word!r}; there are {', '.join(option.choices)}")
    if how not in kinds.MODES:
        raise BadOption(f"{option.key}: {word}={how} is none of {', '.join(kinds.MODES)}")
    return f"{word}={how}"


def _count(option: Option, value: Any) -> int:
    try:
        number = int(value)
    except (TypeError, ValueError):
        raise BadOption(f"{option.key} = {value!r} is not a whole number") from None
    if number < 0:
        raise BadOption(f"{option.key} = {value!r} must not be negative")
    return number


def _runs(option: Option, value: Any) -> int:
    number = _count(option, value)
    if not 3 <= number <= 100:
        raise BadOption(f"{option.key} = {value!r} must lie between 3 and 100: equal growth needs three runs to show")
    return number


def _size(option: Option, value: Any) -> int | None:
    if value is None and option.default is None:
        return None
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kKMG]?B?)\s*", str(value))
    if found is None:
        raise BadOption(f"{option.key} = {value!r} is no size; write '64 MB' (or kB, GB, or bytes)")
    return int(float(found[1]) * UNITS[found[2].upper().rstrip("B")])


def _choice(option: Option, value: Any) -> str:
    if value not in option.choices:
        raise BadOption(f"{option.key} = {value!r} is none of {', '.join(option.choices)}")
    return str(value)


def _path(option: Option, value: Any) -> str:
    if not isinstance(value, str):
        raise BadOption(f"{option.key} = {value!r} is not a path")
    return value


_READERS: dict[str, Callable[[Option, Any], Any]] = {
    "flag": _flag,
    "number": _number,
    "words": _words,
    "switches": _switches,
    "path": _path,
    "folders": _folders,
    "choice": _choice,
    "count": _count,
    "runs": _runs,
    "size": _size,
}
