"""Preference pairs: which action had the better future at this decision point?

Actions are compared within one decision point only: same state, same conversation so far, same persona and (but
for `mean`) same pass. In multi-turn mode that sets the mainline's own step against the branches that depart at it,
by return to go. What cannot become a pair is dropped by group and counted by reason: done + dropped = read.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, pairwise
from statistics import fmean
from typing import Any, Literal, NamedTuple

from pydantic import Field

from tactful.calibration.play.actions import load_action_space
from tactful.calibration.play.episode import conversation
from tactful.calibration.reward.rewards import Alternative, RewardConfig, alternatives, recompute
from tactful.calibration.types import Rewarded
from tactful.data.exporting.forms import same_key
from tactful.errors import ConfigError, DataError
from tactful.text.thoughts import strip_thoughts
from tactful.types import (
    Message,
    PreferencePair,
    Provenance,
    PublicState,
    Record,
    RewardedBranch,
    content_hash,
)

Dropped = Literal["one_action", "unscored", "tie", "small_margin", "few_repeats", "duplicate_action"]
Order = Callable[[str, str], Sequence[str]]
"""(action space, domain) → its actions, least intense first."""


class PairConfig(Record):
    """Which pairs are made of a decision point."""

    select: Literal["best-worst", "all", "adjacent", "mean"] = "best-worst"
    """`best-worst`: the best action against the worst, the published form. `all`: every two actions.
    `adjacent`: neighbours in intensity. `mean`: every two actions, each averaged over its repeats in a run first."""
    min_margin: float = Field(default=0.05, ge=0)
    """Pairs whose rewards differ by less are dropped; half the cost of one question."""
    view: Literal["full", "policy"] = "full"
    """`policy` leaves out the persona, which no policy sees."""
    repeats: int = Field(default=4, ge=2)
    """`mean`: passes that every action of a group must have."""


class Wins(NamedTuple):
    """Two actions of one domain: how often and by how much `first` led to more than `second`."""

    domain: str
    first: str
    second: str
    won: int
    """Best-worst pairs in which `first` was chosen over `second`."""
    lost: int
    mean_difference: float
    """Mean reward of `first` minus `second` over the decision points where both were scored."""
    groups: int


@dataclass
class PairSummary:
    """What became of the decision points; done + sum(dropped) = read."""

    read: int = 0
    """Groups: decision points, per persona and (but for `mean`) pass."""
    done: int = 0
    """Groups that gave at least one pair."""
    dropped: Counter[Dropped] = field(default_factory=Counter)
    trajectories: int = 0
    unscored_trajectories: int = 0
    pairs: int = 0
    small_pairs: int = 0
    """Pairs below the margin, ties included, also in groups that gave others."""
    same_text: int = 0
    """Pairs whose two messages are the same to a reader: they teach a policy, not a language model."""
    contradicting: int = 0
    """Pairs to which another pair with the same public state and the same two actions says the opposite."""
    wins: list[Wins] = field(default_factory=list)

    @property
    def contradicting_share(self) -> float | None:
        """Contradicting pairs among all, in [0, 1]; None without pairs."""
        return self.contradicting / self.pairs if self.pairs else None

    @property
    def misleading(self) -> list[Wins]:
        """Where best-against-worst prefers the action with the lower mean reward: it counts wins, not size."""
        return [row for row in self.wins if (row.won - row.lost) * row.mean_difference < 0]

    def as_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "groups": {"read": self.read, "done": self.done, "dropped": dict(self.dropped)},
            "trajectories": {"read": self.trajectories, "unscored": self.unscored_trajectories},
            "pairs": self.pairs,
            "pairs_below_margin": self.small_pairs,
            "pairs_with_same_text": self.same_text,
            "contradicting_pairs": self.contradicting,
            "contradicting_share": self.contradicting_share,
            "wins": [row._asdict() for row in self.wins],
            "misleading": [row._asdict() for row in self.misleading],
        }

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> PairSummary:
        """What `as_dict` told."""
        groups, trajectories = told["groups"], told["trajectories"]
        return cls(
            read=groups["read"],
            done=groups["done"],
            dropped=Counter(groups["dropped"]),
            trajectories=trajectories["read"],
            unscored_trajectories=trajectories["unscored"],
            pairs=told["pairs"],
            small_pairs=told["pairs_below_margin"],
            same_text=told["pairs_with_same_text"],
            contradicting=told["contradicting_pairs"],
            wins=[Wins(**row) for row in told["wins"]],
        )


class Candidate(NamedTuple):
    """One action of a group, with its message and the reward of its future (None = unscored)."""

    action: str
    repeat: tuple[str, int]
    """(run id, pass)."""
    state: PublicState
    message: str
    branch: RewardedBranch | None
    provenance: Provenance


class GroupKey(NamedTuple):
    """What makes a decision point; only candidates with equal keys are compared."""

    space: str
    mode: str
    domain: str
    state_id: str
    decision_point: int
    conversation: str
    """Hash of the query and the messages so far: other words, other decision point."""
    persona: str
    repeat: tuple[str, int | None]
    """(run id, pass); no pass under `mean`, where a run's passes are averaged."""


class PairMaker:
    """Gathers candidates record by record, then makes the pairs. Holds messages and rewards, never a hidden side."""

    def __init__(self, config: PairConfig, reward_config: RewardConfig, order: Order | None = None) -> None:
        self.config = config
        self.summary = PairSummary()
        self._reward_config = reward_config
        self._order = order or bundled_order
        self._groups: dict[GroupKey, list[Candidate]] = defaultdict(list)
        self._differences: dict[tuple[str, str, str], list[float]] = defaultdict(list)
        self._won: Counter[tuple[str, str, str]] = Counter()

    def add(self, rewarded: Rewarded) -> None:
        """Take in one rewarded trajectory.

        Raises: DataError, when it was rewarded under another configuration than the one given here.
        """
        check_same_config(rewarded, self._reward_config)
        self.summary.trajectories += 1
        self.summary.unscored_trajectories += rewarded.task_score is None
        for alternative in alternatives(rewarded, self._reward_config):
            key, candidate = self._place(rewarded, alternative)
            self._groups[key].append(candidate)

    def _place(self, rewarded: Rewarded, alternative: Alternative) -> tuple[GroupKey, Candidate]:
        trajectory, step = rewarded.trajectory, alternative.step
        state = PublicState(**{name: getattr(step.state, name) for name in PublicState.model_fields})
        repeat = (rewarded.provenance.run_id, trajectory.pass_index)
        key = GroupKey(
            space=trajectory.action_space,
            mode=trajectory.mode,
            domain=trajectory.domain,
            state_id=trajectory.state_id,
            decision_point=alternative.decision_point,
            conversation=content_hash(
                "\x1f".join(f"{message.role}\x1e{message.content}" for message in prompt_of(state))
            ),
            persona=trajectory.persona,
            repeat=(repeat[0], None) if self.config.select == "mean" else repeat,
        )
        candidate = Candidate(
            step.action, repeat, state, strip_thoughts(step.message), alternative.branch, rewarded.provenance
        )
        return key, candidate

    def pairs(self) -> Iterator[PreferencePair]:
        """The pairs of every group, in the order in which the groups were first seen; fills in `summary`."""
        directions: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
        for key, candidates in self._groups.items():
            self.summary.read += 1
            made = self._pairs_of(key, candidates)
            self.summary.done += bool(made)
            for pair in made:
                self.summary.pairs += 1
                self.summary.same_text += same_key(pair.chosen) == same_key(pair.rejected)
                first, second = sorted((pair.chosen_action, pair.rejected_action))
                state = content_hash(pair.state.model_dump_json())
                directions[state, first, second][pair.chosen_action] += 1
                self._won[key.domain, pair.chosen_action, pair.rejected_action] += 1
                yield pair
        self.summary.contradicting = sum(
            counter.total() for counter in directions.values() if len(counter) > 1
        )
        if self.config.select == "best-worst":
            self.summary.wins = self._wins()

    def _pairs_of(self, key: GroupKey, candidates: list[Candidate]) -> list[PreferencePair]:
        order = list(self._order(key.space, key.domain))
        usable = self._usable(candidates)
        if isinstance(usable, str):
            self.summary.dropped[usable] += 1
            return []
        ranked = sorted(usable, key=lambda item: _position(item.action, order, key.space))
        for one, other in combinations(ranked, 2):
            self._differences[key.domain, one.action, other.action].append(_reward(one) - _reward(other))
        selected = list(self._select(ranked, order))
        if not selected:
            tried = {item.action for item in candidates}
            neighbours = any(tried.issuperset(two) for two in pairwise(order))
            self.summary.dropped["unscored" if neighbours else "one_action"] += 1
            return []
        pairs: list[PreferencePair] = []
        margins: list[float] = []
        for one, other in selected:
            chosen, rejected = (one, other) if _reward(one) >= _reward(other) else (other, one)
            margin = _reward(chosen) - _reward(rejected)
            margins.append(margin)
            if _is_tie(margin) or margin < self.config.min_margin - 1e-9:
                self.summary.small_pairs += 1
            else:
                pairs.append(self._pair(key, chosen, rejected))
        if not pairs:
            self.summary.dropped["tie" if _is_tie(max(margins)) else "small_margin"] += 1
        return pairs

    def _usable(self, candidates: list[Candidate]) -> list[Candidate] | Dropped:
        """One scored candidate per action, or why the group has to go."""
        by_action: dict[str, list[Candidate]] = defaultdict(list)
        for candidate in candidates:
            by_action[candidate.action].append(candidate)
        if len(by_action) < 2:
            return "one_action"
        if any(len({item.repeat for item in items}) < len(items) for items in by_action.values()):
            return "duplicate_action"
        scored = {
            action: [item for item in items if item.branch is not None] for action, items in by_action.items()
        }
        if self.config.select != "mean":
            left = [items[0] for items in scored.values() if items]
            return left if len(left) > 1 else "unscored"
        if any(len(items) < self.config.repeats for items in scored.values()):
            enough = all(len(items) >= self.config.repeats for items in by_action.values())
            return "unscored" if enough else "few_repeats"
        return [_averaged(items) for items in scored.values()]

    def _select(self, ranked: list[Candidate], order: Sequence[str]) -> Iterator[tuple[Candidate, Candidate]]:
        """What is compared of `ranked`; nothing under `adjacent` where no neighbours were scored."""
        if self.config.select == "best-worst":
            # min and max take the less intense of equals.
            yield max(ranked, key=_reward), min(ranked, key=_reward)
        elif self.config.select == "adjacent":
            neighbours = set(pairwise(order))
            yield from (two for two in pairwise(ranked) if (two[0].action, two[1].action) in neighbours)
        else:
            yield from combinations(ranked, 2)

    def _pair(self, key: GroupKey, chosen: Candidate, rejected: Candidate) -> PreferencePair:
        good, bad = _branch(chosen), _branch(rejected)
        identity = "\x1f".join((*map(str, key), chosen.action, rejected.action))
        return PreferencePair(
            id=content_hash(identity)[:16],
            state=chosen.state,
            persona=None if self.config.view == "policy" else key.persona,
            chosen_action=chosen.action,
            rejected_action=rejected.action,
            chosen_reward=good.reward,
            rejected_reward=bad.reward,
            chosen_task_score=good.task_score,
            rejected_task_score=bad.task_score,
            chosen_interruption_cost=good.interruption_cost,
            rejected_interruption_cost=bad.interruption_cost,
            margin=good.reward - bad.reward,
            prompt=prompt_of(chosen.state),
            chosen=(Message(role="assistant", content=chosen.message),),
            rejected=(Message(role="assistant", content=rejected.message),),
            provenance=chosen.provenance,
        )

    def _wins(self) -> list[Wins]:
        rows = []
        for (domain, first, second), differences in sorted(self._differences.items()):
            won, lost = self._won[domain, first, second], self._won[domain, second, first]
            rows.append(Wins(domain, first, second, won, lost, fmean(differences), len(differences)))
        return rows


def prompt_of(state: PublicState) -> tuple[Message, ...]:
    """The conversation that the step answers, as the assistant got it: the query and the messages after it.

    System messages are left out; where the user said nothing stands "(no reply)", since templates refuse
    empty messages.
    """
    return tuple(message for message in conversation(state) if message.role != "system")


def check_same_config(rewarded: Rewarded, config: RewardConfig) -> None:
    """Raises DataError when `config` does not give the reward that is stored.

    Returns to go are computed from the stored counts, so another configuration would mix two rewards unseen.
    """
    again = recompute(rewarded, config)
    same_cost = abs(again.interruption_cost - rewarded.interruption_cost) < 1e-9
    if rewarded.reward_form != config.form or not same_cost or again.task_score != rewarded.task_score:
        raise DataError(
            f"trajectory '{rewarded.trajectory.id}' was rewarded under another configuration: it holds task score "
            f"{rewarded.task_score} and interruption cost {rewarded.interruption_cost:g}, this configuration gives "
            f"{again.task_score} and {again.interruption_cost:g}; give the one it was rewarded with by --config"
        )


def bundled_order(space: str, domain: str) -> Sequence[str]:
    """The actions of a bundled action space, least intense first. Raises ConfigError for another space."""
    try:
        return load_action_space(space, domain).names
    except ConfigError as error:
        raise ConfigError(
            f"the trajectories were made with the action space '{space}' ({error}); name its folder by --actions"
        ) from error


def _averaged(repeats: list[Candidate]) -> Candidate:
    """The action with the means over its repeats; its text is that of the repeat nearest to the mean reward."""
    branches = [_branch(item) for item in repeats]
    mean = RewardedBranch(
        action=repeats[0].action,
        reward=fmean(branch.reward for branch in branches),
        task_score=fmean(branch.task_score for branch in branches),
        interruption_cost=fmean(branch.interruption_cost for branch in branches),
    )
    ordered = sorted(repeats, key=lambda item: item.repeat)
    nearest = min(ordered, key=lambda item: abs(_reward(item) - mean.reward))
    return nearest._replace(branch=mean, state=ordered[0].state)


def _position(action: str, order: Sequence[str], space: str) -> int:
    if action not in order:
        raise DataError(
            f"action '{action}' is not in the action space '{space}' ({', '.join(order)}); give its folder by --actions"
        )
    return order.index(action)


def _branch(candidate: Candidate) -> RewardedBranch:
    assert candidate.branch is not None, "unscored candidates were left out before"
    return candidate.branch


def _reward(candidate: Candidate) -> float:
    return _branch(candidate).reward


def _is_tie(margin: float) -> bool:
    return margin < 1e-9
