import pytest
from tests.calibration.reward_fixtures import make_state, make_step, make_trajectory, one_step, requirement

from tactful.calibration.reward.information import RewardLedger, cell_of
from tactful.calibration.reward.rewards import RewardConfig, reward
from tactful.calibration.reward.task_score import TaskScores
from tactful.types import Hidden

CONFIG = RewardConfig(task_score="share")


def ledger_of(records):
    ledger = RewardLedger(CONFIG)
    for record in records:
        ledger.add(record)
    return ledger


def table(rewards, tasks=("task-1", "task-2", "task-3")):
    """`rewards`: cell → action → task score, the same for every task."""
    return [
        one_step(action, share, state=make_state(f"{task}-{cell}"))
        for task in tasks
        for cell, by_action in rewards.items()
        for action, share in by_action.items()
    ]


def test_value_of_information_is_the_gain_over_the_best_fixed_action():
    # informed (1.0 + 0.8)/2 = 0.9; always LOW (1.0 + 0.2)/2 = 0.6; always MID (0.7 + 0.8)/2 = 0.75
    rewards = {"complete": {"LOW": 1.0, "MID": 0.7}, "open": {"LOW": 0.2, "MID": 0.8}}
    (found,) = ledger_of(table(rewards)).information()
    assert found.value.value == pytest.approx(0.15)
    assert found.value.low is None, "three tasks, all alike"
    assert (found.best_fixed, found.best_fixed_reward) == ("MID", pytest.approx(0.75))
    assert found.best_by_cell == {"complete": "LOW", "open": "MID"}
    assert found.states == {"complete": 3, "open": 3}
    assert not found.little


def test_one_action_best_everywhere_leaves_nothing_to_learn():
    rewards = {"complete": {"LOW": 1.0, "MID": 0.7}, "open": {"LOW": 0.8, "MID": 0.2}}
    (found,) = ledger_of(table(rewards)).information()
    assert found.value.value == pytest.approx(0, abs=1e-12)
    assert found.little


def test_cells_weigh_by_their_states():
    # eight open states and two complete: p = (0.2, 0.8)
    # informed 0.2·1 + 0.8·0.8 = 0.84; LOW 0.2 + 0.16 = 0.36; MID 0.14 + 0.64 = 0.78
    records = table({"open": {"LOW": 0.2, "MID": 0.8}}, tasks=[f"a-{at}" for at in range(8)])
    records += table({"complete": {"LOW": 1.0, "MID": 0.7}}, tasks=("a-1", "a-2"))
    (found,) = ledger_of(records).information()
    assert found.value.value == pytest.approx(0.06)


def test_what_is_best_for_a_task_is_chosen_on_the_others():
    rewards = {"complete": {"LOW": 0.5, "MID": 0.4}, "open": {"LOW": 0.5, "MID": 0.4}}
    odd = {"complete": {"LOW": 0.0, "MID": 1.0}, "open": {"LOW": 0.5, "MID": 0.4}}
    records = table(rewards, tasks=("b-1", "b-2")) + table(odd, tasks=("b-3",))
    (found,) = ledger_of(records).information()
    # For b-1 by b-2 and b-3: complete LOW 0.25, MID 0.7; open LOW 0.5, MID 0.4; so always MID, and LOW when open: a gain
    # of 0.1 when open. The same for b-2. For b-3 LOW is best everywhere: no gain. 0.2 over six states. Chosen on all
    # three at once it would be (0.6 + 0.5)/2 − (0.6 + 0.4)/2 = 0.05.
    assert found.value.value == pytest.approx(0.2 / 6)


def test_an_interval_over_tasks_from_fifteen_on():
    records = []
    for at in range(15):
        better = 0.6 + 0.05 * (at % 5)
        rewards = {"complete": {"LOW": 1.0, "MID": 1.0 - better / 3}, "open": {"LOW": 0.2, "MID": better}}
        records += table(rewards, tasks=(f"c-{at}",))
    (found,) = ledger_of(records).information()
    assert found.value.low <= found.value.value <= found.value.high


def test_base_tasks_weigh_the_same_however_many_passes_they_have():
    records = [one_step("LOW", 1.0, state=make_state("task-1-open"), pass_index=n) for n in range(9)] + [
        one_step("LOW", 0.0, state=make_state("task-2-open"))
    ]
    (row,) = ledger_of(records).rows()
    assert row.reward.value == pytest.approx(0.5)
    assert (row.items, row.groups) == (10, 2)
    assert row.reward.low is None, "two tasks"


def test_one_wording_alone_is_not_estimable():
    (found,) = ledger_of(table({"open": {"LOW": 0.2, "MID": 0.8}})).information()
    assert found.value.value is None
    assert found.why_not == "needs complete and open wordings; all are open"
    assert not found.little


def test_one_action_alone_is_not_estimable():
    (found,) = ledger_of(table({"open": {"LOW": 0.2}, "complete": {"LOW": 1.0}})).information()
    assert found.why_not == "only one action was tried"


def test_actions_of_which_none_was_scored_in_both_wordings_are_not_estimable():
    (found,) = ledger_of(table({"open": {"LOW": 0.2}, "complete": {"MID": 0.7}})).information()
    assert found.value.value is None
    assert found.why_not == "no action was scored in both wordings"


def test_a_task_without_whose_rewards_no_action_is_known_in_both_wordings_gains_nothing():
    # For a-1 the others know no fixed action. For a-2 and a-3 it is MID, by a-1 alone, and the best that they tried when
    # complete; when open they did not try it.
    records = table({"open": {"LOW": 0.2}, "complete": {"MID": 0.7}}, tasks=("a-2", "a-3"))
    records += table({"open": {"MID": 0.5}, "complete": {"MID": 0.7}}, tasks=("a-1",))
    (found,) = ledger_of(records).information()
    assert found.value.value == pytest.approx(0)


def test_nothing_gives_no_rows():
    assert ledger_of([]).rows() == []
    assert ledger_of([]).information() == []


def test_one_task_cannot_tell_for_there_is_no_other_to_choose_on():
    rewards = {"complete": {"LOW": 1.0, "MID": 0.7}, "open": {"LOW": 0.2, "MID": 0.8}}
    (found,) = ledger_of(table(rewards, tasks=("task-1",))).information()
    assert found.value.value is None
    assert found.why_not.endswith("whether the request leaves anything open; there is 1")


def test_tasks_that_do_not_say_what_they_leave_open_are_not_taken_for_too_few_tasks():
    records = [
        reward(
            make_trajectory(make_step(action, solves=True, state=make_state(f"task-{n}-mine")), wording=""),
            TaskScores({"t0": 1.0}, {"t0": 1.0}, None),
            CONFIG,
        )
        for n in range(5)
        for action in ("LOW", "MID")
    ]
    (found,) = ledger_of(records).information()
    assert "by their `requirements` or `wording`" in found.why_not
    assert found.why_not.endswith("there is none")


def test_unscored_is_counted_and_left_out():
    records = [one_step("LOW", 0.5), one_step("LOW", None, pass_index=1)]
    (row,) = ledger_of(records).rows()
    assert (row.items, row.unscored) == (1, 1)
    assert row.reward.value == 0.5


def test_only_unscored_gives_a_row_without_mean():
    (row,) = ledger_of([one_step("LOW", None)]).rows()
    assert row.reward.value is None
    assert row.reward.short() == "–"


def test_mainline_counts_at_each_decision_point_by_its_future():
    steps = (make_step("MID", questions=1, rejected=True), make_step("LOW", solves=True))
    scores = TaskScores({"t0": 1.0}, {"t0": 1.0}, None)
    rows = ledger_of([reward(make_trajectory(*steps, mode="multi"), scores, CONFIG)]).rows()
    found = {(row.decision_point, row.action): row.reward.value for row in rows}
    assert found == pytest.approx({(0, "MID"): 0.2, (1, "LOW"): 1.0})


def test_completeness_comes_from_the_requirements_where_no_wording_is_named():
    def cell(*requirements):
        return cell_of(make_trajectory(wording="", hidden=Hidden(requirements=requirements)))

    assert cell(requirement("r1", 0.5), requirement("r2", 0.5, open=True)) == "open"
    assert cell(requirement("r1", 1.0)) == "complete"
    assert cell() == ""
