"""Who is met: fresh passes, personas in turn, the unseen apart."""

from collections import Counter

import pytest
from tests.calibration.playing import coding_state, person

from tactful.calibration.pipeline import sessions
from tactful.calibration.play.actions import load_action_space
from tactful.errors import ConfigError, UserError
from tactful.evaluation.policies.walking.tree_job import FRESH, TreeConfig, tree_job, tree_sessions
from tactful.llm import ModelSpec

MODEL = ModelSpec(name="offline", scripts=("calibration.play",))
SEEN = [person(name) for name in ("ann", "bob", "cem", "dan")]
UNSEEN = [person(name, held_out=True) for name in ("eva", "fay")]
SPACE = load_action_space("levels", "coding")


def config(**changes) -> TreeConfig:
    return TreeConfig(assistant=MODEL, **{"passes": 2, "users_per_task": 3} | changes)


def states(count: int):
    return [coding_state(f"s{i}", group=f"g{i}") for i in range(count)]


def test_every_state_meets_so_many_users_in_every_pass_each_once():
    found = list(tree_sessions(states(8), SEEN, UNSEEN, config()))
    # 8 states × 2 passes × (3 seen + 1 unseen)
    assert len(found) == len({one.id for one in found}) == 64
    met = Counter((one.states[0].id, one.pass_index) for one in found)
    assert set(met.values()) == {4}
    by_persona = Counter(one.persona.name for one in found)
    # 48 meetings over four, 16 over two
    assert [by_persona[name] for name in ("ann", "bob", "cem", "dan", "eva", "fay")] == [12] * 4 + [8] * 2


def test_luck_is_fresh_passes_are_never_those_of_training():
    found = list(tree_sessions(states(1), SEEN, [], config(passes=3)))
    assert sorted({one.pass_index for one in found}) == [FRESH, FRESH + 1, FRESH + 2]
    trained = sessions(states(1), personas=lambda domain: SEEN, passes=50)
    assert not {one.pass_index for one in trained} & {one.pass_index for one in found}


def test_no_more_users_than_there_are():
    found = list(tree_sessions(states(2), SEEN[:1], [], config(passes=1)))
    assert [one.persona.name for one in found] == ["ann", "ann"]


def test_equal_seeds_meet_the_same_users_in_the_same_order():
    def names(seed: int):
        return [one.id for one in tree_sessions(states(5), SEEN, UNSEEN, config(seed=seed))]

    assert names(1) == names(1) != names(2)


def test_the_job_names_people_layout_and_prompts():
    job = tree_job(config(user=MODEL), states(2), SPACE, SEEN, UNSEEN)
    assert job.config.personas == ("ann", "bob", "cem", "dan")
    assert job.config.unseen_personas == ("eva", "fay")
    assert set(job.config.layout) == {"LOW", "MID", "HIGH"}
    assert set(job.models) == {"assistant", "user"}
    assert "calibration/llm_user" in {prompt.prompt_id for prompt in job.prompts}


def test_nothing_to_evaluate_on_and_nobody_to_meet_are_told():
    with pytest.raises(UserError, match="no state to evaluate on"):
        tree_job(config(), [], SPACE, SEEN, [])
    with pytest.raises(UserError, match="no persona to evaluate with"):
        tree_job(config(), states(1), SPACE, [], [])


def test_a_space_without_a_multi_turn_form_is_refused():
    from dataclasses import replace

    with pytest.raises(ConfigError, match="no multi-turn form"):
        tree_job(config(), states(1), replace(SPACE, modes=("single",)), SEEN, [])
