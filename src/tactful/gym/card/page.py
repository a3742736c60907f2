"""The card as an HTML page, as lines for a terminal, and as JSON, in a folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tactful.data.page import clean, render_template, write_texts
from tactful.gym.card.types import Card, Check, Ranking
from tactful.text.counting import counted

PAGE, DATA = "card.html", "card.json"
SIDES = {
    "users": "How offers are taken, and how work ends",
    "persons": "Whether persons differ",
    "events": "The stream of events",
}
Row = tuple[str, ...]
MARKS = {"ok": "ok", "unlike": "UNLIKE", "not estimable": "not estimable"}


def write_card(found: Card, folder: Path) -> list[Path]:
    """Write page and data into `folder`; their paths."""
    return write_texts(folder, {PAGE: render_page(found), DATA: found.model_dump_json(indent=1) + "\n"})


def render_page(found: Card) -> str:
    """The page. All values are escaped: what events and names say is shown, never run."""
    return render_template(
        __file__,
        "card.html.j2",
        found=found,
        sides=SIDES,
        marks=MARKS,
        verdict=verdict,
        unique=tuple(dict.fromkeys(found.notes)),
        counted=counted,
        clean=clean,
    )


def verdict(check: Check) -> str:
    """`UNLIKE`, and whether other scenes could turn it."""
    return MARKS[check.verdict] + (" (close)" if check.close else "")


def card_lines(found: Card) -> list[str]:
    """The card as tables for a terminal."""
    tables = [_checks(found), *_details(found), *map(ranking_rows, found.rankings)]
    return [line for rows in tables for line in ("", *table_lines(rows))][1:]


def _checks(found: Card) -> list[Row]:
    rows: list[Row] = [("check", "figure", "limit", "people", "verdict")]
    for one in found.checks:
        people = "" if one.people is None else one.people.short(2)
        rows.append((one.name, one.figure.short(2), one.limit.words, people, verdict(one)))
    return rows


def _details(found: Card) -> list[list[Row]]:
    timings: list[Row] = [
        (one.timing, str(one.offers), one.accepted.short(2), one.ignored.short(2)) for one in found.timings
    ]
    telling: list[Row] = [
        (one.by, one.auroc.short(2), ", ".join(one.generated), ", ".join(one.real)) for one in found.telling
    ]
    traits: list[Row] = [(name, one.short(2)) for name, one in found.traits.items()]
    told = (
        (("offers at", "shown", "accepted, mean of scenes", "ignored, mean of scenes"), timings),
        (
            ("generated told from recorded by", "AUROC", "speaks for generated", "speaks for recorded"),
            telling,
        ),
        (("trait", "AUROC of its upper half by behaviour"), traits),
    )
    return [[head, *rows] for head, rows in told if rows]


def ranking_rows(found: Ranking) -> list[Row]:
    """Assistants, best first, under their heads."""
    rows: list[Row] = [(f"assistant, {found.users} users", "utility per 100 rounds", "offers", "accepted")]
    rows += [
        (one.assistant, one.utility.short(2), str(one.offers), one.accepted.short(2)) for one in found.rows
    ]
    return rows


def table_lines(rows: Sequence[Row]) -> list[str]:
    """Rows in columns, two spaces apart."""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return [
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
