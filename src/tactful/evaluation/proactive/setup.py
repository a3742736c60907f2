"""From folders, names and models to the benchmark of assistants: who is scored, who judges, and on what.

folders ──open_ground──▶ Ground ┐
Entries ──assistants──▶ Lineup  ┼──bench_assistants──▶ Benched
JudgedBy ──judge──▶ Judge       ┘
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from tactful.data.formats.labelled import Labelled, read_moments
from tactful.data.formats.traces import Trace, answer_folders, read_answers, read_splits, read_traces
from tactful.data.io import write_file, write_jsonl
from tactful.errors import UsageError
from tactful.evaluation.judges.own_word import refuse_own_word, refuse_selecting
from tactful.evaluation.proactive.assistant_run import AssistantConfig, assistant_file, from_run
from tactful.evaluation.proactive.assistants import (
    Assistant,
    always,
    from_files,
    gated,
    never,
    thrown,
    write_answers,
)
from tactful.evaluation.proactive.bench import refuse_names, run_bench
from tactful.evaluation.proactive.freeze import check_frozen, read_labels
from tactful.evaluation.proactive.judges import Judge, by_model, by_run, now, out_of_session
from tactful.evaluation.proactive.matching import FileMatch, match_answers
from tactful.evaluation.proactive.measure import PointDecision
from tactful.evaluation.proactive.points import Scene, scenes_of
from tactful.evaluation.proactive.report import bench_lines
from tactful.evaluation.proactive.results import BenchResult
from tactful.evaluation.shown import Shown
from tactful.llm import ModelSpec
from tactful.reward.judging.prompt import MAX_CHARS
from tactful.reward.opening import open_judge
from tactful.reward.types import MomentJudge, identity_of
from tactful.runs import RunOptions, RunSummary, run_job
from tactful.types import LabelledMoment

POLICIES = ("always", "never", "random", "gate")
PEOPLE_FOR_A_MODEL = 100
"""Labelled moments that a paid judge judges for its agreement with people, unless told otherwise."""


@dataclass(frozen=True)
class Ground:
    """Traces, what people said along them, and what our reward model may be trained on."""

    folder: Path
    traces: Sequence[Trace]
    scenes: Sequence[Scene]
    splits: Mapping[str, Sequence[str]]
    training: Sequence[LabelledMoment]
    labels: Sequence[LabelledMoment] = ()
    """What people said along the traces."""
    read: tuple[Labelled, ...] = ()
    """The files of labels, for what was left out of them."""

    @cached_property
    def ours(self) -> tuple[MomentJudge, str]:
        """(our reward model, for each trace trained without it; how that went, in words). Raises: UsageError without labels."""
        return out_of_session(self.scenes, self.training)


def open_ground(
    folder: Path, reward_data: Path | None = None, judge_data: Path | None = None, *, skip_bad: bool = False
) -> Ground:
    """A folder of traces, or a frozen benchmark with its own labels; `judge_data` is trained on instead of those.

    Raises: DataError for files that cannot be used, and for a frozen one that was changed.
    """
    frozen = check_frozen(folder)
    traces = read_traces(folder)
    given = {
        path: read_moments(path, skip_bad=skip_bad) for path in (reward_data, judge_data) if path is not None
    }
    own = read_labels(folder) if frozen is not None else []
    labels = own if reward_data is None else given[reward_data].moments
    return Ground(
        folder=folder,
        traces=traces,
        scenes=scenes_of(traces, labels),
        splits=read_splits(folder, traces),
        training=labels if judge_data is None else given[judge_data].moments,
        labels=labels,
        read=tuple(given.values()),
    )


@dataclass(frozen=True)
class Entries:
    """Who is scored."""

    responses: Sequence[Path] = ()
    """Folders of responses, or folders with one of these per assistant."""
    policies: Sequence[str] = ()
    """Of `POLICIES`."""
    threshold: float = 0.5
    """The gate speaks from this p(accept) on."""
    model: ModelSpec | None = None
    """Runs over the traces."""
    selected_by: tuple[str, ...] = ()
    """Judges that selected what `model`, or who gave `responses`, was trained on."""
    max_chars: int = MAX_CHARS
    """Most characters of events in a prompt for it."""

    def __post_init__(self) -> None:
        for name in self.policies:
            if name not in POLICIES:
                raise UsageError(f"--policy {name}: is unknown, expected one of {', '.join(POLICIES)}")


@dataclass(frozen=True)
class JudgedBy:
    """Who judges: a chat model, a saved reward model, or, with neither, our own out of session."""

    model: ModelSpec | None = None
    votes: int = 1
    reward_model: Path | None = None
    allow_seen: bool = False
    """Whether it may judge what it selected itself, or by labels of its own; marked so."""


@dataclass
class Lineup:
    """The assistants to score, and how those from files were matched."""

    assistants: list[Assistant] = field(default_factory=list)
    files: dict[str, list[FileMatch]] = field(default_factory=dict)


@dataclass(frozen=True, repr=False)
class Benched(Shown):
    """The tables, every decision behind them, and what the assistants said."""

    result: BenchResult
    decisions: Mapping[str, Sequence[PointDecision]]
    lineup: Lineup
    ground: Ground
    folder: Path | None = None
    """Where the runs are, and where results belong; None: nowhere."""

    def lines(self) -> Iterator[str]:
        """Every table as text."""
        return bench_lines(self.result)

    def save(self, folder: Path) -> tuple[Path, Path]:
        """Write `results.json`, `decisions.jsonl` and what each assistant said, but for those read from files."""
        results, rows = folder / "results.json", folder / "decisions.jsonl"
        write_file(results, [self.result.model_dump_json(indent=2).encode(), b"\n"])
        write_jsonl(
            rows,
            (
                {"assistant": name, **one.model_dump(mode="json")}
                for name, mine in self.decisions.items()
                for one in mine
            ),
        )
        for one in self.lineup.assistants:
            if one.name not in self.lineup.files:
                write_answers(one, folder / "responses" / one.name.replace(" ", "-").replace("/", "-"))
        return results, rows


def bench_assistants(
    ground: Ground,
    entries: Entries,
    judged_by: JudgedBy,
    *,
    place: Path | None = None,
    options: RunOptions | None = None,
    quirks: bool = True,
    people: int | None = None,
    on_run: Callable[[RunSummary], object] = lambda summary: None,
) -> Benched:
    """Score `entries` along the traces. Runs of models go to `assistant` and `judge` below `place`.

    `on_run` hears of each run when it ends. Raises: UsageError, DataError, StopRun.
    """
    options = options or RunOptions()
    own = _own_word(ground, entries, judged_by)
    lineup = Lineup()
    _add_responses(lineup, entries.responses, ground.traces)
    _add_policies(lineup, entries, ground, options.seed)
    judge = _at_hand(ground, judged_by)
    if entries.model is not None:
        assert place is not None
        refuse_names([*(one.name for one in lineup.assistants), entries.model.name])
        job = assistant_file(AssistantConfig(max_chars=entries.max_chars), ground.folder, entries.model)
        summary = run_job(job, _here(options, place / "assistant"))
        on_run(summary)
        lineup.assistants.append(from_run(entries.model.name, summary.folder, ground.traces))
        options = _left(options, summary)
    if judge is None:
        assert place is not None
        assert judged_by.model is not None
        judge = by_run(judged_by.model, judged_by.votes, _here(options, place / "judge"), on_run)
        people = PEOPLE_FOR_A_MODEL if people is None else people
    result, decisions = run_bench(
        ground.scenes,
        lineup.assistants,
        judge.judge,
        ground.splits,
        judge_name=judge.name,
        regime=judge.regime,
        files=lineup.files,
        warnings=[*own, *judge.warnings, *_circular(entries, judged_by)],
        quirks=quirks,
        people=people,
        seed=options.seed,
    )
    result = result.model_copy(update={"folder": str(ground.folder.resolve())})
    return Benched(result, decisions, lineup, ground, place)


def _add_responses(lineup: Lineup, places: Sequence[Path], traces: Sequence[Trace]) -> None:
    """Assistants whose responses are in files. Raises: DataError; UsageError for two of one name."""
    for place in places:
        for name, folder in answer_folders(place).items():
            if name in lineup.files:
                raise UsageError(f"{folder}: a folder '{name}' is among the responses already; rename one")
            files = read_answers(folder)
            lineup.files[name] = match_answers(files, traces)
            lineup.assistants.append(from_files(name, files, lineup.files[name]))


def _add_policies(lineup: Lineup, entries: Entries, ground: Ground, seed: int) -> None:
    """Our own policies, by name."""
    for name in entries.policies:
        title = f"policy {name}"
        if name == "gate":
            chosen = gated(ground.scenes, ground.ours[0], entries.threshold, f"{title} {entries.threshold:g}")
            lineup.assistants.append(asyncio.run(chosen))
        elif name == "random":
            lineup.assistants.append(thrown(ground.scenes, seed, title))
        else:
            lineup.assistants.append((always if name == "always" else never)(ground.scenes, title))


def _at_hand(ground: Ground, judged_by: JudgedBy) -> Judge | None:
    """Who judges without a call; None for a chat model. Raises: UserError where nobody can, before anything is paid."""
    if judged_by.model is not None:
        return None
    if judged_by.reward_model is not None:
        return by_model(judged_by.reward_model, ground.scenes)
    held, told = ground.ours
    return Judge(name=held.name, regime=told, judge=now(held))


def _own_word(ground: Ground, entries: Entries, judged_by: JudgedBy) -> list[str]:
    """What to warn of where a judge selected what it judges. Raises: UsageError, unless the judge's flags allow it."""
    if judged_by.model is not None:
        judges, labels = {judged_by.model.name}, ground.labels
    elif judged_by.reward_model is not None:
        judges, labels = {identity_of(open_judge(judged_by.reward_model))}, ground.labels
    else:  # ours learns from the labels, and says what whoever gave them would
        judges, labels = {item.label.judge for item in ground.training} - {""}, []
    assistant = entries.model.name if entries.model is not None else "the assistant"
    found: list[str] = []
    for judge in sorted(judges):
        found += refuse_selecting(judge, entries.selected_by, assistant, allow=judged_by.allow_seen)
        found += refuse_own_word(labels, judge, allow=judged_by.allow_seen)
    return found


def _circular(entries: Entries, judged_by: JudgedBy) -> list[str]:
    if "gate" not in entries.policies or judged_by.model or judged_by.reward_model:
        return []
    return [
        "policy gate chooses by the model that judges it, so nearly all that it proposes counts as accepted; "
        "judge it by --judge MODEL, and read its silence alone here"
    ]


def _here(options: RunOptions, folder: Path) -> RunOptions:
    """The options for the run in `folder`: it goes on where it is there, and begins where it is not."""
    return options.model_copy(
        update={"out": folder, "resume": options.resume and (folder / "run.json").is_file()}
    )


def _left(options: RunOptions, summary: RunSummary) -> RunOptions:
    """The options with what the run left of the budget."""
    usage = summary.usage
    usd, tokens = options.budget_usd, options.budget_tokens
    return options.model_copy(
        update={
            "budget_usd": None if usd is None else max(0.0, usd - (usage.cost_usd or 0.0)),
            "budget_tokens": None
            if tokens is None
            else max(0, tokens - usage.prompt_tokens - usage.completion_tokens),
        }
    )
