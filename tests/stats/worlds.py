"""Made-up groups with known truth: does each interval that we print hold the truth as often as it says?

`INTERVALS` names every kind of interval, the room's own function that makes it, and the world it is tried in. The truth
is the same figure of `MANY` groups. Groups differ in size and in rate, as sessions, dialogues and tasks do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from tactful.calibration.reward.information import information
from tactful.evaluation.feedback.measures import WIDTH, Scored, measure_difference, measure_labels
from tactful.evaluation.judges.measures import Columns, agreement, difference, estimates
from tactful.stats import Estimate
from tactful.stats.bootstrap import group_draws, group_sums, grouped_gap, grouped_mean, ratio
from tactful.stats.offpolicy import LoggedDecisions, cross_fitted, off_policy_value
from tactful.stats.shares import clustered_share

MANY = 20_000
RESAMPLES = 1000
Made = Callable[[np.random.Generator, int, int], Estimate]
"""(random numbers, number of groups, seed of the resamples) → the estimate."""


@dataclass(frozen=True)
class Sessions:
    """Moments of sessions, one entry each."""

    session: np.ndarray
    p: np.ndarray
    accepted: np.ndarray
    other: np.ndarray
    """Probability of a second, worse judge."""


def sessions(rng: np.random.Generator, count: int) -> Sessions:
    """4 to 13 moments a session, whose rate and whose judge's error have a part of their own in each session."""
    size = rng.integers(4, 14, count)
    session = np.repeat(np.arange(count), size)
    at = rng.normal(0, 1, len(session)) + rng.normal(0, 0.5, count)[session]
    accepted = rng.random(len(session)) < expit(1.2 * at)
    p = expit(at + rng.normal(0, 0.5, len(session)))
    return Sessions(session, p, accepted, expit(at + rng.normal(0, 1.5, len(session))))


def expit(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def columns(made: Sessions, p: np.ndarray) -> Columns:
    silent = np.arange(len(p)) % 3 == 0
    category = np.where(silent, np.where(made.accepted, 3, 2), np.where(made.accepted, 0, 1))
    return Columns(
        accepted=made.accepted.astype(float),
        said=(p >= 0.5).astype(float),
        p=p,
        even=p,
        category=category,
        session=made.session,
        votes=np.zeros((len(p), 2)),
    )


# ---------------------------------------------------------------- what is measured


def mean_reward(rng: np.random.Generator, count: int, seed: int) -> Estimate:
    """Rewards of tasks: solved or not, less what was asked; two personas each."""
    solved = rng.random((count, 2)) < rng.beta(3, 2, count)[:, None]
    reward = solved * 1.0 - 0.1 * rng.integers(0, 3, (count, 2))
    return grouped_mean(reward.ravel(), np.repeat(np.arange(count), 2), seed=seed, resamples=RESAMPLES)


def mean_share(rng: np.random.Generator, count: int, seed: int) -> Estimate:
    """How often an action is taken, five decisions a task."""
    taken = rng.random((count, 5)) < rng.beta(3, 5, count)[:, None]
    return grouped_mean(taken.ravel(), np.repeat(np.arange(count), 5), seed=seed, resamples=RESAMPLES)


def paired(rng: np.random.Generator, count: int, seed: int) -> Estimate:
    """One policy minus another on the same tasks."""
    base = rng.normal(0, 1, count)
    gap = 0.2 + 0.3 * base + rng.normal(0, 0.5, count)
    return grouped_mean(gap, np.arange(count), seed=seed, resamples=RESAMPLES)


def gap_of_rates(rng: np.random.Generator, count: int, seed: int) -> Estimate:
    """Ask rate where the request is open minus where it is clear."""
    group = np.repeat(np.arange(count), 8)
    open_ = rng.random(len(group)) < 0.5
    asked = rng.random(len(group)) < expit(rng.normal(0, 0.5, count)[group] + open_)
    found = grouped_gap(asked, open_, ~open_, group, seed=seed, resamples=RESAMPLES)
    assert found is not None
    return found


def false_alarm_ratio(rng: np.random.Generator, count: int, seed: int) -> Estimate:
    made = sessions(rng, count)
    said = (made.p >= 0.4).astype(float)
    sums = group_sums(made.session, np.stack([said * ~made.accepted, said], axis=1), count)
    return ratio(sums[:, 0], sums[:, 1], group_draws(count, RESAMPLES, seed), items=len(said))


def of_judge(name: str, *, equal: bool = False) -> Made:
    def made(rng: np.random.Generator, count: int, seed: int) -> Estimate:
        found = sessions(rng, count)
        return estimates(columns(found, found.p), group_draws(count, RESAMPLES, seed), equal=equal)[name]

    return made


def judge_difference(rng: np.random.Generator, count: int, seed: int) -> Estimate:
    found = sessions(rng, count)
    one, other = columns(found, found.p), columns(found, found.other)
    return difference(one, other, group_draws(count, RESAMPLES, seed))["auroc"]


def alpha(rng: np.random.Generator, count: int, seed: int) -> Estimate:
    found = sessions(rng, count)
    return agreement(columns(found, found.p), group_draws(count, RESAMPLES, seed)).with_verdict


def labels(rng: np.random.Generator, count: int) -> tuple[Scored, Scored]:
    """Dialogues of 4 to 12 turns, labelled by people and by two judges that are right two and one time in three."""
    dialogue = np.repeat(np.arange(count), rng.integers(4, 13, count))
    gold = np.where(rng.random(len(dialogue)) < 0.5, 0, rng.integers(0, 3, len(dialogue)))
    ease = expit(rng.normal(0.7, 0.5, count))[dialogue]

    def judge(right: np.ndarray) -> Scored:
        said = np.where(rng.random(len(gold)) < right, gold, rng.integers(0, 3, len(gold)))
        return Scored(gold, said, said == gold, np.full(len(gold), np.nan), dialogue)

    assert WIDTH >= 3
    return judge(ease), judge(ease / 2)


def macro_f1(rng: np.random.Generator, count: int, seed: int) -> Estimate:
    return measure_labels(labels(rng, count)[0], seed=seed)[0]["macro_f1"]


def macro_f1_difference(rng: np.random.Generator, count: int, seed: int) -> Estimate:
    return measure_difference(*labels(rng, count), seed=seed)["macro_f1"]


def label_share(rng: np.random.Generator, count: int, seed: int) -> Estimate:
    """The share of a label over turns of dialogues that are alike."""
    size = rng.integers(2, 12, count)
    yes = rng.binomial(size, rng.beta(1.5, 3.5, count))
    apart = yes - yes.sum() / size.sum() * size
    return clustered_share(int(yes.sum()), int(size.sum()), float(apart @ apart), count)


def value_of_information(rng: np.random.Generator, count: int, seed: int) -> Estimate:
    """Two wordings, two actions; each is better in one of them. Truth: 0.5 · (0.9 + 0.7) − 0.7.

    One fixed action is clearly better, by 0.15: where two are nearly as good (0.05), the choice between them is a toss
    that the interval does not hold, and it covers 85%.
    """
    means = np.array([[0.9, 0.7], [0.2, 0.7]])
    table = means + rng.normal(0, 0.2, (count, 1, 1)) + rng.normal(0, 0.15, (count, 2, 2))
    return information("made up", table, ("LOW", "MID")).value


ASKED_OFF_POLICY = np.array([[0.2, 0.9], [0.6, 0.5], [0.85, 0.2]])
"""Openness → chance that asking was right, that answering was."""
OFF_POLICY_TRUTH = float(np.array([0.9, 0.6, 0.85]).mean())
"""Of the policy that asks from the middle on; the users' own parts have mean 0."""


def off_policy(name: str) -> Made:
    """Users with 20 to 39 decisions each; the log's policy asks at 0.25, 0.5, 0.6 by openness, less often some users."""

    def made(rng: np.random.Generator, count: int, seed: int) -> Estimate:
        user = np.repeat(np.arange(count), rng.integers(20, 40, count))
        openness = rng.integers(0, 3, len(user))
        chance = np.array([0.25, 0.5, 0.6])[openness] * rng.uniform(0.6, 1.4, count)[user]
        asked = rng.random(len(user)) < chance
        right = ASKED_OFF_POLICY[openness, np.where(asked, 0, 1)] + rng.uniform(-0.1, 0.1, count)[user]
        reward = (rng.random(len(user)) < right).astype(float)
        would = openness >= 1
        names = [str(one) for one in user]
        if_asked, if_not = cross_fitted([str(one) for one in openness], asked, reward, names)
        logged = LoggedDecisions(
            propensity=np.where(asked, chance, 1 - chance),
            target=(asked == would).astype(float),
            reward=reward,
            model_taken=np.where(asked, if_asked, if_not),
            model_target=np.where(would, if_asked, if_not),
            groups=names,
        )
        found: Estimate | None = getattr(off_policy_value(logged, seed=seed, resamples=RESAMPLES), name)
        return found or Estimate(value=None, items=0, groups=count)

    return made


INTERVALS: Mapping[str, Made] = {
    "off policy, inverse propensity": off_policy("ips"),
    "off policy, self-normalised": off_policy("self_normalised"),
    "off policy, doubly robust": off_policy("doubly_robust"),
    "mean reward": mean_reward,
    "share of an action": mean_share,
    "paired difference": paired,
    "gap of two rates": gap_of_rates,
    "false-alarm ratio": false_alarm_ratio,
    "recall": of_judge("recall"),
    "balanced accuracy, even weights": of_judge("balanced_accuracy", equal=True),
    "Brier": of_judge("brier"),
    "AUROC": of_judge("auroc"),
    "AUROC minus another's": judge_difference,
    "alpha": alpha,
    "macro-F1": macro_f1,
    "macro-F1 minus another's": macro_f1_difference,
    "share of a label": label_share,
    "value of information": value_of_information,
}


@lru_cache
def truth(name: str) -> float:
    """The figure of so many groups that chance hardly moves it; resampled only as far as the function insists."""
    if name == "value of information":
        return 0.1
    if name.startswith("off policy"):
        return OFF_POLICY_TRUTH
    value = INTERVALS[name](np.random.default_rng(987), 4000 if name in _DENSE else MANY, 0).value
    assert value is not None
    return value


_DENSE = {"macro-F1", "macro-F1 minus another's"}
"""Their function resamples 1,000 times, whatever one wants."""


def coverage(name: str, groups: int, draws: int = 500, seed: int = 0) -> float:
    """Share of simulated draws of `groups` groups whose interval holds the truth; one that has none counts as held not."""
    rng = np.random.default_rng([seed, groups])
    held = 0
    for number in range(draws):
        found = INTERVALS[name](rng, groups, number)
        held += found.low is not None and found.high is not None and found.low <= truth(name) <= found.high
    return held / draws
