from __future__ import annotations

from pathlib import Path

import pytest

from memlint.rulebook import PageError, Rulebook, UnknownRule, parse_page

PAGE = """\
# lost-thing (MEM199)

A thing is lost.

Default: preview. Severity: warning. Family: MEM-001.

## Reported

### A lost thing is found

```python
f = open(path)  # error:
```

```python fixed
with open(path) as f:
    pass
```
"""
README = "# Rules\n\nIntro.\n\n## MEM-001: Give back\n\nGive back what you take.\n\n## About the rest\n\nNothing.\n"


@pytest.fixture
def book(tmp_path: Path) -> Rulebook:
    (tmp_path / "MEM199-lost-thing.md").write_text(PAGE, encoding="utf-8")
    (tmp_path / "README.md").write_text(README, encoding="utf-8")
    (tmp_path / "FORMAT.md").write_text("not a page", encoding="utf-8")
    return Rulebook.read(tmp_path)


def test_a_page_is_found_by_code_and_by_name(book: Rulebook) -> None:
    assert book.page("mem199") is book.page("MEM199") is book.page("lost-thing")


def test_a_page_says_what_its_head_says(book: Rulebook) -> None:
    page = book.page("MEM199")

    assert (page.summary, page.default, page.severity, page.family) == (
        "A thing is lost.",
        "preview",
        "warning",
        "MEM-001",
    )


def test_an_example_knows_its_heading_its_line_and_its_fix(book: Rulebook) -> None:
    (example,) = book.page("MEM199").examples

    assert example.heading == "A lost thing is found"
    assert PAGE.splitlines()[example.files[0].line - 1] == example.files[0].text.splitlines()[0]
    assert example.fixed == "with open(path) as f:\n    pass\n"


@pytest.mark.parametrize("key", ["MEM-001", "mem-001", "MEM1"])
def test_a_family_is_found_by_its_name_and_by_its_prefix(book: Rulebook, key: str) -> None:
    assert book.explain(key) == "## MEM-001: Give back\n\nGive back what you take.\n"


def test_explaining_a_code_prints_its_page(book: Rulebook) -> None:
    assert book.explain("lost-thing") == PAGE


def test_an_unknown_code_names_the_nearest(book: Rulebook) -> None:
    with pytest.raises(UnknownRule, match=r"^no rule is called 'lost-things': did you mean lost-thing\?$"):
        book.explain("lost-things")


def test_an_unknown_code_without_a_neighbour_names_the_list(book: Rulebook) -> None:
    with pytest.raises(UnknownRule, match="`memlint rules` lists all"):
        book.page("E501")


def test_a_family_that_does_not_exist_is_unknown(book: Rulebook) -> None:
    with pytest.raises(UnknownRule, match="did you mean MEM-001"):
        book.explain("MEM-002")


def test_the_checkout_has_the_six_families() -> None:
    assert [family.code for family in Rulebook.load().families] == [f"MEM-00{number}" for number in range(1, 7)]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("# lost-thing", "# found-thing", ":1: the title"),
        ("A thing is lost.", "A thing\nis lost.", ":3: one line"),
        ("Default: preview", "Default: maybe", ":5: expected"),
        ("Family: MEM-001", "Family: MEM-003", ":5: MEM199 cannot be of family MEM-003"),
        ("```\n\n```python fixed", "```\n\n```python", "already has a case"),
        ("```python fixed", "```python broken", "'python', 'python fixed' or 'python fixed unsafe'"),
        ("```python\n", "```text\n", "a fixed block must follow"),
        ("    pass\n```", "    pass\n", "never closed"),
    ],
    ids=["title", "sentence", "default", "family", "second case", "info", "fix", "fence"],
)
def test_a_page_that_breaks_the_format_is_refused_with_its_line(old: str, new: str, said: str) -> None:
    assert PAGE.count(old) == 1

    with pytest.raises(PageError, match=said):
        parse_page("MEM199-lost-thing.md", PAGE.replace(old, new))


def test_a_page_with_a_wrong_file_name_is_refused() -> None:
    with pytest.raises(PageError, match="is named like"):
        parse_page("MEM199.md", PAGE)


def test_several_files_below_one_heading_are_one_example() -> None:
    block = "```python\n# file: {}.py\nx = 1\n```\n"
    start = PAGE.index("```python\n")
    text = PAGE[:start] + block.format("a") + "\n" + block.format("b")

    (example,) = parse_page("MEM199-lost-thing.md", text).examples

    assert [file.path for file in example.files] == ["a.py", "b.py"]
