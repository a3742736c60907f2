"""Talks of the model that is being trained: it writes, the simulated user answers, message by message until the end.

A talk is one sequence: the prompt, then the model's messages and between them the user's, whose tokens are masked out of
the loss. What the model wrote is kept token by token and never tokenised again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from tactful.calibration.play.talk import Talk
from tactful.types import Message, plain
from tactful.weights.tokens import prompt_ids

Generate = Callable[[list[list[int]]], list[list[int]]]
"""Prompts as tokens → one sampled message each, as tokens, the end of the turn among them where there is one."""
_HERE = "\ue000HERE\ue000"
THE_USERS = -1


@dataclass
class Spoken:
    """One talk as tokens."""

    talk: Talk
    messages: list[Message]
    prompt: list[int]
    completion: list[int] = field(default_factory=list)
    turns: list[int] = field(default_factory=list)
    """For each token of `completion`: the number of the model's message that it belongs to, or `THE_USERS`."""

    @property
    def mask(self) -> list[int]:
        """1 where the model wrote."""
        return [int(turn != THE_USERS) for turn in self.turns]


def talk_all(
    talks: Sequence[tuple[Talk, Sequence[Message]]], tokenizer: Any, generate: Generate, limit: int
) -> list[Spoken]:
    """Every talk to its end, all at once; one that reaches `limit` tokens is broken off."""
    spoken = [Spoken(talk, list(said), prompt_ids(tokenizer, said)) for talk, said in talks]
    going = list(spoken)
    while going:
        written = generate([one.prompt + one.completion for one in going])
        texts = tokenizer.batch_decode(written, skip_special_tokens=True)
        answers = _together([one.talk.say(text) for one, text in zip(going, texts, strict=True)])
        for one, ids, text, answer in zip(going, written, texts, answers, strict=True):
            one.turns += [len(one.talk.episode.steps) - 1] * len(ids)
            one.completion += ids
            one.messages += [Message(role="assistant", content=text), Message(role="user", content=answer)]
        going = [one for one in going if not one.talk.over and _goes_on(one, tokenizer, limit)]
    return spoken


def _goes_on(one: Spoken, tokenizer: Any, limit: int) -> bool:
    """Put the user's answer and the opening of the model's turn behind the talk; False where they no longer fit."""
    ids = between(tokenizer, one.messages, one.completion[-1:])
    if len(one.prompt) + len(one.completion) + len(ids) >= limit:
        return False
    one.completion += ids
    one.turns += [THE_USERS] * len(ids)
    return True


def between(tokenizer: Any, messages: Sequence[Message], last: Sequence[int]) -> list[int]:
    """The template's tokens from the end of the model's last message to the opening of its next one.

    `messages` end with the model's message and the user's answer. `last`: the model's last token, which may already be
    the end of its turn.
    """
    *before, _, answer = messages
    marked = [*plain(before), {"role": "assistant", "content": _HERE}, *plain([answer])]
    written = tokenizer.apply_chat_template(marked, tokenize=False, add_generation_prompt=True)
    tail = written.rpartition(_HERE)[2]
    end = tokenizer.decode(list(last), skip_special_tokens=False)
    if end and tail.startswith(end):
        tail = tail[len(end) :]
    return list(tokenizer(tail, add_special_tokens=False)["input_ids"])


def _together(waiting: Sequence[Any]) -> list[str]:
    async def gathered() -> list[str]:
        return list(await asyncio.gather(*waiting))

    with ThreadPoolExecutor(1) as own:  # a loop of its own, also where one runs already
        return own.submit(asyncio.run, gathered()).result()
