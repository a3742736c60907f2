"""Assistants that may speak up or stay silent, scored along traces of working users."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Unpack

from tactful.api.options import (
    ModelOptions,
    RunSettings,
    judge_spec,
    refuse_limit,
    run_options,
    spec_of,
    takes,
)
from tactful.api.runs import outside_loop
from tactful.errors import UsageError

if TYPE_CHECKING:
    from tactful.evaluation.proactive.assistant_run import AssistantForecast
    from tactful.evaluation.proactive.setup import Benched, Entries, Ground, JudgedBy
    from tactful.runs import RunSummary


class BenchOptions(ModelOptions, RunSettings, total=False):
    """What may be given to `bench_assistants` beside traces and model; `limit` is refused."""

    responses: Sequence[Path | str]
    """Score these: folders of responses, or folders with one of these per assistant."""
    policies: Sequence[Literal["always", "never", "random", "gate"] | str]
    threshold: float
    """Policy `gate`: speak from this p(accept) on; default 0.5."""
    max_chars: int
    """`model`: most characters of events in a prompt."""
    reward_data: Path | str | None
    """What people said about these traces: labelled moments."""
    judge_data: Path | str | None
    """Labels that our reward model is trained on, without the judged session; default: `reward_data`."""
    judge: str | None
    """Judge by this chat model instead; `offline` rehearses."""
    judge_base_url: str | None
    judge_api_key_env: str | None
    reward_model: Path | str | None
    """Judge by this saved model instead."""
    votes: int
    people: int | None
    """Labelled moments that the judge judges too; default: all, with `judge` 100."""
    trained_on: Path | str | None
    """What the assistant was trained on, a run of `trainset`: who selected there is refused as its judge."""
    allow_seen: bool
    """Let a judge judge what it selected itself, or by labels of its own; marked so."""
    quirks: bool
    """Count the published table with its quirks; default True."""
    skip_bad: bool


@takes(BenchOptions)
def bench_assistants(
    traces: Path | str,
    *,
    model: str | None = None,
    on_run: Callable[[RunSummary], object] = lambda summary: None,
    **options: Unpack[BenchOptions],
) -> Benched:
    """Assistants as published and corrected, baselines in every table, intervals by session; `print(found)`.

    `traces` is a folder in ProactiveBench's form, or a frozen benchmark. Scored are `model`, which runs over the
    traces (`offline` rehearses), `responses` and `policies`. Everything is written into `out`, by default a new
    folder in `runs/` where a model is asked, else nowhere. `on_run` hears of each run when it ends.

    Raises UsageError when there is nothing to score, an option misses another, or the judge selected what the assistant
    was trained on; DataError, StopRun.

    >>> import tactful as tf
    >>> found = tf.bench_assistants("traces")
    Traceback (most recent call last):
    tactful.errors.UsageError: nothing to score; give --responses FOLDER, --model NAME or --policy gate
    """
    from tactful.evaluation.proactive.setup import bench_assistants as bench

    refuse_limit(options, "whole traces; give a folder with fewer")
    entries, judged_by = _entries(model, options), _judged_by(options)
    ground = _ground(traces, options)
    place = _folder(options, needed=model is not None or options.get("judge") is not None)
    found = outside_loop(
        lambda: bench(
            ground,
            entries,
            judged_by,
            place=place,
            options=run_options(options),
            quirks=options.get("quirks", True),
            people=options.get("people"),
            on_run=on_run,
        )
    )
    if place is not None:
        found.save(place)
    return found


def forecast_assistant(
    traces: Path | str, *, model: str | None = None, **options: Unpack[BenchOptions]
) -> AssistantForecast:
    """Calls, tokens and cost that running `model` over the traces would take; nothing is sent. The judge comes on top."""
    from tactful.evaluation.proactive.assistant_run import AssistantConfig, forecast

    entries = _entries(model, options)
    return forecast(
        _ground(traces, options).traces, AssistantConfig(max_chars=entries.max_chars), entries.model
    )


def _ground(traces: Path | str, options: BenchOptions) -> Ground:
    from tactful.evaluation.proactive.setup import open_ground

    reward_data, judge_data = (_path(options.get(name)) for name in ("reward_data", "judge_data"))
    return open_ground(Path(traces), reward_data, judge_data, skip_bad=options.get("skip_bad", False))


def _entries(model: str | None, options: BenchOptions) -> Entries:
    from tactful.evaluation.proactive.assistant_run import SCRIPTS
    from tactful.evaluation.proactive.setup import Entries
    from tactful.reward.judging.prompt import MAX_CHARS
    from tactful.reward.pipeline import MAX_TOKENS

    if not (model or options.get("responses") or options.get("policies")):
        raise UsageError("nothing to score; give --responses FOLDER, --model NAME or --policy gate")
    _refuse_two_judges(options)
    room = options.get("max_tokens") or MAX_TOKENS  # enough for a model that thinks before it answers
    return Entries(
        responses=[Path(place) for place in options.get("responses", ())],
        policies=options.get("policies", ()),
        threshold=options.get("threshold", 0.5),
        model=None if model is None else spec_of(model, SCRIPTS, options, max_tokens=room),
        max_chars=options.get("max_chars", MAX_CHARS),
        selected_by=_selected_by(model, _path(options.get("trained_on"))),
    )


def _selected_by(model: str | None, trained_on: Path | None) -> tuple[str, ...]:
    """Who selected what the assistant learnt, as the training set says, and the model's folder where it is here."""
    from tactful.gym.trainset.checking import read_trainset
    from tactful.gym.trainset.writing import MANIFEST
    from tactful.weights import selectors_of

    found: list[str] = []
    if trained_on is not None:
        file = trained_on / MANIFEST if trained_on.is_dir() else trained_on
        found.append(read_trainset(file).judge)
    if model is not None:
        found += selectors_of(model)
    return tuple(dict.fromkeys(found))


def _judged_by(options: BenchOptions) -> JudgedBy:
    from tactful.evaluation.proactive.setup import JudgedBy

    name = options.get("judge")
    return JudgedBy(
        model=None if name is None else judge_spec(name, options),
        votes=options.get("votes", 1),
        reward_model=_path(options.get("reward_model")),
        allow_seen=options.get("allow_seen", False),
    )


def _path(given: Any) -> Path | None:
    return None if given is None else Path(given)


def _refuse_two_judges(options: BenchOptions) -> None:
    """Raises: UsageError for options about judges that do not fit together."""
    judge, reward_model = options.get("judge"), options.get("reward_model")
    if judge is not None and reward_model is not None:
        raise UsageError("--judge and --reward-model exclude each other; name one judge")
    other = "--judge" if judge is not None else "--reward-model" if reward_model is not None else ""
    if other and options.get("judge_data") is not None and "gate" not in options.get("policies", ()):
        raise UsageError(f"--judge-data trains our reward model, but {other} judges; give one of them")
    if (votes := options.get("votes", 1)) > 1 and judge is None:
        raise UsageError(f"--votes {votes} belongs to --judge; a reward model says the same every time")


def _folder(options: BenchOptions, *, needed: bool) -> Path | None:
    """Where results go; None for nowhere. Raises: UsageError rather than write into a folder that is there."""
    out, resume = _path(options.get("out")), options.get("resume", False)
    if resume and (out is None or not out.is_dir()):
        raise UsageError("--resume goes on with the runs in --out; name the folder of the earlier call")
    if out is not None and not resume and out.exists():
        raise UsageError(f"{out}: exists already; give --out a new name, or --resume")
    if out is not None or not needed:
        return out
    from tactful.runs.read.folder import new_folder_path

    return new_folder_path(Path("runs"), "bench", "proactive")
