"""Code as models hand it out, read loosely: with prompts, line numbers, odd spaces and quotes, or between prose."""

from __future__ import annotations

import ast
import html
import json
import re
import textwrap
import warnings
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

_PROMPT = re.compile(r"^\s*(?:>>>|\.\.\.)(?: |$)", re.MULTILINE)
_ODD = str.maketrans(
    {**dict.fromkeys("“”„＂", '"'), **dict.fromkeys("‘’＇", "'"), **dict.fromkeys("−–", "-")}
    | dict(zip("，：（）［］｛｝；＝＋", ",:()[]{};=+", strict=True))
)
_ODD_SPACES = re.compile(r"[^\S\t\n\f ]")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\x00]")
_CODE = re.compile(r"\b(?:def|class) \w|=\s*lambda\b")
_CONTINUES = re.compile(r"^(?:else\b|elif\b|except\b|finally\b|[)\]}])")
_NUMBERED = re.compile(r"^\s*\d+(?: ?[|:.)]\s?|\t| )", re.MULTILINE)
_CHANGES = re.compile(r"(?m)^(?:(?:-|@@|diff |index ).*\n?|[+ ])")
_NOTEBOOK = re.compile(r"^\s*(?:In ?\[\d*\]:|\.{3,}:) ?", re.MULTILINE)
_MAGIC = re.compile(r"^[ \t]*[!%].*$", re.MULTILINE)
_INDENTED = re.compile(r"(?m)^(?: {4}|\t).*(?:\n(?:(?: {4}|\t).*|[ \t]*$))*")
_IN_LINE = re.compile(r"`((?:async )?def [^`\n]+|\w+ = lambda\b[^`\n]+)`")
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_KEPT = (
    *DEFINITIONS,
    ast.Import,
    ast.ImportFrom,
    ast.Assign,
    ast.AnnAssign,
    ast.AugAssign,
    ast.Try,
    ast.If,
    ast.For,
    ast.With,
)


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
        plain = textwrap.dedent(_plain(code))
        if parsed(plain) is not None:
            code = plain
    return code + "\n"


def with_plain_lines(text: str) -> str:
    """The text with one kind of line end; those of Unicode count where there is no other."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text if "\n" in text else re.sub("[\x85\u2028\u2029]", "\n", text)


def _plain(code: str) -> str:
    """The code without odd spaces, quotes, punctuation and invisible characters."""
    return _INVISIBLE.sub("", _ODD_SPACES.sub(" ", code)).translate(_ODD)


def salvaged(code: str) -> str:
    """A block without what is no code: line numbers, prompts, marks of changes, escapes, a notebook's commands, prose."""
    if parsed(code) is not None:
        return without_mentions(code)
    without = [noise.sub("", code) for noise in (_NUMBERED, _NOTEBOOK, _MAGIC, _CHANGES)]
    for repaired in (*without, html.unescape(code), code.replace("\\_", "_"), *map(code.expandtabs, (4, 8))):
        plain = textwrap.dedent(repaired)
        if plain != code and parsed(plain) is not None:
            return without_mentions(plain)
    return _definitions(code) or code


def without_mentions(code: str) -> str:
    """Code that parses, without lines that only name things and would raise: `Sure`, `[DONE]`, `Out[2]: 3`."""
    tree = parsed(code)
    idle = [node for node in tree.body if _is_mention(node)] if tree else []
    if not idle or (";" in code and any(";" in line for line in code.split("\n"))):
        return code
    lines = code.split("\n")
    for node in idle:
        for index in range(node.lineno - 1, node.end_lineno or node.lineno):
            lines[index] = ""
    return "\n".join(lines)


def _is_mention(node: ast.stmt) -> bool:
    if isinstance(node, ast.AnnAssign):
        return node.value is None
    does = (ast.Call, ast.Await, ast.NamedExpr, ast.Yield)
    return (
        isinstance(node, ast.Expr)
        and not isinstance(node.value, ast.Constant)
        and not any(isinstance(inner, does) for inner in ast.walk(node))
    )


def unpacked(text: str) -> str:
    """The answer inside JSON or CDATA, or on one line with its line ends written out; else as it is."""
    if (begin := text.find("<![CDATA[")) >= 0 and (end := text.find("]]>", begin)) >= 0:
        text = text[:begin] + text[begin + len("<![CDATA[") : end] + text[end + len("]]>") :]
    start = re.search(r"[{\[]\s*[{\[]?\s*\"" if text.lstrip()[:1] != '"' else '"', text)
    if start and "```" not in text[: start.start()]:
        try:
            found = json.JSONDecoder().raw_decode(text, start.start())[0]
        except (ValueError, RecursionError):
            found = None
        text = next((inside for inside in _strings(found) if _CODE.search(inside)), text)
    flat = "\n" not in text.strip() and parsed(text.strip()) is None
    return text.replace("\\n", "\n") if flat else text


def _strings(value: Any) -> Iterator[str]:
    """The texts inside a JSON value; a list of texts is the lines of one, as notebooks have it."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list) and value and all(isinstance(item, str) for item in value):
        yield "".join(value)
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _strings(item)


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
            return without_mentions(whole).strip() + "\n"
    indented = "\n".join(textwrap.dedent(found[0]) for found in _INDENTED.finditer(text))
    in_line = "\n".join(_IN_LINE.findall(text))
    return _definitions(text) or _definitions(indented) or _definitions(in_line)


def _definitions(text: str) -> str | None:
    """The definitions and imports that stand between prose; None without a definition."""
    kept = [chunk for chunk in _chunks(textwrap.dedent(_plain(text))) if _is_kept(chunk)]
    if not any(_defines(node) for chunk in kept for node in parsed(chunk).body):  # type: ignore[union-attr]
        return None
    return "\n".join(chunk.rstrip() for chunk in kept) + "\n"


def _defines(node: ast.stmt) -> bool:
    return isinstance(node, DEFINITIONS) or (
        isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda)
    )


def _is_kept(chunk: str) -> bool:
    tree = parsed(chunk)
    return tree is not None and any(isinstance(node, _KEPT) for node in tree.body)


def _chunks(text: str) -> Iterator[str]:
    """The text cut before each line that starts at the margin, save those that go on with a statement or a string."""
    lines: list[str] = []
    quotes = 0
    for line in text.split("\n"):
        starts = bool(line) and not line[0].isspace() and not _CONTINUES.match(line) and quotes % 2 == 0
        if starts and lines and not lines[-1].startswith("@"):
            yield "\n".join(lines)
            lines, quotes = [], 0
        lines.append(line)
        if len(lines) > 1 or not line.startswith(("'''", '"""')):
            quotes += line.count('"""') + line.count("'''")
    yield "\n".join(lines)
