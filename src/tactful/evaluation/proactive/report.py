"""Both tables of every split, and what stands around them; a table that lacks a baseline is refused when it is made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tactful.evaluation.judges.tables import Table, cell, table_rows, table_text
from tactful.evaluation.proactive.assistants import BASELINES
from tactful.evaluation.proactive.measure import Row
from tactful.evaluation.proactive.published import PublishedCounts
from tactful.evaluation.proactive.results import BenchResult, JudgeAgreement, PublishedRow, Split
from tactful.stats import FEWEST_GROUPS

TENTATIVE = 0.667
"""Krippendorff's own lower bound for tentative conclusions (Content Analysis, ch. 11)."""
_FIGURES = (
    ("balanced_accuracy", "balanced accuracy"),
    ("served", "served"),
    ("undisturbed", "undisturbed"),
    ("false_alarm_rate", "FA rate FP/(FP+TN)"),
    ("false_alarm_ratio", "FA ratio FP/(TP+FP)"),
    ("precision", "precision"),
    ("recall", "recall"),
    ("f1", "F1"),
    ("mean_p_accept", "mean p(accept)"),
    ("speaks", "speaks"),
)
_COUNTS = (
    ("hit", "hits"),
    ("false-alarm", "false alarms"),
    ("wrong-help", "wrong help"),
    ("miss", "misses"),
    ("correct-silence", "silences"),
    ("unscored", "unscored"),
    ("failed", "failed"),
    ("absent", "absent"),
)


def bench_tables(result: BenchResult) -> list[Table]:
    """For every split: as published, corrected, and the counts behind the corrected one."""
    return [table for split in result.splits for table in _split_tables(split, quirks=result.quirks)]


def _split_tables(split: Split, *, quirks: bool) -> list[Table]:
    place = f"{split.name}: {split.sessions} sessions, {split.events} events"
    notes = [
        "Balanced accuracy is the mean of served (of the moments with help wanted, those with accepted help) and "
        "undisturbed (of the others, those without a rejected proposal); a coin between two rows lies halfway.",
        "Mean p(accept) is the judge's own probability over all proposals: with a calibrated judge what precision would "
        "be among people, whatever threshold its verdicts have.",
        "A rejected proposal where help was wanted is wrong help: a false alarm and a miss. Unscored, failed and "
        "absent responses are left out; several: events with more than one proposal, of which the first counts. 'random' is a coin between always and never, in expected counts.",
        _intervals(split),
        "look-up has read the labels of these traces: what a leak is worth.",
    ]
    return [
        published_table(place, split.published, quirks=quirks),
        Table(
            title=f"Corrected, {place}",
            columns=tuple(title for _, title in _FIGURES),
            rows=table_rows(split.corrected, lambda row: [row.figures[name] for name, _ in _FIGURES]),
            notes=tuple(_against(split.corrected)),
            baselines=BASELINES,
        ),
        Table(
            title=f"Behind it, {place}",
            columns=(*(title for _, title in _COUNTS), "several"),
            rows=table_rows(
                split.corrected,
                lambda row: [*(f"{row.counts.get(name, 0):g}" for name, _ in _COUNTS), str(row.several)],
            ),
            notes=tuple(notes),
            baselines=BASELINES,
        ),
    ]


def _against(rows: Sequence[Row]) -> Iterator[str]:
    """No assistant stands without what it gains over doing nothing clever."""
    for row in rows:
        if not row.baseline:
            gains = (f"{name} {cell(row.against[name])}" for name in BASELINES[:3])
            yield f"{row.name}: balanced accuracy minus that of {'; '.join(gains)}."


def _intervals(split: Split) -> str:
    if split.sessions < FEWEST_GROUPS:
        return f"{split.sessions} sessions: too few for an interval ({FEWEST_GROUPS} are needed), so none is shown."
    return f"95% intervals over {split.sessions} resampled sessions."


def published_table(place: str, rows: Sequence[PublishedRow], *, quirks: bool) -> Table:
    """ProactiveBench's own figures. Its False-Alarm is FP/(TP + FP)."""
    columns = ("Recall", "Precision", "Accuracy", "False-Alarm", "F1", "TP", "FP", "TN", "FN", "events")
    with_quirks = (
        'with its quirks: the text "null" is a proposal, unreadable is rejected, every prediction counts'
    )
    without = 'quirks off: "null" is silence, unreadable and failed are left out, one proposal per event'
    return Table(
        title=f"As published, {place}",
        columns=columns,
        rows=table_rows(rows, lambda row: [*_published(row.counts), str(row.events)]),
        notes=(f"Counted {with_quirks if quirks else without}. No interval is published.",),
        baselines=BASELINES,
    )


def _published(counts: PublishedCounts) -> tuple[float | str, ...]:
    figures = (counts.recall, counts.precision, counts.accuracy, counts.false_alarm, counts.f1)
    numbers = (counts.tp, counts.fp, counts.tn, counts.fn)
    return (*figures, *(f"{number:g}" for number in numbers))


def bench_lines(result: BenchResult) -> Iterator[str]:
    """Everything as text: the judge, how files were matched, the judge's agreement with people, the tables."""
    yield f"Judge: {result.judge}: {result.regime}"
    yield from _about_traces(result)
    for name, matches in result.files.items():
        total = [
            sum(getattr(match, kind) for match in matches)
            for kind in ("exact", "reworded", "missing", "extra")
        ]
        yield (
            f"{name}: {len(matches)} files, {total[0]} events as in the traces, {total[1]} reworded, {total[2]} without "
            f"a response, {total[3]} that the traces lack"
        )
        for match in matches:
            if match.reworded or match.missing or match.extra:
                yield f"  {match.trace}: {match.reworded} reworded, {match.missing} missing, {match.extra} extra"
    yield from _about_judge(result)
    for table in bench_tables(result):
        yield ""
        yield from table_text(table)


def _about_traces(result: BenchResult) -> Iterator[str]:
    events = sum(one.events for one in result.traces)
    needs = sum(one.needs_known for one in result.traces)
    yield (
        f"{len(result.traces)} traces with {events} events; at {needs} of them people said whether help was wanted"
        + (", at the others the judge decides" if needs < events else "")
    )


def _about_judge(result: BenchResult) -> Iterator[str]:
    yield f"The judge was asked about {result.judged} moments; {result.unscored} are unscored"
    if result.agreement is None and any(one.session for one in result.traces):
        yield "Its agreement with people was not measured (--people 0)"
        return
    if result.agreement is None:
        yield "Its agreement with people is not known here: give what they labelled with --reward-data"
        return
    yield from agreement_lines(result.agreement)


def agreement_lines(found: JudgeAgreement) -> Iterator[str]:
    """How far the judge agrees with people: without that number no table of its verdicts means much."""
    yield (
        f"Judge against people, Krippendorff's alpha (nominal; 0 is chance, 1 is perfect), on {found.all.items} of "
        f"{found.labelled} moments that people labelled along these traces:"
    )
    for name in ("all", "proposals", "silences"):
        one, rates = getattr(found, name), found.accepts.get(name)
        accepts = (
            ""
            if rates is None
            else f"; the judge accepts {rates.judge:.0%} of them, people {rates.people:.0%}"
        )
        yield f"  {name}: {cell(one)} (n = {one.items}){accepts}"
    yield f"  the annotators among themselves: {cell(found.people)}"
    if found.all.value is not None and found.all.value < TENTATIVE:
        yield f"  below {TENTATIVE:g}: by the usual reading too little to rest a conclusion on; compare rows with care"
