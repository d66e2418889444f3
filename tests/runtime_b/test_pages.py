"""The examples on the reference pages do what they say."""

from __future__ import annotations

import doctest
import re
import tempfile
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "docs/reference/runtime"
PAGES = sorted(page.stem for page in FOLDER.glob("*.md") if ">>>" in page.read_text(encoding="utf-8"))
PARSER = doctest.DocTestParser()


@pytest.mark.parametrize("name", PAGES)
def test_the_examples_of_a_page_do_what_they_say(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if name == "metrics":
        pytest.importorskip("prometheus_client")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    text = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    page = PARSER.get_doctest("\n".join(blocks), {}, name, str(FOLDER / f"{name}.md"), 0)
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS, verbose=False)
    runner.run(page, out=said.append)
    assert "".join(said) == ""
    assert runner.tries > 0


def test_every_page_has_an_example_but_the_one_of_figures() -> None:
    assert {page.stem for page in FOLDER.glob("*.md")} - set(PAGES) == {"figures"}
