"""The rows that exports hold, as trainers read them: what `tactful data check` holds a file against."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue

from tactful.types import Message, Provenance, Record

Said = tuple[Message, ...]


class TrlPair(Record):
    """TRL's conversational preference columns."""

    prompt: Said = Field(min_length=1)
    chosen: Said = Field(min_length=1)
    rejected: Said = Field(min_length=1)
    weight: float | None = Field(default=None, gt=0)
    """What a trainer that weighs rows multiplies the loss by; None where the export has no such column."""
    margin: float | None = None
    """How much better the chosen side is; None where the export does not say."""
    judge: str = ""
    """Who selected, where no person did."""


class TrlCompletion(Record):
    """TRL's conversational columns for SFT on the completion alone, with a weight."""

    prompt: Said = Field(min_length=1)
    completion: Said = Field(min_length=1)
    weight: float = Field(gt=0)


class TrlUnpaired(Record):
    """TRL's conversational columns for unpaired preferences."""

    prompt: Said = Field(min_length=1)
    completion: Said = Field(min_length=1)
    label: bool


class OpenAIInput(Record):
    """What the model is asked."""

    messages: Said = Field(min_length=1)
    tools: tuple[JsonValue, ...] = ()
    parallel_tool_calls: bool = True


class OpenAIPair(Record):
    """OpenAI's preference form: one assistant message on either side."""

    input: OpenAIInput
    preferred_output: Said = Field(min_length=1, max_length=1)
    non_preferred_output: Said = Field(min_length=1, max_length=1)


class ShareGptMessage(Record):
    """One message, as LLaMA-Factory names it."""

    from_: Literal["human", "gpt", "system"] = Field(alias="from")
    value: str


class ShareGptRow(Record):
    """LLaMA-Factory's ShareGPT form: preferences with both sides, KTO with a label, SFT with neither."""

    conversations: tuple[ShareGptMessage, ...] = Field(min_length=1)
    chosen: ShareGptMessage | None = None
    rejected: ShareGptMessage | None = None
    label: bool | None = None
    system: str = ""
    weight: float | None = Field(default=None, gt=0)
    """LLaMA-Factory passes over it; for trainers that weigh rows."""
    judge: str = ""
    """Who selected, where no person did."""


class PairProvenance(Record):
    """One line of the `provenance.jsonl` beside an export: what a row rests on."""

    id: str
    state_id: str
    group: str
    persona: str | None
    chosen_action: str
    rejected_action: str
    chosen_reward: float
    rejected_reward: float
    margin: float
    weight: float
    provenance: Provenance
