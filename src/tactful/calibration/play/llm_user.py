"""The user played by a language model, who knows the person and the requirements and nothing else of the task.

What a reply reveals is decided here, by the requirement's keywords and answer, never by the model that plays.
"""

from __future__ import annotations

import random
from typing import Literal

from tactful.calibration.play.behaviours import LANGUAGES
from tactful.calibration.play.users import UserTurn, UserView
from tactful.llm import ChatModel, Rehearsal
from tactful.llm.replies.percent import SignedPercent
from tactful.prompts import Prompt, Rendered, load_prompt
from tactful.text import similarity
from tactful.types import Reaction, Record, Requirement

PROMPT = load_prompt(
    __file__,
    fields={
        "style",
        "expertise",
        "patience",
        "clarity",
        "time_pressure",
        "wants",
        "language",
        "conversation",
        "message",
    },
)

REVEALS = 0.6
"""Least similarity between a reply and a requirement's answer at which the reply tells it."""


class UserReply(Record):
    """What the model that plays the user returns: reply and META."""

    reply: str
    answered_clarification: bool
    reject_signal: bool
    silence: bool
    off_topic_flag: bool
    satisfaction: SignedPercent


class ModelUser:
    """A chat model in the role of the user."""

    prompts: tuple[Prompt, ...] = (PROMPT,)

    def __init__(self, model: ChatModel) -> None:
        self._model = model
        self.name = model.name
        self.generator: Literal["rules", "endpoint", "offline"] = model.generator

    async def react(self, view: UserView, message: str, rng: random.Random) -> UserTurn:
        """The model's reaction, made consistent: a silent user says nothing, and says nothing about the task.

        Raises: ParseError for an unusable reply; ProviderError when the model stays out of reach.
        """
        draw = rng.getrandbits(63)
        rehearsal = None
        if self.generator == "offline":
            facts = {"view": view, "draw": draw}
            rehearsal = Rehearsal.model_construct(room="calibration", task="user", facts=facts)
        said = await self._model.structured(
            user_prompt(view, message), UserReply, sample=view.pass_index, rehearsal=rehearsal
        )
        silent = said.silence or not said.reply.strip()
        reply = "" if silent else said.reply.strip()
        reaction = Reaction(
            reply=reply,
            answered_clarification=said.answered_clarification and not silent,
            reject_signal=said.reject_signal,
            silence=silent,
            off_topic_flag=said.off_topic_flag and not silent,
            satisfaction=said.satisfaction,
        )
        return UserTurn(reaction, tuple(item.id for item in view.unknown if tells(reply, item)))


def user_prompt(view: UserView, message: str) -> Rendered:
    """The prompt as sent: traits out of 10, all requirements as wishes, the dialogue, the last message."""
    persona = view.persona
    spoken = [("You", view.query), *((_SPEAKER[item.role], item.content) for item in view.history)]
    unknown = view.unknown
    wishes = [_wish(item, told=item not in unknown) for item in view.requirements]
    return PROMPT.render(
        style=persona.style,
        expertise=round(10 * persona.expertise),
        patience=round(10 * persona.patience),
        clarity=round(10 * persona.clarity),
        time_pressure=round(10 * persona.time_pressure),
        wants="\n".join(wishes) or "- only what the first message says",
        language=LANGUAGES.get(view.lang, f"the language of the first message ('{view.lang}')"),
        conversation="\n\n".join(f"{who}: {text or '(no reply)'}" for who, text in spoken),
        message=message,
    )


_SPEAKER = {"user": "You", "assistant": "Assistant", "system": "Note"}


def _wish(requirement: Requirement, *, told: bool) -> str:
    if told:
        return f"- {requirement.text} (already said)"
    answer = f', in words like: "{requirement.answer}"' if requirement.answer else ""
    return f"- {requirement.text} (not said yet; tell it only when asked{answer})"


def tells(reply: str, requirement: Requirement) -> bool:
    """Whether the reply tells the requirement: all of its keywords, or nearly its answer."""
    said = reply.casefold()
    if requirement.keywords and all(word.casefold() in said for word in requirement.keywords):
        return True
    return bool(requirement.answer) and similarity(reply, requirement.answer) >= REVEALS
