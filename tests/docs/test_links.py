"""Links between pages lead somewhere, and every page is in the site's navigation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.docs.pages import PAGES, ROOT, blocks, without_blocks

_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """The anchors that headings make: lower case, words joined by hyphens, punctuation dropped."""
    headings = _HEADING.findall(without_blocks(page.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_inside_the_project_leads_somewhere(page: Path) -> None:
    broken = []
    for target in _LINK.findall(without_blocks(page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        if not file.exists() or (anchor and file.suffix == ".md" and anchor not in anchors(file)):
            broken.append(target)
    assert not broken


def test_the_navigation_names_every_page_of_the_docs_once() -> None:
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    named = re.findall(r"([\w/-]+\.md)\s*$", text, re.MULTILINE)
    pages = (ROOT / "docs").rglob("*.md")
    assert sorted(named) == sorted(path.relative_to(ROOT / "docs").as_posix() for path in pages)


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if page.name != "contracts.md"],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_python_in_a_page_compiles(page: Path) -> None:
    for language, content in blocks(page.read_text(encoding="utf-8")):
        if language == "python":
            compile(content, str(page), "exec", flags=0x2000)  # top-level await is fine in a snippet


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_toml_and_json_in_a_page_can_be_read(page: Path) -> None:
    import json
    import tomllib

    for language, content in blocks(page.read_text(encoding="utf-8")):
        if language == "toml":
            tomllib.loads(content)
        elif language in {"json", "jsonl"}:
            for row in content.splitlines() if language == "jsonl" else [content]:
                json.loads(row)
