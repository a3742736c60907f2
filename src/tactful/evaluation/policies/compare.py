"""Several evaluations of the same tasks in one table, with paired differences between their runs.

Runs are paired by (state, persona, pass): the same task, user and luck, under another model or another prompt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tactful.data.sealed import load_document
from tactful.errors import UsageError
from tactful.evaluation.policies.results import Evaluation
from tactful.evaluation.policies.walking.tree import ActionTree
from tactful.runs import write_atomic
from tactful.stats import Estimate
from tactful.stats.bootstrap import grouped_mean
from tactful.types import Record

FILE_NAME = "outcomes.json"
_MOST_BYTES = 1 << 29
"""Of outcomes: some ten bytes for each policy on each tree."""


class Met(Record):
    """One tree of an evaluation: what pairs it with that of another run."""

    state: str
    persona: str
    pass_index: int
    group: str
    held_out: bool


class Outcomes(Record):
    """The reward of every policy on every tree; the file `outcomes.json` beside `evaluation.json`."""

    trees: tuple[Met, ...]
    rewards: Mapping[str, tuple[float | None, ...]]
    """Policy → reward on each tree; None where unscored."""


class Difference(Record):
    """Mean reward of a policy in one run minus that in the first run, on what both met."""

    run: str
    policy: str
    reward: Estimate
    difference: Estimate | None
    """None for the first run, and where the first run has no such policy."""


def save_outcomes(
    folder: Path, trees: Sequence[ActionTree], rewards: Mapping[str, NDArray[np.float64]]
) -> None:
    """Write `outcomes.json` of the run in `folder`."""
    kept = Outcomes(
        trees=tuple(
            Met(
                state=tree.state.id,
                persona=tree.persona,
                pass_index=tree.pass_index,
                group=tree.group,
                held_out=tree.held_out,
            )
            for tree in trees
        ),
        rewards={
            name: tuple(None if np.isnan(value) else round(float(value), 6) for value in values)
            for name, values in rewards.items()
        },
    )
    write_atomic(folder / FILE_NAME, [kept.model_dump_json().encode(), b"\n"])


def read_outcomes(run: Path) -> Outcomes:
    """The outcomes of an evaluation's run. Raises DataError where the run has none."""
    file = run / FILE_NAME
    fix = "measure it again: tactful calibrate evaluate … --resume, which makes no call"
    return load_document(file, Outcomes, what="file of outcomes", again=fix, most=_MOST_BYTES)


def compared(runs: Mapping[str, tuple[Evaluation, Outcomes]]) -> list[Difference]:
    """Every policy of every run (name → evaluation and outcomes), with its paired difference to the first run.

    Users of training only. Raises UsageError when a run has no task, user and pass in common with the first.
    """
    (first, (_, base)), *_ = runs.items()
    rows: list[Difference] = []
    for name, (found, outcomes) in runs.items():
        pairs = _paired(outcomes, base)
        if not pairs:
            raise UsageError(
                f"{name}: met no task with the user and pass of {first}: there is nothing to pair"
            )
        groups = [outcomes.trees[mine].group for mine, _ in pairs]
        for item in found.policies:
            gap = None
            if name != first and item.name in base.rewards:
                own = np.array(outcomes.rewards[item.name], dtype=float)
                other = np.array(base.rewards[item.name], dtype=float)
                gap = grouped_mean([own[mine] - other[theirs] for mine, theirs in pairs], groups)
            rows.append(
                Difference(run=name, policy=item.name, reward=item.measures["reward"], difference=gap)
            )
    return rows


def _paired(one: Outcomes, other: Outcomes) -> list[tuple[int, int]]:
    """Places of the same tree in both, users of training only."""
    places = {(tree.state, tree.persona, tree.pass_index): at for at, tree in enumerate(other.trees)}
    found = []
    for at, tree in enumerate(one.trees):
        theirs = places.get((tree.state, tree.persona, tree.pass_index))
        if theirs is not None and not tree.held_out and not other.trees[theirs].held_out:
            found.append((at, theirs))
    return found
