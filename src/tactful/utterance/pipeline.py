"""Utterance, stage by stage. Calls in one column run side by side; the longest way takes five calls.

Example ─┬─ 1 grow_tree ─────────┬─ 4 see_ahead ─ 5 score_predictions ─┬─ 7 make_chosen ── revise, score ─┬─ PairedExample
         ├─ 2 reason_categories ─┤                                     │                                  │
         └─ 3 find_category ─────┴─ 6 find_path ─ perturb_path ────────┴─ 7 make_rejected ─ revise, score ┘

The perturbed path is asked for beside the scores, before it is known whether it is needed: that saves a fifth of the
time and costs a call too many where the best score is below `low`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

from pydantic import Field

from tactful.errors import StopRun, TactfulError, raise_first
from tactful.llm import ChatModel, ModelSpec, within_context
from tactful.llm.types import spoken_by
from tactful.prompts import Prompt
from tactful.runs import Context, Job, OutsideHash, Skip
from tactful.types import Provenance
from tactful.utterance import asking
from tactful.utterance.asking import both
from tactful.utterance.dialogues import Examples, open_examples
from tactful.utterance.stages import category, gold_path, insight, perturb, revise, similarity, tree
from tactful.utterance.stages.category import find_category, reason_categories
from tactful.utterance.stages.gold_path import GoldPath, find_path
from tactful.utterance.stages.insight import see_ahead
from tactful.utterance.stages.pairs import (
    GAP_TOO_SMALL,
    Draws,
    Ground,
    Made,
    PairConfig,
    gap,
    make_chosen,
    make_rejected,
    shuffled,
)
from tactful.utterance.stages.perturb import perturb_path
from tactful.utterance.stages.similarity import Scores, score_predictions
from tactful.utterance.stages.tree import grow_tree
from tactful.utterance.transcript import MAX_CHARS
from tactful.utterance.types import (
    Category,
    CategoryReasoning,
    Example,
    Gold,
    Insight,
    IntentPath,
    IntentTree,
    PairedExample,
    Untargeted,
)

SCRIPTS = "utterance"
"""What the offline model says in this room: goes into `ModelSpec.scripts`."""
PROMPTS: tuple[Prompt, ...] = (
    tree.PROMPT,
    category.PROMPT,
    category.GOLD_PROMPT,
    insight.PROMPT,
    similarity.PROMPT,
    gold_path.PROMPT,
    perturb.PROMPT,
    revise.PROMPT,
    asking.CORRECTION,
)


class SynthesizeConfig(PairConfig):
    """What `tactful utterance synthesize` does; `config.toml` of the run folder holds it."""

    targets: str = "sample:1"
    """Which user turns are predicted: `sample:N`, `last` or `all`."""
    max_chars: int = Field(default=MAX_CHARS, ge=500)
    """Longest context that is sent whole; of a longer one, the oldest messages are left out, and the middle of the newest
    where it alone is longer."""
    seed: int = 0
    """Draws of targets, places of paths, wrong categories."""
    assistant: Annotated[ModelSpec, OutsideHash()]
    """How the model is reached. (The runner hashes the model by itself.)"""


@dataclass(frozen=True)
class SynthesizeStage:
    """From an example to a paired example."""

    pairs: PairConfig
    max_chars: int = MAX_CHARS

    async def __call__(self, record: Example | Untargeted, context: Context) -> PairedExample | Skip:
        """All seven stages on one example; a dialogue without target is skipped.

        Raises: ParseError, when a reply stays unusable; ProviderError, when the model stays out of reach; StopRun.
        """
        if isinstance(record, Untargeted):
            return Skip(record.reason)
        example, draws = record, Draws.by(context.rng)

        async def synthesize(max_chars: int) -> PairedExample:
            return await replace(self, max_chars=max_chars)._synthesize(example, draws, context)

        return await within_context(synthesize, self.max_chars)

    async def _synthesize(self, record: Example, draws: Draws, context: Context) -> PairedExample:
        model = context.models["assistant"]
        repairs: dict[str, tuple[str, ...]] = {}
        first = await self._read(record, model, repairs)
        shown_tree, reasoning, gold_category = first
        (seen, scores), (gold, wrong_path) = await both(
            self._foresee(record, first, draws, model, repairs),
            self._look_back(record, shown_tree, gold_category, model, repairs),
        )
        ground = Ground(
            example=record,
            tree=shown_tree,
            reasoning=reasoning,
            category=gold_category,
            insight=seen,
            scores=scores,
            gold=gold,
            draws=draws,
            config=self.pairs,
            max_chars=self.max_chars,
        )
        needed = _path_or_raise(wrong_path) if ground.needs_wrong_path else None
        chosen, rejected = await both(make_chosen(ground, model), make_rejected(ground, needed, model))
        repairs |= {"chosen": chosen.repairs, "rejected": rejected.repairs}
        provenance = spoken_by(model, *PROMPTS, run_id=context.run_id, seed=context.seed)
        return _paired(ground, chosen, rejected, needed, _noted(repairs), provenance)

    async def _read(
        self, example: Example, model: ChatModel, repairs: dict[str, tuple[str, ...]]
    ) -> tuple[IntentTree, CategoryReasoning, Category]:
        """Stages 1, 2 and 3 side by side."""
        (grown, (reasoned, found)) = await both(
            grow_tree(example, model, max_chars=self.max_chars),
            both(
                reason_categories(example, model, max_chars=self.max_chars),
                find_category(example, model, max_chars=self.max_chars),
            ),
        )
        repairs |= {"tree": grown[1], "category": reasoned[1], "gold category": found[1]}
        return grown[0], reasoned[0], found[0]

    async def _foresee(
        self,
        example: Example,
        first: tuple[IntentTree, CategoryReasoning, Category],
        draws: Draws,
        model: ChatModel,
        repairs: dict[str, tuple[str, ...]],
    ) -> tuple[Insight, Scores]:
        """Stages 4 and 5, one after the other."""
        shown_tree, reasoning, gold_category = first
        seen, repairs["insight"] = await see_ahead(
            example, shown_tree, gold_category, reasoning, model, max_chars=self.max_chars
        )
        seen = shuffled(seen, draws)
        scores, repairs["similarity"] = await score_predictions(
            example, seen, model, max_chars=self.max_chars
        )
        return seen, scores

    async def _look_back(
        self,
        example: Example,
        shown_tree: IntentTree,
        gold_category: Category,
        model: ChatModel,
        repairs: dict[str, tuple[str, ...]],
    ) -> tuple[GoldPath, IntentPath | TactfulError | None]:
        """Stage 6, and then the path to perturb along; what went wrong with that counts only if it is needed."""
        gold, repairs["gold path"] = await find_path(
            example, shown_tree, gold_category, model, max_chars=self.max_chars
        )
        if self.pairs.contrast == "category":
            return gold, None
        try:
            wrong, repairs["perturbed path"] = await perturb_path(
                example, shown_tree, gold, model, max_chars=self.max_chars
            )
        except StopRun:
            raise
        except TactfulError as error:
            return gold, error
        return gold, wrong


def _path_or_raise(found: IntentPath | TactfulError | None) -> IntentPath:
    raise_first(found)
    assert isinstance(found, IntentPath)
    return found


def _noted(repairs: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """`stage: what was mended`, in the order of the stages' names, since the calls end in any order."""
    return tuple(f"{stage}: {note}" for stage in sorted(repairs) for note in dict.fromkeys(repairs[stage]))


def _paired(
    ground: Ground,
    chosen: Made,
    rejected: Made,
    wrong_path: IntentPath | None,
    repairs: tuple[str, ...],
    provenance: Provenance,
) -> PairedExample:
    assert chosen.side is not None
    example = ground.example
    margin = None if rejected.side is None else gap(chosen.side.best, rejected.side.best)
    too_small = margin is not None and margin < ground.config.min_gap
    return PairedExample(
        id=example.id,
        dialogue_id=example.dialogue_id,
        turn=example.turn,
        source=example.source,
        lang=example.lang,
        context=example.context,
        max_chars=ground.max_chars,
        meta=example.meta,
        tree=ground.tree,
        category_reasoning=ground.reasoning,
        chosen=chosen.side,
        rejected=rejected.side,
        branch=ground.branch,
        contrast=ground.config.contrast,
        margin=margin,
        dropped=rejected.dropped or (GAP_TOO_SMALL if too_small else ""),
        repairs=repairs,
        gold=Gold(
            message=example.hindsight.message,
            later=example.hindsight.later,
            category=ground.category,
            view=ground.gold.view,
            path=ground.gold.path,
            second_path=ground.gold.second_path,
            perturbed_path=wrong_path,
            true_path=ground.true_place,
        ),
        provenance=provenance,
    )


def synthesize_job(config: SynthesizeConfig, examples: Iterable[Example | Untargeted]) -> Job:
    """The run that `config` describes over `examples`; from a file, `runs retry` can make it again."""
    job = Job(
        noun="utterance",
        verb="synthesize",
        config=config,
        source=examples,
        stage=SynthesizeStage(
            pairs=PairConfig(**{name: getattr(config, name) for name in PairConfig.model_fields}),
            max_chars=config.max_chars,
        ),
        models={"assistant": config.assistant},
        prompts=PROMPTS,
    )
    return examples.job(job) if isinstance(examples, Examples) else job


def retry_synthesize(
    config: Mapping[str, Any], source: str, skip_bad: bool, reading: Mapping[str, Any] | None = None
) -> Job:
    """The run of a folder once more, from its stored configuration; `tactful runs retry` calls it."""
    settings = SynthesizeConfig.model_validate(config)
    examples = open_examples(source, settings.targets, seed=settings.seed, skip_bad=skip_bad, reading=reading)
    return synthesize_job(settings, examples)
