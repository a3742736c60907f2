"""Thoughts and verdicts in the forms that trainers read: SFT rows for a judge, and preference rows of verdicts.

| form | files | read by |
|---|---|---|
| `trl` | `sft.jsonl` (`prompt`, `completion`, `weight`), `pairs.jsonl` (`prompt`, `chosen`, `rejected`, `weight`) | TRL |
| `llama-factory` | `sft.json`, `pairs.json` (ShareGPT, and `weight`), `dataset_info.json` | LLaMA-Factory |

The prompt is the one that `LMJudge` sends. An SFT row answers with thought and judgement, as the judge must. A preference row
holds the right judgement against the wrong one, both without a thought: nobody wrote a thought for the wrong one, and a
reward model that reads the thought would learn to compare thought and verdict, not to look at the moment.

Balance is by `weight` and never by doubling rows. Validation takes whole sessions. Beside each data file lies a
`…_provenance.jsonl`, one line per row in the same order. Source of the forms: the trainers' documentation, 2026.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

from tactful.data.exporting.forms import (
    FORMS,
    Answered,
    Distinct,
    Form,
    Preference,
    completion_sft,
    form_of,
    new_folder,
    said,
)
from tactful.data.io import Rows, held, write_jsonl
from tactful.data.splits import split_by_group
from tactful.errors import UsageError, UserError
from tactful.reward.judging.prompt import AcceptanceVerdict, Layout, judge_prompt
from tactful.reward.reasons.thoughts import ReasonedMoment
from tactful.runs import resolve_input
from tactful.types import Message, Record

Balance = Literal["none", "categories"]
PREFIX = "tactful_reward"
"""Names in `dataset_info.json`: `tactful_reward_sft`, `tactful_reward_pairs_validation`, …"""


class PartReport(Record):
    """One side of the split."""

    rows: int
    sessions: int
    categories: Mapping[str, int]
    """Category → rows."""
    weights: Mapping[str, float]
    """Category → weight of each of its SFT rows; preference rows, of which repeated ones are left out, have their own."""


class ReasonsExport(Record):
    """What an export wrote; every record is one SFT row of its part. records = pairs + repeated."""

    records: int
    pairs: int
    repeated: int = 0
    """Preference rows left out: the same moment with the same verdict came before (`Distinct`)."""
    contradicting: int = 0
    """Of `pairs`: those whose moment came before with the other verdict; both are written."""
    parts: Mapping[str, PartReport]
    """`train`, and `validation` where one was asked for."""
    bad: int = 0
    """Unusable lines that were left out (`--skip-bad`)."""


def judge_messages(item: ReasonedMoment, layout: Layout = "tactful") -> tuple[Message, ...]:
    """The judge's prompt as messages."""
    return judge_prompt(item.moment, layout=layout).messages


def reply_of(item: ReasonedMoment) -> str:
    """Thought and judgement: what the judge must answer."""
    return AcceptanceVerdict(thought=item.thought, judgement=_word(item.accepted)).model_dump_json()


def judgement_of(accepted: bool) -> str:
    """The judgement with an empty thought: one side of a preference row. A judge's reply could be read from it."""
    return AcceptanceVerdict(thought="", judgement=_word(accepted)).model_dump_json()


def _word(accepted: bool) -> Literal["accepted", "rejected"]:
    return "accepted" if accepted else "rejected"


def _answered(item: ReasonedMoment, layout: Layout) -> Answered:
    return Answered(item.id, judge_messages(item, layout), said(reply_of(item)))


def _preference(item: ReasonedMoment, layout: Layout) -> Preference:
    right, wrong = said(judgement_of(item.accepted)), said(judgement_of(not item.accepted))
    return Preference(item.id, judge_messages(item, layout), right, wrong)


def thought_provenance(item: ReasonedMoment) -> dict[str, Any]:
    """What a row rests on, without any text of the moment."""
    return {
        "id": item.id,
        "session": item.moment.session,
        "category": item.category,
        "tries": item.tries,
        "checks": item.checks,
        "provenance": item.provenance.model_dump(mode="json"),
    }


REASON_FORMS = {
    "trl": replace(FORMS["trl"], sft=completion_sft),
    "llama-factory": FORMS["llama-factory"],
}


def export_reasons(
    run_or_file: Path | str,
    to: str,
    out: Path | str,
    *,
    layout: Layout = "tactful",
    balance: Balance = "none",
    validation_share: float = 0.0,
    seed: int = 0,
    skip_bad: bool = False,
) -> ReasonsExport:
    """Write the thoughts of `reward reasons` in one of `FORMS` into the new folder `out`.

    `validation_share` is a share of the sessions, in [0, 1); 0 writes no validation part. `balance="categories"` gives
    the categories of a part equal total weight. `seed` decides which sessions validate.

    Raises: UsageError for an unknown form or a share that cannot be cut; UserError for no records or a folder that holds
    files; DataError for a bad line (unless `skip_bad`).
    """
    form = form_of(to, REASON_FORMS)
    folder = new_folder(out)
    source = resolve_input(run_or_file)
    rows = Rows(
        source,
        ReasonedMoment.model_validate,
        skip_bad=skip_bad,
        kind="reasoned moment",
        key=lambda row: row.id,
    )
    records = held(rows, source)
    distinct, told, paired = Distinct(), [], set[int]()
    for at, row in enumerate(records):
        told.append((row.moment.session, row.category))
        if distinct.takes(_preference(row, layout)):
            paired.add(at)
    if not told:
        raise UserError(f"{source}: holds no reasoned moments; run 'tactful reward reasons' first")
    parts = _parts([session for session, _ in told], validation_share, seed)
    reports = {}
    for part, places in parts.items():
        report = _report([told[at] for at in places], balance)
        of = {"sft": set(places), "pairs": paired.intersection(places)}
        weights = {"sft": report.weights, "pairs": _weights([told[at][1] for at in of["pairs"]], balance)}
        _write_part(folder, part, form, records, of, layout, weights)
        reports[part] = report
    form.describe(
        folder,
        {f"{PREFIX}_{name}{_end(part)}": name + _end(part) for part in parts for name in ("sft", "pairs")},
        pairs="rm",  # DPO on them would teach a judge not to think
    )
    return ReasonsExport(
        records=len(told),
        pairs=len(paired),
        repeated=distinct.repeated,
        contradicting=distinct.contradicting,
        parts=reports,
        bad=rows.bad,
    )


def _parts(sessions: Sequence[str], share: float, seed: int) -> dict[str, tuple[int, ...]]:
    """Part → places of its rows; a session is on one side only."""
    if not 0 <= share < 1:
        raise UsageError(f"--validation-share {share:g} is no share; give 0 (none) or a number below 1")
    if share == 0:
        return {"train": tuple(range(len(sessions)))}
    shares = {"train": 1 - share, "validation": share}
    return dict(split_by_group(sessions, shares, seed=seed, grouped_by="session").parts)


def _report(told: Sequence[tuple[str, str]], balance: Balance) -> PartReport:
    counts = Counter(category for _, category in told)
    return PartReport(
        rows=len(told),
        sessions=len({session for session, _ in told}),
        categories=dict(sorted(counts.items())),
        weights=_weights([category for _, category in told], balance),
    )


def _weights(categories: Sequence[str], balance: Balance) -> dict[str, float]:
    """Category → weight of each row of a file; over the file they have mean 1."""
    counts = Counter(categories)
    even = {category: len(categories) / (len(counts) * count) for category, count in counts.items()}
    return {category: even[category] if balance == "categories" else 1.0 for category in sorted(counts)}


def _write_part(
    folder: Path,
    part: str,
    form: Form,
    records: Iterable[ReasonedMoment],
    places: Mapping[str, set[int]],
    layout: Layout,
    weights: Mapping[str, Mapping[str, float]],
) -> None:
    """The data files of one part and the provenance of their rows; the records are read again and, but for a pipe's, never held."""

    def mine(name: str) -> Iterator[ReasonedMoment]:
        return (item for at, item in enumerate(records) if at in places[name])

    def row(name: str, item: ReasonedMoment) -> dict[str, Any]:
        made = form.sft(_answered(item, layout)) if name == "sft" else form.pair(_preference(item, layout))
        return {**made, "weight": weights[name][item.category]}

    for name in ("sft", "pairs"):
        stem = name + _end(part)
        form.write(folder, stem, map(partial(row, name), mine(name)))
        write_jsonl(folder / f"{stem}_provenance.jsonl", map(thought_provenance, mine(name)))


def _end(part: str) -> str:
    return "" if part == "train" else f"_{part}"
