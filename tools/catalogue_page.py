"""Writes the reference page of the catalogue: its keys from the model's own words, its content from the TOML files."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from memlint.catalogue import layers, model, schema
from memlint.catalogue.find import ways_out

INTRODUCTION = """\
# The catalogue

What memlint knows of libraries is data: TOML tables that say which calls acquire something, what releases it, who
only borrows it and who takes it over. Nothing else about a library is built into the analysis, so what is missing
can be added without touching it. Ask what is known of a name:

    memlint catalogue find subprocess.Popen

This page is generated from the tables (`python tools/catalogue_files.py`, `--check` in the gate).

## Adding to it

In `pyproject.toml`, the same tables below `tool.memlint.catalogue`:

```toml
[[tool.memlint.catalogue.kind]]
name = "shop lease"
label = "a leased gadget"
category = "lease"
release = ["give_back"]
context = "releases"
types = ["gadgets.Gadget"]
why = "the shop has only three"

[[tool.memlint.catalogue.acquire]]
call = ["gadgets.lend", "gadgets.Shop.lend"]
kind = "shop lease"
why = "lends a gadget until it is given back"

[[tool.memlint.catalogue.borrow]]
call = "gadgets.look_at"
why = "looks and leaves it with the caller"
```

A library can bring its own: an entry point of the group `memlint.catalogue` whose value is a mapping of such
tables, a callable that returns one, the path of a TOML file, or a package that holds a `memlint.toml`.

What is said of a name must be said once. To say something else about a name that is described here, put it into
`forget` first: `forget = ["requests.Session"]` beside the tables. A wrong table is refused with one line that names
the source, the entry, the key and the nearest right word.

Names are spelled as users import them (`builtins.open`, `subprocess.Popen`, `socket.socket.accept`); `[aliases]`
lead other spellings to that one, for a single name or for everything in a module. A bare method name with
`receivers` is believed on a value of unknown class when the receiver's last name is one of them, whatever its case
and its underscores in front: `loop` believes `self._loop.create_task()`.
"""

CONDITIONS = """\
A condition (`when`, `unless`) looks at a constant argument: `{ argument = "delay", position = 3, values = [true] }`.
`position` is given when the argument may be passed by position; without `values` it is enough that the argument is
given and is not None; `none = true` adds None to the values. An argument that is no constant satisfies no `when` and
every `unless`, so a doubtful call acquires nothing.
"""

_TITLES = {
    "kind": "A kind of resource",
    "acquire": "A call that acquires",
    "release": "A function that releases its arguments",
    "borrow": "A callee that borrows",
    "transfer": "A callee that takes over",
    "quiet": "A callee that does not raise",
    "noreturn": "A call that never comes back",
    "suppress": "A block that swallows exceptions",
    "returns": "A call whose result is known by class",
}


def page() -> str:
    """The whole page."""
    parts = [INTRODUCTION, "## The tables\n", *_keys(), "## What is known\n", *_known()]
    return "\n".join(parts).rstrip() + "\n"


def _keys() -> Iterator[str]:
    """One table for each section: its keys, what they hold when they are left out, and the model's words."""
    words = _attribute_docstrings()
    for section, shape in schema.SECTIONS.items():
        yield f"### `[[{section}]]`: {_TITLES[section]}\n"
        yield "| key | meaning |\n| --- | --- |"
        for key in shape.keys:
            needed = " (needed)" if key in shape.required else ""
            text = words.get((shape.make.__name__, key)) or _COMMON.get(key, "")
            yield f"| `{key}`{needed} | {text} |"
        yield ""
    yield CONDITIONS


_COMMON = {
    "call": "Qualified name, or a list of names that share the entry.",
    "why": "One sentence that a reader of the catalogue learns from.",
    "kind": "The kind of what it acquires.",
    "collected": "What CPython does with one that is collected unreleased: `warns` (releases it, with a "
    "`ResourceWarning`), `silent` (releases it) or `never`.",
    "raises": "Qualified exception that it raises; left out when the process just ends.",
    "since": "First Python that has it; for readers and tests.",
    "until": "Last Python that has it; for readers and tests.",
    "platform": "`linux`, `windows` or `bsd`, when it is nowhere else; for readers and tests.",
    "arguments": "Positions or keywords.",
    "category": "Which rules speak about it: " + ", ".join(f"`{one.value}`" for one in model.Category) + ".",
    "context": "What `with` does: `releases`, `keeps` (allowed, but it does not release) or `none`.",
    "async_context": "What `async with` does.",
    "awaited": "True when it must be awaited to do so.",
    "type": "Qualified class of the result.",
    "receivers": "Last words of the receiver that are believed.",
}


def _attribute_docstrings() -> dict[tuple[str, str], str]:
    """What stands under each field of the model's records, by class and field."""
    tree = ast.parse(Path(model.__file__).read_text("utf-8"))
    found = {}
    for record in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        for field, below in zip(record.body, record.body[1:], strict=False):
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and _is_text(below):
                text = " ".join(ast.literal_eval(below.value).split())  # type: ignore[attr-defined]
                found[record.name, field.target.id] = text.replace("``", "`").replace("|", "\\|")
    return found


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _known() -> Iterator[str]:
    """One section for each file: its kinds with who acquires them, then everybody else by what they do."""
    parsed = layers.built_in(layers.shipped())
    kinds = {record.name: record for _, record in parsed.entries if isinstance(record, model.Kind)}
    for file, text in layers.shipped().items():
        content = tomllib.loads(text.decode())
        first = text.decode().splitlines()[0].lstrip("# ").rstrip()
        yield f"### {file.removesuffix('.toml')}\n\n{first}\n"
        acquires = content.get("acquire", [])
        if acquires:
            yield "| acquires | by | released by |\n| --- | --- | --- |"
            for name in dict.fromkeys(entry["kind"] for entry in acquires):
                calls = _calls(entry for entry in acquires if entry["kind"] == name)
                released = ", ".join(f"`{way.strip('`')}`" if "`" not in way else way for way in ways_out(kinds[name]))
                preview = " (preview)" if kinds[name].preview else ""
                yield f"| {kinds[name].label}{preview} | {calls} | {released} |"
            yield ""
        for section, title in _TITLES.items():
            if section not in ("kind", "acquire", "returns") and section in content:
                yield f"{title}: {_calls(content[section])}\n"


def _calls(entries: Iterable[Mapping[str, Any]]) -> str:
    names: list[str] = []
    for entry in entries:
        calls = entry["call"] if isinstance(entry["call"], list) else [entry["call"]]
        names += [f"`.{call}`" if "receivers" in entry else f"`{call}`" for call in calls]
    return ", ".join(dict.fromkeys(names))
