"""What the policy did at each turn, for each kind of record; what a record does not say is None, never guessed."""

from __future__ import annotations

from typing import Any

import pytest
from tests.mend.parts import ASKED, talk

from tactful.audit.types import Finding
from tactful.calibration.reward.interruption import InterruptionConfig
from tactful.feedback.types import Turn
from tactful.mend.replaying.replay import decided, replay
from tactful.mend.types import Outcome
from tactful.policy import CostPolicy, FixedPolicy
from tactful.types import Written
from tactful.viewer.strips.kinds import kind_of, strips_of
from tactful.viewer.strips.plain import facts, inner_facts, name_of


def step(action: str, questions: int, **reaction: Any) -> dict[str, Any]:
    return {
        "state": {"id": "s", "query_clarity": 0.4, "lang": "en"},
        "action": action,
        "probabilities": {"LOW": 0.25, "HIGH": 0.75},
        "message": f"{action}!",
        "questions": questions,
        "tokens": 9,
        "reaction": {"reply": "hm", **reaction},
        "revealed": ["r"] if questions else [],
    }


def trajectory(**more: Any) -> dict[str, Any]:
    steps = [step("HIGH", 2, answered_clarification=True), step("LOW", 0, reject_signal=True)]
    return {"tactful": "trajectories", "id": "t/main", "persona": "hurried", "parent": "", "decision_point": 0,
            "steps": steps, "end": "completed", **more}  # fmt: skip


def test_a_trajectory_has_a_strip_for_each_step() -> None:
    first, second = strips_of([trajectory()])
    assert (first.did, first.action, first.p, first.said, first.reply) == (
        "asked",
        "HIGH",
        0.75,
        "HIGH!",
        "hm",
    )
    assert (second.did, second.outcome, second.turn) == ("answered", "rejected", 1)
    assert (
        first.all_facts() | {"asked": True, "silent": False, "persona": "hurried", "revealed": 1}
        == first.all_facts()
    )
    assert first.reward is None
    assert "reward" not in first.all_facts()
    assert not first.branched


def test_what_a_policy_compared_is_the_reason_of_its_turn() -> None:
    weighed = {"need": 0.62, "worth": 0.31, "cost": 0.28}
    strip = strips_of([trajectory(steps=[{**step("HIGH", 1), "weighed": weighed}])])[0]
    assert (strip.p, strip.threshold, strip.reason) == (0.75, 0.5, "need 0.62, worth 0.31, cost 0.28")
    told = strip.all_facts()
    assert (told["need"], told["worth"], told["asking_cost"], told.get("cost")) == (0.62, 0.31, 0.28, None)
    assert strips_of([trajectory()])[0].threshold is None


def test_a_branch_is_marked_where_it_leaves_its_mainline() -> None:
    strips = strips_of([trajectory(), trajectory(id="t/b", parent="t/main", decision_point=1)])
    assert [(strip.line, strip.turn, strip.branched) for strip in strips] == [
        (0, 0, False), (0, 1, False), (1, 0, False), (1, 1, True),
    ]  # fmt: skip


def test_the_reward_of_a_turn_counts_from_there_on_where_the_configuration_is_known() -> None:
    counts = [
        {"asked": True, "questions": 2, "rejected": True, "answered": False, "tokens": 9, "off_topic": False},
        {
            "asked": False,
            "questions": 0,
            "rejected": False,
            "answered": False,
            "tokens": 9,
            "off_topic": False,
        },
    ]
    row = {"tactful": "rewarded", "trajectory": trajectory(), "counts": counts, "task_score": 1.0,
           "interruption_cost": 0.9, "reward": 0.1}  # fmt: skip
    # two questions at 0.1 each and one rejection at 0.7 lie in the first step, nothing in the second
    first, second = strips_of([row], InterruptionConfig().model_dump())
    assert (first.interruption_cost, first.reward) == (pytest.approx(0.9), pytest.approx(0.1))
    assert (second.interruption_cost, second.reward) == (0.0, 1.0)
    first, second = strips_of([row])
    assert (first.reward, second.reward) == (pytest.approx(0.1), None)
    unscored = strips_of([{**row, "task_score": None, "reward": None}], InterruptionConfig().model_dump())
    assert [strip.reward for strip in unscored] == [None, None]


def test_a_pair_shows_what_the_rejected_side_got() -> None:
    row = {"tactful": "pairs", "id": "p", "state": {"domain": "coding"}, "chosen_action": "LOW", "rejected_action": "HIGH",
           "chosen_reward": 1.0, "rejected_reward": 0.2, "chosen": [{"role": "assistant", "content": "yes"}],
           "rejected": [{"role": "assistant", "content": "no?"}], "prompt": [], "margin": 0.8}  # fmt: skip
    (strip,) = strips_of([row])
    (other,) = strip.others
    assert (strip.action, strip.reward, strip.said, strip.did) == ("LOW", 1.0, "yes", None)
    assert (other.action, other.reward, other.said) == ("HIGH", 0.2, "no?")
    assert strip.all_facts()["other_reward"] == 0.2
    assert strip.all_facts()["margin"] == 0.8


def test_a_tree_shows_the_other_actions_at_each_point() -> None:
    nodes = [
        {"parent": -1, "step": step("LOW", 0), "end": "completed", "children": {}},
        {"parent": -1, "step": step("HIGH", 1), "end": None, "children": {"LOW": 2}},
        {"parent": 1, "step": step("LOW", 0), "end": "rejected", "children": {}},
    ]
    strips = strips_of(
        [{"tactful": "trees", "id": "tree", "first": {"LOW": 0, "HIGH": 1}, "nodes": nodes, "frame": {}}]
    )
    assert [[other.action for other in strip.others] for strip in strips] == [["HIGH"], ["LOW"], []]
    assert [strip.facts["first"] for strip in strips] == [True, True, False]


def test_an_offer_held_back_is_silence_and_says_so() -> None:
    outcome = {"timing": "stuck", "help_wanted": True, "verdict": None, "reason": ""}
    steps = [
        {
            "index": 0,
            "proposal": "May I?",
            "shown": True,
            "acceptance": 0.8,
            "outcome": {**outcome, "verdict": "ignored"},
        },
        {"index": 1, "proposal": "Now?", "shown": False, "acceptance": 0.1, "outcome": outcome},
        {"index": 2, "proposal": None, "shown": False, "acceptance": None, "outcome": {}},
    ]
    shown, held, silent = strips_of([{"tactful": "episodes", "id": "e", "setting": "coding", "steps": steps}])
    assert (shown.did, shown.p, shown.outcome, shown.needed) == ("offered", 0.8, "ignored", True)
    assert (held.did, held.facts["held_back"], held.outcome) == ("silent", True, "")
    assert (silent.did, silent.p, silent.p_of, silent.needed) == ("silent", None, "", None)


def test_candidates_that_were_tried_before_stand_beside_the_last() -> None:
    tries = [{"proposal": "A", "accepted": False}, {"proposal": None, "accepted": True, "p_accept": 0.6}]
    (strip,) = strips_of([{"tactful": "judged-points", "id": "x", "help_wanted": False, "tries": tries}])
    assert (strip.did, strip.outcome, strip.needed, strip.p) == ("silent", "accepted", False, 0.6)
    assert [(other.did, other.said, other.outcome) for other in strip.others] == [
        ("offered", "A", "rejected")
    ]


def test_a_question_that_was_needless_was_not_needed_whatever_its_request_needed() -> None:
    asked = Finding(conversation="c", turn=1, asked=True, need=0.9, needless=0.8, reason="already said")
    act = Finding(conversation="c", turn=3, asked=False, need=0.7)
    unknown = Finding(conversation="c", turn=5, asked=True, unjudged="too long")
    strips = strips_of([written(one) for one in (asked, act, unknown)])
    assert [(strip.did, strip.needed) for strip in strips] == [
        ("asked", False),
        ("answered", True),
        ("asked", None),
    ]
    assert strips[0].reason == "already said"
    assert "needed" not in strips[2].all_facts()


def test_an_unscored_judgement_has_no_reward() -> None:
    turn = Turn(id="d/0", q_t="q", a_t="a", user_next="n", dialogue_id="d")
    judgement = {
        "label": None,
        "confidence": None,
        "reward": None,
        "unscored_reason": "unreadable",
        "tau_c": 0.6,
    }
    (strip,) = strips_of([{"tactful": "judged-turns", "turn": turn.model_dump(), "judgement": judgement}])
    assert (strip.reward, strip.outcome, strip.reason, strip.threshold) == (None, "", "unreadable", 0.6)
    assert "reward" not in strip.all_facts()


def test_a_logged_decision_stands_beside_the_answer_that_was_better() -> None:
    logged = {"state": {"id": "c#1"}, "turn": 1, "asked": True, "outcome": "needless", "reason": "already said",
              "answer": "Which one?", "reply": "I said blue", "propensity": 0.3}  # fmt: skip
    row = {"id": "c", "user": "", "messages": [], "turns": [logged], "left_out": [],
           "pairs": [{"id": "c#1", "chosen": "Blue it is", "rejected": "Which one?", "link": "needless question"}]}  # fmt: skip
    (strip,) = strips_of([row])
    assert (strip.did, strip.p, strip.p_of, strip.outcome) == ("asked", 0.3, "the action", "needless")
    assert strip.needed is False
    assert [other.said for other in strip.others] == ["Blue it is"]


@pytest.mark.parametrize(
    ("outcome", "needed"),
    [("welcome", True), ("needless", False), ("rejected", False), ("left", False), ("guess", True), ("fine", False),
     ("faulty", False), ("not judged", None), ("nothing said next", None)],
)  # fmt: skip
def test_what_a_replayed_policy_would_have_done_stands_beside_what_was_done(
    outcome: Outcome, needed: bool | None
) -> None:
    talks = [talk("c", [outcome])]
    always = FixedPolicy("Clarify", ("Execute", "Clarify"))
    (row,) = decided(talks, always, found=replay(talks, always))
    (strip,) = strips_of([written(row)])
    assert (strip.did, strip.needed) == ("asked" if outcome in ASKED else "answered", needed)
    (other,) = strip.others
    assert (other.did, other.action) == ("asked", "always-Clarify")
    effect = "" if outcome in ASKED else "not known" if needed is None else "better" if needed else "worse"
    assert other.outcome == effect == (strip.facts.get("effect") or "")


def test_what_a_replayed_policy_weighed_can_be_filtered_by() -> None:
    talks, cost = [talk("c", ["fine"])], CostPolicy(("Execute", "Clarify"))
    (row,) = decided(talks, cost, found=replay(talks, cost))
    (strip,) = strips_of([written(row)])
    assert {"need", "worth", "asking_cost", "questions", "rejected"} <= set(strip.facts)


def test_two_replayed_policies_are_both_roads_not_taken() -> None:
    talks = [talk("c", ["fine"])]
    always, never = (FixedPolicy(action, ("Execute", "Clarify")) for action in ("Clarify", "Execute"))
    (row,) = decided(talks, always, never, found=replay(talks, always, never))
    (strip,) = strips_of([written(row)])
    assert [(one.action, one.did) for one in strip.others] == [
        ("always-Clarify", "asked"),
        ("always-Execute", "answered"),
    ]


@pytest.mark.parametrize(
    "row", [{}, {"tactful": "trees"}, {"tactful": "pairs", "chosen": 3}, {"tactful": "episodes", "steps": [None, 1]},
            {"tactful": "rewarded", "trajectory": None}, {"tactful": "unheard-of", "x": 1},
            {"tactful": "predictions", "predictions": None}, {"tactful": 3}, {"tactful": "trees", "nodes": [{"parent": 99}]},
            {"tactful": "rewarded", "trajectory": {"steps": [{}]}, "counts": [{"asked": "?"}]}],
)  # fmt: skip
def test_a_row_that_is_not_as_we_write_it_is_no_error(row: dict[str, Any]) -> None:
    for strip in strips_of([row, 3, "x", None]):
        assert strip.reward is None


def test_of_rows_that_we_do_not_know_the_plain_values_are_facts() -> None:
    (strip,) = strips_of(
        [{"a": 1, "b": {"c": "x", "d": [1]}, "e": None, "long": "x" * 400, "provenance": {"seed": 1}}]
    )
    assert strip.all_facts() == {"a": 1, "b_c": "x", "turn": 0}
    assert facts({"a": True, "b": []}, "a", "b", "c") == {"a": True}
    assert inner_facts({"a": {"b": {"c": 1}}}) == {}


def test_rows_without_their_word_are_known_by_their_keys() -> None:
    assert kind_of({"prompt": [], "chosen": [], "rejected": []}) == "pairs"
    assert kind_of({"moment": {}, "label": {}}) == "moments"
    assert kind_of({"x": 1}) == ""


def written(record: Written) -> dict[str, Any]:
    return {"tactful": record.row_kind, **record.model_dump(mode="json")}


@pytest.mark.parametrize(
    ("row", "name"),
    [({"id": "a", "conversation": "c", "turn": 1}, "a"), ({"conversation": "c", "turn": 0}, "c#0"),
     ({"trace": "t", "at": 3}, "t:3"), ({"conversation": "c"}, ""), ({"trace": 1, "at": 3}, ""), ({}, "")],
)  # fmt: skip
def test_a_row_without_an_id_is_named_by_its_place(row: dict[str, Any], name: str) -> None:
    assert name_of(row) == name
