"""The files of each form:

Collected ─┬─ votes: everything as it is
           ├─ observations ──rule──▶ labelled moments: reward, proactivebench
           └─ items ──rule──▶ rows: feedback, states, pairs
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from tactful.annotation.export.aggregate import RULES, Rule, Told, aggregate, annotators_of
from tactful.annotation.export.as_published import as_published, draw_test
from tactful.annotation.export.moments import labelled_moments, published_row
from tactful.annotation.export.observations import observations, offers_of
from tactful.annotation.export.rows import ASKED, asked_of
from tactful.annotation.export.units import Unit
from tactful.annotation.votes import ADJUDICATIONS, ANNOTATIONS, ITEMS, Collected
from tactful.data.exporting.forms import new_folder
from tactful.data.formats.moments import moment_row
from tactful.data.io import write_jsonl
from tactful.data.splits import split_by_group
from tactful.errors import UsageError, UserError
from tactful.types import LabelledMoment, Record

Form = Literal["votes", "reward", "feedback", "states", "pairs", "proactivebench"]
FORMS: tuple[Form, ...] = get_args(Form)
TRAIN, TEST = "train.jsonl", "test.jsonl"
_NAMED = {"feedback": "follow-ups", "states": "requests", "pairs": "comparisons"}
Row = dict[str, Any]
Kinds = Mapping[str, Sequence[Unit]]
"""Kind of unit, as tables name it → all of them."""


class RuleCount(Record):
    """What a rule keeps and drops of one kind of unit; units = kept + dropped."""

    rule: Rule
    of: str
    """`proposals`, `silences`, `follow-ups`, `requests` or `comparisons`."""
    units: int
    kept: dict[str, int]
    """Why → how many."""
    dropped: dict[str, int]
    """Why → how many."""


class AnnotationsExport(Record):
    """What was written into the folder, and what was kept and dropped on the way."""

    to: Form
    files: dict[str, int]
    """Name → rows."""
    grouped_by: str = ""
    """What train and test have nothing in common of; empty: nothing was split."""
    groups: Mapping[str, int] = {}
    """File → sessions in it."""
    chosen: str = ""
    """The rule that made the labels."""
    rules: tuple[RuleCount, ...] = ()
    """Each rule on each kind of unit."""
    annotators: Mapping[str, Mapping[str, Mapping[str, float]]] = {}
    """dawid-skene: kind of unit → annotator → value → how often they say it where it is right."""
    labels: Mapping[str, int] = {}
    """Label or category → rows, in all files."""
    notes: tuple[str, ...] = ()
    """What to know before training on it."""


@dataclass(frozen=True)
class ExportOptions:
    """How votes become labels and labels files."""

    rule: Rule = "majority"
    fewest: int = 2
    """Votes that a unit needs; decided ones need none."""
    test_share: float = 0.2
    """Of the sessions; 0: no test file."""
    published: bool = False
    """proactivebench: by the published conversion, with its faults."""
    seed: int = 0


def export_collected(
    collected: Collected, to: Form, out: Path | str, options: ExportOptions | None = None
) -> AnnotationsExport:
    """Write what was collected in a form into the new folder `out`; each file appears whole or not at all.

    Raises: UsageError for a form or rule that does not fit; UserError where nothing is kept, all is of one session and a
    test file is wanted, or the folder holds files.
    """
    options = options or ExportOptions()
    _refuse(to, options)
    folder = new_folder(out)
    if to == "votes":
        return _votes(collected, folder)
    if to in ASKED:
        return _rows(collected, to, folder, options)
    return _moments(collected, to, folder, options)


def _refuse(to: str, options: ExportOptions) -> None:
    if to not in FORMS:
        raise UsageError(f"--to '{to}' is not known; choose one of: {', '.join(FORMS)}")
    if options.rule not in RULES:
        raise UsageError(f"--aggregate '{options.rule}' is not known; choose one of: {', '.join(RULES)}")
    if not 0 <= options.test_share < 1:
        raise UsageError(f"--test-share {options.test_share} is not from 0 to below 1")
    if options.published and to != "proactivebench":
        raise UsageError(f"--as-published belongs to --to proactivebench, not to --to {to}")
    if (to == "votes" or options.published) and (options.rule, options.fewest) != ("majority", 2):
        form = "--as-published" if options.published else "--to votes"
        raise UsageError(f"--aggregate and --min-votes make labels of votes, and {form} does not go by them")
    if to == "states" and options.rule == "soft":
        raise UsageError("--aggregate soft keeps doubt, and a request is open or complete; use majority")


# ---------------------------------------------------------------- forms


def _votes(collected: Collected, folder: Path) -> AnnotationsExport:
    files: dict[str, Sequence[Record]] = {
        ITEMS: list(collected.items.values()),
        ANNOTATIONS: list(collected.annotations),
        ADJUDICATIONS: list(collected.adjudications.values()),
    }
    for name, records in files.items():
        write_jsonl(folder / name, records)
    return AnnotationsExport(to="votes", files={name: len(records) for name, records in files.items()})


def _rows(collected: Collected, to: Form, folder: Path, options: ExportOptions) -> AnnotationsExport:
    asked = ASKED[to]
    given = asked_of(collected, asked)
    kinds = {_NAMED[to]: [unit for _, unit in given]}
    by_rule = _by_rule(collected, kinds, options)
    told = by_rule[_NAMED[to]][options.rule]
    rows: list[tuple[str, Row]] = []
    odd = Counter[str]()
    for (item, _), one in zip(given, told, strict=True):
        made = asked.row(item, one) if one.value is not None else None
        if isinstance(made, str):
            odd[made] += 1
        elif made is not None:
            rows.append((item.session, made))
    key = {"feedback": "label7", "states": "label"}.get(to)
    return _split(
        collected,
        to,
        folder,
        options,
        rows,
        kinds=kinds,
        by_rule=by_rule,
        labels=dict(Counter(str(row[key]) for _, row in rows)) if key else {},
        notes=[f"{count} labels gave no row: {why}" for why, count in odd.items()],
    )


def _moments(collected: Collected, to: Form, folder: Path, options: ExportOptions) -> AnnotationsExport:
    seen = observations(collected)
    if options.published:
        return _as_published(
            collected, folder, _once(as_published(seen), lambda item: item.label.accepted), options
        )
    kinds = {"proposals": offers_of(seen), "silences": [one.silence for one in seen]}
    by_rule = _by_rule(collected, kinds, options)
    items = list(labelled_moments(seen, *(by_rule[of][options.rule] for of in kinds)))
    notes = []
    if derived := sum(one.derived for one in seen):
        notes.append(
            f"{derived} of {len(seen)} silences are derived from votes on proposals: nobody was asked whether help was wanted"
        )
    if clashing := sum(one.contradictions for one in seen):
        notes.append(
            f"{clashing} answers accept a proposal and say that no help was wanted; the silence follows the question"
        )
    if to == "proactivebench":
        items = _once(items, lambda item: None)
    row = published_row if to == "proactivebench" else moment_row
    rows = [(item.moment.session, row(item)) for item in items]
    return _split(
        collected,
        to,
        folder,
        options,
        rows,
        kinds=kinds,
        by_rule=by_rule,
        labels=dict(Counter(item.category for item in items)),
        notes=notes,
    )


def _once(
    items: Iterable[LabelledMoment], beside: Callable[[LabelledMoment], object]
) -> list[LabelledMoment]:
    """Each of equal moments with equal votes, and what is told `beside`, once: in ProactiveBench's form nothing else tells
    them apart."""
    found: dict[object, LabelledMoment] = {}
    for item in items:
        found.setdefault((item.moment.events, item.moment.proposal, item.label.votes, beside(item)), item)
    return list(found.values())


def _as_published(
    collected: Collected, folder: Path, rows: Sequence[LabelledMoment], options: ExportOptions
) -> AnnotationsExport:
    """Both files of the published conversion; without a test share everything is in the first."""
    if not rows:
        raise UserError(
            f"{collected.name}: the published conversion makes no row of it; it takes two votes on a proposal"
        )
    parts = draw_test(rows, options.seed) if options.test_share else (list(range(len(rows))), [])
    files = dict(zip((TRAIN, TEST), parts, strict=True))
    both = {rows[at].moment.events for at in parts[0]} & {rows[at].moment.events for at in parts[1]}
    for name, places in files.items():
        if places:
            write_jsonl(folder / name, (published_row(rows[at]) for at in places))
    return AnnotationsExport(
        to="proactivebench",
        files={name: len(places) for name, places in files.items() if places},
        labels=dict(Counter(row.category for row in rows)),
        notes=(
            "made with the faults of the published conversion, for comparison; do not train on it",
            f"{len(both)} observations stand in both files",
        ),
    )


# ---------------------------------------------------------------- rules and splits


_ByRule = Mapping[str, Mapping[Rule, Sequence[Told]]]
"""Kind of unit → rule → what it says of each."""


def _by_rule(collected: Collected, kinds: Kinds, options: ExportOptions) -> _ByRule:
    """What every rule says of all units; Dawid–Skene is left out where votes name nobody, unless it is the one chosen."""
    rules = [
        rule for rule in RULES if rule == options.rule or not (collected.nameless and rule == "dawid-skene")
    ]
    return {
        of: {rule: aggregate(units, rule, options.fewest, nameless=collected.nameless) for rule in rules}
        for of, units in kinds.items()
    }


def _counted(by_rule: _ByRule) -> tuple[RuleCount, ...]:
    """What each rule keeps and drops."""
    counts = [
        RuleCount(
            rule=rule,
            of=of,
            units=len(told),
            kept=dict(Counter(one.why for one in told if one.value is not None)),
            dropped=dict(Counter(one.why for one in told if one.value is None)),
        )
        for of, rules in by_rule.items()
        for rule, told in rules.items()
    ]
    return tuple(sorted(counts, key=lambda count: RULES.index(count.rule)))


def _split(
    collected: Collected,
    to: Form,
    folder: Path,
    options: ExportOptions,
    rows: Sequence[tuple[str, Row]],
    *,
    kinds: Kinds,
    by_rule: _ByRule,
    labels: dict[str, int],
    notes: Sequence[str],
) -> AnnotationsExport:
    """Write train and test, no session in both."""
    rules = _counted(by_rule)
    if not rows:
        raise UserError(f"{collected.name}: {_nothing(to, rules, options, notes)}")
    sessions = [session for session, _ in rows]
    if options.test_share and len(set(sessions)) < 2:
        raise UserError(
            f"{collected.name}: everything is of the session '{sessions[0]}', so no test file can be split off; "
            "give --test-share 0"
        )
    parts: dict[str, Sequence[int]] = {TRAIN: range(len(rows))}
    groups = {TRAIN: len(set(sessions))}
    if options.test_share:
        shares = {TRAIN: 1 - options.test_share, TEST: options.test_share}
        split = split_by_group(sessions, shares, seed=options.seed, grouped_by="session")
        parts, groups = dict(split.parts), dict(split.groups)
    for name, places in parts.items():
        write_jsonl(folder / name, (rows[at][1] for at in places))
    if chosen := sum(one.probability is not None for one in collected.annotations):
        notes = [
            *notes,
            f"{chosen} answers are on items that a model's doubt chose: rows are no fair sample; --to votes keeps with which "
            "probability",
        ]
    return AnnotationsExport(
        to=to,
        files={name: len(places) for name, places in parts.items()},
        grouped_by="session" if options.test_share else "",
        groups=groups,
        chosen=options.rule,
        rules=rules,
        annotators={of: annotators_of(units) for of, units in kinds.items()}
        if options.rule == "dawid-skene"
        else {},
        labels=labels,
        notes=tuple(notes),
    )


def _nothing(to: Form, rules: tuple[RuleCount, ...], options: ExportOptions, notes: Sequence[str]) -> str:
    """Why there is no row, and what to do."""
    mine = [count for count in rules if count.rule == options.rule]
    if not sum(count.units for count in mine):
        kind = ASKED[to].kind if to in ASKED else "proposals"
        return f"holds no answer to an item of the kind '{kind}'; --to {to} needs one"
    why = Counter[str]()
    for count in mine:
        why.update(count.dropped)
    told = ", ".join([*(f"{count} {reason}" for reason, count in why.items()), *notes])
    return f"the rule '{options.rule}' keeps nothing ({told}); give --min-votes 1, another --aggregate, or adjudicate"
