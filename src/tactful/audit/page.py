"""An audit as one HTML page, as Markdown and as JSON, in a folder."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

from tactful.audit.results import Audit, Said, Slice
from tactful.audit.words import percent
from tactful.data.page import clean, render_template, write_texts
from tactful.stats.asking import MEANINGS
from tactful.text.counting import counted

PAGE, TEXT, DATA, FINDINGS = "audit.html", "audit.md", "audit.json", "findings.jsonl"
COLOURS: Mapping[str, str] = {
    "asked, needed": "good",
    "asked, needless": "warn",
    "asked, not judged": "soft",
    "answered, fine": "sweep",
    "answered, a wrong guess": "bad",
    "answered, another complaint": "ink",
    "answered, nothing said next": "line",
    "asked": "good",
    "needless": "warn",
    "guessed": "bad",
    "complaints": "ink",
}
"""Outcome or share → the page's colour for it."""
_WIDTH, _HEIGHT = 420.0, 150.0
_MOST_WEEKS = 26
_COLUMNS = 110  # of a line that was said, in Markdown
_NAMES = {
    "asked": "turns that ask",
    "needless": "needless questions",
    "guessed": "guesses",
    "complaints": "complaints",
}

_WORDS = {"names": _NAMES, "meanings": MEANINGS, "percent": percent, "counted": counted}
"""What page and text are told in."""


def write_audit(found: Audit, folder: Path) -> list[Path]:
    """Write page, text and data into `folder`; their paths."""
    texts = {
        PAGE: render_page(found),
        TEXT: render_text(found),
        DATA: found.model_dump_json(indent=1) + "\n",
    }
    return write_texts(folder, texts)


def render_page(found: Audit) -> str:
    """The page. All values are escaped: what users and assistants said is shown, never run."""
    drawn = found.weeks[-_MOST_WEEKS:]
    return render_template(
        __file__,
        "audit.html.j2",
        found=found,
        parts=_parts(found.outcomes),
        drawn=drawn,
        lines=_lines(drawn),
        height=_HEIGHT,
        width=_WIDTH,
        colours=COLOURS,
        clean=clean,
        lasting=_lasting(found),
        **_WORDS,
    )


def render_text(found: Audit) -> str:
    """The same as Markdown; what was said stands as it was, in blocks of code, where no mark or tag means anything."""
    return render_template(
        __file__,
        "audit.markdown",
        found=found,
        flat=_flat,
        block=_block,
        lasting=_lasting(found),
        **_WORDS,
    )


def _flat(text: str) -> str:
    """On one line, with the marks of Markdown escaped."""
    return re.sub(r"([\\`*_\[\]|#!~<>&])", r"\\\1", " ".join(clean(text).split()))


def _block(said: Said) -> str:
    """A turn as lines of a block of code, those of its text kept and long ones broken."""
    lines = clean("\n".join(said.text.splitlines())).split("\n")
    lines[:1] = [f"{'▶' if said.marked else ' '} {said.role}: {lines[0]}"]
    broken = (textwrap.wrap(line, _COLUMNS, replace_whitespace=False) or [""] for line in lines)
    return "\n".join(f"    {line}".rstrip() for parts in broken for line in parts)


def _lasting(found: Audit) -> str:
    if not found.first_week:
        return ""
    if found.first_week == found.last_week:
        return f"the week of {found.first_week}"
    return f"the weeks of {found.first_week} to {found.last_week}"


def _parts(outcomes: Mapping[str, int]) -> list[tuple[str, int, float, float]]:
    """(outcome, count, left edge, width) of the bar's pieces, in units of its width."""
    total, at, found = sum(outcomes.values()) or 1, 0.0, []
    for name, count in outcomes.items():
        if count:
            wide = _WIDTH * count / total
            found.append((name, count, round(at, 1), round(wide, 1)))
            at += wide
    return found


def _lines(weeks: Sequence[Slice]) -> list[tuple[str, str, list[tuple[float, float]]]]:
    """(share, points of its line, the same as pairs) over these weeks, the top of the picture at 100%; none for a single week."""
    if len(weeks) < 2:
        return []
    names = [name for name in _NAMES if any(week.shares[name].value is not None for week in weeks)]
    found = []
    for name in names:
        pairs = [
            (round(_WIDTH * at / (len(weeks) - 1), 1), round(_HEIGHT * (1 - value), 1))
            for at, week in enumerate(weeks)
            if (value := week.shares[name].value) is not None
        ]
        found.append((name, " ".join(f"{x},{y}" for x, y in pairs), pairs))
    return found
