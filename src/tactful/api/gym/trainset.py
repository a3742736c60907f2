"""Episodes become the training set of an assistant."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from tactful.api.inputs import Input
from tactful.api.options import ModelOptions, RunSettings, configured, judge_spec, spec_of, takes
from tactful.api.runs import Run, worked_over
from tactful.errors import DataError, UsageError

if TYPE_CHECKING:
    from tactful.gym.rules.parameters import Parameters
    from tactful.gym.trainset.forecast import TrainsetForecast
    from tactful.gym.trainset.forms import Fit
    from tactful.gym.trainset.pipeline import TrainsetConfig
    from tactful.gym.trainset.types import JudgedPoint  # noqa: F401 - in the base of TrainsetRun
    from tactful.gym.trainset.writing import Shares, Trainset
    from tactful.gym.types import GymEpisode
    from tactful.runs import Job

NO_EPISODE = "make some: tactful gym run SCENES --out RUN"


class TrainsetOptions(ModelOptions, RunSettings, total=False):
    """What may be given to `trainset` beside episodes, judge and model."""

    judge_base_url: str | None
    judge_api_key_env: str | None
    votes: int
    """A judge that is a model: verdicts asked for of each candidate; default 1."""
    tries: int
    """Most candidates at a point; default 15."""
    points: int
    """Most event prefixes of an episode, drawn by the seed; default 12."""
    max_chars: int
    """Most characters of events in the proposer's prompt."""
    max_tokens_row: int
    """Most tokens of a row of SFT or pairs, prompt and answer; default 4096."""
    tokenizer: Path | str | None
    """`tokenizer.json`, or a model's folder that holds one: tokens are counted by it, not estimated."""
    validation: float
    """Share of the groups of scenes that validate; default 0.1."""
    test: float
    skip_bad: bool


class TrainsetRun(Run["JudgedPoint"]):
    """What was tried at each point. The trainers' files lie in the folder."""

    @cached_property
    def made(self) -> Trainset:
        """Who selected, the split, and what was written; `trainset.json` of the folder."""
        from tactful.gym.trainset.checking import read_trainset
        from tactful.gym.trainset.writing import MANIFEST

        return read_trainset(self.folder / MANIFEST)


@takes(TrainsetOptions)
def trainset(
    episodes: Run[GymEpisode] | Iterable[GymEpisode] | Path | str,
    *,
    judge: str,
    model: str,
    **options: Unpack[TrainsetOptions],
) -> TrainsetRun:
    """What an assistant should have said: at each event prefix `model` proposes until `judge` accepts, silence included.

    `episodes` is a run of the gym, a file or records. `judge` is `user` (the simulated one), `reward:FOLDER` (a trained
    reward model) or a model's name; `model` is a model's name; `offline` rehearses either. In the folder: `sft/` for
    LLaMA-Factory, `dpo/` for TRL, `reward/` for `train_reward`, each split by the groups of scenes, and `trainset.json`, which names
    the judge: it is refused as the judge of what was trained on them. Options: see `TrainsetOptions`, `ModelOptions`,
    `RunSettings`.

    Raises UsageError for options that do not fit, DataError, StopRun when a budget is spent or a key refused.

    >>> import tactful as tf
    >>> tf.trainset([], judge="user", model="offline", out="runs/t", progress="off")
    Traceback (most recent call last):
    tactful.errors.DataError: <the records given>: holds no episode with events; make some: tactful gym run SCENES --out RUN
    """
    from tactful.gym.trainset.types import JudgedPoint

    fit, counted = _fit(options)
    config, read = _config(episodes, judge, model, options), _read(episodes, options.get("skip_bad", False))
    make = partial(_job, config, read, _kept(options))
    summary, again = worked_over(make, read.name, options, what="episode with events", fix=NO_EPISODE)
    run = TrainsetRun(summary, JudgedPoint, source=read, again=again)
    _write(run, judge, config, options, fit, counted)
    return run


def forecast_trainset(
    episodes: Run[GymEpisode] | Iterable[GymEpisode] | Path | str,
    *,
    judge: str,
    model: str,
    **options: Unpack[TrainsetOptions],
) -> TrainsetForecast:
    """Calls, tokens and cost that `trainset` would take at three tries a point; nothing is sent."""
    from tactful.gym.trainset.forecast import forecast
    from tactful.gym.trainset.points import Points

    config, read = _config(episodes, judge, model, options), _read(episodes, options.get("skip_bad", False))
    points = Points(read, config.points, config.seed)
    return forecast(points, config, limit=options.get("limit"))


def _config(episodes: Any, judge: str, model: str, options: TrainsetOptions) -> TrainsetConfig:
    from tactful.api.gym.judges import asks_model, selecting_judge, wherever
    from tactful.data.formats.episodes import SIMULATED
    from tactful.gym.play.asking import MAX_CHARS
    from tactful.gym.trainset.pipeline import SCRIPTS, TrainsetConfig

    _refuse_misfits(judge, options)
    return configured(
        TrainsetConfig,
        judge=selecting_judge(judge, votes=options.get("votes", 1)).identity,
        judge_given=wherever(judge),
        votes=options.get("votes", 1),
        tries=options.get("tries", 15),
        points=options.get("points", 12),
        max_chars=options.get("max_chars", MAX_CHARS),
        seed=options.get("seed", 0),
        proposer=spec_of(model, SCRIPTS, options),
        judge_model=judge_spec(judge, options) if asks_model(judge) else None,
        parameters=_played_with(episodes) if judge == SIMULATED else None,
    )


def _played_with(episodes: Any) -> Parameters:
    """What the rules supposed about people in a run of the gym; our table for episodes that come without their run."""
    from tactful.gym.rules.parameters import Parameters, load_parameters
    from tactful.runs import RunFolder

    place = getattr(episodes, "folder", episodes)
    if isinstance(place, str | os.PathLike):
        for folder in (Path(place), Path(place).parent):
            if (folder / "run.json").is_file():
                info = RunFolder.open(folder).info()
                if (info.noun, info.verb) == ("gym", "run"):
                    return Parameters.model_validate(info.config["parameters"])
    return load_parameters()


def _refuse_misfits(judge: str, options: TrainsetOptions) -> None:
    from tactful.api.gym.judges import asks_model

    if not asks_model(judge) and (options.get("judge_base_url") or options.get("judge_api_key_env")):
        raise UsageError(
            f"--judge-base-url and --judge-api-key-env belong to a --judge that is a model, not '{judge}'"
        )
    _shares(options).parts()


def _shares(options: TrainsetOptions) -> Shares:
    from tactful.gym.trainset.writing import Shares

    return configured(Shares, validation=options.get("validation", 0.1), test=options.get("test", 0.1))


def _fit(options: TrainsetOptions) -> tuple[Fit, str]:
    """How long rows may be, and how that is counted; wrong options are told before anything is asked."""
    from tactful.gym.play.asking import MAX_CHARS
    from tactful.gym.trainset.forms import Fit, counter

    given = options.get("tokenizer")
    count, counted = counter(None if given is None else Path(given))
    most = options.get("max_chars", MAX_CHARS)
    return Fit(options.get("max_tokens_row", 4096), count, most), counted


def _read(episodes: Run[GymEpisode] | Iterable[GymEpisode] | Path | str, skip_bad: bool) -> Input[GymEpisode]:
    from tactful.api.gym.logs import episodes_input

    return episodes_input(episodes, skip_bad=skip_bad)


def _kept(options: TrainsetOptions) -> dict[str, Any]:
    """What `runs retry` must know beside the configuration."""
    return {"skip_bad": options.get("skip_bad", False)}


def _job(config: TrainsetConfig, read: Input[GymEpisode], kept: dict[str, Any]) -> Job:
    from tactful.api.gym.judges import selecting_judge
    from tactful.gym.trainset.pipeline import trainset_job
    from tactful.runs import reopening

    judge = selecting_judge(config.judge_given, votes=config.votes, parameters=config.parameters)
    if judge.identity != config.judge:
        raise DataError(
            f"{config.judge_given}: the reward model is not the one that the run was begun with; give that one, or a new "
            "--out"
        )
    job = trainset_job(config, read, judge)
    return replace(job, resume_args=None if read.path is None else reopening(read.path, **kept))


def retry_trainset(config: dict[str, Any], source: str, skip_bad: bool) -> Job:
    """The run of a folder once more, from its stored configuration; `tactful runs retry` calls it.

    The files beside are written again by `gym trainset --resume`.
    """
    from tactful.gym.trainset.pipeline import TrainsetConfig

    read = _read(source, skip_bad)
    return _job(TrainsetConfig.model_validate(config), read, {"skip_bad": skip_bad})


def _write(
    run: TrainsetRun,
    judge: str,
    config: TrainsetConfig,
    options: TrainsetOptions,
    fit: Fit,
    counted: str,
) -> None:
    from tactful.gym.trainset.writing import write_trainset

    summary = run.summary
    run.made = write_trainset(
        summary.folder,
        judge_given=judge,
        shares=_shares(options),
        fit=fit,
        counted=counted,
        seed=config.seed,
    )
    summary.folder.save_summary(
        {
            "run": str(run.folder),
            "points": {
                "read": summary.read,
                "done": summary.done,
                "failed": summary.failed,
                "bad_lines": run.bad,
            },
            **run.made.model_dump(mode="json", exclude={"format", "points"}),
            "usage": summary.usage.model_dump(mode="json"),
        }
    )
