"""Every state with every persona, a branch for each action not taken."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Unpack

from tactful.api.inputs import Input
from tactful.api.options import ModelOptions, RunSettings, configured, listed, others, spec_of, takes
from tactful.api.runs import Run, outside_loop, worked_over
from tactful.errors import UsageError

if TYPE_CHECKING:
    from tactful.calibration.forecast import Forecast
    from tactful.calibration.pipeline import RolloutConfig
    from tactful.runs import Job
    from tactful.types import Policy, State, Trajectory


class RolloutOptions(ModelOptions, RunSettings, total=False):
    """What may be given to `rollout` beside states and model."""

    actions: str
    """`levels` (default), `clarify-execute`, or a folder with an action space."""
    turns: Literal["single", "multi"]
    mainline: str
    """multi: `random` (default), `rule` or `policy:PATH` plays the mainline."""
    personas: Sequence[str]
    """Names and TOML files; default: all built in for training."""
    passes: int
    tasks_per_user: int
    max_turns: int
    branch_depth: int | None
    user_model: str
    """Who plays the user: `rules` (default), `offline` or a model name."""
    skip_bad: bool


@takes(RolloutOptions)
def rollout(
    states: Run[State] | Iterable[State] | Path | str, *, model: str, **options: Unpack[RolloutOptions]
) -> Run[Trajectory]:
    """Every state played with every persona: a mainline, and a branch for each action that it did not take.

    `states` are those of `states(…)`, or a file of them. `model` is a model's name; `offline` rehearses without any.
    Options: see `RolloutOptions`, `ModelOptions`, `RunSettings`.

    Raises DataError for states that cannot be used, StopRun when a budget is spent or a key refused.

    >>> import tactful as tf
    >>> run = tf.rollout(tf.states("coding", n=2), model="offline", out="runs/r", progress="off")
    >>> run.summary.failed, len(run.rows()) > 20
    (0, True)
    """
    from tactful.types import Trajectory

    config, rest = _rollout_config(model, options)
    read = ready_states(states, rest["skip_bad"])
    make = partial(_rollout_job, config, read, rest["skip_bad"])
    fix = "make some with 'tactful calibrate states'"
    summary, again = worked_over(make, read.name, options, what="usable state", fix=fix)
    return Run(summary, Trajectory, source=read, again=again)


def forecast_rollout(
    states: Run[State] | Iterable[State] | Path | str, *, model: str, **options: Unpack[RolloutOptions]
) -> Forecast:
    """Calls, tokens and cost that `rollout` would take, estimated by playing with a stand-in; nothing is sent."""
    import asyncio

    from tactful.calibration.forecast import forecast

    config, rest = _rollout_config(model, options)
    job = _rollout_job(config, ready_states(states, rest["skip_bad"]), rest["skip_bad"])
    limit, total = options.get("limit"), job.total
    return outside_loop(
        lambda: asyncio.run(
            forecast(
                islice(job.source, limit),  # type: ignore[arg-type]
                job.stage,  # type: ignore[arg-type]
                assistant=config.assistant,
                user=config.user,
                seed=config.seed,
                total=total if limit is None or total is None else min(limit, total),
            )
        )
    )


def _rollout_config(model: str, options: RolloutOptions) -> tuple[RolloutConfig, dict[str, Any]]:
    from tactful.calibration.pipeline import SCRIPTS, RolloutConfig

    rest = {"skip_bad": False, "user_model": "rules", **others(options)}
    user = rest["user_model"]
    listed("personas", rest.get("personas"))
    config = configured(
        RolloutConfig,
        **{name: value for name, value in rest.items() if name not in ("skip_bad", "user_model")},
        seed=options.get("seed", 0),
        assistant=spec_of(model, SCRIPTS, options),
        user=None if user == "rules" else spec_of(user, SCRIPTS, options),
    )
    return config, rest


def ready_states(source: Any, skip_bad: bool) -> Input[State]:
    """The states of a file, run or list, complete as rollouts and evaluations need them."""
    from tactful.calibration.tasks.state_rows import ready_rows

    return Input.of(source, lambda path: ready_rows(path, skip_bad=skip_bad), kind="states")


def _rollout_job(config: RolloutConfig, read: Input[State], skip_bad: bool) -> Job:
    """The run over `read` that `config` describes, its total and how it is taken up again filled in."""
    from tactful.calibration.pipeline import by_names, count_sessions, rollout_job
    from tactful.types import content_hash
    from tactful.weights.types import MANIFEST_FILE

    policy = _mainline(config)
    if config.mainline.startswith("policy:"):
        place = Path(config.mainline.removeprefix("policy:"))
        digest = content_hash((place / MANIFEST_FILE if place.is_dir() else place).read_bytes())
        config = config.model_copy(update={"mainline_hash": digest})
    total = None
    if read.path is None or read.count() is not None:
        total = count_sessions(
            _readable(read),
            personas=by_names(config.personas),
            passes=config.passes,
            tasks_per_user=config.tasks_per_user,
            seed=config.seed,
        )
    return read.job(rollout_job(config, read, mainline=policy, total=total), skip_bad=skip_bad)


def _readable(read: Input[State]) -> Iterable[State]:
    """The states for counting: a bad line is met later, where it is told."""
    from tactful.data.io import read_jsonl
    from tactful.types import State

    return read if read.path is None else read_jsonl(read.path, State, skip_bad=True)


def retry_rollout(config: dict[str, Any], source: str, skip_bad: bool) -> Job:
    """The run of a folder once more, from its stored configuration; `tactful runs retry` calls it."""
    from tactful.calibration.pipeline import RolloutConfig

    return _rollout_job(RolloutConfig.model_validate(config), ready_states(source, skip_bad), skip_bad)


def _mainline(config: RolloutConfig) -> Policy | None:
    """The policy that plays the mainline; None for `random`."""
    if config.mainline == "random":
        return None
    if config.mainline == "rule":
        from tactful.calibration.play.actions import load_action_spaces
        from tactful.policy.simple import RulePolicy

        spaces = load_action_spaces(config.actions)
        return RulePolicy(next(iter(spaces.values())).names)
    if config.mainline.startswith("policy:"):
        from tactful.policy import read_policy, ready

        return ready(read_policy(Path(config.mainline.removeprefix("policy:"))))
    raise UsageError(f"--mainline {config.mainline}: expected random, rule or policy:PATH")
