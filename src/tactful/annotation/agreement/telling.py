"""Agreement as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tactful.annotation.agreement.results import Agreement, AnnotatorRow, Figures
from tactful.stats.estimate import FEWEST_GROUPS, Estimate
from tactful.text.counting import counted

INTERVALS = (
    f"Intervals are 95% and go by session; none stands for fewer than {FEWEST_GROUPS}. alpha is Krippendorff's (nominal), "
    "Fleiss and Cohen are kappas: 1 is full agreement, 0 what chance gives. raw is the share of pairs of votes that are "
    "alike, chance what it would be by chance."
)
_CHANCE_CORRECTED = ("alpha", "fleiss", "cohen")


def share(found: Estimate) -> str:
    """`62% [57%, 70%]`; the share alone where it has no interval; – where it is undefined."""
    return found.percent(0).removesuffix(" [interval not estimable]")


def headline(found: Agreement) -> str:
    """What there is, in a sentence."""
    people = "annotators not named" if found.annotators is None else counted(found.annotators, "annotator")
    return (
        f"{counted(found.votes, 'vote')} on {counted(found.items, 'item')} of {counted(found.sessions, 'session')}, "
        f"{people}"
    )


def agreement_lines(found: Agreement) -> Iterator[str]:
    """Every table as text, what was left out, and why a figure is missing."""
    rows = [
        (name, figures)
        for one in found.questions
        for name, figures in (
            (f"{one.kind}: {one.question}", one.whole),
            *((f"  {setting or 'setting not known'}", part) for setting, part in one.settings.items()),
        )
    ]
    yield from figure_lines(rows)
    if found.by_annotator:
        yield ""
        yield from _annotator_lines(found.by_annotator)
    yield INTERVALS
    if found.annotators is None:
        yield "Votes that silence was right count under help_wanted, reversed."
    yield _left_out(found)


def figure_lines(rows: Sequence[tuple[str, Figures]]) -> Iterator[str]:
    """A table of named figures, and why some are missing."""
    wide = max(14, *(len(name) for name, _ in rows)) if rows else 14
    yield (
        f"{'':<{wide}}{'units':>8}{'votes':>8}{'sessions':>10}{'alpha':>24}{'Fleiss':>24}{'Cohen':>24}{'raw':>18}"
        f"{'chance':>8}"
    )
    for name, one in rows:
        corrected = "".join(f"{getattr(one, figure).short():>24}" for figure in _CHANCE_CORRECTED)
        yield (
            f"{name:<{wide}}{one.units:>8,}{one.votes:>8,}{one.sessions:>10,}{corrected}{share(one.raw):>18}"
            f"{share(one.chance):>8}"
        )
    missing: dict[tuple[str, str], list[str]] = {}
    for name, one in rows:
        for why in dict.fromkeys(one.undefined.values()):
            figures = ", ".join(figure for figure, said in one.undefined.items() if said == why)
            missing.setdefault((figures, why), []).append(name.strip())
    for (figures, why), names in missing.items():
        yield f"{', '.join(names)}: no {figures}: {why}"


def _annotator_lines(rows: Sequence[AnnotatorRow]) -> Iterator[str]:
    wide = max(len(row.annotator) for row in rows) + 2
    asked = max(len(row.question) for row in rows) + 2
    yield (
        f"{'annotator':<{wide}}{'':<{asked}}{'votes':>7}{'with others':>18}{'chance':>8}{'on units':>10}"
        f"{'as before':>18}{'of':>6}{'gold':>18}{'of':>6}"
    )
    for row in rows:
        yield (
            f"{row.annotator:<{wide}}{row.question:<{asked}}{row.votes:>7,}{share(row.raw):>18}{share(row.chance):>8}"
            f"{row.raw.items:>10,}{share(row.consistency):>18}{row.consistency.items:>6,}{share(row.gold):>18}"
            f"{row.gold.items:>6,}"
        )


def _left_out(found: Agreement) -> str:
    single = sum(one.whole.single for one in found.questions)
    parts = {
        "skipped": found.skipped,
        "withdrawn": found.withdrawn,
        "repeats": found.repeats,
        "given twice": found.doubled,
        "unusable rows": found.bad,
    }
    said = ", ".join(f"{number:,} {name}" for name, number in parts.items() if number) or "nothing"
    alone = f"; {counted(single, 'unit')} with one vote tell nothing of agreement" if single else ""
    gold = (
        f"; {found.gold:,} of the annotations are on items whose answer is known, and count"
        if found.gold
        else ""
    )
    return f"Left out: {said}{alone}{gold}."
