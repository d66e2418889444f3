"""Every option once: its key in ``[tool.memlint]``, its flag, its type, its default and its words.

The command line, the reader of ``pyproject.toml`` and ``docs/reference/options.md`` are all made from
``OPTIONS``, so none of them can know an option that the others do not.
"""

from __future__ import annotations

import enum

from memlint import reports
from memlint.values import dataclass


class Kind(enum.Enum):
    """The type of an option's value; the value says it in words for error lines."""

    FLAG = "true or false"
    NUMBER = "a whole number of at least 1"
    TEXT = "a string"
    CHOICE = "one of the listed words"
    CODES = "a list of rule codes or their prefixes"
    GLOBS = "a list of file patterns"
    CODES_BY_GLOB = "a table of file pattern = list of rule codes"
    TABLE = "a table"


class Place(enum.Enum):
    """Where an option may be given."""

    BOTH = "both"
    FLAG_ONLY = "flag"
    FILE_ONLY = "file"


@dataclass(frozen=True, slots=True)
class Option:
    """One option of ``memlint check``."""

    key: str
    kind: Kind
    default: object
    words: str
    place: Place = Place.BOTH
    choices: tuple[str, ...] = ()
    metavar: str | None = None

    @property
    def name(self) -> str:
        """The attribute that holds it, in ``Settings`` or in the parsed command line."""
        return self.key.replace("-", "_")


FORMATS = tuple(reports.FORMATS)

RAISES = ("operations", "calls", "everything")
"""The levels of the raise model."""

DEFAULT_EXCLUDE = (
    ".bzr",
    ".direnv",
    ".eggs",
    ".git",
    ".hg",
    ".hypothesis",
    ".ipynb_checkpoints",
    ".mypy_cache",
    ".nox",
    ".pants.d",
    ".pytest_cache",
    ".pytype",
    ".ruff_cache",
    ".svn",
    ".tox",
    ".venv",
    "__pycache__",
    "__pypackages__",
    "_build",
    "buck-out",
    "build",
    "dist",
    "node_modules",
    "site-packages",
    "venv",
)

OPTIONS: tuple[Option, ...] = (
    Option("select", Kind.CODES, None, "Rules to run instead of the default set.", metavar="CODES"),
    Option("ignore", Kind.CODES, (), "Rules to leave out.", metavar="CODES"),
    Option("extend-select", Kind.CODES, (), "Rules to run besides those selected.", metavar="CODES"),
    Option("extend-ignore", Kind.CODES, (), "Rules to leave out besides those ignored.", metavar="CODES"),
    Option(
        "per-file-ignores",
        Kind.CODES_BY_GLOB,
        (),
        "Rules to leave out in the files that a pattern names.",
        Place.FILE_ONLY,
    ),
    Option("preview", Kind.FLAG, False, "Run rules that are still being measured on real code."),
    Option(
        "strict",
        Kind.FLAG,
        False,
        "Believe that an unknown function only borrows what it is given (more findings, more false ones).",
    ),
    Option(
        "raises",
        Kind.CHOICE,
        "calls",
        "What may raise while a resource is held: only operations on it, every call that is not known to be quiet, "
        "or everything.",
        choices=RAISES,
        metavar="LEVEL",
    ),
    Option(
        "exclude",
        Kind.GLOBS,
        DEFAULT_EXCLUDE,
        "Files and folders to pass by when a folder is searched, instead of the default list.",
        metavar="PATTERNS",
    ),
    Option(
        "extend-exclude", Kind.GLOBS, (), "Files and folders to pass by besides those excluded.", metavar="PATTERNS"
    ),
    Option("force-exclude", Kind.FLAG, False, "Pass excluded files by even when they are named themselves."),
    Option(
        "output-format",
        Kind.CHOICE,
        "text",
        "How findings are printed.",
        choices=FORMATS,
        metavar="FORMAT",
    ),
    Option("fix", Kind.FLAG, False, "Carry out the fixes that cannot change what the program does."),
    Option("unsafe-fixes", Kind.FLAG, False, "Carry out fixes that may change what the program does, too."),
    Option("unfixable", Kind.CODES, (), "Rules whose findings are left as they are.", metavar="CODES"),
    Option("diff", Kind.FLAG, False, "Print what fixing would change, and change nothing.", Place.FLAG_ONLY),
    Option("fix-only", Kind.FLAG, False, "Fix, and do not report what is left.", Place.FLAG_ONLY),
    Option(
        "show-fixes",
        Kind.FLAG,
        False,
        "List each fix that was carried out; without fixing, each that could be, in every format.",
    ),
    Option("output-file", Kind.TEXT, None, "Write the findings to this file.", Place.FLAG_ONLY, metavar="FILE"),
    Option("statistics", Kind.FLAG, False, "Count findings by rule instead of printing them.", Place.FLAG_ONLY),
    Option("exit-zero", Kind.FLAG, False, "Exit 0 even when there are findings.", Place.FLAG_ONLY),
    Option(
        "baseline",
        Kind.TEXT,
        None,
        "File of known findings, which are not reported; in a configuration file, relative to it.",
        metavar="FILE",
    ),
    Option(
        "update-baseline",
        Kind.FLAG,
        False,
        "Write the findings of this run into the baseline file instead of printing them.",
        Place.FLAG_ONLY,
    ),
    Option(
        "since",
        Kind.TEXT,
        None,
        "Report only findings whose path touches a line that changed since this git revision.",
        Place.FLAG_ONLY,
        metavar="REV",
    ),
    Option(
        "add-noqa",
        Kind.TEXT,
        None,
        "Silence each finding by a comment with this reason instead of printing it.",
        Place.FLAG_ONLY,
        metavar="REASON",
    ),
    Option(
        "jobs",
        Kind.NUMBER,
        None,
        "Processes to run; by default one a core when there is enough to do.",
        metavar="N",
    ),
    Option(
        "cache",
        Kind.FLAG,
        True,
        "Keep results on disk, and look again only at files that changed or that rest on something that did.",
    ),
    Option(
        "cache-dir",
        Kind.TEXT,
        None,
        "Folder to keep results in, by default `.memlint_cache` beside the configuration file; in a configuration "
        "file, relative to it.",
        metavar="FOLDER",
    ),
    Option(
        "shared-cache",
        Kind.TEXT,
        None,
        "Share results with other machines, through a folder or `redis://host/db`; in a configuration file, a folder "
        "is relative to it.",
        metavar="PLACE",
    ),
    Option(
        "shard",
        Kind.TEXT,
        None,
        "Look at one of n parts of the files only; `memlint merge` joins the JSON reports of all parts.",
        Place.FLAG_ONLY,
        metavar="I/N",
    ),
    Option("watch", Kind.FLAG, False, "Check again whenever a file or a setting changes.", Place.FLAG_ONLY),
    Option(
        "stdin-filename",
        Kind.TEXT,
        None,
        "Name to report for the program read from standard input (path `-`).",
        Place.FLAG_ONLY,
        metavar="NAME",
    ),
    Option(
        "catalogue",
        Kind.TABLE,
        None,
        "Your own resources, in the words of the catalogue reference.",
        Place.FILE_ONLY,
    ),
)
