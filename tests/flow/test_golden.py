"""What the analysis believes of small functions, printed and compared with what was read and found right.

Each file under ``golden/`` holds a function and the printed graph and facts.  After a change that is meant to
change them, run ``MEMLINT_UPDATE_GOLDEN=1 pytest tests/flow/test_golden.py`` and read the difference.
"""

from __future__ import annotations

import ast
import os
import re
from pathlib import Path

import pytest

from memlint.catalogue import load
from memlint.flow.show import NoFunction, show_cfg, show_facts
from memlint.source.decode import parse

GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.md"))
BLOCK = re.compile(r"^## (\w+)\n\n```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CATALOGUE = load(plugins=False)


def printed(program: str) -> dict[str, str]:
    source = parse(program, "golden.py")
    name = next(node.name for node in source.tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))
    return {"graph": show_cfg(source, name), "facts": show_facts(source, CATALOGUE, name)}


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_the_analysis_believes_what_was_found_right(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    blocks = dict(BLOCK.findall(text))

    now = printed(blocks["program"])

    if os.environ.get("MEMLINT_UPDATE_GOLDEN"):
        title = text.partition("\n## ")[0].rstrip()
        sections = [("program", "python", blocks["program"]), *((n, "text", t) for n, t in now.items())]
        made = "".join(f"\n\n## {name}\n\n```{kind}\n{body}```" for name, kind, body in sections)
        path.write_text(f"{title}{made}\n", encoding="utf-8")
    else:
        assert now == {name: blocks[name] for name in now}


def test_a_function_that_is_not_there_is_named_with_those_that_are() -> None:
    source = parse("class A:\n    def run(self):\n        def inner(): pass\n", "a.py")

    with pytest.raises(NoFunction) as caught:
        show_cfg(source, "walk")

    assert caught.value.names == ("A.run", "A.run.inner", "<module>")
