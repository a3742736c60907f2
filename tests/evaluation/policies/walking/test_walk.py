"""Users do several tasks in sequence: every tree once, no base task twice, and nothing depends on order."""

import random
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.evaluation.worlds import ACTIONS, SITUATIONAL, one_step_tree, world

from tactful.evaluation.policies.walking.walk import columns, user_sessions, walk_trees
from tactful.policy import FixedPolicy, RandomPolicy
from tactful.types import Decision, PublicState


@settings(max_examples=30, deadline=None)
@given(
    kinds=st.lists(
        st.tuples(st.integers(0, 5), st.sampled_from(["open", "complete"]), st.sampled_from("abc")),
        unique=True,
        max_size=30,
    ),
    size=st.integers(1, 5),
    seed=st.integers(0, 99),
)
def test_every_tree_once_and_no_base_task_twice_in_a_session(kinds, size, seed):
    trees = [one_step_tree(f"t{task}-{wording}", persona=persona) for task, wording, persona in kinds]
    sessions = user_sessions(trees, tasks_per_user=size, seed=seed)
    assert sorted(index for session in sessions for index in session) == list(range(len(trees)))
    for session in sessions:
        groups = [trees[index].group for index in session]
        assert len(groups) == len(set(groups)) <= size
        assert len({(trees[index].persona, trees[index].pass_index) for index in session}) == 1


def test_sessions_do_not_depend_on_the_order_of_the_trees():
    trees, _ = world(SITUATIONAL)
    shuffled = random.Random(3).sample(trees, len(trees))

    def named(given):
        found = user_sessions(given, tasks_per_user=4, seed=5)
        return sorted([given[index].id for index in session] for session in found)

    assert named(trees) == named(shuffled)
    other = user_sessions(trees, tasks_per_user=4, seed=6)
    assert named(trees) != sorted([trees[index].id for index in session] for session in other)


def test_a_random_policys_draws_do_not_depend_on_other_trees():
    trees, _ = world(SITUATIONAL)

    def drawn(given, seed=1):
        sessions = user_sessions(given, tasks_per_user=3, seed=0)
        walks = walk_trees(given, sessions, lambda group: RandomPolicy(ACTIONS), seed=seed)
        return {given[walk.tree].id: walk.decisions[0][1] for walk in walks}

    every, some = drawn(trees), drawn(trees[::3])
    assert some == {name: every[name] for name in some}
    assert set(every.values()) == set(ACTIONS)
    assert drawn(trees, seed=2) != every


@dataclass(frozen=True)
class Watching:
    """Notes what it sees; asks always."""

    seen: list[PublicState]
    actions: tuple[str, ...] = ACTIONS
    name: str = "watching"

    def act(self, state: PublicState, rng: random.Random) -> Decision:
        self.seen.append(state)
        return Decision(action="MID", probabilities={"LOW": 0, "MID": 1})


def test_what_a_user_showed_is_seen_in_the_next_task_of_the_session_only():
    trees = [one_step_tree(f"t{i}-open", questions={"MID": 2}, rejected=["MID"]) for i in range(4)]
    policy = Watching([])
    walks = walk_trees(trees, [[2, 0], [1, 3]], lambda group: policy, seed=0)
    # The sessions go on side by side: t2 and t1, then t0 and t3; each task shows 2 questions and 1 rejection.
    assert [(state.id, state.user.tasks, state.user.questions, state.user.rejected) for state in policy.seen] == [
        ("t2-open", 0, 0, 0), ("t1-open", 0, 0, 0), ("t0-open", 1, 2, 1), ("t3-open", 1, 2, 1),
    ]  # fmt: skip
    assert [walk.tree for walk in walks] == [0, 1, 2, 3]


@dataclass(frozen=True)
class Batching(Watching):
    """The same, for many states at once."""

    batches: list[int] = field(default_factory=list)

    def act_many(self, states):
        self.batches.append(len(states))
        return [self.act(state, random.Random(0)) for state in states]


def test_a_policy_that_can_decides_on_all_sessions_at_once_and_walks_the_same_way():
    trees = [one_step_tree(f"t{i}-open", questions={"MID": 2}, rejected=["MID"]) for i in range(5)]
    sessions = [[2, 0], [1, 3], [4]]
    one, many = Watching([]), Batching([])
    walks = walk_trees(trees, sessions, lambda group: many, seed=0)
    assert walks == walk_trees(trees, sessions, lambda group: one, seed=0)
    assert many.batches == [3, 2]


def test_the_policy_of_a_tree_is_that_of_its_group():
    trees = [one_step_tree("a-open"), one_step_tree("b-open")]
    walks = walk_trees(
        trees, [[0, 1]], lambda group: FixedPolicy("LOW" if group == "a" else "MID", ACTIONS), seed=0
    )
    assert [walk.decisions[0][1] for walk in walks] == ["LOW", "MID"]
    assert [walk.leaf for walk in walks] == [0, 1]


@pytest.mark.parametrize("trees", [[], [one_step_tree("a-open")]])
def test_nothing_and_one(trees):
    sessions = user_sessions(trees, tasks_per_user=6, seed=0)
    assert len(walk_trees(trees, sessions, lambda group: RandomPolicy(ACTIONS), seed=0)) == len(trees)


def test_columns_say_what_figures_are_grouped_by():
    found = columns([one_step_tree("a-open", held_out=True), one_step_tree("b-complete")])
    assert {name: values.tolist() for name, values in found.items()} == {
        "group": ["a", "b"],
        "held_out": [True, False],
        "wording": ["open", "complete"],
        "persona": ["calm", "calm"],
    }
