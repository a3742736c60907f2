"""Code as models hand it out, read loosely: with prompts, line numbers, odd spaces and quotes, or between prose."""

from __future__ import annotations

import ast
import json
import re
import textwrap
import warnings
from collections.abc import Iterator
from functools import lru_cache

_PROMPT = re.compile(r"^\s*(?:>>>|\.\.\.)(?: |$)", re.MULTILINE)
_ODD_SPACES = str.maketrans(
    {**dict.fromkeys("\u00a0\u2007\u202f\u3000", " "), **dict.fromkeys("\u200b\ufeff\u2060", "")}
    | {**dict.fromkeys("“”„", '"'), **dict.fromkeys("‘’", "'")}
)
_CONTINUES = re.compile(r"^(?:else\b|elif\b|except\b|finally\b|[)\]}])")
_NUMBERED = re.compile(r"^\s*\d+(?: ?[|:]\s?|\t| )", re.MULTILINE)
_NOTEBOOK = re.compile(r"^\s*(?:In ?\[\d*\]:|\.{3,}:) ?", re.MULTILINE)
_MAGIC = re.compile(r"^[ \t]*[!%].*$", re.MULTILINE)
_INDENTED = re.compile(r"(?m)^(?: {4}|\t).*(?:\n(?:(?: {4}|\t).*|[ \t]*$))*")
_IN_LINE = re.compile(r"`((?:async )?def [^`\n]+)`")
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@lru_cache(maxsize=512)
def parsed(code: str) -> ast.Module | None:
    """The tree of the code; None where it is no Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def cleaned(lines: list[str]) -> str:
    """Dedented; of a Python session the input alone; spaces that Python refuses made plain where that helps."""
    code = textwrap.dedent("\n".join(lines)).rstrip()
    if _PROMPT.search(code) and parsed(code) is None:
        kept = [line for line in code.split("\n") if _PROMPT.match(line)]
        code = "\n".join(_PROMPT.sub("", line, count=1) for line in kept)
    if parsed(code) is None:
        plain = textwrap.dedent(code.translate(_ODD_SPACES))
        if parsed(plain) is not None:
            code = plain
    return code + "\n"


def salvaged(code: str) -> str:
    """A block that does not parse: without line numbers, prompts and commands of a notebook, or without its prose."""
    if parsed(code) is not None:
        return code
    for noise in (_NUMBERED, _NOTEBOOK, _MAGIC):
        plain = textwrap.dedent(noise.sub("", code))
        if plain != code and parsed(plain) is not None:
            return plain
    return _definitions(code) or code


def unpacked(text: str) -> str:
    """The answer inside a JSON object, or on one line with its line ends written out; else as it is."""
    if text.lstrip()[:1] == "{":
        try:
            found = json.loads(text)
        except ValueError:
            found = None
        inside = (
            [value for value in found.values() if isinstance(value, str)] if isinstance(found, dict) else []
        )
        text = next((value for value in inside if "def " in value), text)
    flat = "\n" not in text.strip() and parsed(text.strip()) is None
    return text.replace("\\n", "\n") if flat else text


def is_code(text: str) -> bool:
    """Whether the text parses and does more than name things: prose such as `Sure` or `Note: fine` parses too."""
    tree = parsed(text)
    return tree is not None and any(
        not isinstance(node, ast.Expr) and not (isinstance(node, ast.AnnAssign) and node.value is None)
        for node in tree.body
    )


def bare(text: str) -> str | None:
    """The text itself if it is Python, else the definitions and imports that stand between its prose."""
    for whole in (text.strip("\n"), cleaned(text.split("\n"))):
        if is_code(whole):
            return whole.strip() + "\n"
    indented = "\n".join(textwrap.dedent(found[0]) for found in _INDENTED.finditer(text))
    in_line = "\n".join(_IN_LINE.findall(text))
    return _definitions(text) or _definitions(indented) or _definitions(in_line)


def _definitions(text: str) -> str | None:
    """The definitions and imports that stand between prose; None without a definition."""
    kept = [chunk for chunk in _chunks(textwrap.dedent(text.translate(_ODD_SPACES))) if _is_kept(chunk)]
    if not any(isinstance(node, DEFINITIONS) for chunk in kept for node in parsed(chunk).body):  # type: ignore[union-attr]
        return None
    return "\n".join(chunk.rstrip() for chunk in kept) + "\n"


def _is_kept(chunk: str) -> bool:
    tree = parsed(chunk)
    return tree is not None and any(
        isinstance(node, (*DEFINITIONS, ast.Import, ast.ImportFrom, ast.Assign)) for node in tree.body
    )


def _chunks(text: str) -> Iterator[str]:
    """The text cut before each line that starts at the margin, save those that go on with a statement."""
    lines: list[str] = []
    for line in text.split("\n"):
        starts = bool(line) and not line[0].isspace() and not _CONTINUES.match(line)
        if starts and lines and not lines[-1].startswith("@"):
            yield "\n".join(lines)
            lines = []
        lines.append(line)
    yield "\n".join(lines)
