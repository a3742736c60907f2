"""Messages as tokens, under the model's chat template: one way for training, evaluation and live use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tactful.errors import UserError
from tactful.types import Message, plain


def prompt_ids(tokenizer: Any, messages: Sequence[Message]) -> list[int]:
    """The prompt's tokens, with the opening of the assistant's turn. Raises: UserError where the template takes no such prompt."""
    return _ids(tokenizer, messages, add_generation_prompt=True)


def answer_ids(tokenizer: Any, prompt: Sequence[Message], answer: Sequence[Message] | str) -> list[int]:
    """The tokens that stand for the answer after `prompt_ids`, the end of the turn included: what training learns."""
    _, (said,) = choice_ids(tokenizer, prompt, [answer])
    return said


def choice_ids(
    tokenizer: Any, prompt: Sequence[Message], answers: Sequence[Sequence[Message] | str]
) -> tuple[list[int], list[list[int]]]:
    """The tokens before all of `answers`, and those of each: the sequences that training learns.

    Some templates open a turn that is to be written with more (`<think>`) than one that was: that stands in none of them.
    """
    asked = prompt_ids(tokenizer, prompt)
    wholes = [whole_ids(tokenizer, prompt, answer) for answer in answers]
    begun = min((common_prefix(asked, whole) for whole in wholes), default=len(asked))
    return asked[:begun], [whole[begun:] for whole in wholes]


def whole_ids(tokenizer: Any, prompt: Sequence[Message], answer: Sequence[Message] | str) -> list[int]:
    """The tokens of prompt and answer as one talk."""
    said = (Message(role="assistant", content=answer),) if isinstance(answer, str) else tuple(answer)
    return _ids(tokenizer, [*prompt, *said])


def common_prefix(first: Sequence[int], second: Sequence[int]) -> int:
    """How many tokens both begin with."""
    pairs = zip(first, second, strict=False)
    return next((at for at, (one, other) in enumerate(pairs) if one != other), min(len(first), len(second)))


def _ids(tokenizer: Any, messages: Sequence[Message], **more: Any) -> list[int]:
    from jinja2 import TemplateError

    try:
        written = tokenizer.apply_chat_template(plain(messages), tokenize=True, return_dict=True, **more)
    except TemplateError as error:
        raise UserError(
            f"the model's chat template does not take the messages {', '.join(one.role for one in messages)} "
            f"({error}); give a base whose template does, or other data"
        ) from error
    return list(written["input_ids"])
