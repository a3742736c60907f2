import random

import pytest
from tests.calibration.reward_fixtures import (
    make_pairs,
    make_rewarded,
    make_state,
    make_step,
    make_trajectory,
    one_step,
    requirement,
    said,
)

from tactful.calibration.pairs import PairConfig
from tactful.calibration.reward.rewards import RewardConfig, reward
from tactful.calibration.reward.task_score import TaskScores
from tactful.errors import ConfigError, DataError
from tactful.types import Hidden, Message, UserHistory

SHARE = RewardConfig(task_score="share")


def made(records, reward_config=SHARE, **config):
    return make_pairs(records, PairConfig(**config), reward_config)


def levels(low, mid, high, **where):
    return [
        one_step(action, share, **where)
        for action, share in (("LOW", low), ("MID", mid), ("HIGH", high))
        if share != "absent"
    ]


def compared(pairs):
    return [(pair.chosen_action, pair.rejected_action) for pair in pairs]


def adds_up(summary):
    return summary.done + sum(summary.dropped.values()) == summary.read


# ---------------------------------------------------------------- selection


def test_best_against_worst_is_the_default():
    pairs, summary = made(levels(0.2, 0.9, 0.5))
    assert compared(pairs) == [("MID", "LOW")]
    assert pairs[0].margin == pytest.approx(0.7)
    assert (summary.read, summary.done, dict(summary.dropped)) == (1, 1, {})


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ((0.9, 0.9, 0.2), ("LOW", "HIGH")),
        ((0.2, 0.9, 0.2), ("MID", "LOW")),
        ((0.2, 0.9, 0.9), ("MID", "LOW")),
    ],
)
@pytest.mark.parametrize("backwards", [False, True])
def test_of_equally_good_actions_the_less_intense_is_taken(shares, expected, backwards):
    records = levels(*shares)
    assert compared(made(records[::-1] if backwards else records)[0]) == [expected]


def test_all_compares_every_two_actions():
    pairs, _ = made(levels(0.2, 0.9, 0.5), select="all")
    assert compared(pairs) == [("MID", "LOW"), ("HIGH", "LOW"), ("MID", "HIGH")]


def test_adjacent_compares_neighbours_in_intensity_whatever_the_order_of_the_file():
    records = levels(0.2, 0.9, 0.5)
    random.Random(1).shuffle(records)
    assert set(compared(made(records, select="adjacent")[0])) == {("MID", "LOW"), ("MID", "HIGH")}


@pytest.mark.parametrize(("mid", "reason"), [(None, "unscored"), ("absent", "one_action")])
def test_actions_between_which_one_is_missing_are_no_neighbours(mid, reason):
    pairs, summary = made(levels(0.2, mid, 0.9), select="adjacent")
    assert pairs == []
    assert dict(summary.dropped) == {reason: 1}
    assert adds_up(summary)


def test_pair_carries_both_parts_of_both_rewards():
    records = [one_step("LOW", 0.2), one_step("MID", 0.9, questions=1)]
    (pair,), _ = made(records)
    assert (pair.chosen_reward, pair.rejected_reward) == pytest.approx((0.8, 0.2))
    assert (pair.chosen_task_score, pair.rejected_task_score) == pytest.approx((0.9, 0.2))
    assert (pair.chosen_interruption_cost, pair.rejected_interruption_cost) == pytest.approx((0.1, 0.0))


def test_rows_have_the_columns_that_trl_reads():
    state = make_state(history=said("Ascending?", "Descending, please."), dialogue_turn=1)
    (pair,), _ = made(levels(0.2, 0.9, "absent", state=state))
    assert pair.prompt == (
        Message(role="user", content="Sort the rows."),
        Message(role="assistant", content="Ascending?"),
        Message(role="user", content="Descending, please."),
    )
    assert pair.chosen == (Message(role="assistant", content="MID says so"),)
    assert pair.rejected == (Message(role="assistant", content="LOW says so"),)


def test_system_messages_stay_out_and_silence_is_written_down():
    history = (Message(role="system", content="be MID"), *said("Ascending?", ""))
    (pair,), _ = made(levels(0.2, 0.9, "absent", state=make_state(history=history)))
    assert [message.content for message in pair.prompt] == ["Sort the rows.", "Ascending?", "(no reply)"]


# ---------------------------------------------------------------- what is dropped


@pytest.mark.parametrize(
    ("records", "reason"),
    [
        (levels(0.5, 0.5, 0.5), "tie"),
        (levels(0.5, 0.52, 0.5), "small_margin"),
        (levels(0.5, "absent", "absent"), "one_action"),
        (levels(0.5, None, None), "unscored"),
        (levels(0.5, 0.9, 0.1) + levels(0.5, 0.9, 0.1), "duplicate_action"),
    ],
)
@pytest.mark.parametrize("select", ["best-worst", "all", "adjacent"])
def test_groups_without_a_pair_are_dropped_by_reason(records, reason, select):
    pairs, summary = made(records, select=select)
    assert pairs == []
    assert dict(summary.dropped) == {reason: 1}
    assert adds_up(summary)


def test_margin_equal_to_the_least_one_is_kept():
    assert len(made(levels(0.5, 0.55, "absent"), min_margin=0.05)[0]) == 1


def test_unscored_action_is_left_out_and_counted():
    pairs, summary = made(levels(0.2, None, 0.5))
    assert compared(pairs) == [("HIGH", "LOW")]
    assert (summary.unscored_trajectories, summary.trajectories) == (1, 3)


def test_nothing_gives_nothing():
    pairs, summary = made([])
    assert (pairs, summary.read, summary.contradicting_share, summary.wins) == ([], 0, None, [])


# ---------------------------------------------------------------- what is compared with what


def test_states_personas_passes_and_runs_are_never_mixed():
    records = [
        one_step("LOW", 0.1),
        one_step("MID", 0.9, persona="hurried"),
        one_step("MID", 0.9, pass_index=1),
        one_step("MID", 0.9, state=make_state("task-2-open")),
        one_step("MID", 0.9, run_id="run-b"),
    ]
    pairs, summary = made(records)
    assert pairs == []
    assert dict(summary.dropped) == {"one_action": 5}


def multi(*steps, share=1.0, **changes):
    trajectory = make_trajectory(*steps, mode="multi", **changes)
    return reward(trajectory, TaskScores({"t0": share}, {"t0": 1.0}, None), SHARE)


def test_mainline_step_is_compared_with_the_branches_that_depart_there_by_their_futures():
    later = make_state(history=said("MID says so", "ok"), dialogue_turn=1)
    first = make_step("MID", questions=1, rejected=True)
    records = [
        multi(first, make_step("LOW", solves=True, state=later), id="main"),
        multi(make_step("LOW", solves=True), share=0.6, id="b0", parent="main"),
        multi(
            first,
            make_step("HIGH", questions=2, state=later),
            make_step("LOW", solves=True),
            id="b1",
            parent="main",
            decision_point=1,
        ),
    ]
    pairs, summary = made(records)
    # at 0: MID 1 − 0.8 = 0.2 against LOW 0.6; at 1 the rejection is spent: LOW 1.0 against HIGH 1 − 0.2
    assert compared(pairs) == [("LOW", "MID"), ("LOW", "HIGH")]
    assert [pair.margin for pair in pairs] == pytest.approx([0.4, 0.2])
    assert [pair.state.dialogue_turn for pair in pairs] == [0, 1]
    assert (summary.read, summary.done) == (2, 2)


def test_same_turn_after_another_conversation_is_another_decision_point():
    one = make_state(history=said("MID says so", "ok"), dialogue_turn=1)
    other = make_state(history=said("HIGH says so", "no"), dialogue_turn=1)
    records = [
        multi(
            make_step("MID"), make_step("LOW", solves=True, state=one), id="b", parent="m", decision_point=1
        ),
        multi(
            make_step("HIGH"),
            make_step("MID", solves=True, state=other),
            share=0.1,
            id="c",
            parent="m",
            decision_point=1,
        ),
    ]
    pairs, summary = made(records)
    assert pairs == []
    assert dict(summary.dropped) == {"one_action": 2}


# ---------------------------------------------------------------- mean over repeats


def repeats(shares_by_action, **where):
    return [
        one_step(action, share, pass_index=n, message=f"{action} {n}", **where)
        for action, shares in shares_by_action.items()
        for n, share in enumerate(shares)
    ]


def test_mean_averages_the_repeats_of_each_action():
    records = repeats({"LOW": [0.0, 0.0, 0.0, 1.0], "MID": [0.5, 0.5, 0.6, 0.4]})
    (pair,), summary = made(records, select="mean")
    assert compared([pair]) == [("MID", "LOW")]
    assert (pair.chosen_reward, pair.rejected_reward) == pytest.approx((0.5, 0.25))
    # the text nearest to the mean; passes 0 to 2 of LOW are equally near: the first
    assert pair.rejected[0].content == "LOW 0"
    assert summary.read == 1


def test_mean_drops_groups_with_fewer_repeats():
    _, summary = made(repeats({"LOW": [0.0] * 4, "MID": [0.5] * 3}), select="mean")
    assert dict(summary.dropped) == {"few_repeats": 1}


def test_mean_drops_groups_whose_repeats_are_unscored():
    _, summary = made(repeats({"LOW": [0.0] * 4, "MID": [0.5, 0.5, 0.5, None]}), select="mean")
    assert dict(summary.dropped) == {"unscored": 1}
    assert adds_up(summary)


def test_passes_of_two_runs_are_no_repeats_of_each_other():
    records = repeats({"LOW": [0.0] * 2, "MID": [0.5] * 2})
    records += repeats({"LOW": [0.0] * 2, "MID": [0.5] * 2}, run_id="run-b")
    pairs, summary = made(records, select="mean")
    assert (pairs, dict(summary.dropped)) == ([], {"few_repeats": 2})


def test_mean_never_compares_an_action_of_one_run_with_that_of_another():
    records = repeats({"LOW": [0.0] * 4}) + repeats({"HIGH": [0.5] * 4}, run_id="run-b")
    pairs, summary = made(records, select="mean")
    assert (pairs, dict(summary.dropped)) == ([], {"one_action": 2})


# ---------------------------------------------------------------- views and warnings


def test_policy_view_drops_the_persona_and_counts_contradictions():
    calm = levels(0.1, 0.9, "absent", persona="calm")
    hurried = levels(0.9, 0.1, "absent", persona="hurried")
    agreeing = levels(0.1, 0.9, "absent", state=make_state("task-2-open"))
    pairs, summary = made(calm + hurried + agreeing, view="policy")
    assert {pair.persona for pair in pairs} == {None}
    assert len({pair.id for pair in pairs}) == 3
    assert summary.contradicting == 2
    assert summary.contradicting_share == pytest.approx(2 / 3)


def test_users_who_have_shown_different_things_do_not_contradict_each_other():
    known = make_state(user=UserHistory(tasks=1, questions=2, rejected=2))
    records = levels(0.1, 0.9, "absent") + levels(0.9, 0.1, "absent", persona="hurried", state=known)
    assert made(records, view="policy")[1].contradicting == 0


def test_full_view_keeps_the_persona():
    (pair,), _ = made(levels(0.1, 0.9, "absent"))
    assert pair.persona == "calm"


def test_warns_where_wins_contradict_the_mean_reward():
    # MID wins three times by 0.1 and loses once by 0.9: mean −0.15
    records = [row for n in range(3) for row in levels(0.5, 0.6, "absent", state=make_state(f"t-{n}"))]
    records += levels(1.0, 0.1, "absent", state=make_state("t-9"))
    _, summary = made(records)
    (row,) = summary.misleading
    assert (row.first, row.second, row.won, row.lost) == ("LOW", "MID", 1, 3)
    assert row.mean_difference == pytest.approx(0.15)


def test_no_warning_where_wins_and_means_agree():
    assert made(levels(0.2, 0.9, 0.5))[1].misleading == []


def test_identical_messages_are_counted():
    records = [one_step("LOW", 0.1, message="same"), one_step("MID", 0.9, message="same")]
    pairs, summary = made(records)
    assert (len(pairs), summary.same_text) == (1, 1)


def test_a_tie_is_no_pair_whatever_the_least_margin():
    pairs, summary = made(levels(0.5, 0.5, 0.5), min_margin=0)
    assert (pairs, dict(summary.dropped), summary.small_pairs) == ([], {"tie": 1}, 1)


def test_thoughts_are_in_neither_side():
    records = [
        one_step("LOW", 0.1, message="<think>x</think>No."),
        one_step("MID", 0.9, message="<think>y</think>Yes."),
    ]
    ((pair,), _) = made(records)
    assert (pair.chosen[0].content, pair.rejected[0].content) == ("Yes.", "No.")


# ---------------------------------------------------------------- refusals and secrets


def test_rewards_of_another_configuration_are_refused():
    record = make_rewarded(make_trajectory(make_step("MID", questions=1, solves=True)))
    with pytest.raises(DataError, match="another configuration"):
        made([record], RewardConfig(lam=0.5))
    with pytest.raises(DataError, match="another configuration"):
        made([record], RewardConfig(form="weighted"))


def test_unknown_action_space_is_refused_with_the_flag_that_names_it():
    record = make_rewarded(make_trajectory(action_space="mine"))
    other = make_rewarded(make_trajectory(make_step("MID", solves=True), action_space="mine"))
    with pytest.raises(ConfigError, match="--actions"):
        made([record, other], RewardConfig())


def test_nothing_of_the_hidden_side_is_in_a_pair():
    secret = "SECRET-7731"
    hidden = Hidden(
        requirements=(
            requirement(
                f"{secret}-id",
                1.0,
                text=secret,
                open=True,
                question=secret,
                answer=secret,
                keywords=(secret,),
                tests=(secret,),
                checks=(secret,),
                step_known=secret,
                step_unknown=secret,
            ),
        ),
        tests=(secret,),
        setup=secret,
        reference=secret,
        uninformed=secret,
        plan_opening=secret,
    )
    records = []
    for action, share in (("LOW", 0.1), ("MID", 0.9)):
        trajectory = make_trajectory(
            make_step(action, solves=True, revealed=(f"{secret}-id",)), hidden=hidden, solution=secret
        )
        scores = TaskScores({f"{secret}-id": share}, {f"{secret}-id": 1.0}, None)
        records.append(reward(trajectory, scores, SHARE))
    for view in ("full", "policy"):
        for select in ("best-worst", "all"):
            pairs, _ = made(records, view=view, select=select)
            assert len(pairs) == 1
            assert secret not in pairs[0].model_dump_json()
