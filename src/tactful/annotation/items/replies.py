"""Pairs as items: two replies to one conversation, on which side the chosen one stands told by a hash alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tactful.annotation.items.making import File
from tactful.annotation.types import Item, Replies
from tactful.calibration.pairs import prompt_of
from tactful.data.exporting.rows import TrlPair
from tactful.data.io import Rows
from tactful.text.sameness import as_read
from tactful.types import Message, PreferencePair, content_hash


def from_pairs(file: File) -> Iterator[Item]:
    """An item for each pair of `calibrate pairs`: the conversation is the state's, so that no persona is shown."""
    rows: Rows[PreferencePair] = Rows(
        file.path,
        PreferencePair.model_validate,
        skip_bad=file.wanted.skip_bad,
        kind="pair",
        key=lambda one: one.id,
    )
    for pair in file.rows(rows):
        row = pair.model_dump(mode="json")
        session = pair.state.group or pair.state.id
        sides = (_said(pair.chosen), _said(pair.rejected))
        found = _item(
            file,
            prompt_of(pair.state),
            *sides,
            session=session,
            setting=pair.state.domain,
            lang=pair.state.lang,
            row=row,
        )
        if found is not None:
            yield found


def from_trl(file: File) -> Iterator[Item]:
    """An item for each row of TRL's preference columns; system messages, in which anything may stand, are not shown."""
    rows: Rows[TrlPair] = Rows(file.path, TrlPair.model_validate, skip_bad=file.wanted.skip_bad, kind="row")
    for pair in file.rows(rows):
        messages = tuple(message for message in pair.prompt if message.role != "system")
        if not messages:
            file.leave_out("a prompt of system messages alone")
            continue
        session = f"prompt-{content_hash(_said(messages))[:16]}"
        row = pair.model_dump(mode="json")
        found = _item(file, messages, _said(pair.chosen), _said(pair.rejected), session=session, row=row)
        if found is not None:
            yield found


def _said(messages: Sequence[Message]) -> str:
    return "\n\n".join(message.content for message in messages)


def _item(
    file: File,
    messages: Sequence[Message],
    chosen: str,
    rejected: str,
    *,
    session: str,
    row: dict[str, Any],
    setting: str = "",
    lang: str = "",
) -> Item | None:
    """None where there is nothing to compare.

    The side follows from the texts alone, so that the same two are one item whichever was chosen, and by which pass of a run.
    """
    if as_read(chosen) == as_read(rejected):
        file.leave_out("a pair of two equal replies")
        return None
    told = [message.model_dump() for message in messages]
    first, second = sorted((chosen, rejected), key=lambda text: content_hash(f"{session}\x1f{text}"))
    return file.item(
        Replies(messages=tuple(messages), first=first, second=second),
        *(session, told, first, second),
        session=session,
        origin={"chosen": "first" if first == chosen else "second", "row": row},
        text=f"{messages[-1].content}\n{first}",
        setting=setting,
        lang=lang,
    )
