"""ProactiveBench in one screen:

traces, labels ──scenes_of──▶ Scene ┐
responses ──match_answers──▶ Assistant ┴──needed──▶ Moment ──judge──▶ Judgements ──▶ published and corrected rows

The baselines are added here, so that no result lacks them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from tactful import __version__
from tactful.data.formats.traces import Answer
from tactful.errors import UserError
from tactful.evaluation.judges.measures import agreement, columns_of, people_alpha
from tactful.evaluation.proactive.assistants import BASELINES, Assistant, always, look_up, never
from tactful.evaluation.proactive.matching import FileMatch
from tactful.evaluation.proactive.measure import (
    RESAMPLES,
    PointDecision,
    Row,
    decide,
    difference,
    score,
    undecided,
)
from tactful.evaluation.proactive.points import Judgements, Scene, distinct, in_session, labelled_moments
from tactful.evaluation.proactive.published import (
    Prediction,
    count,
    is_proposed,
    judged_text,
    pairs_of,
)
from tactful.evaluation.proactive.results import (
    Accepts,
    BenchResult,
    JudgeAgreement,
    PublishedRow,
    Split,
    TraceInfo,
)
from tactful.reward.types import Acceptance
from tactful.stats.bootstrap import group_draws
from tactful.types import LabelledMoment, Moment

JudgeAll = Callable[[Sequence[Moment]], Sequence[Acceptance]]
"""Moments → what the judge says of each, in order."""


def run_bench(
    scenes: Sequence[Scene],
    assistants: Sequence[Assistant],
    judge: JudgeAll,
    splits: Mapping[str, Sequence[str]],
    *,
    judge_name: str,
    regime: str,
    files: Mapping[str, Sequence[FileMatch]],
    warnings: Sequence[str] = (),
    quirks: bool = True,
    people: int | None = None,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> tuple[BenchResult, dict[str, list[PointDecision]]]:
    """(the result, assistant → its decisions). `people` bounds the labelled moments that the judge judges too.

    Raises: UserError when two assistants share a name, or one bears that of a baseline.
    """
    refuse_names([one.name for one in assistants])
    rows: list[tuple[Assistant, bool]] = [(one, False) for one in assistants]
    rows += [(make(scenes), True) for make in (always, never, look_up)]
    labelled = labelled_moments(scenes, people)
    moments = distinct(
        moment for one, _ in rows for scene in scenes for moment in _needed(scene, one, quirks=quirks)
    )
    asked = [*moments, *(item.moment for item in labelled)]
    said = judge(asked)
    judgements = Judgements()
    judgements.add(moments, said[: len(moments)])
    decisions = {one.name: _decisions(scenes, one, judgements) for one, _ in rows}
    coin = {"weight": 0.5}  # between always and never, in expected counts
    decisions[BASELINES[2]] = [
        one.model_copy(update=coin) for name in BASELINES[:2] for one in decisions[name]
    ]
    predictions = {one.name: _predictions(scenes, one, judgements, quirks=quirks) for one, _ in rows}
    predictions[BASELINES[2]] = [
        (trace, at, one.model_copy(update=coin))
        for name in BASELINES[:2]
        for trace, at, one in predictions[name]
    ]
    names = [*(one.name for one in assistants), *BASELINES]
    result = BenchResult(
        judge=judge_name,
        regime=regime,
        quirks=quirks,
        traces=tuple(_info(scene) for scene in scenes),
        files={name: tuple(matches) for name, matches in files.items()},
        judged=len(moments),
        unscored=sum(one.accepted is None for one in judgements.by_id.values()),
        agreement=_agreement(scenes, labelled, said[len(moments) :], seed, resamples) if labelled else None,
        splits=tuple(
            Split(
                name=split,
                sessions=len({scene.group for scene in scenes if scene.trace.id in ids}),
                events=sum(len(scene.trace.points) for scene in scenes if scene.trace.id in ids),
                published=tuple(_published(name, predictions[name], ids, quirks=quirks) for name in names),
                corrected=_corrected(decisions, names, ids, seed, resamples),
            )
            for split, ids in ((name, set(found)) for name, found in splits.items())
        ),
        warnings=tuple(warnings),
        seed=seed,
        resamples=resamples,
        version=__version__,
    )
    return result, {name: decisions[name] for name in names}


def refuse_names(names: Sequence[str]) -> None:
    """Raises: UserError where two assistants share a name, or one bears that of a baseline."""
    for name in names:
        if names.count(name) > 1 or name in BASELINES:
            raise UserError(
                f"two rows would bear the name '{name}'; give the folder of responses another name"
            )


def _needed(scene: Scene, assistant: Assistant, *, quirks: bool) -> Iterator[Moment]:
    """Everything that must be judged for both tables."""
    for at, answer in sorted(assistant.answers.get(scene.trace.id, {}).items()):
        for prediction in pairs_of(answer, quirks=quirks):
            yield scene.moment(at, judged_text(prediction))
        if answer.state == "answered":
            yield scene.moment(at, answer.proposals[0] if answer.proposals else None)


def _decisions(scenes: Sequence[Scene], assistant: Assistant, judgements: Judgements) -> list[PointDecision]:
    found = []
    for scene in scenes:
        answers = assistant.answers.get(scene.trace.id, {})
        for at, point in enumerate(scene.trace.points):
            answer = answers.get(at) or Answer(event=point.event, state="absent")
            if answer.state == "answered":
                found.append(decide(scene, at, answer.proposals, judgements))
            else:
                found.append(undecided(scene, at, answer.state))
    return found


_Counted = tuple[str, int, Prediction]


def _predictions(
    scenes: Sequence[Scene], assistant: Assistant, judgements: Judgements, *, quirks: bool
) -> list[_Counted]:
    found = []
    for scene in scenes:
        answers: Mapping[int, Answer] = assistant.answers.get(scene.trace.id, {})
        for at, answer in sorted(answers.items()):
            for prediction in pairs_of(answer, quirks=quirks):
                said = judgements.of(scene.moment(at, judged_text(prediction)))
                one = Prediction(proposed=is_proposed(prediction), accepted=said.accepted)
                found.append((scene.trace.id, at, one))
    return found


def _published(name: str, predictions: Sequence[_Counted], traces: set[str], *, quirks: bool) -> PublishedRow:
    mine = [one for one in predictions if one[0] in traces]
    return PublishedRow(
        name=name,
        baseline=name in BASELINES,
        events=len({(trace, at) for trace, at, _ in mine}),
        counts=count((one for _, _, one in mine), quirks=quirks),
    )


def _corrected(
    decisions: Mapping[str, Sequence[PointDecision]],
    names: Sequence[str],
    traces: set[str],
    seed: int,
    resamples: int,
) -> tuple[Row, ...]:
    """A row for each name; those of no baseline are compared with each baseline."""
    mine = {name: [one for one in decisions[name] if one.trace in traces] for name in names}
    rows = []
    for name in names:
        row = score(name, mine[name], baseline=name in BASELINES, seed=seed, resamples=resamples)
        if not row.baseline:
            against = {
                other: difference(mine[name], mine[other], seed=seed, resamples=resamples)
                for other in BASELINES
            }
            row = row.model_copy(update={"against": against})
        rows.append(row)
    return tuple(rows)


def _info(scene: Scene) -> TraceInfo:
    events = len(scene.trace.points)
    return TraceInfo(
        trace=scene.trace.id,
        events=events,
        session=scene.sessions[0] if scene.sessions else None,
        needs_known=sum(scene.need(at) is not None for at in range(events)),
    )


def _agreement(
    scenes: Sequence[Scene],
    labelled: Sequence[LabelledMoment],
    said: Sequence[Acceptance],
    seed: int,
    resamples: int,
) -> JudgeAgreement:
    group = {scene.trace.id: scene.group for scene in scenes}
    columns = columns_of([in_session(item, group[item.moment.session]) for item in labelled], said)
    parts = {
        "all": columns,
        "proposals": columns.take(columns.of_kind("proposals")),
        "silences": columns.take(columns.of_kind("silences")),
    }
    found = {
        name: agreement(part, group_draws(part.sessions, resamples, seed)).with_verdict
        for name, part in parts.items()
    }
    return JudgeAgreement(
        **found,
        accepts={
            name: Accepts(judge=float(part.said.mean()), people=float(part.accepted.mean()))
            for name, part in parts.items()
            if name != "all" and len(part.said)
        },
        people=people_alpha(columns, group_draws(columns.sessions, resamples, seed)),
        labelled=len(labelled_moments(scenes)),
    )
