"""Learned policies win where they must, and nobody claims that they do where nothing can be learned."""

import dataclasses

import numpy as np
import pytest
from tests.calibration.playing import coding_state
from tests.calibration.reward_fixtures import FakeCage, make_state, one_step
from tests.evaluation.worlds import (
    ACTIONS,
    ALWAYS_QUIET,
    OFFLINE,
    SITUATIONAL,
    evaluation,
    grow,
    leaf,
    one_step_tree,
    training,
    world,
)

from tactful.calibration.reward.rewards import RewardConfig
from tactful.calibration.reward.task_score import TaskScorer
from tactful.calibration.tasks.states import synthetic_states
from tactful.errors import UserError
from tactful.evaluation.policies.evaluate import LEARNED, Settings, evaluate, score_trees, sweep_configs
from tactful.evaluation.policies.results import Evaluation
from tactful.evaluation.policies.training_data import Decisions
from tactful.llm import OfflineModel
from tactful.policy.fitting import fit_policy
from tactful.sandbox import Sandbox

SHARE = RewardConfig(task_score="share")


def measured(returns=SITUATIONAL, *, data=None, learned=("learned",), given=(), sweep=False, **settings):
    trees, scores = world(returns)
    return evaluate(
        trees,
        scores,
        training(returns) if data is None else data,
        Settings(reward=SHARE, sweep=sweep, **settings),
        learned=learned,
        given=given,
        provenance=OFFLINE,
    )


def by_name(found):
    return {item.name: item for item in found.policies}


@pytest.mark.slow
def test_learned_beats_every_fixed_action_where_situations_differ():
    found = measured()
    reward = {name: item.measures["reward"].value for name, item in by_name(found).items()}
    # luck 0.01·(task mod 5) over 12 tasks: (2·(0+1+2+3+4) + 0+1)·0.01/12 = 0.0175
    # always-LOW (1.0+0.2)/2, always-MID (0.6+0.9)/2, learned (1.0+0.9)/2, each less the luck
    assert reward["always-LOW"] == pytest.approx(0.6 - 0.0175)
    assert reward["always-MID"] == pytest.approx(0.75 - 0.0175)
    assert reward["learned"] == pytest.approx(0.95 - 0.0175)
    assert found.best_fixed == "always-MID"
    gap = {c.baseline: c.difference.value for c in found.comparisons if c.policy == found.main_policy}
    assert gap["always-MID"] == pytest.approx(0.2)
    assert by_name(found)["learned"].measures["regret"].value == pytest.approx(0.0)
    # Best per wording minus best for all: 0.95 − 0.75.
    assert found.value_of_information.value == pytest.approx(0.2)
    assert found.training_pairs == 24
    assert (found.trees, found.episodes, found.base_tasks, found.states, found.passes) == (48, 96, 12, 24, 1)


@pytest.mark.slow
def test_victory_needs_an_interval_above_zero():
    # Here every task gains exactly 0.2, so that no interval can be estimated: no victory is claimed.
    found = measured()
    assert not found.learned_wins
    assert "NOT shown" in found.headline()
    trees, scores = world(SITUATIONAL)
    uneven = [
        {place: leaf(item.reward + 0.02 * place * (index % 7)) for place, item in tree.items()}
        for index, tree in enumerate(scores)
    ]
    found = evaluate(
        trees,
        uneven,
        training(SITUATIONAL),
        Settings(reward=SHARE, sweep=False),
        learned=("learned",),
        provenance=OFFLINE,
    )
    assert found.learned_wins
    assert "beats every fixed level" in found.headline()


@pytest.mark.slow
def test_no_victory_is_claimed_where_nothing_can_be_learned():
    found = measured(ALWAYS_QUIET)
    assert found.value_of_information.value == pytest.approx(0.0)
    assert found.best_fixed == "always-LOW"
    assert by_name(found)["learned"].measures["reward"].value == pytest.approx(
        by_name(found)["always-LOW"].measures["reward"].value
    )
    assert not found.learned_wins
    assert found.headline().startswith("The learned policy is NOT shown to beat always-LOW")


@pytest.mark.slow
def test_every_baseline_stands_beside_the_learned():
    found = measured(learned=tuple(LEARNED))
    assert [(item.name, item.kind) for item in found.policies] == [
        ("learned", "learned"),
        ("learned-ridge", "learned"),
        ("always-LOW", "baseline"),
        ("always-MID", "baseline"),
        ("random", "baseline"),
        ("rule", "baseline"),
        ("cost", "baseline"),
    ]
    assert found.main_policy == "learned"
    assert {item.baseline for item in found.comparisons if item.policy == "learned"} == {
        item.name for item in found.policies
    } - {"learned"}


@pytest.mark.slow
def test_unseen_users_are_reported_apart_and_do_not_move_the_main_figures():
    trees, scores = world(SITUATIONAL, unseen="stranger")
    scores = [
        {place: leaf(0.0) for place in found} if tree.held_out else found
        for tree, found in zip(trees, scores, strict=True)
    ]
    found = evaluate(
        trees, scores, training(SITUATIONAL), Settings(reward=SHARE, sweep=False), learned=("learned",),
        provenance=OFFLINE,
    )  # fmt: skip
    alone = measured()
    for item, other in zip(found.policies, alone.policies, strict=True):
        assert item.measures == other.measures
        assert item.sensitivity == other.sensitivity
        assert item.unseen_personas["reward"].value == 0.0
        assert item.unseen_personas["reward"].items == 24
        assert other.unseen_personas == {}
    assert found.unseen_personas == ("stranger",)
    assert found.personas == ("calm", "hurried")
    assert all(item.unseen_personas is not None for item in found.comparisons)


@pytest.mark.slow
def test_a_given_policy_trained_on_these_tasks_is_noted():
    table = training(SITUATIONAL, tasks=3).pairs(SHARE, min_margin=0.05)
    known = fit_policy(table, l2=0.1, name="mine.json")
    strange = fit_policy(
        training(SITUATIONAL, tasks=3, first=50).pairs(SHARE, min_margin=0.05), l2=0.1, name="b"
    )
    silent = dataclasses.replace(known, name="silent.json", training={})
    found = measured(given=(known, strange, silent))
    assert found.notes == (
        "mine.json was trained on 3 of these 12 base tasks: its figures are not held out.",
        "silent.json: its file does not say which tasks it was trained on; it may know these.",
    )
    assert by_name(found)["mine.json"].kind == "given"


def test_given_policies_alone_are_compared_without_training():
    known = fit_policy(
        training(SITUATIONAL, first=50).pairs(SHARE, min_margin=0.05), l2=0.1, name="mine.json"
    )
    trees, scores = world(SITUATIONAL)
    found = evaluate(
        trees, scores, None, Settings(reward=SHARE), learned=(), given=(known,), provenance=OFFLINE
    )
    assert found.main_policy == "mine.json"
    assert found.headline().startswith("The policy mine.json ")
    assert {item.policy for item in found.comparisons} == {"mine.json", "cost"}
    assert not any(point.kind == "sweep" for point in found.pareto)


def test_learned_policies_without_training_are_refused():
    trees, scores = world(SITUATIONAL)
    with pytest.raises(UserError, match="learned-ridge: learned policies need rewarded rollouts"):
        evaluate(trees, scores, None, Settings(), learned=("learned-ridge",), provenance=OFFLINE)


@pytest.mark.slow
def test_two_policies_of_one_name_are_refused():
    table = training(SITUATIONAL).pairs(SHARE, min_margin=0.05)
    one, two = (fit_policy(table, l2=l2) for l2 in (0.1, 1.0))
    with pytest.raises(UserError, match="two policies are called 'learned-dpo'"):
        measured(given=(one, two))


def test_only_unseen_users_leave_nothing_to_compare_on():
    tree = one_step_tree("a-open", held_out=True)
    with pytest.raises(UserError, match="no tree with a user that training may know"):
        evaluate([tree], [{0: leaf(1), 1: leaf(0)}], None, Settings(), learned=(), provenance=OFFLINE)


def test_unscored_trees_are_counted_and_in_no_mean():
    trees, scores = world(SITUATIONAL, tasks=4)
    scores = [
        dict.fromkeys(found, leaf(None, cost=0.1)) if i < 8 else found for i, found in enumerate(scores)
    ]
    found = evaluate(trees, scores, None, Settings(), learned=(), provenance=OFFLINE)
    assert found.unscored == 16
    reward = by_name(found)["always-LOW"].measures["reward"]
    assert (reward.items, reward.groups, reward.unscored) == (8, 2, 8)
    assert found.value_of_information.unscored == 8


def test_nothing_scored_is_an_evaluation_without_values_and_without_warnings():
    trees, scores = world({"complete": {"LOW": None, "MID": None}, "open": {"LOW": None, "MID": None}})
    found = evaluate(trees, scores, None, Settings(), learned=(), provenance=OFFLINE)
    assert {item.measures["reward"].value for item in found.policies} == {None}
    assert found.pareto == ()
    assert found.value_of_information.value is None


def test_value_of_information_needs_two_wordings():
    trees = [one_step_tree(f"t{i}-mbpp") for i in range(3)]
    found = evaluate(trees, [{0: leaf(1), 1: leaf(0)}] * 3, None, Settings(), learned=(), provenance=OFFLINE)
    assert found.value_of_information is None


@pytest.mark.slow
def test_the_sweep_makes_no_call_and_runs_no_program(monkeypatch: pytest.MonkeyPatch):
    def forbidden(*args, **kwargs):
        raise AssertionError("the sweep must not roll out or run anything")

    for owner, name in [
        (OfflineModel, "complete"), (OfflineModel, "structured"), (TaskScorer, "score_all"), (Sandbox, "run_many"),
    ]:  # fmt: skip
        monkeypatch.setattr(owner, name, forbidden)
    found = measured(sweep=True)
    swept = [point for point in found.pareto if point.kind == "sweep"]
    assert [point.name for point in swept] == [f"learned, {name}" for name in sweep_configs(SHARE)]
    # No question costs anything in this world, so all of them are the learned policy again.
    assert {round(point.task_score, 9) for point in swept} == {round(0.95 - 0.0175, 9)}


@pytest.mark.slow
def test_constants_that_leave_nothing_to_train_on_are_left_out_with_a_note(monkeypatch: pytest.MonkeyPatch):
    # MID earns 1.0 by one question, LOW 0.9 without: at λ = 0.1 every two actions tie, so that no pair is left.
    rows = [
        one_step(action, share, state=make_state(f"t{task}-{wording}"), questions=asked)
        for task in range(12)
        for wording in ("complete", "open")
        for action, share, asked in (("LOW", 0.9, 0), ("MID", 1.0, 1))
    ]
    base = RewardConfig(task_score="share", lam=0.5)
    monkeypatch.setattr(
        "tactful.evaluation.policies.evaluate.sweep_configs",
        lambda base: {"λ=0.1": base.model_copy(update={"lam": 0.1}), "same": base},
    )
    trees, scores = world(SITUATIONAL)
    decisions = Decisions.from_rewarded(rows, ACTIONS)
    found = evaluate(
        trees, scores, decisions, Settings(reward=base), learned=("learned",), provenance=OFFLINE
    )
    assert [point.name for point in found.pareto if point.kind == "sweep"] == ["learned, same"]
    assert [note.split(":")[0] for note in found.notes] == ["The Pareto sweep leaves out λ=0.1"]


def test_the_sweep_of_the_weighted_form_goes_over_alpha():
    assert {config.alpha for config in sweep_configs(RewardConfig(form="weighted")).values()} >= {
        0.05,
        0.6,
        1.2,
    }
    varied = sweep_configs(RewardConfig())
    assert {config.lam for config in varied.values()} >= {0.0, 0.8}
    assert {config.delta for config in varied.values()} >= {0.2, 1.5}


@pytest.mark.slow
def test_coefficients_name_every_feature_and_sum_to_nothing_over_actions():
    found = measured()
    assert found.coefficients[0].feature == "vagueness"
    for item in found.coefficients:
        assert sum(item.weights.values()) == pytest.approx(0)
    vague = next(item for item in found.coefficients if item.feature == "vagueness")
    assert vague.weights["MID"] > 0


@pytest.mark.slow
def test_samples_are_the_best_and_worst_of_different_base_tasks():
    found = measured()
    best, worst = found.samples[:3], found.samples[3:]
    assert [item.title for item in found.samples] == ["best"] * 3 + ["worst"] * 3
    for part in (best, worst):
        assert len({item.state_id.rsplit("-", 1)[0] for item in part}) == 3
    # learned: complete 1.0 and open 0.9, less luck of 0 to 0.04
    assert [item.reward for item in best] == [1.0, 1.0, 1.0]
    assert [item.reward for item in worst] == pytest.approx([0.86, 0.86, 0.87])
    assert best[0].messages[0].role == "user"


@pytest.mark.slow
def test_order_of_trees_and_of_training_rows_changes_nothing():
    trees, scores = world(SITUATIONAL)
    order = np.random.default_rng(0).permutation(len(trees))
    settings = Settings(reward=SHARE)
    one, other = (
        evaluate(t, s, training(SITUATIONAL), settings, learned=("learned",), provenance=OFFLINE)
        for t, s in ((trees, scores), ([trees[i] for i in order], [scores[i] for i in order]))
    )
    for mine, same in zip(one.policies, other.policies, strict=True):
        assert mine.name == same.name
        for name, estimate in mine.measures.items():
            assert estimate.value == pytest.approx(same.measures[name].value)
        assert mine.action_shares == same.action_shares
    assert [sample.state_id for sample in one.samples] == [sample.state_id for sample in other.samples]
    assert one.headline() == other.headline()


@pytest.mark.slow
def test_an_evaluation_survives_its_file():
    found = evaluation()
    assert Evaluation.model_validate_json(found.model_dump_json()) == found


async def test_leaves_are_scored_once_each_by_what_the_reward_is_made_of():
    trees = [await grow(state) for state in synthetic_states("planning", 4, 0)]
    scores = score_trees(trees, RewardConfig())
    for tree, found in zip(trees, scores, strict=True):
        assert sorted(found) == tree.leaves
        assert all(item.reward == item.task_score - item.interruption_cost for item in found.values())
        assert found[tree.first["LOW"]].interruption_cost == 0


async def test_equal_programs_of_many_leaves_run_once(monkeypatch: pytest.MonkeyPatch):
    cage = FakeCage()
    monkeypatch.setattr(
        "tactful.evaluation.policies.evaluate.TaskScorer", lambda **options: TaskScorer(cage=cage)
    )
    trees = [await grow(coding_state(), pass_index=number) for number in (1, 2)]
    assert sum(len(tree.leaves) for tree in trees) > 6
    score_trees(trees, RewardConfig())
    assert len(cage.jobs) <= 3  # the reference, the uninformed solution, and perhaps a slip
