"""The better and the worse action at each decision point."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack

from tactful.api.calibrate.reward import reward_config, rewarded_input
from tactful.api.options import configured, run_options, takes
from tactful.api.runs import Run, worked
from tactful.errors import DataError

if TYPE_CHECKING:
    from tactful.calibration.pairs import Order, PairSummary
    from tactful.calibration.pipeline import PairRunConfig
    from tactful.calibration.reward.rewards import RewardConfig
    from tactful.calibration.types import Rewarded
    from tactful.types import PreferencePair  # noqa: F401 - in the base of PairsRun

_MOVES = {
    "few_repeats": "--select mean averages {repeats} repeats of every action: roll out with --passes {repeats}, "
    "or lower --repeats",
    "one_action": "roll out with branches (--turns multi), so that actions can be compared",
    "duplicate_action": "the file holds the same rollout twice: leave one out",
    "unscored": "see why in the reward run, then: tactful runs retry RUN --unscored",
    "tie": "the actions are worth the same here: take tasks that leave more open, or other reward constants",
    "small_margin": "rewards differ by less than {margin:g}: lower --min-margin",
}
"""What to do when most decision points are dropped for a reason."""


class PairsOptions(TypedDict, total=False):
    """What may be given to `pairs` beside the rewarded trajectories."""

    select: Literal["best-worst", "all", "adjacent", "mean"]
    """Default here and on the command line: `best-worst`. To train a policy: `all`."""
    min_margin: float
    """Pairs whose rewards differ by less are dropped; default 0.05."""
    view: Literal["full", "policy"]
    """`policy` leaves out the persona, which no policy sees."""
    repeats: int
    """mean: passes that every action needs; default 4."""
    config: RewardConfig | Path | str | None
    """The reward configuration; default: that of the reward run."""
    actions: str | None
    """Folder of your own action space, for the actions' order."""
    out: Path | str | None
    progress: Literal["auto", "rich", "plain", "off"]
    skip_bad: bool


class PairsRun(Run["PreferencePair"]):
    """Preference pairs, and what became of the decision points."""

    @cached_property
    def made(self) -> PairSummary:
        """Of the decision points, and why those dropped were."""
        from tactful.calibration.pairs import PairSummary

        if not self.details:
            raise DataError(f"{self.folder}: has no summary.json, was it killed? make the pairs again")
        return PairSummary.of(self.details)


@takes(PairsOptions)
def pairs(
    rewarded: Run[Rewarded] | Iterable[Rewarded] | Path | str, **options: Unpack[PairsOptions]
) -> PairsRun:
    """Preference pairs of rewarded trajectories: prompt, chosen, rejected, and the margin of their rewards (> 0).

    Raises DataError when no decision point gives a pair, with what dropped most of them and what would help.
    """
    from tactful.calibration.pairs import PairMaker
    from tactful.calibration.pipeline import PairRunConfig, pairs_job
    from tactful.types import PreferencePair

    read = rewarded_input(rewarded, options.get("skip_bad", False))
    rewards = reward_config(options.get("config") or _config_of_run(rewarded))
    chosen = {key: options[key] for key in ("select", "min_margin", "view", "repeats") if key in options}
    config = configured(PairRunConfig, **chosen, reward=rewards)
    maker = PairMaker(config, rewards, _order(options.get("actions")))
    for record in read:
        maker.add(record)
    if not maker.summary.trajectories:
        fix = "give the folder of 'tactful calibrate reward'"
        raise DataError.at(read.name, None, "holds no rewarded trajectory", fix=fix)
    made = maker.pairs()
    first = next(made, None)
    if first is None:
        raise _no_pair(read.name, maker.summary, config)
    summary = worked(pairs_job(config, chain((first,), made)), run_options(options))
    run = PairsRun(summary, PreferencePair, source=read)
    run.made = maker.summary
    summary.folder.save_summary({"run": str(run.folder), **run.made.as_dict(), "bad_lines": run.bad})
    return run


def _no_pair(path: str, summary: PairSummary, config: PairRunConfig) -> DataError:
    """Why nothing is left, and what would help against the most frequent reason."""
    counted = ", ".join(f"{count} {reason}" for reason, count in summary.dropped.most_common())
    most = summary.dropped.most_common(1)[0][0] if summary.dropped else ""
    fix = _MOVES.get(most, "roll out more states").format(repeats=config.repeats, margin=config.min_margin)
    problem = f"gives no pair; of {summary.read} decision points were dropped: {counted or 'none'}"
    return DataError.at(path, None, problem, fix=fix)


def _config_of_run(source: Any) -> Path | None:
    """The configuration that a reward run was made with; None for a file. Raises DataError for another run."""
    from shlex import quote

    from tactful.runs import RunFolder

    if not isinstance(source, str | os.PathLike) or not Path(source).is_dir():
        return None
    folder = RunFolder.open(Path(source))
    info = folder.info()
    if (info.noun, info.verb) != ("calibrate", "reward"):
        raise DataError(
            f"{folder.path}: is a run of '{info.noun} {info.verb}', expected one of 'calibrate reward'; "
            f"run: tactful calibrate reward {quote(str(folder.path))}"
        )
    return folder.config_path


def _order(actions: str | None) -> Order | None:
    if actions is None:
        return None
    from tactful.calibration.play.actions import load_action_space

    return lambda space, domain: load_action_space(actions, domain).names
