"""What a policy would have decided: counted by what the log knows, with estimates only where propensities allow them."""

from tests.mend.parts import talk, turn

from tactful.mend.replaying.page import replay_lines, replay_page
from tactful.mend.replaying.replay import decided, replay
from tactful.mend.types import LoggedTalk
from tactful.policy import CostPolicy, FixedPolicy, RandomPolicy
from tactful.policy.simple import RulePolicy
from tactful.types import UserHistory

ACTIONS = ("Execute", "Clarify")
NEVER, ALWAYS = (FixedPolicy(action, ACTIONS) for action in ACTIONS)


def changes(found):
    return {change.name: change.share for change in found.changes}


def test_a_policy_that_never_asks_spares_every_needless_question_and_loses_every_needed_one():
    talks = [talk(f"c{at}", ["needless", "fine", "welcome", "fine", "guess", "fine"]) for at in range(10)]
    found = replay(talks, NEVER)
    shares = changes(found)
    assert (shares["spared"].value, shares["lost"].value) == (1.0, 1.0)
    assert (shares["asked before a guess"].value, shares["added"].value) == (0.0, 0.0)
    assert (found.asks_before, found.asks_after, found.turns) == (20, 0, 60)
    assert found.effects == {"better": 10, "worse": 10, "not known": 0}
    assert found.counts["needless"] == {"answers": 10}


def test_a_question_with_which_the_log_ends_is_needless_only_where_the_audit_says_so():
    talks = [talk("a", ["left"], reply="", sure=0.9), talk("b", ["left"], reply="")]
    found = replay(talks, NEVER)
    assert changes(found)["spared"].items == 1
    assert found.effects == {"better": 1, "worse": 0, "not known": 1}
    assert [one.right for held in talks for one in held.turns] == [0, None]


def test_two_policies_are_told_apart_where_they_differ():
    found = replay([talk("c", ["guess", "fine", "not judged"])], ALWAYS, NEVER)
    assert found.against == "always-Execute"
    assert found.effects == {"better": 1, "worse": 1, "not known": 1}
    assert {one.effect: one.before for one in found.differences} == dict.fromkeys(
        ("better", "worse", "not known"), "answers"
    )


def test_what_would_change_in_the_log_is_told_apart_from_the_comparison_of_two_policies():
    lines = list(replay_lines(replay([talk("c", ["guess", "fine"])], ALWAYS, NEVER)))
    assert lines[0].endswith("2 turns of 1 conversation; asks 2 times, always-Execute 0")
    assert lines[1] == "  what always-Clarify would change in the log, whatever always-Execute does:"
    assert any(line.startswith("  decided otherwise than always-Execute: 1 better") for line in lines)
    assert "whatever" not in "".join(replay_lines(replay([talk("c", ["guess"])], ALWAYS)))


def test_the_same_policy_twice_differs_nowhere():
    found = replay([talk("c", ["guess", "needless"])], ALWAYS, ALWAYS)
    assert found.differences == ()
    assert sum(found.effects.values()) == 0


def test_a_log_without_propensities_gets_no_estimate():
    found = replay([talk("c", ["guess"])], ALWAYS)
    assert found.value is None
    assert "no off-policy estimate" in replay_page(found)


def test_a_log_that_drew_its_actions_gets_one():
    # 40 users, each asked once and answered once by a fair coin: asking was right every time, answering never
    talks = [talk(f"c{at}", ["welcome", "guess"], user=str(at), propensity=0.5) for at in range(60)]
    always, coin = (replay(talks, policy).value for policy in (ALWAYS, RandomPolicy(ACTIONS)))
    assert always is not None
    assert coin is not None
    assert always.effective == 60
    assert always.self_normalised.value == 1.0
    assert always.ips.value == 1.0
    assert coin.self_normalised.value == 0.5


def test_the_numbers_that_decided_stand_with_each_turn_and_on_the_page():
    known = UserHistory(tasks=3, questions=2, answered=1, rejected=1)
    one = turn("guess", query_clarity=0.3, user=known)
    talks = [LoggedTalk(id="c", user="u", messages=(), turns=(one,))]
    found = replay(talks, CostPolicy(ACTIONS), ALWAYS)
    (row,) = decided(talks, CostPolicy(ACTIONS), ALWAYS, found=found)
    # clarity 0.3: need 0.7. Rejections (0.65 + 1) of (0.65 + 1) + (2.3 + 1) = 1/3; a quarter of the rest of 0.3 more: 0.3833
    # worth 0.7 × 0.8 × 0.6167 = 0.3453; cost 0.1 + 0.7 × 0.3833 = 0.3683
    assert row.weighed == {"need": 0.7, "worth": 0.3453, "cost": 0.3683}
    assert (row.questions, row.rejected) == (2, 1)
    (difference,) = found.differences
    assert (difference.weighed, difference.questions) == (row.weighed, 2)
    decided_by = (
        "Need 0.70, worth 0.35, cost 0.37; this user rejected 1 of 2 earlier questions; in the log: guess."
    )
    assert decided_by in replay_page(found)
    assert "Need 0.70; never asked before" in replay_page(
        replay([talk("c", ["guess"], query_clarity=0.3)], ALWAYS)
    )


def test_the_page_marks_the_turn_and_runs_nothing_that_a_user_wrote():
    nasty = "<script>alert(1)</script>\n# heading"
    found = replay([talk("c", ["guess"], reply=nasty, query=nasty)], RulePolicy(ACTIONS))
    page = replay_page(found)
    assert "▶ assistant: a" in page
    shown = [line for line in page.splitlines() if "script" in line or "heading" in line]
    assert shown
    assert all(line.startswith("    ") for line in shown)
