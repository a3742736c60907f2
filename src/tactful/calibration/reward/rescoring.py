"""Re-scoring by columns: the reward of many trajectories under another configuration, in one pass of numpy.

The sweeps over α, λ and δ load the stored counts once and then re-score thousands of times. `rescore` gives the
same numbers as `rewards.recompute` and `rewards.return_to_go`: both fill the one formula of `interruption`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import orjson
from numpy.typing import NDArray

from tactful.calibration.reward.interruption import Tally, cost_of
from tactful.calibration.reward.rewards import RewardConfig
from tactful.calibration.reward.task_score import task_score
from tactful.calibration.types import Rewarded
from tactful.errors import DataError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_NAMED = ("id", "state_id", "group", "persona", "pass_index", "decision_point")
_COUNTED = ("questions", "asked", "rejected", "answered", "tokens", "off_topic")


class Scores(NamedTuple):
    """One entry per trajectory; NaN = unscored."""

    task_score: Floats
    interruption_cost: Floats
    reward: Floats


@dataclass(frozen=True)
class RewardColumns:
    """Stored counts and scores of n trajectories with S steps in all, as columns."""

    ids: tuple[str, ...]
    state_ids: tuple[str, ...]
    groups: tuple[str, ...]
    personas: tuple[str, ...]
    actions: tuple[str, ...]
    """The action at the decision point of the trajectory: its first, or the one by which a branch departs."""
    decision_points: Ints
    passes: Ints
    share: Floats
    """(n,) R_task by share; NaN = unscored."""
    all_or_nothing: Floats
    """(n,) R_task by all-or-nothing: for plans the same as `share`; NaN = unscored."""
    row: Ints
    """(S,) The trajectory that a step belongs to."""
    position: Ints
    """(S,) The step's index in it."""
    questions: Ints
    asked: Ints
    rejected: Ints
    answered: Ints
    tokens: Ints
    off_topic: Ints

    def __len__(self) -> int:
        return len(self.ids)

    @classmethod
    def from_rewarded(cls, records: Iterable[Rewarded]) -> RewardColumns:
        """RewardColumns of records in memory."""
        builder = _Builder()
        for record in records:
            trajectory = record.trajectory
            builder.add(
                named=attrgetter(*_NAMED)(trajectory),
                action=trajectory.steps[trajectory.decision_point].action,
                scores=record.requirement_scores,
                weights=record.requirement_weights,
                all_passed=record.all_passed,
                counts=list(map(attrgetter(*_COUNTED), record.counts)),
            )
        return builder.columns()

    @classmethod
    def from_jsonl(cls, path: Path) -> RewardColumns:
        """RewardColumns of a file of `Rewarded` records, read without building the records.

        The file is trusted to hold what `calibrate reward` wrote. Raises DataError with the line otherwise.
        """
        builder = _Builder()
        with path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                try:
                    row = orjson.loads(line)
                    trajectory = row["trajectory"]
                    builder.add(
                        named=itemgetter(*_NAMED)(trajectory),
                        action=trajectory["steps"][trajectory["decision_point"]]["action"],
                        scores=row["requirement_scores"],
                        weights=row["requirement_weights"],
                        all_passed=row["all_passed"],
                        counts=list(map(itemgetter(*_COUNTED), row["counts"])),
                    )
                except (orjson.JSONDecodeError, KeyError, TypeError, IndexError) as error:
                    raise DataError.at(
                        path,
                        number,
                        f"is no rewarded trajectory ({error!r})",
                        fix="run 'tactful calibrate reward'",
                    ) from error
        return builder.columns()


class _Builder:
    """Gathers rows, then turns them into arrays once."""

    def __init__(self) -> None:
        self.named: list[tuple[Any, ...]] = []
        self.actions: list[str] = []
        self.share: list[float] = []
        self.strict: list[float] = []
        self.lengths: list[int] = []
        self.steps: list[tuple[int, ...]] = []

    def add(
        self,
        *,
        named: tuple[Any, ...],
        action: str,
        scores: Mapping[str, float | None],
        weights: Mapping[str, float],
        all_passed: bool | None,
        counts: list[tuple[int, ...]],
    ) -> None:
        self.named.append(named)
        self.actions.append(action)
        share = task_score(scores, weights, all_passed, "share")
        strict = task_score(scores, weights, all_passed, "all-or-nothing")
        self.share.append(np.nan if share is None else share)
        self.strict.append(np.nan if strict is None else strict)
        self.lengths.append(len(counts))
        self.steps.extend(counts)

    def columns(self) -> RewardColumns:
        lengths = np.array(self.lengths, dtype=np.int64)
        row = np.repeat(np.arange(len(lengths)), lengths)
        first = np.cumsum(lengths) - lengths
        steps = np.array(self.steps, dtype=np.int64).reshape(-1, len(_COUNTED)).T
        named: Iterable[tuple[Any, ...]] = zip(*self.named, strict=True) if self.named else [()] * len(_NAMED)
        ids, state_ids, groups, personas, passes, points = named
        return RewardColumns(
            ids=ids,
            state_ids=state_ids,
            groups=groups,
            personas=personas,
            actions=tuple(self.actions),
            decision_points=np.array(points, dtype=np.int64),
            passes=np.array(passes, dtype=np.int64),
            share=np.array(self.share, dtype=float),
            all_or_nothing=np.array(self.strict, dtype=float),
            row=row,
            position=np.arange(len(row)) - first[row] if len(row) else row,
            **dict(zip(_COUNTED, steps, strict=True)),
        )


def rescore(columns: RewardColumns, config: RewardConfig, *, start: Ints | None = None) -> Scores:
    """Task score, interruption cost and reward of every trajectory under `config`.

    `start` (n,) counts the cost from that step on, which gives the return to go (`columns.decision_points`
    for branches); None counts whole episodes.
    """
    counted = (
        np.ones(len(columns.row), dtype=bool) if start is None else columns.position >= start[columns.row]
    )

    def total(values: Ints) -> Ints:
        # Exact: the counts are far below 2**53.
        sums = np.bincount(columns.row, weights=values * counted, minlength=len(columns))
        return sums.astype(np.int64)

    counts = Tally(
        questions=total(columns.questions),
        rejected_questions=total(columns.asked * columns.rejected),
        good_questions=total(columns.asked * columns.answered),
        rejections=total(columns.rejected),
        long_messages=total((columns.tokens > config.too_long_tokens).astype(np.int64)),
        off_topic=total(columns.off_topic),
    )
    task = columns.share if config.task_score == "share" else columns.all_or_nothing
    cost: Floats = cost_of(counts, config, minimum=np.minimum)
    return Scores(task_score=task, interruption_cost=cost, reward=task - cost)
