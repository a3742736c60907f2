"""What the pages import is there, and the generated page names what there is."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from pathlib import Path

import pytest
from tests.docs.pages import PAGES, ROOT, blocks

import tactful

API = (ROOT / "docs" / "reference" / "api.md").read_text(encoding="utf-8")


def imported(page: Path) -> set[tuple[str, str]]:
    """Module and name of every import from tactful in a page's Python, and every `tf.name`."""
    found = set()
    for language, content in blocks(page.read_text(encoding="utf-8")):
        if language != "python":
            continue
        for node in ast.walk(ast.parse(content)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "tactful":
                found |= {(node.module or "", name.name) for name in node.names}
        found |= {("tactful", name) for name in re.findall(r"\btf\.(\w+)\(", content)}
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_imports_is_there(page: Path) -> None:
    missing = []
    for module, name in imported(page):
        home = importlib.import_module(module)
        if not hasattr(home, name) and name not in {
            item.name for item in pkgutil.iter_modules(home.__path__)
        }:
            missing.append(f"{module}.{name}")
    assert not missing


def test_the_generated_page_names_every_public_function_and_nothing_else() -> None:
    named = re.findall(r"^::: (\S+)$", API, re.MULTILINE)
    for place in named:
        home, _, name = place.rpartition(".")
        module = importlib.import_module(home)
        assert hasattr(module, name) or importlib.import_module(place), place
    public = {f"{home}.{name}" for name, home in tactful._HOMES.items()}
    assert public <= set(named)
