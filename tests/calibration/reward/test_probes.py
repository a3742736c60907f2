import pytest
from tests.calibration.reward_fixtures import FakeCage

from tactful.calibration.reward.probes import probe_sandbox, run_probes
from tactful.calibration.reward.rewards import RewardConfig
from tactful.calibration.reward.task_score import TaskScorer
from tactful.errors import UserError
from tactful.sandbox import Outcome, Tier, current_tier


def failing(**changes):
    return {probe.name for probe in run_probes(RewardConfig(**changes)) if not probe.holds}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"form": "weighted"},
        {"form": "weighted", "alpha": 0.6},
        {"task_score": "share"},
        {"lam": 0.0},
        {"delta": 0.0, "lam": 0.0, "gamma": 0.0},
    ],
)
def test_sound_rewards_hold_every_probe(changes):
    assert failing(**changes) == set()


def test_bonus_without_cap_is_caught():
    # 30 · 0.3 − 30 · 0.1 = 6 beats a passed test
    assert "thirty_answered_questions" in failing(gamma_cap=1000.0)


def test_bonus_worth_more_than_the_task_is_caught_at_the_first_question():
    probes = {probe.name: probe for probe in run_probes(RewardConfig(gamma=1.5, gamma_cap=1.5))}
    probe = probes["thirty_answered_questions"]
    assert not probe.holds
    assert probe.figures["best"] == pytest.approx(1.4)
    assert probe.figures["questions_of_best"] == 1
    assert probe.figures["thirty"] == pytest.approx(-1.5)


def test_failing_probe_says_what_must_hold_and_the_figures():
    text = next(p.text() for p in run_probes(RewardConfig(gamma_cap=1000.0)) if not p.holds)
    assert text.startswith("thirty_answered_questions: FAILS: ")
    assert "passed_test 1," in text
    assert "best 6" in text


def test_sandbox_that_passes_everything_or_nothing_is_caught():
    class Careless(FakeCage):
        def run_many(self, jobs):
            for verdict in super().run_many(jobs):
                yield verdict.model_copy(
                    update={
                        "tests": tuple(
                            t.model_copy(update={"outcome": Outcome.PASSED}) for t in verdict.tests
                        )
                    }
                )

    for cage in (Careless(), FakeCage()):
        with TaskScorer(cage=cage) as scorer:
            assert not probe_sandbox(scorer, RewardConfig()).holds


def test_sandbox_that_breaks_is_not_called_a_reward_that_can_be_hacked():
    class Broken(FakeCage):
        def run_many(self, jobs):
            for verdict in super().run_many(jobs):
                yield verdict.model_copy(update={"unscored": True, "error": "the fork server ended"})

    with TaskScorer(cage=Broken()) as scorer, pytest.raises(UserError) as caught:
        probe_sandbox(scorer, RewardConfig())
    assert "could not be run, so nothing was written (sandbox: the fork server ended)" in str(caught.value)
    assert "hacked" not in str(caught.value)


@pytest.mark.slow
def test_guarded_code_scores_full_and_wrong_code_does_not_in_the_real_sandbox():
    if current_tier() is Tier.NONE:
        pytest.skip("no cage on this machine: neither Landlock nor bubblewrap")
    with TaskScorer() as scorer:
        probe = probe_sandbox(scorer, RewardConfig(task_score="share"))
    assert probe.holds, probe.text()
    assert probe.figures["right_code"] == 1
    # the first of three tests does not meet the exception
    assert probe.figures["wrong_code"] == pytest.approx(1 / 3)
