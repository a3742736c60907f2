"""From labelled turns to the measure of a judge:

files ──read_labelled──▶ Labelled ──judged_by──▶ Judged ─┬─ evaluate_judge ──▶ FeedbackEvaluation
                                                         └─ fit_confidence ──▶ ConfidenceMap
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tactful.data.io import digest_of
from tactful.errors import UsageError, UserError
from tactful.evaluation.feedback.attacks import attack_results
from tactful.evaluation.feedback.measure import (
    cross_fitted,
    evaluate_feedback,
    judge_labelled,
    transfer_between_sources,
)
from tactful.evaluation.feedback.probes import load_probes
from tactful.evaluation.feedback.results import FeedbackEvaluation
from tactful.feedback.chats import LabelledTurns
from tactful.feedback.embedded import EmbeddedJudge, open_embedded
from tactful.feedback.judged import JudgedTurns, open_judged
from tactful.feedback.judging.confidence import load_confidence
from tactful.feedback.judging.judge import EMBEDDED, FeedbackJudge
from tactful.feedback.judging.refit import refit
from tactful.feedback.pipeline import JudgeConfig, trained_file
from tactful.feedback.types import FeedbackConfig, JudgedTurn, LabelledTurn, TurnJudgement
from tactful.llm import ModelSpec, open_model
from tactful.llm.cache import CallCache

if TYPE_CHECKING:
    from tactful.feedback.embedded.reading_judge import ReadingJudge

PROBES = "probes"
"""In place of a file: the test set that ships."""


@dataclass(frozen=True)
class Labelled:
    """Labelled turns of some files."""

    turns: Sequence[LabelledTurn]
    left_out: dict[str, int] = field(default_factory=dict)
    """Why rows were counted out → how many."""


@dataclass(frozen=True)
class JudgeChoice:
    """Who judges labelled turns: the embedded judge, a model, or a run that has done so."""

    model: ModelSpec | None = None
    """None: the embedded judge."""
    trained: Path | None = None
    """embedded: what `feedback train` wrote; None: untrained."""
    cross_fit: int | None = None
    """embedded: trained in so many folds by dialogue, each judging what was left out of its training."""
    judged: Path | str | None = None
    """A run of `feedback judge` on these turns, in place of judging them now."""
    cache: Path | None = None
    """Call cache of the model."""
    seed: int = 0

    def check(self) -> None:
        """Raises: UsageError for choices that exclude each other."""
        own = (self.trained, self.cross_fit) != (None, None)
        if self.judged is not None and (own or self.model is not None):
            raise UsageError("--judged brings its own judge; leave out --model, --trained and --cross-fit")
        if self.model is not None and own:
            raise UsageError(
                f"--trained and --cross-fit belong to the judge '{EMBEDDED}', not to '{self.model.name}'"
            )


@dataclass(frozen=True)
class Judged:
    """Labelled turns with a judge's word on each, in the same order."""

    judge: str
    turns: Sequence[LabelledTurn]
    judgements: Sequence[TurnJudgement]
    left_out: dict[str, int]
    notes: tuple[str, ...] = ()
    """What to keep in mind about the figures."""


def read_labelled(paths: Iterable[Path | str], *, skip_bad: bool = False) -> Labelled:
    """The labelled turns of all files; `probes` is the test set that ships. Raises: DataError; UserError for none."""
    found: list[LabelledTurn] = []
    left_out: Counter[str] = Counter()
    names = [str(path) for path in paths]
    for path in names:
        if path == PROBES:
            found += [probe.turn() for probe in load_probes()]
            continue
        rows = LabelledTurns(path, skip_bad=skip_bad)
        found += list(rows)
        count = rows.count
        left_out["without label7"] += rows.no_label
        left_out["without a query of the user"] += count.no_query
        left_out["without a next message"] += count.no_follow_up
        left_out["without an answer"] += count.dialogues_without_turn - count.no_query - count.no_follow_up
        left_out["unusable lines"] += rows.rows.bad
    once = {_told(turn): turn for turn in found}
    turns = list(once.values())
    left_out["the same again"] += len(found) - len(turns)
    left_out = +left_out
    if not turns:
        raise UserError(
            f"{', '.join(names)}: no row has a query, a next message and label7 "
            f"({', '.join(f'{n} {why}' for why, n in left_out.items()) or 'the files are empty'}); label some turns"
        )
    return Labelled(turns, dict(left_out))


def _told(turn: LabelledTurn) -> tuple[object, ...]:
    """What makes two rows one: the turn, its texts and its label."""
    texts = (turn.q_t, turn.a_t, turn.user_next)
    return (turn.source, turn.dialogue_id, turn.id, *texts, turn.label7, turn.accept)


def judged_by(
    labelled: Labelled,
    by: JudgeChoice,
    config: FeedbackConfig | None = None,
    *,
    confidence: Path | None = None,
    stated: bool = False,
) -> Judged:
    """The judgement of every turn; with a run, of those turns that it judged: the others are counted out.

    A panel's run is read with the map that it was judged with, or `confidence`; `stated`: with none.

    Raises: UsageError for a choice that cannot be, or a judge that was trained on these turns; ProviderError, StopRun.
    """
    by.check()
    config = config or FeedbackConfig()
    if by.judged is not None:
        run = JudgedTurns(by.judged)
        if not stated and run.config is not None and run.config.is_panel:
            run = open_judged(by.judged, confidence)
        return _from_run(labelled, run)
    turns = labelled.turns
    if by.model is not None:
        name, judgements = asyncio.run(_by_model(turns, by.model, config, by.cache))
    else:
        name, judgements = _by_embedded(turns, by, config)
    return Judged(name, turns, judgements, labelled.left_out)


def _by_embedded(
    turns: Sequence[LabelledTurn], by: JudgeChoice, config: FeedbackConfig
) -> tuple[str, list[TurnJudgement]]:
    judge = open_embedded(by.trained, config)
    if by.cross_fit is not None:
        if by.trained is not None:
            _refuse_other_training(turns, judge, by.trained)
        judged = cross_fitted(turns, folds=by.cross_fit, seed=by.seed, config=config)
        if by.trained is None:
            return "embedded, cross-fitted", judged
        provenance = judged[0].provenance.model_copy(update={"model": judge.name})
        return judge.name, [item.model_copy(update={"provenance": provenance}) for item in judged]
    if by.trained is not None:
        _refuse_known(turns, judge, by.trained)
    return judge.name, judge.judge_now(turns)


def _refuse_other_training(
    turns: Sequence[LabelledTurn], judge: EmbeddedJudge | ReadingJudge, trained: Path
) -> None:
    """Models trained in folds of `turns` stand in for `judge` where it was trained on these very turns."""
    model = judge.model if isinstance(judge, EmbeddedJudge) else None
    if model is None:
        raise UsageError(
            f"--cross-fit trains linear models as 'tactful feedback train' does, and --trained {trained} is none, so "
            "their figures are not its own; leave one of the two out"
        )
    strange = len(turns) - model.knows(turns)
    if strange:
        raise UsageError(
            f"{trained}: was not trained on {strange} of these {len(turns)} turns' dialogues, so that models trained on them "
            "are not like it; give its training turns alone, or those that it has not seen alone, without --cross-fit"
        )


def _refuse_known(turns: Sequence[LabelledTurn], judge: EmbeddedJudge | ReadingJudge, trained: Path) -> None:
    model = judge.model if isinstance(judge, EmbeddedJudge) else None
    known = model.knows(turns) if model is not None else 0
    if known:
        way = (
            f"use other turns, or --model {EMBEDDED} --trained {trained} --cross-fit 5"
            if known == len(turns)
            else f"give the other {len(turns) - known} alone, or its training turns alone with --cross-fit 5"
        )
        raise UsageError(
            f"{trained}: was trained on {known} of these {len(turns)} turns' dialogues, so its figures here would "
            f"flatter it; {way}"
        )


async def _by_model(
    turns: Sequence[LabelledTurn], spec: ModelSpec, config: FeedbackConfig, cache: Path | None
) -> tuple[str, list[TurnJudgement]]:
    with nullcontext() if cache is None else CallCache(cache) as store:
        async with FeedbackJudge(open_model(spec, cache=store), config) as judge:
            return judge.name, await judge_labelled(turns, judge)


def _from_run(labelled: Labelled, judged: JudgedTurns) -> Judged:
    turns = labelled.turns
    found = {item.turn.id: item for item in judged}
    both = [turn for turn in turns if _same(turn, found.get(turn.id))]
    if not both:
        raise UserError(
            f"{judged.source}: holds none of these {len(turns)} turns (the first is '{turns[0].id}'); run "
            "'tactful feedback judge' on the same file"
        )
    left_out = dict(labelled.left_out)
    if len(both) < len(turns):
        left_out["not in the run"] = len(turns) - len(both)
    judgements = [found[turn.id].judgement for turn in both]
    notes = _training_of(judged.config, both) if judged.config is not None else ()
    return Judged(judgements[0].provenance.model, both, judgements, left_out, notes)


def _training_of(config: JudgeConfig, turns: Sequence[LabelledTurn]) -> tuple[str, ...]:
    """What cannot be known of how a run's judge was trained. Raises: UsageError, when it was trained on `turns`."""
    trained = trained_file(config)
    if trained is None:
        return ()
    if not trained.is_file() or digest_of(trained) != config.embedded_hash:
        return (
            f"{trained}: is gone or another than judged this run, so whether it was trained on these turns is unknown; "
            "if it was, the figures flatter it",
        )
    _refuse_known(turns, open_embedded(trained), trained)
    return ()


def _same(turn: LabelledTurn, judged: JudgedTurn | None) -> bool:
    """The run judged these very texts under this id."""
    if judged is None:
        return False
    one, two = turn, judged.turn
    return (one.q_t, one.a_t, one.user_next) == (two.q_t, two.a_t, two.user_next)


def evaluate_judge(
    labelled: Labelled, by: JudgeChoice, *, confidence: Path | None = None, attacks: bool = False
) -> FeedbackEvaluation:
    """A judge against the labels of people; with `cross_fit` and several sources also trained on one, tested on others.

    `attacks` also tries what buying praise gets from the embedded judge: fishing, orders, padding.

    Raises: as `judged_by`; UsageError for attacks on another judge; DataError for a confidence map that cannot be read.
    """
    if attacks and (by.model, by.judged, by.cross_fit) != (None, None, None):
        raise UsageError(
            f"--attacks plays every turn eight times, to the judge '{EMBEDDED}' alone, as it is or of --trained; leave out "
            "--attacks, or --model, --judged and --cross-fit"
        )
    config = FeedbackConfig()
    judged = judged_by(labelled, by, config, confidence=confidence)
    turns, judgements, notes = judged.turns, judged.judgements, [*judged.notes]
    if confidence is not None:
        fitted = load_confidence(confidence)
        fitted.refuse_other(judged.judge, confidence)
        judgements = [
            refit(judgement, turn.source, config, fitted)
            for turn, judgement in zip(turns, judgements, strict=True)
        ]
        strange = sorted(
            {t.source for t, j in zip(turns, judgements, strict=True) if j.label and not j.fitted}
        )
        notes += [fitted.refusal(source) for source in strange]
        if known := fitted.knows(turns):
            notes.append(
                f"{confidence} was fitted on {known} of these {len(turns)} turns' dialogues, which flatters ECE and the curve "
                "of cuts here; the map's own figures are out of fold"
            )
    if by.model is not None and by.model.name == "offline":
        notes.append("A rehearsal, not a language model, spoke: cues made these labels.")
    return evaluate_feedback(
        turns,
        judgements,
        judge=judged.judge,
        cross_fit=by.cross_fit,
        left_out=judged.left_out,
        transfers=transfer_between_sources(turns, seed=by.seed) if by.cross_fit else (),
        seed=by.seed,
        notes=notes,
        attacks=asyncio.run(attack_results(turns, open_embedded(by.trained))) if attacks else (),
    )
