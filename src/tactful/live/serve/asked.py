"""`POST /v1/decisions` as it is sent: the official client's shapes. Unknown keys (cache options, identifiers) change nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

MOST_QUESTIONS, MOST_CHOICES, MOST_LEVELS = 400, 255, 255
LONGEST = 200_000
"""Characters of one text."""
Text = Annotated[str, Field(max_length=LONGEST)]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, frozen=True, use_attribute_docstrings=True)


class Part(_Asked):
    """A piece of a message: text, an image (not read), JSON, a refusal."""

    type: Literal["input_text", "output_text", "text", "input_image", "input_json", "refusal"]
    text: Text = ""
    refusal: Text = ""
    data: Any = None


class MessageItem(_Asked):
    """What somebody said."""

    type: Literal["message"] = "message"
    role: Literal["user", "assistant", "system", "developer"]
    content: Text | Annotated[list[Part], Field(max_length=1000)]

    @property
    def text(self) -> str:
        """All of it that is text."""
        if isinstance(self.content, str):
            return self.content
        return "\n".join(filter(None, (part.text or part.refusal for part in self.content)))

    @property
    def data(self) -> Any:
        """The first piece of JSON in it; None: there is none."""
        if isinstance(self.content, str):
            return None
        return next((part.data for part in self.content if part.type == "input_json"), None)

    @property
    def seen(self) -> bool:
        """Whether it holds an image, which nobody here sees."""
        return not isinstance(self.content, str) and any(part.type == "input_image" for part in self.content)


class ToolItem(_Asked):
    """A call of a tool, or its output: nothing that a person said."""

    type: Literal["function_call", "function_call_output", "custom_tool_call", "custom_tool_call_output"]
    call_id: str


Item = MessageItem | ToolItem


class _Question(_Asked):
    instructions: Text | Annotated[list[Part], Field(max_length=100)]
    """Not read where `name` is one of ours."""
    name: str | None = Field(default=None, max_length=200)
    """Comes back with the answer."""

    @property
    def words(self) -> str:
        """Its instructions, as text."""
        if isinstance(self.instructions, str):
            return self.instructions
        return "\n".join(part.text for part in self.instructions)


class PredicateAsked(_Question):
    """How probable is it that this statement holds?"""

    type: Literal["predicate"]


class ChoiceOption(_Asked):
    """One of the choices."""

    value: str | bool
    description: str | None = None


class ChoiceAsked(_Question):
    """Which of these applies?"""

    type: Literal["choice"]
    choices: list[ChoiceOption] = Field(min_length=2, max_length=MOST_CHOICES)

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len({(type(one.value), one.value) for one in self.choices}) < len(self.choices):
            raise ValueError("two choices have the same value")
        return self


class Level(_Asked):
    """One step of a scale."""

    label: str
    description: str | None = None


class ScoreAsked(_Question):
    """Where on this scale, whose levels rise, does it stand?"""

    type: Literal["score"]
    levels: list[Level] = Field(min_length=2, max_length=MOST_LEVELS)


QuestionAsked = Annotated[PredicateAsked | ChoiceAsked | ScoreAsked, Field(discriminator="type")]


class DecisionsAsked(_Asked):
    """A request: one input, questions about it."""

    model: str = Field(default="", max_length=200)
    """Any name: this server has one reader, and says in its answer which."""
    input: Text | Annotated[list[Item], Field(min_length=1, max_length=2000)]
    """One text, which the user wrote, or messages in order; calls of tools and their outputs are passed over."""
    questions: list[QuestionAsked] = Field(min_length=1, max_length=MOST_QUESTIONS)
    """Answered in this order."""

    @property
    def said(self) -> Sequence[MessageItem]:
        """What user and assistant said, in order; a text alone is the user's."""
        if isinstance(self.input, str):
            return (MessageItem(role="user", content=self.input),)
        return [
            one for one in self.input if isinstance(one, MessageItem) and one.role in ("user", "assistant")
        ]
