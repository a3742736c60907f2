"""Every HTML page that we write, whatever a log or a model put into it."""

from __future__ import annotations

from pathlib import Path

import pytest

import tactful

SOURCE = Path(tactful.__file__).parent
PAGES = sorted(path for path in SOURCE.rglob("*") if path.suffix in (".html", ".j2"))


def test_pages_are_templates_alone():
    assert len(PAGES) >= 7
    assert [path for path in SOURCE.rglob("*.py") if "<html lang" in path.read_text()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_page_lets_nothing_run_or_load(page):
    text = page.read_text()
    if "<head>" not in text:
        pytest.skip("a part of a page")
    head = text[: text.index("</head>")]
    policy = head[head.index("Content-Security-Policy") :].split(">")[0]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert head.index("Content-Security-Policy") < head.index("<title>")
