"""States to start from: drawn from the bundled seed tasks, or read from the user's file, with estimated clarity.

Clarity and complexity come from the text alone. A text with a known label is scored by models that never saw its
base task (cross-fitting); any other text by the models fitted on all bundled seeds of its domain.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain, count, islice
from typing import TYPE_CHECKING, Literal

from tactful.calibration.tasks.reading import read_clarity
from tactful.data.seeds.tasks import seed_domains
from tactful.errors import UsageError
from tactful.reading.estimate.estimator import Estimator, domain_estimator, seed_task_states
from tactful.stats import group_folds
from tactful.types import State, seeded

if TYPE_CHECKING:
    from tactful.reading.types import ReaderAtOnce

FOLDS = 5


def group_of(state: State) -> str:
    """What splits and intervals of this state go by: its group, else its id."""
    return state.group or state.id


@cache
def seed_states(domain: str) -> tuple[State, ...]:
    """Both wordings of every bundled task of the domain, clarity cross-fitted by base task; fitted once a process.

    Raises: UserError for a domain without bundled tasks.
    """
    return tuple(estimate_states(list(seed_task_states(domain))))


def _of_people(state: State) -> bool:
    """Whether a person wrote it: it is neither a bundled task nor one of MBPP, in one of its two wordings."""
    return not state.wording or state.source.partition(":")[0] not in ("seed", "mbpp")


def estimate_states(states: Sequence[State]) -> list[State]:
    """Labelled states with clarity and complexity, each scored by models that never saw its group.

    Every state must have a `wording`; existing estimates are replaced. With fewer groups than folds, every group
    is a fold. Raises: UsageError when a wording is missing, or there are fewer than two groups.
    """
    unlabelled = next((state.id for state in states if not state.wording), None)
    if unlabelled is not None:
        raise UsageError(f"state '{unlabelled}' has no wording; cross-fitting needs complete and open states")
    groups = [group_of(state) for state in states]
    fold_of = group_folds(groups, min(FOLDS, len(set(groups))))
    estimated: list[State | None] = [None] * len(states)
    for fold in range(max(fold_of.values()) + 1):
        inside = [at for at, group in enumerate(groups) if fold_of[group] == fold]
        outside = [state for state, group in zip(states, groups, strict=True) if fold_of[group] != fold]
        scored = Estimator.fit(outside).complete([states[at] for at in inside])
        for at, state in zip(inside, scored, strict=True):
            estimated[at] = state
    return [state for state in estimated if state is not None]


def complete_states(states: Sequence[State], *, reader: ReaderAtOnce | None = None) -> list[State]:
    """The states with missing clarity and complexity filled in, in their order; what is given stays.

    Clarity of what people wrote is read by `reader` where one is given. All else (bundled tasks and MBPP, whose "open"
    means that something hidden is left out) is estimated from counts of words: states of one domain that know their
    wording, in both kinds and of at least ten groups, are cross-fitted among themselves; all others are scored by
    `domain_estimator`. Bundled seed states get their cross-fitted estimate.
    """
    result = list(states) if reader is None else read_clarity(states, reader, where=_of_people)
    by_domain: dict[str, list[int]] = {}
    for at, state in enumerate(result):
        if state.query_clarity is None or state.task_complexity is None:
            by_domain.setdefault(state.domain, []).append(at)
    for domain, places in by_domain.items():
        for at, state in zip(places, _complete_domain(domain, [result[at] for at in places]), strict=True):
            result[at] = state
    return result


def _complete_domain(domain: str, states: list[State]) -> list[State]:
    asked = {state.query for state in states}
    bundled = domain in seed_domains() and any(seed.query in asked for seed in seed_task_states(domain))
    seeds = {state.query: state for state in seed_states(domain)} if bundled else {}
    estimates = domain_estimator(domain).complete(states)
    if any(state.query in seeds for state in states):
        estimates = [seeds.get(state.query, scored) for state, scored in zip(states, estimates, strict=True)]
    elif _can_crossfit(states):
        # Clarity only: a set of the user's (MBPP) need not vary in its number of requirements.
        clarity = [state.query_clarity for state in estimate_states(states)]
        estimates = [
            state.model_copy(update={"query_clarity": value})
            for state, value in zip(estimates, clarity, strict=True)
        ]
    return [
        state.model_copy(
            update={
                "query_clarity": _given(state.query_clarity, found.query_clarity),
                "task_complexity": _given(state.task_complexity, found.task_complexity),
            }
        )
        for state, found in zip(states, estimates, strict=True)
    ]


def _given(given: float | None, otherwise: float | None) -> float | None:
    return otherwise if given is None else given


def _can_crossfit(states: Sequence[State]) -> bool:
    """Whether every training fold is sure to hold both wordings."""
    per_wording = {
        wording: {group_of(state) for state in states if state.wording == wording}
        for wording in ("complete", "open", "")
    }
    return not per_wording[""] and min(len(per_wording["complete"]), len(per_wording["open"])) >= 2 * FOLDS


def synthetic_states(domain: str, n: int, seed: int = 0) -> list[State]:
    """`n` states drawn from the bundled tasks, half complete and half open, with cross-fitted estimates.

    Drawn without repetition as long as the bundle lasts, base tasks spread evenly: the two wordings of one task
    come together only when `n` exceeds the number of tasks. Beyond two per task the bundle starts over, and a
    repeated state gets the suffix `~2`, `~3`… in its id and keeps its group.
    Raises: UserError for an unknown domain, UsageError for n < 1.
    """
    if n < 1:
        raise UsageError(f"--n {n}: at least one state is needed")
    by_task: dict[str, dict[str, State]] = {}
    for state in seed_states(domain):
        by_task.setdefault(state.group, {})[state.wording] = state
    drawn = chain.from_iterable(_lap(by_task, lap, seed) for lap in count(1))
    return list(islice(drawn, n))


def _lap(by_task: dict[str, dict[str, State]], lap: int, seed: int) -> Iterator[State]:
    """Every state of the bundle once: first one wording per task, alternating, then the other."""
    order = sorted(by_task)
    seeded("synthetic", seed, lap).shuffle(order)
    wordings: tuple[Literal["complete", "open"], ...] = ("complete", "open")
    for half in (0, 1):
        for at, task in enumerate(order):
            state = by_task[task][wordings[(at + half + seed) % 2]]
            yield state if lap == 1 else state.model_copy(update={"id": f"{state.id}~{lap}"})
