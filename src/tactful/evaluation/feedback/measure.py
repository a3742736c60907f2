"""Any feedback judge against what people said: figures by source, baselines, cuts, calibration, transfer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from tactful.errors import UserError
from tactful.evaluation.feedback.baselines import baselines
from tactful.evaluation.feedback.measures import (
    Scored,
    cut_curve,
    indices,
    measure_difference,
    measure_labels,
    reliability,
)
from tactful.evaluation.feedback.results import (
    AttackResult,
    Bin,
    Comparison,
    CutPoint,
    FeedbackEvaluation,
    JudgeRow,
    SourceResult,
    Transfer,
)
from tactful.feedback.embedded.judge import EmbeddedJudge
from tactful.feedback.embedded.linear import train_linear
from tactful.feedback.labels import LABELS, Label
from tactful.feedback.types import FeedbackConfig, LabelledTurn, TurnJudge, TurnJudgement
from tactful.stats import Estimate, group_folds

POOLED = "pooled"
Turns = Sequence[LabelledTurn]


async def judge_labelled(turns: Turns, judge: TurnJudge, *, batch: int = 512) -> list[TurnJudgement]:
    """One judgement per turn, in order. Raises: ProviderError, StopRun."""
    found: list[TurnJudgement] = []
    for start in range(0, len(turns), batch):
        found += await judge.judge_batch(turns[start : start + batch])
    return found


def cross_fitted(
    turns: Turns, *, folds: int, seed: int = 0, config: FeedbackConfig | None = None
) -> list[TurnJudgement]:
    """Each turn by an embedded judge that was trained without its dialogue.

    Raises: UsageError for fewer dialogues than folds; UserError when a fold leaves one label to train on.
    """
    fold_of = group_folds([dialogue_key(turn) for turn in turns], folds, seed)
    fold = np.array([fold_of[dialogue_key(turn)] for turn in turns])
    found: dict[int, TurnJudgement] = {}
    for index in range(folds):
        train = [turns[at] for at in np.flatnonzero(fold != index).tolist()]
        test = np.flatnonzero(fold == index).tolist()
        judge = EmbeddedJudge(train_linear(train, seed=seed), config=config)
        found |= dict(zip(test, judge.judge_now([turns[at] for at in test]), strict=True))
    return [found[at] for at in range(len(turns))]


def dialogue_key(turn: LabelledTurn) -> str:
    """A dialogue's name across sources."""
    return f"{turn.source}\x1f{turn.dialogue_id}"


def evaluate_feedback(
    turns: Turns,
    judgements: Sequence[TurnJudgement],
    *,
    judge: str,
    cross_fit: int | None = None,
    left_out: Mapping[str, int] | None = None,
    transfers: Sequence[Transfer] = (),
    seed: int = 0,
    notes: Sequence[str] = (),
    attacks: Sequence[AttackResult] = (),
) -> FeedbackEvaluation:
    """Figures pooled and by source, beside the baselines. Raises UserError when there is no labelled turn."""
    if not turns:
        raise UserError("there is no labelled turn to evaluate on; rows need user_next, a query and label7")
    labels = [judgement.label for judgement in judgements]
    said = {judge: _scored(turns, labels, [judgement.confidence for judgement in judgements])}
    said |= {name: _scored(turns, given) for name, given in baselines(turns).items()}
    sources = sorted({turn.source for turn in turns})
    parts = {} if len(sources) == 1 else {POOLED: np.full(len(turns), True)}
    parts |= {source: np.array([turn.source == source for turn in turns]) for source in sources}
    return FeedbackEvaluation(
        judge=judge,
        cross_fit=cross_fit,
        left_out=dict(left_out or {}),
        results=tuple(
            _source_result(source, {name: one.take(mask) for name, one in said.items()}, judge, seed)
            for source, mask in parts.items()
        ),
        transfers=tuple(transfers),
        seed=seed,
        notes=tuple(notes),
        attacks=tuple(attacks),
    )


def transfer_between_sources(turns: Turns, *, seed: int = 0) -> list[Transfer]:
    """The embedded judge trained on each source and tested on each other one, on the labels that both have."""
    by_source: dict[str, list[LabelledTurn]] = {}
    for turn in turns:
        by_source.setdefault(turn.source, []).append(turn)
    return [
        _transfer(one, by_source[one], other, by_source[other], seed)
        for one in sorted(by_source)
        for other in sorted(by_source)
        if one != other and len({turn.label7 for turn in by_source[one]}) > 1
    ]


def _transfer(one: str, train: Turns, other: str, test: Turns, seed: int) -> Transfer:
    shared = {turn.label7 for turn in train} & {turn.label7 for turn in test}
    judge = EmbeddedJudge(train_linear(train, seed=seed))
    everything = _scored(test, [judgement.label for judgement in judge.judge_now(test)])
    mask = np.array([turn.label7 in shared for turn in test])
    counts = Counter(turn.label7 for turn in test if turn.label7 in shared)
    commonest: list[Label | None] = [counts.most_common(1)[0][0] if counts else None] * len(test)
    return Transfer(
        trained_on=one,
        tested_on=other,
        shared_labels=tuple(label for label in LABELS if label in shared),
        turns=int(mask.sum()),
        judge=_headline(measure_labels(everything.take(mask), seed=seed)[0]),
        majority=_headline(measure_labels(_scored(test, commonest).take(mask), seed=seed)[0]),
        negative_f1=measure_labels(everything, seed=seed)[0].get("negative_f1"),
    )


def _headline(measures: Mapping[str, Estimate]) -> dict[str, Estimate]:
    return {name: value for name, value in measures.items() if ":" not in name}


def _scored(
    turns: Turns, labels: Sequence[Label | None], confidence: Sequence[float | None] | None = None
) -> Scored:
    names = {key: at for at, key in enumerate(dict.fromkeys(map(dialogue_key, turns)))}
    return Scored(
        gold=indices([turn.label7 for turn in turns]),
        said=indices(labels),
        tolerated=np.array([label in turn.tolerable for turn, label in zip(turns, labels, strict=True)]),
        confidence=np.array(confidence or [None] * len(turns), dtype=float),
        dialogue=np.array([names[dialogue_key(turn)] for turn in turns]),
    )


def _source_result(source: str, said: Mapping[str, Scored], judge: str, seed: int) -> SourceResult:
    main = said[judge]
    rows = []
    for name, scored in said.items():
        measures, table = measure_labels(scored, seed=seed)
        confusion = tuple(tuple(int(cell) for cell in line) for line in table)
        rows.append(JudgeRow(name=name, baseline=name != judge, measures=measures, confusion=confusion))
    found = reliability(main, seed=seed)
    counts = Counter(main.gold.tolist())
    return SourceResult(
        source=source,
        turns=len(main.gold),
        dialogues=len(np.unique(main.dialogue)),
        unscored=int((main.said < 0).sum()),
        labels={label: counts.get(at, 0) for at, label in enumerate(LABELS)},
        rows=tuple(rows),
        comparisons=tuple(
            Comparison(baseline=name, differences=measure_difference(main, scored, seed=seed))
            for name, scored in said.items()
            if name != judge
        ),
        cuts=tuple(
            CutPoint(tau_c=tau, coverage=coverage, precision=precision)
            for tau, coverage, precision in cut_curve(main, seed=seed)
        ),
        ece=found.ece if found else None,
        ece_floor=found.floor if found else None,
        reliability=tuple(Bin(confidence=mean, right=right, items=items) for mean, right, items in found.bins)
        if found
        else (),
    )
