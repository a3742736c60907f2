"""The tree holds exactly what any policy would have met."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.calibration.playing import (
    QueuedModel,
    code,
    coding_state,
    context,
    offline_model,
    person,
    planning_state,
    stage,
)
from tests.evaluation.worlds import grow

from tactful.calibration.reward.rewards import RewardConfig
from tactful.calibration.tasks.states import synthetic_states
from tactful.calibration.types import Persona, Session
from tactful.errors import ConfigError, EndpointRefused, ProviderError
from tactful.evaluation.policies.evaluate import score_trees
from tactful.evaluation.policies.metrics import outcome_columns
from tactful.evaluation.policies.walking.tree import ActionTree
from tactful.evaluation.policies.walking.tree_job import FRESH
from tactful.evaluation.policies.walking.walk import Walk, walk_trees
from tactful.llm import Reply, Usage
from tactful.policy import FixedPolicy
from tactful.text import estimate_tokens
from tactful.types import Decision, PublicState, State, Trajectory, UserHistory, seeded


@dataclass(frozen=True)
class Whim:
    """Another action for every other observation: whatever differs in what it sees changes what it does."""

    actions: tuple[str, ...]
    seed: int
    name: str = "whim"

    def act(self, state: PublicState, rng: random.Random) -> Decision:
        choice = seeded(self.seed, state.model_dump_json()).choice(self.actions)
        return Decision(action=choice, probabilities=dict.fromkeys(self.actions, 1 / len(self.actions)))


@dataclass
class WaywardModel:
    """An endpoint's model that now and then asks when it should solve, or only talks; equal prompts, equal replies."""

    name: str = "wayward"
    generator: str = "endpoint"
    calls: list[str] = field(default_factory=list)

    async def complete(
        self, prompt: Any, *, sample: int = 0, rehearsal: Any = None, options: Any = None
    ) -> Reply:
        text = "\n".join(message.content for message in prompt.messages)
        self.calls.append(text)
        said = seeded("wayward", sample, text).choice(
            [
                "In which order should the words come out?",
                code(),
                "Let me think about that.",
                "Do upper and lower case count as the same word?\n\n" + code("y = 2"),
            ]
        )
        return Reply(text=said, finish_reason="stop", model=self.name, usage=Usage())


def played(
    states: Sequence[State],
    persona: Persona,
    policy: Any,
    which: str,
    max_turns: int,
    seed: int,
    **models: Any,
) -> list[Trajectory]:
    """The mainlines of one user's session, as a rollout plays them."""
    session = Session(id="s", persona=persona, states=tuple(states), pass_index=FRESH)
    rollout = stage(which, mainline=policy, max_turns=max_turns)
    found = asyncio.run(rollout(session, context(seed=seed, **models)))
    return [trajectory for trajectory in found if not trajectory.parent]


def walked(
    states: Sequence[State],
    persona: Persona,
    policy: Any,
    which: str,
    max_turns: int,
    seed: int,
    **models: Any,
) -> list[tuple[ActionTree, Walk]]:
    """The same session read off the trees."""

    async def grow_all() -> list[ActionTree]:
        return [
            await grow(state, persona, which=which, max_turns=max_turns, seed=seed, **models)
            for state in states
        ]

    trees = asyncio.run(grow_all())
    walks = walk_trees(trees, [list(range(len(trees)))], lambda group: policy, seed=seed)
    return list(zip(trees, walks, strict=True))


def assert_same(tree: ActionTree, walk: Walk, real: Trajectory) -> None:
    """Same observations (with the user's history), messages, reactions and solution.

    What a shared node does not know is the name of the action and how a forced solution is called.
    """
    assert [taken.state for taken in walk.decisions] == [step.state for step in real.steps]
    found = tree.trajectory(walk.leaf)
    assert len(found.steps) == len(real.steps)
    for taken, step, other in zip(walk.decisions, found.steps, real.steps, strict=True):
        assert taken.asked == (other.questions > 0)
        same = {"state", "action", "probabilities"}
        assert step.model_dump(exclude=same) == other.model_dump(exclude=same)
        assert step.state.model_copy(update={"user": other.state.user}) == other.state
        assert other.action in (taken.action, "Execute")  # what Clarify becomes where it has to solve
    assert found.solution == real.solution
    assert (found.end == "rejected") == (real.end == "rejected")
    assert found.slipped == real.slipped
    same_frame = {
        "state_id", "group", "domain", "persona", "pass_index", "action_space", "mode", "hidden", "wording",
        "user_model",
    }  # fmt: skip
    assert found.model_dump(include=same_frame, mode="json") == real.model_dump(
        include=same_frame, mode="json"
    )
    assert found.provenance.prompt_hashes.items() >= real.provenance.prompt_hashes.items()


TRAITS = st.floats(0, 1, allow_nan=False)
PEOPLE = st.builds(
    lambda e, p, c, t: person("one", expertise=e, patience=p, clarity=c, time_pressure=t),
    TRAITS, TRAITS, TRAITS, TRAITS,
)  # fmt: skip
CODING = [coding_state("a-open", group="a"), coding_state("b-complete", wording="complete", group="b"),
          *(s for s in synthetic_states("coding", 6, 0))]  # fmt: skip
PLANNING = [planning_state("p-open"), *synthetic_states("planning", 6, 0)]


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(
    which=st.sampled_from(["levels", "clarify-execute"]),
    domain=st.sampled_from(["coding", "planning"]),
    picks=st.lists(st.integers(0, 6), min_size=1, max_size=4, unique=True),
    persona=PEOPLE,
    max_turns=st.integers(1, 4),
    seed=st.integers(0, 10**6),
    whim=st.integers(0, 10**6),
    model_user=st.booleans(),
)
def test_any_policy_meets_in_the_tree_what_a_rollout_gives_it(
    which: str, domain: str, picks: list[int], persona: Persona, max_turns: int, seed: int, whim: int,
    model_user: bool,
) -> None:  # fmt: skip
    pool = CODING if domain == "coding" else PLANNING
    states = [pool[place % len(pool)] for place in picks]
    actions = ("LOW", "MID", "HIGH") if which == "levels" else ("Execute", "Clarify")
    models = {"user": offline_model(seed)} if model_user else {}
    arguments = (states, persona, Whim(actions, whim), which, max_turns, seed)
    for (tree, walk), real in zip(walked(*arguments, **models), played(*arguments, **models), strict=True):
        assert_same(tree, walk, real)


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(
    which=st.sampled_from(["levels", "clarify-execute"]),
    persona=PEOPLE,
    seed=st.integers(0, 10**6),
    whim=st.integers(0, 10**6),
)
def test_an_assistant_that_does_not_obey_is_met_alike(
    which: str, persona: Persona, seed: int, whim: int
) -> None:
    actions = ("LOW", "MID", "HIGH") if which == "levels" else ("Execute", "Clarify")
    states = [coding_state("a-open", group="a"), coding_state("b-open", group="b")]
    arguments = (states, persona, Whim(actions, whim), which, 4, seed)
    for (tree, walk), real in zip(
        walked(*arguments, assistant=WaywardModel()),
        played(*arguments, assistant=WaywardModel()),
        strict=True,
    ):
        assert_same(tree, walk, real)


def test_the_users_history_starts_empty_and_counts_every_task_of_the_session() -> None:
    # A history that the file brings is of another session: a rollout forgets it, and so does a tree.
    old = UserHistory(tasks=9, questions=9, answered=9, rejected=0)
    states = [coding_state(f"{name}-open", group=name, user=old) for name in "abc"]
    patient = person("one", patience=1.0, expertise=1.0, clarity=1.0, time_pressure=0.0)
    policy = FixedPolicy("MID", ("LOW", "MID", "HIGH"))
    found = walked(states, patient, policy, "levels", 4, 0)
    assert [walk.decisions[0][0].user.tasks for _, walk in found] == [0, 1, 2]
    assert [walk.decisions[0][0].user.questions for _, walk in found] == [0, 1, 2]
    for (tree, walk), real in zip(found, played(states, patient, policy, "levels", 4, 0), strict=True):
        assert_same(tree, walk, real)


async def test_every_sequence_of_actions_leads_to_a_leaf() -> None:
    tree = await grow(coding_state())

    def descend(options: Any) -> int:
        assert set(options) == {"LOW", "MID", "HIGH"}
        below = 0
        for node in options.values():
            assert (tree.nodes[node].end is None) == bool(tree.nodes[node].children)
            below += 1 if tree.nodes[node].end is not None else descend(tree.nodes[node].children)
        return below

    assert descend(tree.first) >= len(tree.leaves) >= 3
    assert all(node.parent < place for place, node in enumerate(tree.nodes))


async def test_actions_that_send_the_same_prompt_share_a_node() -> None:
    # On the last turn MID may not ask: it solves by LOW's prompt. HIGH solves by its own, with an outline.
    tree = await grow(coding_state(), max_turns=1)
    assert tree.first["LOW"] == tree.first["MID"] != tree.first["HIGH"]
    assert len(tree.nodes) == 2
    # Clarify has no prompt to solve with, so there everything is Execute.
    tree = await grow(coding_state(), which="clarify-execute", max_turns=1)
    assert tree.first == {"Execute": 0, "Clarify": 0}


async def test_each_prompt_is_sent_once() -> None:
    model = WaywardModel()
    tree = await grow(coding_state(), assistant=model)
    assert len(model.calls) == len(tree.nodes)


async def test_hindsight_regret_is_never_negative_and_nothing_for_the_oracle() -> None:
    trees = [await grow(state, pass_index=FRESH + 1) for state in PLANNING[:4]]
    scores = score_trees(trees, RewardConfig())
    every = [Walk(place, leaf, ()) for place, tree in enumerate(trees) for leaf in tree.leaves]
    regret = outcome_columns(trees, scores, every)["regret"]
    assert regret.min() == 0
    assert regret.max() > 0
    best = [
        Walk(place, max(found, key=lambda leaf: found[leaf].reward or 0.0), ())
        for place, found in enumerate(scores)
    ]
    assert outcome_columns(trees, scores, best)["regret"].tolist() == [0.0] * 4


async def test_the_group_is_the_id_where_a_state_has_none_and_prompts_of_all_leaves_are_told() -> None:
    tree = await grow(coding_state(group=""))
    assert tree.group == "words-open"
    assert {"levels/coding/solve", "levels/coding/mid-ask", "levels/coding/high-solve"} <= set(
        tree.frame.provenance.prompt_hashes
    )


async def test_a_session_of_several_tasks_is_refused() -> None:
    from tactful.calibration.play.actions import load_action_space
    from tactful.evaluation.policies.walking.tree import ExpandTree

    session = Session(id="s", persona=person(), states=(coding_state("a"), coding_state("b")))
    with pytest.raises(ConfigError, match="session 's' has 2 tasks"):
        await ExpandTree(load_action_space("levels", "coding"))(session, context())


@dataclass
class Failing(WaywardModel):
    """Fails some calls while others are still on their way."""

    errors: list[Exception] = field(default_factory=list)
    ended: int = 0

    async def complete(self, prompt: Any, **more: Any) -> Reply:
        place = len(self.calls)
        self.calls.append("")
        await asyncio.sleep(0.01 * place)
        self.ended += 1
        if place < len(self.errors):
            raise self.errors[place]
        return Reply(text=code(), finish_reason="stop", model=self.name, usage=Usage())


@pytest.mark.parametrize(
    ("errors", "wins"),
    [
        ([ProviderError("first"), ProviderError("second")], "first"),
        ([ProviderError("first"), EndpointRefused("the key is wrong")], "the key is wrong"),
    ],
)
async def test_a_failed_call_waits_for_those_on_their_way_and_what_stops_the_run_wins(
    errors: list[Exception], wins: str
) -> None:
    model = Failing(errors=errors)
    with pytest.raises((ProviderError, EndpointRefused), match=wins):
        await grow(coding_state(), assistant=model)
    assert model.ended == len(model.calls) == 3


async def test_a_tree_survives_its_file() -> None:
    tree = await grow(planning_state())
    again = ActionTree.model_validate_json(tree.model_dump_json())
    assert again.model_dump_json() == tree.model_dump_json()
    assert again.leaves == tree.leaves


async def test_message_lengths_are_estimated_for_a_model_without_usage() -> None:
    tree = await grow(coding_state(), assistant=QueuedModel([code()] * 9))
    assert tree.nodes[0].step.tokens == estimate_tokens(code())
