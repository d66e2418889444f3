"""The rule pages: found in the wheel or in the checkout, parsed, and printed by ``memlint explain``.

A page is a rule's documentation and its tests; ``rules/FORMAT.md`` says how one is written.

Doors use it like this::

    book = Rulebook.load()
    print(book.explain("MEM101"))       # also "unreleased-resource", "MEM-001", "MEM1"
    for page in book.pages: ...         # page.code, page.name, page.default, page.severity, page.summary

and show the text of :class:`UnknownRule` to the user (exit code 2): it names the nearest codes.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from memlint.trouble import Trouble

_FILE_NAME = re.compile(r"(?P<code>MEM\d{3})-(?P<name>[a-z0-9-]+)\.md")
_TITLE = re.compile(r"# (?P<name>\S+) \((?P<code>MEM\d{3})\)")
_STATUS = re.compile(
    r"Default: (?P<default>on|preview|off)\. Severity: (?P<severity>error|warning|note)\. "
    r"Family: (?P<family>MEM-00[1-6]|none)\.(?: Fix: (?P<fix>sometimes safe|unsafe)\.)?"
)
_FAMILY_TITLE = re.compile(r"## (?P<code>MEM-00\d): (?P<title>.+)")
_FAMILY_KEY = re.compile(r"MEM-00(?P<number>[1-6])|MEM(?P<prefix>[1-6])")
_FENCE = re.compile(r"(?P<ticks>`{3,})(?P<info>.*)")
_FILE_LINE = re.compile(r"# file: (?P<path>\S+)")


class UnknownRule(Trouble, LookupError):
    """No page has this code or name.  Its text names the nearest ones and is meant for the user."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else "unknown rule"


class PageError(Trouble, ValueError):
    """A page does not follow ``rules/FORMAT.md``.  Its text names the page, the line and the cure."""


@dataclass(frozen=True, slots=True)
class ExampleFile:
    """One file of an example: its name, its text and the line of the page where the text starts."""

    path: str
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Example:
    """A case of a page: a heading that states a fact, and the code that shows it."""

    heading: str
    files: tuple[ExampleFile, ...]
    fixed: str | None = None
    """What the fix makes of the (only) file."""
    unsafe: bool = False
    """Whether only an unsafe fix does that."""


@dataclass(frozen=True, slots=True)
class Page:
    """One rule's page."""

    code: str
    name: str
    summary: str
    default: str
    """``on``, ``preview`` or ``off``."""
    severity: str
    family: str
    """``MEM-001`` to ``MEM-006``; ``none`` for MEM0xx, which are about no resource."""
    fix: str
    """``sometimes safe``, ``unsafe``, or ``none``: whether ``memlint check --fix`` can mend what it reports."""
    text: str
    """The whole page, in Markdown."""
    examples: tuple[Example, ...]

    @property
    def file_name(self) -> str:
        """Name of the page's file."""
        return f"{self.code}-{self.name}.md"


@dataclass(frozen=True, slots=True)
class Family:
    """One of the six rules of the rules document, which a hundred of codes keep."""

    code: str
    title: str
    text: str
    """Its section of ``rules/README.md``, in Markdown, table of codes included."""


@dataclass(frozen=True)
class Rulebook:
    """All pages, by code and by name, and the six families."""

    pages: tuple[Page, ...]
    """In the order of their codes."""
    families: tuple[Family, ...]
    _by_key: dict[str, Page] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        keys = {page.code.lower(): page for page in self.pages}
        keys.update({page.name: page for page in self.pages})
        object.__setattr__(self, "_by_key", keys)

    @classmethod
    def load(cls) -> Rulebook:
        """Read the pages that were installed with the package or that stand in the checkout.

        Raises PageError when a page does not follow the format, FileNotFoundError when there are none.
        """
        return cls.read(_page_folder())

    @classmethod
    def read(cls, folder: Traversable) -> Rulebook:
        """Read the pages of ``folder``."""
        pages = [
            parse_page(entry.name, entry.read_text(encoding="utf-8"))
            for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
            if entry.name.startswith("MEM") and entry.name.endswith(".md")
        ]
        readme = (folder / "README.md").read_text(encoding="utf-8")
        return cls(tuple(pages), tuple(_parse_families(readme)))

    def page(self, key: str) -> Page:
        """Return the page of a code (``MEM101``, in any case) or of a name (``unreleased-resource``).

        Raises UnknownRule with a suggestion.
        """
        page = self._by_key.get(key.strip().lower())
        if page is None:
            raise UnknownRule(self._unknown(key))
        return page

    def family(self, key: str) -> Family:
        """Return the family named ``MEM-001``, or by the prefix that selects it, ``MEM1``.

        Raises UnknownRule with a suggestion.
        """
        match = _FAMILY_KEY.fullmatch(key.strip().upper())
        for family in self.families:
            if match and family.code.endswith(match["number"] or match["prefix"]):
                return family
        raise UnknownRule(self._unknown(key))

    def explain(self, key: str) -> str:
        """Return the text that explains a code, a name or a family.  Raises UnknownRule."""
        if _FAMILY_KEY.fullmatch(key.strip().upper()):
            return self.family(key).text
        return self.page(key).text

    def of_family(self, code: str) -> tuple[Page, ...]:
        """Return the pages of the family ``MEM-001`` to ``MEM-006``."""
        return tuple(page for page in self.pages if page.family == code)

    def _unknown(self, key: str) -> str:
        known = [name for page in self.pages for name in (page.code, page.name)]
        known += [family.code for family in self.families]
        by_lower = {name.lower(): name for name in known}
        near = difflib.get_close_matches(key.strip().lower(), by_lower, n=3, cutoff=0.6)
        cure = f"did you mean {_either(by_lower[name] for name in near)}?" if near else "`memlint rules` lists all."
        return f"no rule is called {key.strip()!r}: {cure}"


def parse_page(file_name: str, text: str) -> Page:
    """Parse one page.  Raises PageError."""
    named = _FILE_NAME.fullmatch(file_name)
    if named is None:
        raise PageError(f"{file_name}: a page is named like MEM101-unreleased-resource.md")
    paragraphs = [part for part in text.split("\n\n", 3) if part]
    title = _TITLE.fullmatch(paragraphs[0]) if paragraphs else None
    if title is None or title.groupdict() != named.groupdict():
        raise PageError(f"{file_name}:1: the title must be '# {named['name']} ({named['code']})'")
    if len(paragraphs) < 3 or "\n" in paragraphs[1] or not paragraphs[1].endswith("."):
        raise PageError(f"{file_name}:3: one line with one sentence must follow the title")
    status = _STATUS.fullmatch(paragraphs[2])
    if status is None:
        raise PageError(f"{file_name}:5: expected 'Default: on. Severity: error. Family: MEM-001.'")
    if not _belongs(named["code"], status["family"]):
        raise PageError(f"{file_name}:5: {named['code']} cannot be of family {status['family']}")
    return Page(
        code=named["code"],
        name=named["name"],
        summary=paragraphs[1],
        default=status["default"],
        severity=status["severity"],
        family=status["family"],
        fix=status["fix"] or "none",
        text=text,
        examples=tuple(_examples(file_name, text)),
    )


def _belongs(code: str, family: str) -> bool:
    """Whether the hundreds of a code are those of a family; MEM0xx are about the run and of none."""
    return family == ("none" if code.startswith("MEM0") else f"MEM-00{code[3]}")


@dataclass(slots=True)
class _Fence:
    """A fenced block: what its opening line says, its text, and the heading above it."""

    info: str
    text: str
    line: int
    heading: str


def _examples(file_name: str, text: str) -> Iterator[Example]:
    """Group the python blocks of a page into examples."""
    examples: list[Example] = []
    for fence in _fences(file_name, text):
        if fence.info in ("python fixed", "python fixed unsafe"):
            if not examples or examples[-1].heading != fence.heading or examples[-1].fixed is not None:
                raise PageError(f"{file_name}:{fence.line}: a fixed block must follow its case")
            unsafe = fence.info.endswith("unsafe")
            examples[-1] = Example(fence.heading, examples[-1].files, fence.text, unsafe)
        elif fence.info == "python":
            named = _FILE_LINE.match(fence.text)
            block = ExampleFile(named["path"] if named else "example.py", fence.text, fence.line + 1)
            last = examples[-1] if examples else None
            if last is None or last.heading != fence.heading:
                examples.append(Example(fence.heading, (block,)))
            elif named and _FILE_LINE.match(last.files[0].text):
                examples[-1] = Example(last.heading, (*last.files, block))
            else:
                raise PageError(f"{file_name}:{fence.line}: {fence.heading!r} already has a case")
        elif fence.info.startswith("python"):
            kinds = "'python', 'python fixed' or 'python fixed unsafe'"
            raise PageError(f"{file_name}:{fence.line}: {kinds}, not {fence.info!r}")
    yield from examples


def _fences(file_name: str, text: str) -> Iterator[_Fence]:
    """Fenced blocks with the nearest heading above each."""
    heading = ""
    opened: _Fence | None = None
    ticks = ""
    body: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        fence = _FENCE.fullmatch(line)
        if opened is not None:
            if line.strip() == ticks:
                opened.text = "".join(f"{row}\n" for row in body)
                yield opened
                opened = None
            else:
                body.append(line)
        elif fence is not None:
            opened, ticks, body = _Fence(fence["info"].strip(), "", number, heading), fence["ticks"], []
        elif line.startswith("#"):
            heading = line.lstrip("#").strip()
    if opened is not None:
        raise PageError(f"{file_name}:{opened.line}: this block is never closed")


def _parse_families(readme: str) -> Iterator[Family]:
    for section in re.split(r"\n(?=## )", readme):
        title = _FAMILY_TITLE.match(section)
        if title is not None:
            yield Family(title["code"], title["title"], section.rstrip() + "\n")


def _page_folder() -> Traversable:
    """Where the wheel keeps the pages, else the folder of the checkout beside the package."""
    installed = files("memlint") / "_pages"
    if installed.is_dir():
        return installed
    checkout = Path(__file__).resolve().parent.parent / "rules"
    if checkout.is_dir():
        return checkout
    raise FileNotFoundError(f"the rule pages are neither in {installed} nor in {checkout}: install memlint again")


def _either(names: Iterable[str]) -> str:
    *head, last = list(names)
    return f"{', '.join(head)} or {last}" if head else last
