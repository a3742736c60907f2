"""Who does what: sessions; and the whole pipeline on a few states."""

from collections import Counter

import pytest
from tests.calibration.playing import coding_state, context, person, planning_state, stage
from tests.calibration.reward_fixtures import make_pairs

from tactful.calibration.pairs import PairConfig
from tactful.calibration.pipeline import RolloutConfig, by_names, rollout_job, sessions
from tactful.calibration.play.rollout import UniformPolicy
from tactful.calibration.reward.rewards import RewardConfig, reward
from tactful.calibration.reward.task_score import TaskScorer
from tactful.calibration.tasks.states import synthetic_states
from tactful.errors import ConfigError
from tactful.llm import ModelSpec

ANN, BOB = person("ann"), person("bob")
OFFLINE = ModelSpec(name="offline", scripts=("calibration.play",))


def both(domain: str):
    return (ANN, BOB)


def test_every_state_meets_every_persona_in_every_pass() -> None:
    states = [coding_state("a"), coding_state("b")]
    found = list(sessions(states, personas=both, passes=2))
    assert [one.id for one in found[:4]] == ["a/ann/p0", "a/ann/p1", "a/bob/p0", "a/bob/p1"]
    assert len(found) == len({one.id for one in found}) == 8
    assert all(len(one.states) == 1 for one in found)


def test_states_are_read_one_at_a_time() -> None:
    read = []

    def source():
        for name in ("a", "b"):
            read.append(name)
            yield coding_state(name)

    next(iter(sessions(source(), personas=both)))
    assert read == ["a"]


def test_a_user_does_several_tasks_of_one_domain_and_no_base_task_twice() -> None:
    states = [coding_state(f"{i}-{w}", group=f"g{i}") for i in range(5) for w in ("open", "complete")]
    states += [planning_state(f"p{i}", group=f"p{i}") for i in range(3)]
    found = list(sessions(states, personas=both, tasks_per_user=4))
    for name in ("ann", "bob"):
        own = [one for one in found if one.persona.name == name]
        assert Counter(state.id for one in own for state in one.states) == Counter(
            state.id for state in states
        )
    for one in found:
        groups = [state.group for state in one.states]
        assert len(groups) == len(set(groups)) <= 4
        assert len({state.domain for state in one.states}) == 1
    assert len({one.id for one in found}) == len(found)
    assert sum(len(one.states) == 4 for one in found) >= 4


def test_the_order_of_tasks_depends_on_seed_persona_and_pass_alone() -> None:
    states = [coding_state(f"s{i}", group=f"g{i}") for i in range(12)]

    def order(seed: int) -> list[tuple[str, ...]]:
        found = sessions(states, personas=both, tasks_per_user=3, passes=2, seed=seed)
        return [tuple(state.id for state in one.states) for one in found]

    assert order(1) == order(1) != order(2)
    first = order(1)
    assert first[0] != first[4] != first[8]  # another pass, another persona


def test_personas_are_looked_up_by_domain() -> None:
    people = by_names(("senior-engineer", "retired-teacher"))
    assert [one.name for one in people("coding")] == ["senior-engineer"]
    assert [one.name for one in people("planning")] == ["retired-teacher"]


def test_a_job_names_its_prompts_models_and_layout() -> None:
    job = rollout_job(RolloutConfig(assistant=OFFLINE, user=OFFLINE), [coding_state()])
    assert set(job.models) == {"assistant", "user"}
    assert "calibration/llm_user" in {prompt.prompt_id for prompt in job.prompts}
    assert job.config.layout["coding"]["MID"][0] == 1  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("settings", "policy", "complaint"),
    [
        ({"actions": "clarify-execute", "turns": "single"}, None, "no single-turn form"),
        ({"actions": "nowhere"}, None, "nowhere"),
        ({}, UniformPolicy(("Execute",), name="mine"), "'mine' chooses Execute"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_runs(settings, policy, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        rollout_job(RolloutConfig(assistant=OFFLINE, **settings), [coding_state()], mainline=policy)


async def test_the_whole_pipeline_makes_pairs_from_bundled_plans() -> None:
    trajectories = []
    for session in sessions(synthetic_states("planning", 10, 0), personas=by_names(("retired-teacher",))):
        trajectories += await stage()(session, context())
    with TaskScorer() as scorer:
        scored = scorer.score_all(trajectories)
    rewarded = [reward(*one, RewardConfig()) for one in zip(trajectories, scored, strict=True)]
    pairs, summary = make_pairs(rewarded, PairConfig(), RewardConfig())
    assert len(pairs) >= 5
    assert summary is not None
    assert all(pair.chosen_reward > pair.rejected_reward for pair in pairs)
    # A patient person with something open: asking has the better future.
    chosen = Counter(
        pair.chosen_action for pair in pairs if pair.state.id.endswith("-open") and not pair.state.history
    )
    assert chosen["LOW"] < chosen["MID"] + chosen["HIGH"]
