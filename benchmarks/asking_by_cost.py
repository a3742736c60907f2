"""Where does asking by cost gain and lose? Its numbers from users of training, and what the truth would add.

python benchmarks/asking_by_cost.py coding --passes 3 --seed 0

Prints, from the users of training: how often each rejects a needed question, the Beta prior with their mean and spread,
and what one and two questions are worth that were needed and not rejected. Then, for users of training and for those
never seen apart: the gain over asking nothing of the rule, of the rule that knows the need, the user, or both, and of the
best that could be done in hindsight; and how the rate of asking falls as a question costs more. About 0.1 s a tree:
100 states × 10 users × passes.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tactful.api.calibrate.states import states
from tactful.calibration.pipeline import SCRIPTS
from tactful.calibration.play.actions import load_action_space
from tactful.calibration.play.personas import builtin_personas
from tactful.calibration.play.users import reject_probability
from tactful.calibration.reward.rewards import RewardConfig
from tactful.calibration.types import Session
from tactful.evaluation.policies.evaluate import score_trees
from tactful.evaluation.policies.walking.tree import ActionTree, ExpandTree
from tactful.evaluation.policies.walking.tree_job import FRESH
from tactful.evaluation.policies.walking.walk import user_sessions, walk_trees
from tactful.llm import ModelSpec
from tactful.llm.offline import OfflineModel
from tactful.policy import CostPolicy, FixedPolicy
from tactful.policy.cost import Costs
from tactful.runs import Context
from tactful.stats.bootstrap import grouped_mean
from tactful.types import Decision, Policy, PublicState

REWARD = RewardConfig()
CERTAIN = 1e6
"""Answers and rejections that a user is known from, where the user is known."""


@dataclass
class World:
    """Trees of some users with the reward of every leaf."""

    trees: list[ActionTree]
    rewards: list[dict[int, float]]

    @property
    def groups(self) -> list[str]:
        return [tree.group for tree in self.trees]

    def earns(self, policy_of: Callable[[ActionTree], Policy]) -> tuple[np.ndarray, float]:
        """Reward on each tree, and the share of trees in which anything was asked."""
        found, asked = np.zeros(len(self.trees)), 0
        policies = {id(tree): policy_of(tree) for tree in self.trees}
        for session in user_sessions(self.trees, tasks_per_user=12, seed=0):
            told = Told({self.trees[at].state.id: policies[id(self.trees[at])] for at in session})
            for walk in walk_trees(self.trees, [session], lambda group, told=told: told, seed=0):
                found[walk.tree] = self.rewards[walk.tree][walk.leaf]
                asked += any(taken.asked for taken in walk.decisions)
        return found, asked / len(self.trees)


@dataclass
class Told:
    """A policy for each state."""

    by_state: dict[str, Policy]
    name: str = "told"

    @property
    def actions(self) -> tuple[str, ...]:
        return next(iter(self.by_state.values())).actions

    def act(self, state: PublicState, rng: object) -> Decision:
        return self.by_state[state.id].act(state, rng)  # type: ignore[arg-type]


@dataclass
class Knowing:
    """The rule, told the true need."""

    rule: CostPolicy
    need: float

    @property
    def actions(self) -> tuple[str, ...]:
        return self.rule.actions

    def act(self, state: PublicState, rng: object) -> Decision:
        return self.rule.act(state.model_copy(update={"query_clarity": 1 - self.need}))


async def grown(domain: str, passes: int, seed: int, *, held_out: bool) -> list[ActionTree]:
    """The trees of every task with every user of training, or with those held out."""
    model = OfflineModel(ModelSpec(name="offline", scripts=(SCRIPTS,)))
    stage = ExpandTree(load_action_space("levels", domain))
    found = []
    for number in range(FRESH, FRESH + passes):
        for persona in builtin_personas(domain):
            for state in states(domain, n=100) if persona.held_out == held_out else ():
                name = f"{state.id}/{persona.name}/p{number}"
                session = Session(id=name, persona=persona, states=(state,), pass_index=number)
                context = Context(record_id=name, seed=seed, run_id="", models={"assistant": model})
                found.append(await stage(session, context))
    return found


def worth(world: World) -> None:
    """What users of training tell: the prior over users, and the value of questions that were needed and not rejected."""
    rejects: dict[str, list[bool]] = {}
    value: dict[str, list[float]] = {"MID": [], "HIGH": []}
    for tree, rewards in zip(world.trees, world.rewards, strict=True):
        if tree.frame.wording != "open":
            continue
        for action, gains in value.items():
            node = tree.nodes[first := tree.first[action]]
            if action == "MID":
                rejects.setdefault(tree.persona, []).append(node.step.reaction.reject_signal)
            while tree.nodes[first].end is None:
                first = tree.nodes[first].children["LOW"]
            if not node.step.reaction.reject_signal:
                gains.append(rewards[first] - rewards[tree.first["LOW"]] + REWARD.lam * node.step.questions)
    shares = {name: float(np.mean(seen)) for name, seen in sorted(rejects.items())}
    mean, spread = np.mean(list(shares.values())), np.var(list(shares.values()))
    known = mean * (1 - mean) / spread - 1
    print("rejects a needed question:", {name: round(share, 2) for name, share in shares.items()})
    print(f"Beta prior ({mean * known:.2f}, {(1 - mean) * known:.2f})")
    print("value of one, of two questions:", *(f"{np.mean(gains):.2f}" for gains in value.values()))


def gains(world: World, who: str, domain: str) -> None:
    """The gain over asking nothing of the rule and of what knows more."""
    actions = world.trees[0].actions
    nothing, _ = world.earns(lambda tree: FixedPolicy(actions[0], actions))
    people = {persona.name: persona for persona in builtin_personas(domain)}

    def user(tree: ActionTree) -> CostPolicy:
        share = reject_probability(people[tree.persona])
        return CostPolicy(actions, Costs(rejects=(share * CERTAIN, (1 - share) * CERTAIN)))

    def need(tree: ActionTree) -> float:
        return float(tree.frame.wording == "open")

    rows: dict[str, Callable[[ActionTree], Policy]] = {
        "the rule": lambda tree: CostPolicy(actions),
        "… told the need": lambda tree: Knowing(CostPolicy(actions), need(tree)),  # type: ignore[return-value]
        "… told the user": user,
        "… told both": lambda tree: Knowing(user(tree), need(tree)),  # type: ignore[return-value]
    }
    for scale in (0.25, 0.5, 1, 2, 4):
        rows[f"… cost × {scale:g}"] = lambda tree, scale=scale: CostPolicy(actions, Costs(scale=scale))  # type: ignore[misc]
    for name, policy_of in rows.items():
        found, asked = world.earns(policy_of)
        print(f"{who:9} {name:16} {grouped_mean(found - nothing, world.groups).text()}  asks in {asked:.2f}")
    best = np.array([max(rewards.values()) for rewards in world.rewards])
    print(f"{who:9} {'in hindsight':16} {grouped_mean(best - nothing, world.groups).text()}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Print everything for one domain."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("domain", choices=("coding", "planning"))
    parser.add_argument("--passes", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    for who, held_out in (("training", False), ("unseen", True)):
        trees = asyncio.run(grown(given.domain, given.passes, given.seed, held_out=held_out))
        scores = score_trees(trees, REWARD)
        world = World(trees, [{leaf: score.reward or 0.0 for leaf, score in one.items()} for one in scores])
        if not held_out:
            worth(world)
        gains(world, who, given.domain)


if __name__ == "__main__":
    main()
