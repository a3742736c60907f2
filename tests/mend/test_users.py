"""Simulated users like a log's: the formulas of the rule user solved for its traits, and our users beside people."""

import pytest
from tests.mend.logs import write_log
from tests.mend.parts import talk

import tactful as tf
from tactful.calibration.play.personas import load_personas
from tactful.calibration.play.users import reject_probability
from tactful.errors import UserError
from tactful.evaluation.policies.results import Evaluation, PolicyResult
from tactful.mend.users.card import Ranking, ranking_of, realism_card
from tactful.mend.users.fitting import fit_personas, personas_toml
from tactful.mend.users.manners import Manners
from tactful.stats import Estimate


def users(count, outcomes_of, **known):
    return Manners.of(talk(f"c{at}", outcomes_of(at), user=f"u{at}", **known) for at in range(count))


def test_users_who_reject_alike_become_personas_who_do():
    # a third of every user's questions about open requests is rejected, and nothing needless is asked beside
    log = users(20, lambda at: ["welcome", "welcome", "rejected"], reply="two words or so")
    rejects = [reject_probability(persona) for persona in fit_personas(log)]
    # rejected questions count as needless, which the simulation raises by a quarter: r = p + (1 − p)·0.25·⅓, p = 0.273
    assert sum(rejects) / 5 == pytest.approx(0.273, abs=0.02)
    assert rejects == sorted(rejects)


def test_users_who_differ_become_personas_who_differ():
    log = users(20, lambda at: ["welcome"] * 4 if at % 2 else ["rejected"] * 4)
    rejects = [reject_probability(persona) for persona in fit_personas(log)]
    assert rejects[0] < 0.05
    assert rejects[-1] == pytest.approx(0.7, abs=0.01)  # the most that a simulated user rejects


def test_terse_users_are_pressed_for_time_and_the_undecided_know_less():
    terse, wordy = (
        fit_personas(users(10, lambda at: ["welcome", "needless"], reply=reply, reason="a default would do"))[
            0
        ]
        for reply in ("ok", "word " * 60)
    )
    assert terse.time_pressure > 0.9 > 0.1 > wordy.time_pressure
    assert terse.expertise == pytest.approx(0.02)  # the least: every choice was left to the assistant


def test_personas_are_a_file_that_rollouts_take(tmp_path):
    personas = fit_personas(users(10, lambda at: ["welcome", "rejected"]))
    (tmp_path / "mine.toml").write_text(personas_toml(personas))
    assert load_personas(tmp_path / "mine.toml") == personas


def test_too_few_users_are_refused():
    with pytest.raises(UserError, match="7 users or conversations"):
        fit_personas(users(7, lambda at: ["welcome"]))


def test_a_log_of_too_few_users_leaves_no_folder_behind(tmp_path):
    log = write_log(tmp_path / "log.jsonl", 3)
    with pytest.raises(UserError, match="give more logs"):
        tf.fit_users(log, out=tmp_path / "users", progress="off")
    assert not (tmp_path / "users").exists()


def test_the_card_says_who_is_nearer_to_the_log():
    log, ours, theirs = (users(10, lambda at, o=one: [o]) for one in ("rejected", "welcome", "rejected"))
    rows = {row.name: row for row in realism_card(log, ours, theirs)}
    assert rows["refused"].log.value == 1.0
    assert rows["refused"].nearer == "fitted"
    assert rows["left"].nearer == "equal"
    assert rows["corrected"].nearer == "not known"  # nobody answered anything


def test_a_ranking_changes_when_another_policy_is_best():
    one, two = Estimate(value=0.6, items=9, groups=9), Estimate(value=0.5, items=9, groups=9)
    kept = Ranking(domain="d", built_in=(("a", one), ("b", two)), fitted=(("a", two),), swapped=())
    assert not kept.changes
    assert kept.model_copy(update={"fitted": (("b", one), ("a", two))}).changes


def test_policies_are_swapped_clearly_only_beyond_their_intervals():
    def measured(**rewards):
        policies = [
            PolicyResult.model_construct(name=name, measures={"reward": Estimate(value=value, low=value - 0.1, high=value + 0.1, items=9, groups=9)})
            for name, value in rewards.items()
        ]  # fmt: skip
        return Evaluation.model_construct(domain="planning", policies=tuple(policies))

    found = ranking_of(measured(a=0.6, b=0.55, c=0.5), measured(a=0.2, b=0.55, c=0.6))
    assert found.changes
    assert [(swap.better, swap.other, swap.clear) for swap in found.swapped] == [
        ("a", "b", True), ("a", "c", True), ("b", "c", False),
    ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_whole_way_from_a_log_to_users_and_their_ranking(tmp_path):
    log = write_log(tmp_path / "log.jsonl", 60, users=15)
    found = tf.fit_users(log, out=tmp_path / "users", tasks=8, progress="off")
    assert len(load_personas(tmp_path / "users" / "personas.toml")) == 5
    assert {row.name for row in found.card} >= {"answered", "refused", "corrected", "thanked", "tokens"}
    assert {name for name, _ in found.ranking.built_in} == {name for name, _ in found.ranking.fitted}
    refused = next(row for row in found.card if row.name == "refused")
    assert refused.nearer == "fitted"
    assert "another policy" in (tmp_path / "users" / "users.md").read_text() or not found.ranking.changes
    with pytest.raises(UserError, match="exists already"):
        tf.fit_users(log, out=tmp_path / "users")
