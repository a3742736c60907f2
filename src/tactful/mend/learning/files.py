"""Training rows as the files that trainers read: whole conversations as prompts, each row once, split by user.

Where a part would be empty, as with one user, it is split by conversation.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from tactful.data.exporting.forms import (
    Answered,
    Distinct,
    Form,
    Preference,
    Row,
    completion_sft,
    said,
    same_key,
)
from tactful.data.io import write_jsonl
from tactful.errors import UserError
from tactful.mend.types import AnswerAt, LoggedTalk, PairAt
from tactful.types import Message, seeded

PARTS = ("train", "valid")
VALID = 0.1
"""Share of users (or conversations) in the validation part."""


@dataclass
class RowCounts:
    """What became of the log's turns as training rows."""

    pairs: Counter[str] = field(default_factory=Counter)
    """By what they come from."""
    wanted: int = 0
    unwanted: int = 0
    contradicting: int = 0
    """Of the pairs: those that prefer what an earlier one rejects at the same prompt; both are written."""
    left_out: Counter[str] = field(default_factory=Counter)


def write_rows(talks: Iterable[LoggedTalk], folder: Path, form: Form) -> tuple[RowCounts, dict[str, int]]:
    """`dpo/` and `kto/` with a file per part; file → rows. Parts without rows have no file.

    `talks` is gone through once to choose, and once for each file: memory holds the rows' names, not the rows.
    """
    counts = RowCounts()
    chosen = _chosen(talks, counts, form)
    written = {}
    parts = {kind: _parts(list(ids.values())) for kind, ids in chosen.items()}
    for part in PARTS:
        for kind, ids in chosen.items():
            rows = _rows((talk for talk in talks if parts[kind].get(talk.id) == part), kind, ids, form)
            first = next(rows, None)
            if first is None:
                continue
            whole = chain([first], rows)
            if kind == "dpo":
                written[f"{kind}/{part}.{form.suffix}"] = form.write(folder / kind, part, whole)
            else:
                written[f"{kind}/{part}.jsonl"] = write_jsonl(folder / kind / f"{part}.jsonl", whole)
    return counts, written


def _rows(talks: Iterable[LoggedTalk], kind: str, ids: Container[str], form: Form) -> Iterator[Row]:
    for talk in talks:
        if kind == "dpo":
            yield from (form.pair(_preference(talk, pair)) for pair in talk.pairs if pair.id in ids)
        else:
            yield from (_answer(talk, one) for one in talk.answers if one.id in ids)


class _Of(NamedTuple):
    """Where a row comes from."""

    talk: str
    group: str


def _parts(rows: Sequence[_Of]) -> dict[str, str]:
    """Conversation → train or valid: by its user alone, so that new data moves nothing.

    Where that leaves a part empty, by the conversation, and each part gets one where there are two.
    """
    by_user = {one.talk: "valid" if _draw(one.group) < VALID else "train" for one in rows}
    if len(set(by_user.values())) == len(PARTS):
        return by_user
    ordered = sorted(by_user, key=_draw)
    few = min(max(1, sum(_draw(talk) < VALID for talk in ordered)), len(ordered) - 1)
    return {talk: "valid" if at < few else "train" for at, talk in enumerate(ordered)}


def _draw(name: str) -> float:
    return seeded("split", name).random()


def _chosen(talks: Iterable[LoggedTalk], counts: RowCounts, form: Form) -> dict[str, dict[str, _Of]]:
    """The rows to write, by id: each text once, none that the log both praises and blames."""
    distinct, pairs = Distinct(), dict[str, _Of]()
    answers: dict[str, AnswerAt] = {}
    answered: dict[str, _Of] = {}
    blamed: set[str] = set()
    for talk in talks:
        counts.left_out.update(talk.left_out)
        here = _Of(talk.id, talk.group)
        for pair in talk.pairs:
            if _takes(_preference(talk, pair), distinct, form, counts):
                counts.pairs[pair.link] += 1
                pairs[pair.id] = here
        for one in talk.answers:
            key = same_key(prompt_of(talk, one), said(one.answer))
            known = answers.setdefault(key, one)
            answered.setdefault(known.id, here)
            if known is not one:
                counts.left_out["repeated"] += 1
                if known.wanted != one.wanted:
                    blamed.add(key)
    counts.left_out["praised here and blamed there"] += len(blamed)
    counts.left_out.update({"equal answers": distinct.equal_sides, "repeated": distinct.repeated})
    counts.contradicting = distinct.contradicting
    counts.left_out = +counts.left_out  # without those of which there are none
    kept = [one for key, one in answers.items() if key not in blamed]
    counts.wanted = sum(one.wanted for one in kept)
    counts.unwanted = len(kept) - counts.wanted
    return {"dpo": pairs, "kto": {one.id: answered[one.id] for one in kept}}


def _takes(made: Preference, distinct: Distinct, form: Form, counts: RowCounts) -> bool:
    try:
        form.pair(made)
    except UserError:  # this form cannot hold such a prompt
        counts.left_out["not of this trainer's form"] += 1
        return False
    return distinct.takes(made)


def _preference(talk: LoggedTalk, pair: PairAt) -> Preference:
    return Preference(pair.id, prompt_of(talk, pair), said(pair.chosen), said(pair.rejected))


def _answer(talk: LoggedTalk, one: AnswerAt) -> Row:
    row = completion_sft(Answered(one.id, prompt_of(talk, one), said(one.answer)))
    return {**row, "label": one.wanted}


def prompt_of(talk: LoggedTalk, row: PairAt | AnswerAt) -> tuple[Message, ...]:
    """The conversation up to the answer; what was told only later joins its last message."""
    messages = talk.messages[: row.end]
    told = row.told if isinstance(row, PairAt) else ""
    if not told:
        return messages
    last = messages[-1]
    return (*messages[:-1], Message(role=last.role, content=f"{last.content}\n\n{told}"))
