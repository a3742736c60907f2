"""Ask a model for one part of an episode: less text where its context is too short, anew where its reply is of no use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar, TypeVar

from pydantic import ConfigDict

from tactful.errors import ParseError, ProviderError
from tactful.gym.play.parts import Generator, NoReply
from tactful.llm import ChatModel, Outcome, within_context
from tactful.llm.replies.words import clip
from tactful.prompts import Prompt, Rendered
from tactful.text.quoting.lines import on_one_line
from tactful.types import Record

MAX_CHARS = 12_000
"""Most characters of what has happened in a prompt; the latest lines are kept."""
DRAWS = 3
"""How often a reply is drawn before the part goes on without one."""
_OF_NO_USE = frozenset({Outcome.FILTERED, Outcome.REFUSED, Outcome.TOO_LONG, Outcome.UNREADABLE})
"""How a call ends that another draw may put right. Out of reach is none of them: the record fails and is taken again."""
_APART = 1_000_000
"""Between the samples of two draws: more than there are passes."""


class PartReply(Record):
    """Base of what models reply with here: the schema says what each field means, extra keys are left out."""

    model_config = ConfigDict(extra="ignore", use_attribute_docstrings=True)


T = TypeVar("T", bound=PartReply)


@dataclass(frozen=True)
class Speaker:
    """A model in one part of one episode."""

    model: ChatModel
    sample: int = 0
    """The play's pass: another pass of the same scene draws other replies to the same prompt."""
    max_chars: int = MAX_CHARS
    notes: list[str] = field(default_factory=list)
    """Where what stands in for a missing reply is noted."""

    async def say(self, prompt: Callable[[int], Rendered], reply_type: type[T]) -> T:
        """The reply to `prompt(max_chars)`; of no use or filtered, it is drawn anew a bounded number of times.

        Raises: NoReply after that; ProviderError where the model is out of reach; StopRun.
        """

        async def ask(room: int) -> T:
            return await self.model.structured(prompt(room), reply_type, sample=sample)

        why = ""
        for draw in range(DRAWS):
            sample = self.sample + draw * _APART
            try:
                return await within_context(ask, self.max_chars)
            except ParseError as error:
                why = str(error)
            except ProviderError as error:
                if error.outcome not in _OF_NO_USE or error.input_too_long:
                    raise
                why = str(error)
        raise NoReply(f"{self.model.name}: no usable {reply_type.__name__} in {DRAWS} draws: {clip(why)}")

    async def say_or_note(
        self, prompt: Callable[[int], Rendered], reply_type: type[T], *, index: int, instead: str
    ) -> T | None:
        """As `say`; without a usable reply None, and a note of what stands `instead` of it in the round `index`."""
        try:
            return await self.say(prompt, reply_type)
        except NoReply as error:
            self.notes.append(f"round {index}: {instead} ({error})")
            return None


@dataclass(frozen=True)
class ModelPart:
    """Base of the parts that models play; each class names its prompts."""

    speaker: Speaker

    prompts: ClassVar[tuple[Prompt, ...]]

    @property
    def name(self) -> str:
        """The model's."""
        return self.speaker.model.name

    @property
    def generator(self) -> Generator:
        """The model's."""
        return self.speaker.model.generator


def plain(text: str, most: int) -> str:
    """What a model wrote as one line of at most about `most` characters; of a longer one, the middle is left out."""
    return on_one_line(" ".join(text.split()), most)
