"""Pairs as items: two replies to one conversation, on which side the chosen one stands told by a hash alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tactful.annotation.items.making import File
from tactful.annotation.types import Item, Replies
from tactful.calibration.pairs import prompt_of
from tactful.data.exporting.rows import TrlPair
from tactful.text.sameness import as_read
from tactful.types import Message, PreferencePair, content_hash, plain


def from_pairs(file: File) -> Iterator[Item]:
    """An item for each pair of `calibrate pairs`: the conversation is the state's, so that no persona is shown."""
    for pair in file.records(PreferencePair, "pair", lambda one: one.id):
        state = pair.state
        yield from _items(
            file,
            prompt_of(state),
            pair,
            session=state.group or state.id,
            setting=state.domain,
            lang=state.lang,
        )


def from_trl(file: File) -> Iterator[Item]:
    """An item for each row of TRL's preference columns; system messages, in which anything may stand, are not shown."""
    for pair in file.records(TrlPair, "row"):
        messages = tuple(message for message in pair.prompt if message.role != "system")
        if not messages:
            file.leave_out("a prompt of system messages alone")
            continue
        yield from _items(file, messages, pair, session=f"prompt-{content_hash(_said(messages))[:16]}")


def _said(messages: Sequence[Message]) -> str:
    return "\n\n".join(message.content for message in messages)


def _items(
    file: File,
    messages: Sequence[Message],
    pair: PreferencePair | TrlPair,
    *,
    session: str,
    setting: str = "",
    lang: str = "",
) -> Iterator[Item]:
    """One; none where there is nothing to compare.

    The side follows from the texts alone, so that the same two are one item whichever was chosen, and by which pass of a run.
    """
    chosen, rejected = _said(pair.chosen), _said(pair.rejected)
    if as_read(chosen) == as_read(rejected):
        file.leave_out("a pair of two equal replies")
        return
    first, second = sorted((chosen, rejected), key=lambda text: content_hash(f"{session}\x1f{text}"))
    yield file.item(
        Replies(messages=tuple(messages), first=first, second=second),
        *(session, plain(messages), first, second),
        session=session,
        origin={"chosen": "first" if first == chosen else "second", "row": pair.model_dump(mode="json")},
        text=f"{messages[-1].content}\n{first}",
        setting=setting,
        lang=lang,
    )
