"""States and labelled requests as items: should the assistant ask here, before it acts?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tactful.annotation.items.making import File
from tactful.annotation.types import Asking, AskingAnswer, Item
from tactful.calibration.pairs import prompt_of
from tactful.calibration.tasks.state_rows import state_rows
from tactful.data.io import Rows
from tactful.reading.labelled import read_labelled
from tactful.types import Message, plain

_GOLD = {"open": AskingAnswer(verdict="ask"), "complete": AskingAnswer(verdict="act")}
"""Label of a request → what is right."""


def from_states(file: File) -> Iterator[Item]:
    """An item for each state; the wording that tasks were made with is what is known of the need."""
    for state in file.rows(state_rows(file.path, skip_bad=file.wanted.skip_bad)):
        messages = prompt_of(state)
        if messages[-1].role != "user":
            file.leave_out("a state whose last message is the assistant's")
            continue
        yield file.item(
            Asking(messages=messages),
            *(state.id, plain(messages)),
            session=state.group or state.id,
            origin={"state": state.model_dump(mode="json")},
            text=state.query,
            lang=state.lang,
            setting=state.domain,
            gold=_GOLD.get(state.wording),
        )


def from_requests(file: File) -> Iterator[Item]:
    """An item for each request that is labelled as open or complete (IN3, Abg-CoQA, and our own form)."""

    def refused(rows: Rows[Any]) -> None:
        file.tally.read += rows.bad
        file.tally.refused(rows.problems, rows.bad)

    found, _ = read_labelled([file.path], skip_bad=file.wanted.skip_bad, on_bad=refused)
    file.tally.read += len(found)
    if len(found) > len(found.requests):
        file.tally.left_out["a labelled text that is no request"] += len(found) - len(found.requests)
    for row in found.requests:
        messages = (*row.context, Message(role="user", content=row.text))
        yield file.item(
            Asking(messages=messages),
            *(row.group, plain(messages)),
            session=row.group,
            origin={
                "id": row.id,
                "label": row.label,
                "missing": [one.model_dump(mode="json") for one in row.missing],
            },
            text=row.text,
            lang=row.lang,
            setting="" if row.domain == "own" else row.domain,
            gold=_GOLD[row.label],
        )
