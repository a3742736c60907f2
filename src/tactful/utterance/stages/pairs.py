"""Stage 7, pair construction: which side is revised, and along what, by the best score of the first insight.

| best score s | chosen | rejected |
|---|---|---|
| s ≥ high | the insight as it is | perturbed |
| low ≤ s < high | revised along the gold path | perturbed |
| s < low | revised along the gold path | the insight as it is |

Perturbed (contrast `path`): the gold view rewritten along a wrong path. Contrast `category`: rewritten along the chosen
side's own paths in a wrong category. Contrast `both`: along a wrong path in a wrong category; for s < low along the
insight's own paths in a wrong category.
Source: ProUtt (arXiv:2601.09713), preference pairs. Unlike there, both sides are scored again and a pair must show a gap.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import compress
from typing import Literal

from pydantic import model_validator

from tactful.llm.types import ChatModel
from tactful.types import Record
from tactful.utterance.dialogues import plain
from tactful.utterance.stages.gold_path import GoldPath
from tactful.utterance.stages.revise import Revision, revise
from tactful.utterance.stages.similarity import Scores, score_predictions
from tactful.utterance.transcript import MAX_CHARS
from tactful.utterance.types import (
    PLACES,
    VIEWS,
    Branch,
    Category,
    CategoryReasoning,
    Contrast,
    Example,
    Insight,
    IntentPath,
    IntentTree,
    PathPlace,
    Score,
    Side,
    View,
)

GAP_TOO_SMALL = "gap below the minimum"
UNTOUCHED_WINS = "gap below the minimum whatever is rewritten: the other view is as good"
EQUALS_GOLD = "a rejected prediction equals what the user wrote"
REPEATS_CONTEXT = "a rejected prediction repeats a message of the dialogue"
REDRAWS = 2
"""How often a rejected side is drawn again that holds what the user wrote."""
_DIGITS = 6


class PairConfig(Record):
    """When a pair is made from what, and when it is kept."""

    high: Score = 0.8
    """From this best score on, the insight is good enough to be chosen as it is."""
    low: Score = 0.3
    """Below this best score, the insight is bad enough to be rejected as it is."""
    min_gap: Score = 0.2
    """Least best(chosen) − best(rejected) of a pair that is kept."""
    contrast: Contrast = "path"
    """In what chosen and rejected differ."""

    @model_validator(mode="after")
    def _ordered(self) -> PairConfig:
        if self.low > self.high:
            raise ValueError(f"low {self.low} is above high {self.high}")
        return self

    def branch(self, best: float) -> Branch:
        """Which row of the table applies."""
        return "high" if best >= self.high else "middle" if best >= self.low else "low"


class Draws(Record):
    """What is drawn by lot for one example, all at once and first, so that no order of calls changes it."""

    swap: tuple[bool, bool] = (False, False)
    """Whether the two paths of the mining and of the exploration view change places."""
    true_index: Literal[0, 1] = 0
    """Where the true path stands in a revised view."""
    wrong: Literal[0, 1] = 0
    """Which of the two other categories is the wrong one."""

    @classmethod
    def by(cls, rng: random.Random) -> Draws:
        """Drawn with this generator."""
        return cls(
            swap=(rng.random() < 0.5, rng.random() < 0.5),
            true_index=1 if rng.random() < 0.5 else 0,
            wrong=1 if rng.random() < 0.5 else 0,
        )

    def wrong_category(self, gold: Category) -> Category:
        """The category of the rejected side under contrast `category` and `both`."""
        return [category for category in Category if category is not gold][self.wrong]


def shuffled(insight: Insight, draws: Draws) -> Insight:
    """The insight with the paths of its views in drawn order, so that the place of a path is no cue."""
    for name in compress(VIEWS, draws.swap):
        view = insight.view(name)
        turned = View(reasoning=view.reasoning, paths=view.paths[::-1], predictions=view.predictions[::-1])
        insight = insight.with_view(name, turned)
    return insight


@dataclass(frozen=True)
class Ground:
    """All that is known of an example before its pair is made."""

    example: Example
    tree: IntentTree
    reasoning: CategoryReasoning
    category: Category
    insight: Insight
    scores: Scores
    gold: GoldPath
    draws: Draws
    config: PairConfig
    max_chars: int = MAX_CHARS

    @property
    def best(self) -> float:
        """The highest score of the first insight."""
        return max(item.score for item in self.scores)

    @property
    def branch(self) -> Branch:
        """Which row of the table applies."""
        return self.config.branch(self.best)

    @property
    def best_place(self) -> PathPlace:
        """The path of the best prediction; of equals the one in the gold view, then the first."""
        ranked = sorted(
            range(len(PLACES)), key=lambda at: (-self.scores[at].score, PLACES[at].view != self.gold.view, at)
        )
        return PLACES[ranked[0]]

    @property
    def true_place(self) -> PathPlace:
        """Where the true path stands in the chosen side."""
        if self.branch == "high":
            return self.best_place
        return PathPlace(view=self.gold.view, index=self.draws.true_index)

    @property
    def needs_wrong_path(self) -> bool:
        """Whether the rejected side takes a perturbed path."""
        return self.branch != "low" and self.config.contrast != "category"

    @property
    def untouched_wins(self) -> bool:
        """The chosen side is as it is, and the view that is not rewritten leaves no room for the gap."""
        if self.branch != "high":
            return False
        untouched = max(
            item.score
            for place, item in zip(PLACES, self.scores, strict=True)
            if place.view != self.gold.view
        )
        return gap(self.best, untouched) < self.config.min_gap

    def as_is(self) -> Side:
        """The first insight as a side."""
        return Side(category=self.category, insight=self.insight, origin="as_is", scores=self.scores)


def gap(chosen: float, rejected: float) -> float:
    """best(chosen) − best(rejected), free of the noise of binary fractions."""
    return round(chosen - rejected, _DIGITS)


@dataclass(frozen=True)
class Made:
    """A side, or why there is none, and what was mended on the way."""

    side: Side | None
    repairs: tuple[str, ...] = ()
    dropped: str = ""


async def make_chosen(ground: Ground, model: ChatModel) -> Made:
    """The insight as it is, or its gold view revised along the gold path, scored. Raises: as `revise`."""
    if ground.branch == "high":
        return Made(ground.as_is())
    return await _rewritten(ground, _gold_paths(ground), ground.category, "revised", model, sample=0)


async def make_rejected(ground: Ground, wrong_path: IntentPath | None, model: ChatModel) -> Made:
    """The other side, scored; or why there is none. `wrong_path` is given where `ground.needs_wrong_path`.

    Raises: as `revise`.
    """
    if ground.untouched_wins:
        return Made(None, dropped=UNTOUCHED_WINS)
    contrast = ground.config.contrast
    if ground.branch == "low" and contrast == "path":
        side = ground.as_is()
        return Made(None, dropped=problem) if (problem := invalid(side, ground.example)) else Made(side)
    category = ground.category if contrast == "path" else ground.draws.wrong_category(ground.category)
    paths = _rejected_paths(ground, wrong_path)
    repairs: tuple[str, ...] = ()
    problem = ""
    for sample in range(REDRAWS + 1):
        made = await _rewritten(ground, paths, category, "perturbed", model, sample=sample)
        repairs += made.repairs
        assert made.side is not None
        problem = invalid(made.side, ground.example)
        if not problem:
            return Made(made.side, repairs)
    return Made(None, repairs, problem)


def _rejected_paths(ground: Ground, wrong_path: IntentPath | None) -> tuple[IntentPath, IntentPath]:
    """The paths along which the rejected side is written."""
    own = ground.insight.view(ground.gold.view).paths
    if wrong_path is None:  # contrast `category`, or `both` where the insight is bad enough as it is
        follows_gold = ground.config.contrast == "category" and ground.branch != "high"
        return _gold_paths(ground) if follows_gold else own
    if ground.branch != "high":
        return _placed(wrong_path, ground.gold.second_path, ground.draws.true_index)
    place = ground.best_place
    index = place.index if place.view == ground.gold.view else ground.draws.true_index
    return _placed(wrong_path, own[1 - index], index)


def _gold_paths(ground: Ground) -> tuple[IntentPath, IntentPath]:
    return _placed(ground.gold.path, ground.gold.second_path, ground.draws.true_index)


def _placed(path: IntentPath, other: IntentPath, index: int) -> tuple[IntentPath, IntentPath]:
    return (path, other) if index == 0 else (other, path)


async def _rewritten(
    ground: Ground,
    paths: tuple[IntentPath, IntentPath],
    category: Category,
    origin: Literal["revised", "perturbed"],
    model: ChatModel,
    *,
    sample: int,
) -> Made:
    revision = Revision(
        insight=ground.insight,
        view=ground.gold.view,
        paths=paths,
        category=category,
        wanted=ground.draws.true_index if origin == "revised" else None,
        sample=sample,
    )
    insight, mended = await revise(
        ground.example, ground.tree, ground.reasoning, revision, model, max_chars=ground.max_chars
    )
    scores, mended_scores = await score_predictions(
        ground.example, insight, model, max_chars=ground.max_chars
    )
    side = Side(category=category, insight=insight, origin=origin, scores=scores)
    return Made(side, (*mended, *mended_scores))


def invalid(side: Side, example: Example) -> str:
    """Why a side is no negative: it holds what the user wrote, or a message of the dialogue; empty when it is one."""
    said = {plain(text) for text in side.insight.predictions}
    if plain(example.hindsight.message) in said:
        return EQUALS_GOLD
    if said & {plain(message.content) for message in example.context}:
        return REPEATS_CONTEXT
    return ""
