"""The code of an answer: what a reader would run of a message that holds fences, prose, usage examples and drafts.

Taken is the last block that defines what the tests use, is whole and is not shown as wrong, with what it needs from other blocks; if none does, the
Python blocks joined. Blocks tagged as Python go before untagged ones, those before any other. Without a fence, the
definitions that stand between the prose. The names that tests use are not shown to anyone: only the choice of the block
knows them, as a person who copies the answer into a file does.
"""

from __future__ import annotations

import ast
import builtins
import re
import textwrap
from collections.abc import Collection, Iterator
from functools import lru_cache

from tactful.text.code.blocks import Block, complete, defined, defining, has_definition, joined
from tactful.text.code.loose import bare, cleaned, is_code, parsed, salvaged, unpacked, with_plain_lines
from tactful.text.thoughts import strip_thoughts

_PYTHON = re.compile(
    r"(?i)^\{?\.?(?:lang(?:uage)?[=:-])?(?:i?python[\d.]*|py[\d.]*|pycon|python-repl|sage)\b\}?"
)
_MARKDOWN = re.compile(r"(?i)^(?:markdown|md)\b")
_FENCE = re.compile(
    r"^(?P<quote>(?:[ \t]*(?:>|(?:[-*+•]|\d{1,2}[.)])(?=[ \t])))*)[ \t]*(?P<fence>`{3,}|~{3,})(?P<info>.*)$"
)
_LATE_FENCE = re.compile(
    r"(?im)(?<!`)`{3,9}+[ \t]*(?:(?:python|py)[\d.]*[ \t]*|(?:def|class|import|from|@)\b[^`\n]*)$"
)
_MARKS = re.compile(r"[\s>*+•\-\d.)]*")
_DISOWNED = re.compile(
    r"""(?ix)^\W*(?:(?:and|but|note|for\s+(?:reference|comparison))\W+)*(?:
      (?:(?:here(?:'s|\s+is)|this\s+(?:is|was))\s+)?(?:your|the|my|an?)?\s*(?:original|old|previous|earlier|buggy|broken|wrong|incorrect|bad|faulty)\b
    | (?:please\s+)?(?:don't|do\s+not|never|avoid|instead\s+of|rather\s+than|what\s+not\s+to|how\s+not\s+to|not\s+like)\b
    | (?:你|您)?的?(?:原来|原始|原先|旧|之前|错误|有问题)的? | (?:请)?(?:不要|别|避免|切勿) | 反例 )
    (?!.*(?:\b(?:fix(?:ed)?|corrected|use|try|now|should\s+be|so|better|here\s+is)\b|改[为成]|修正|应该))[^\n]*[:：]?\W*$"""
)
"""The line over a block that shows how not to do it."""
_ONE_LINE = re.compile(r"(?m)(?<!`)(`{3,9}+)[ \t]*(?:python[\d.]*|py)?[ \t]+([^`\n]+?)[ \t]*\1(?!`)")
_TAGS = re.compile(
    r"(?is)(?:\[(python|code)\]|<(python|code)(?:\s[^>]*)?>|\\begin\{(code|python)\})(.*?)"
    r"(?:\[/(?:\1)\]|</(?:\2)>|\\end\{(?:\3)\}|\Z)"
)
_MOST_ENDS = 12  # closing fences tried for one block: those before the right one stand in strings


def extract_code(answer: str, wanted: Collection[str] = ()) -> str | None:
    """The code of `answer`, ending in a newline; None where it has none. `wanted`: `names_under_test`."""
    text = unpacked(with_plain_lines(strip_thoughts(answer)))
    blocks = [block for block in _blocks(text) if block.code.strip()]
    if not blocks:
        return bare(text)
    best = min(block.rank for block in blocks)
    if chosen := defining(blocks, wanted):
        return complete(chosen, blocks)
    if best == 2:  # tagged as another language: Python only where it reads as Python
        blocks = [block for block in blocks if block.tree is not None and has_definition(block)]
        return blocks[-1].code if blocks and not wanted else None
    chosen = [block for block in blocks if block.rank == best]
    if wanted:
        sound = [block for block in chosen if block.tree is not None] or chosen
        return joined(sound)
    last = next((block for block in reversed(chosen) if has_definition(block)), chosen[-1])
    return complete([last], blocks)


@lru_cache(maxsize=4096)
def names_under_test(tests: tuple[str, ...], setup: str = "") -> frozenset[str]:
    """The names that `tests` use and that neither they, nor `setup`, nor Python define."""
    used: set[str] = set()
    bound: set[str] = set(dir(builtins))
    for source in (setup, *tests):
        tree = parsed(source)
        for node in ast.walk(tree) if tree else ():
            match node:
                case ast.Name(name, ast.Load()):
                    used.add(name)
                case ast.Name(name, ast.Store()) | ast.arg(name):
                    bound.add(name)
        bound |= defined(source)
    return frozenset(used - bound)


def _blocks(text: str) -> list[Block]:
    """The fenced blocks of a text, in order. An unclosed one runs to the end."""
    text = _TAGS.sub(lambda found: f"\n```python\n{found[4].strip(chr(10))}\n```\n", text)
    text = _ONE_LINE.sub(lambda found: f"\n```python\n{found[2]}\n```\n", text)
    text = _LATE_FENCE.sub(_on_its_own_line, text)
    lines = text.split("\n")
    found: list[Block] = []
    at = 0
    while at < len(lines):
        opening = _FENCE.match(lines[at])
        if opening is None or "`" in opening["info"]:
            at += 1
            continue
        over = next((line for line in reversed(lines[max(0, at - 3) : at]) if line.strip()), "")
        code, at = _body(lines, at + 1, opening)
        info = opening["info"].strip()
        begins = is_code(info) or is_code(f"{info}\n    pass")
        rank = 0 if _PYTHON.match(info) else 1 if not info or begins else 2
        rest = _PYTHON.sub("", info).strip()
        if rank < 2 and is_code(rest):
            code = f"{rest}\n{code}"
        elif (
            rank < 2 and rest.endswith(":") and is_code(opened := f"{rest}\n{textwrap.indent(code, '    ')}")
        ):
            code = opened
        if _MARKDOWN.match(info):
            found += _blocks(code)
        else:
            found.append(Block(salvaged(unpacked(code)), rank, bool(_DISOWNED.match(over[:300]))))
    return found


def _on_its_own_line(fence: re.Match[str]) -> str:
    """The opening fence, on a new line where prose stands before it."""
    before = fence.string[
        max(fence.string.rfind("\n", 0, fence.start()) + 1, fence.start() - 300) : fence.start()
    ]
    return fence[0] if _MARKS.fullmatch(before) else f"\n{fence[0]}"


def _body(lines: list[str], start: int, opening: re.Match[str]) -> tuple[str, int]:
    """A block's code and the line after it: to the first closing fence with which it parses, else the first."""
    ends = _ends(lines, start, opening["fence"])
    depth = opening["quote"].count(">")
    candidates: list[tuple[str, int]] = []
    for end, last in ends:
        body = [*lines[start:end], *([last] if last else [])]
        code = cleaned([_unquoted(line, depth) for line in body])
        candidates.append((code, min(end + 1, len(lines))))
        if parsed(code) is not None:
            return candidates[-1]
    return candidates[0]


def _ends(lines: list[str], start: int, fence: str) -> Iterator[tuple[int, str]]:
    """Where a block may end, with the code that stands before the fence on that line; the end of the text last."""
    tried = 0
    closing = re.compile(rf"^(?:[ \t]*>)*[ \t]*{re.escape(fence[0])}{{{len(fence)},}}(?P<after>.*)$")
    for index in range(start, len(lines)):
        found = closing.match(lines[index])
        if found and not (tried == 0 and _PYTHON.match(found["after"].strip())):
            yield index, ""
        elif lines[index].count(fence) == 1 and not found:
            yield index, lines[index].split(fence)[0].rstrip()
        else:
            continue
        tried += 1
        if tried >= _MOST_ENDS:
            return
    if not tried:
        yield len(lines), ""


def _unquoted(line: str, depth: int) -> str:
    return re.sub(rf"^(?:[ \t]*> ?){{1,{depth}}}", "", line) if depth else line
