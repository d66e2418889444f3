"""What a rule reports: a finding, the place it names and the path that proves it.

Every other room imports this one.  All values are frozen.
"""

from __future__ import annotations

import enum

from memlint.values import dataclass


class Severity(enum.Enum):
    """How sure and how grave a finding is."""

    ERROR = "error"
    """A leak on some normal path."""
    WARNING = "warning"
    """A leak on an exceptional or cancelled path only."""
    NOTE = "note"
    """Right as it is, but easier to keep right in another form."""


class Default(enum.Enum):
    """Who sees a rule's findings."""

    ON = "on"
    """Everyone: at least 95 in 100 of its findings were accepted by a reader of real code."""
    PREVIEW = "preview"
    """Those who ask for previews or select the rule by name."""
    OFF = "off"
    """Those who select it: a matter of style or of policy."""


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """What is said of a rule where its findings are printed."""

    code: str
    name: str
    summary: str
    severity: Severity
    default: Default


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of source text: lines count from 1, columns from 0 in characters (not bytes)."""

    line: int
    column: int
    end_line: int
    end_column: int


class StepKind(enum.Enum):
    """What happens at one step of a witness."""

    ACQUIRE = "acquire"
    TAKE = "take"
    """A branch is taken, a loop turns, a handler is entered: why the path goes this way."""
    RAISE = "raise"
    """The step at which the path leaves the normal flow."""
    LOSE = "lose"
    """The last reference is dropped or bound to something else."""
    LEAVE = "leave"
    """Control leaves the function (return, end of body, exception, cancellation)."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the path that proves a finding."""

    kind: StepKind
    span: Span
    text: str
    """One clause, present tense, without a full stop: ``acquired here``, ``json.load() raises``."""
    path: str | None = None
    """The file of this step when it is not the finding's own."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the text of ``span`` by ``text``."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Remedy:
    """A fix that a rule proposes: a name that ``fixes/`` knows how to carry out, and whether it is safe."""

    name: str
    title: str
    safe: bool
    edits: tuple[Edit, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One reported leak (or risk of one)."""

    code: str
    """``MEM`` and three digits."""
    path: str
    """The file as the user named it."""
    span: Span
    """The acquiring expression, which is what the user must change."""
    message: str
    """One line without the code; subject first, in back-quotes; the edge named; no "might"."""
    severity: Severity = Severity.ERROR
    symbol: str = "<module>"
    """Qualified name of the enclosing function or class: stable across edits, so baselines key on it."""
    witness: tuple[Step, ...] = ()
    """The path that proves it, in order, from acquisition to loss."""
    remedy: Remedy | None = None
    statement: Span | None = None
    """The whole statement holding ``span``: a ``# noqa`` on any of its lines counts."""
    preview: bool = False
    """Shown only to those who ask for previews, whatever the rule: the kind of resource is still being measured."""

    @property
    def sort_key(self) -> tuple[str, int, int, str, str]:
        """Order of output: file, place, code, message."""
        return (self.path, self.span.line, self.span.column, self.code, self.message)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A function that was not judged (or not whole), and why: said with ``--verbose``, never hidden."""

    symbol: str
    line: int
    reason: str
