"""A page that another page names is there, and a reader finds every page of docs/ from its index."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parent.parent.parent
PAGES = sorted(page for glob in ("*.md", "docs/**/*.md", "rules/*.md", "examples/*.md") for page in CHECKOUT.glob(glob))


def links(page: Path) -> set[Path]:
    """The files of the checkout that a page links to; code blocks and inline code are no links."""
    text = re.sub(r"^(```|~~~).*?^\1|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    targets = re.findall(r"\]\(([^)\s]+)\)", text)
    local = [target.partition("#")[0] for target in targets if not re.match(r"[a-z]+:|#", target)]
    return {(page.parent / target).resolve() for target in local}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    assert [str(target) for target in links(page) if not target.exists()] == []


def test_every_page_of_the_docs_is_found_from_the_index() -> None:
    seen: set[Path] = set()
    pending = [CHECKOUT / "docs" / "index.md"]
    while pending:
        page = pending.pop()
        if page not in seen:
            seen.add(page)
            folders = {target for target in links(page) if target.is_dir()}
            pending += [target for target in links(page) if target.suffix == ".md" and target.exists()]
            pending += [path for folder in folders for path in folder.glob("*.md")]
    lost = [path for path in (CHECKOUT / "docs").rglob("*.md") if path not in seen]
    assert [str(path.relative_to(CHECKOUT)) for path in lost] == [], "link them from docs/index.md or a page below it"
