"""The records of the utterance room: dialogues, what is predicted in them, and the pairs that come out.

What the user really wrote, and everything derived from it, lives in `Private` records (`Hindsight`, `Gold`,
`Similarity`): it cannot be rendered into text by accident.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, JsonValue, StringConstraints

from tactful.data.formats.chats import ChatMessage
from tactful.types import Private, Provenance, Record, Written
from tactful.utterance.transcript import MAX_CHARS

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
"""A text that says something."""
Score = Annotated[float, Field(ge=0, le=1)]


class Hindsight(Private):
    """What the user really wrote. No prompt that predicts sees it."""

    message: Text
    """The user's whole turn, the label: what they wrote before the assistant spoke again, joined by newlines."""
    later: tuple[str, ...] = ()
    """What the user wrote after that in the same dialogue, turn by turn."""


class Example(Record):
    """A place in a dialogue where the user's next message is predicted."""

    id: str
    """`<dialogue id>#<turn>`"""
    dialogue_id: str
    """Splits and intervals go by it."""
    turn: int = Field(ge=0)
    """Which of the user's turns is predicted, from 0."""
    source: str = ""
    lang: str
    context: tuple[ChatMessage, ...]
    """Everything before the target, blank messages left out."""
    meta: Mapping[str, JsonValue] = {}
    """Other keys of the dialogue; never sent to a model."""
    hindsight: Hindsight


class Untargeted(Record):
    """A dialogue in which nothing can be predicted: skipped and counted by reason."""

    id: str
    reason: str


# ---------------------------------------------------------------- what the models say


class Category(StrEnum):
    """What the user's next message does."""

    STATEMENT = "Statement"
    QUESTION = "Question"
    INSTRUCTION = "Instruction"


class Attribute(Record):
    """A side of a topic, with the short values that the dialogue gives it."""

    name: Text
    values: tuple[Text, ...] = ()


class Topic(Record):
    """Something the dialogue is about."""

    name: Text
    attributes: tuple[Attribute, ...] = ()


class IntentTree(Record):
    """What the dialogue has been about so far: topics → attributes → short values."""

    topics: tuple[Topic, ...] = Field(min_length=1)

    def as_dict(self) -> dict[str, dict[str, list[str]]]:
        """Topic → attribute → values, in order: how a tree is shown in prompts and in targets, as JSON."""
        return {
            topic.name: {item.name: list(item.values) for item in topic.attributes} for topic in self.topics
        }


class CategoryReasoning(Record):
    """Why the next message might be of each category; written without sight of it."""

    statement: Text
    question: Text
    instruction: Text

    def of(self, category: Category) -> str:
        """The reasoning for one category."""
        return str(getattr(self, category.value.lower()))


class IntentPath(Record):
    """A way through the intent tree. Nodes are abstract and short."""

    topic: Text
    attribute: Text
    value: str = ""
    """Empty where the path ends at its attribute."""

    @property
    def nodes(self) -> tuple[str, ...]:
        """Topic, attribute and, where there is one, value."""
        return tuple(node for node in (self.topic, self.attribute, self.value) if node)

    @property
    def text(self) -> str:
        """`topic → attribute → value`"""
        return " → ".join(self.nodes)


ViewName = Literal["mining", "exploration"]
VIEWS: tuple[ViewName, ViewName] = ("mining", "exploration")


class View(Record):
    """Reasoning, two intent paths, and one predicted message for each path, in the same order."""

    reasoning: Text
    paths: tuple[IntentPath, IntentPath]
    predictions: tuple[Text, Text]


class Insight(Record):
    """Both views of what the user may say next."""

    mining: View
    """Deeper in a topic of the tree: a new attribute, or a changed value."""
    exploration: View
    """On to a new, closely related topic."""

    def view(self, name: ViewName) -> View:
        """One of the views by name."""
        return self.mining if name == "mining" else self.exploration

    def with_view(self, name: ViewName, view: View) -> Self:
        """The same insight with one view replaced."""
        return self.model_copy(update={name: view})

    @property
    def predictions(self) -> tuple[str, ...]:
        """All four: mining's two, then exploration's."""
        return (*self.mining.predictions, *self.exploration.predictions)


# ---------------------------------------------------------------- what comes out


class PathPlace(Record):
    """One of the four paths of an insight."""

    view: ViewName
    index: Literal[0, 1]


PLACES: tuple[PathPlace, ...] = tuple(PathPlace(view=view, index=index) for view in VIEWS for index in (0, 1))
"""The four paths in the order of `Insight.predictions`."""


class Similarity(Private):
    """How close one prediction comes to what the user really wrote."""

    score: Score
    """1: says the same; 0: nothing in common."""
    reason: str


Origin = Literal["as_is", "revised", "perturbed"]


class Side(Record):
    """One side of a pair: what a model says when it predicts."""

    category: Category
    insight: Insight
    origin: Origin
    """`as_is`: the first insight, unrevised; `revised`: along the gold path; `perturbed`: along a wrong path, or (contrast
    `category`) in a wrong category."""
    scores: tuple[Similarity, Similarity, Similarity, Similarity]
    """In the order of `Insight.predictions`."""

    @property
    def best(self) -> float:
        """The highest score, in [0, 1]."""
        return max(item.score for item in self.scores)


class Gold(Hindsight):
    """What really came, and what it tells about the predictions."""

    category: Category
    view: ViewName
    path: IntentPath
    """The path that leads to the message."""
    second_path: IntentPath
    """A plausible other one of the same view."""
    perturbed_path: IntentPath | None = None
    """A sensible path that leads elsewhere; None where none was needed or found."""
    true_path: PathPlace
    """Where the true path stands in the chosen side: drawn by lot where the side was revised."""


Branch = Literal["high", "middle", "low"]
Contrast = Literal["path", "category", "both"]


class PairedExample(Written):
    """What `tactful utterance synthesize` writes, one line for each target."""

    row_kind = "utterance"

    id: str
    dialogue_id: str
    turn: int
    source: str
    lang: str
    context: tuple[ChatMessage, ...]
    max_chars: int = MAX_CHARS
    """Longest context that the prompts behind it showed whole; the prompt of an export shows as much."""
    meta: Mapping[str, JsonValue] = {}
    tree: IntentTree
    category_reasoning: CategoryReasoning
    chosen: Side
    rejected: Side | None
    """None when no valid negative was found; `dropped` says why."""
    branch: Branch
    """By the best score of the first insight: `high` (kept as chosen), `middle` or `low` (revised)."""
    contrast: Contrast
    """In what chosen and rejected differ."""
    margin: float | None
    """best(chosen) − best(rejected); None without a rejected side."""
    dropped: str = ""
    """Why this is no preference pair; empty for a pair that is kept. The chosen side serves for SFT either way."""
    repairs: tuple[str, ...] = ()
    """What was mended in the models' replies: `insight: paths given as text`."""
    gold: Gold
    provenance: Provenance

    @property
    def kept(self) -> bool:
        """It is a preference pair."""
        return not self.dropped
