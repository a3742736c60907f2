import pytest
from tests.calibration.reward_fixtures import FakeCage, make_rewarded, make_step, make_trajectory, requirement

from tactful.calibration.reward.rewarding import RewardHackable, Scoring, parse_rewarded, parse_row
from tactful.calibration.reward.rewards import RewardConfig
from tactful.calibration.reward.task_score import TaskScorer
from tactful.calibration.types import Rewarded
from tactful.sandbox.types import Outcome
from tactful.types import Hidden, Trajectory


class HonestCage(FakeCage):
    """Like FakeCage, and runs the sandbox probe's two programs in its head."""

    def run_many(self, jobs):
        for job, verdict in zip(jobs, super().run_many(jobs), strict=True):
            if "to_number" not in job.code:
                yield verdict
                continue
            right = "return 0" in job.code
            rest = Outcome.PASSED if right else Outcome.FAILED
            outcomes = [Outcome.PASSED, rest, rest]
            tests = [
                test.model_copy(update={"outcome": outcome})
                for test, outcome in zip(verdict.tests, outcomes, strict=True)
            ]
            yield verdict.model_copy(update={"tests": tuple(tests)})


def scoring(cage=None, **config):
    cage = cage or HonestCage()
    return Scoring(
        RewardConfig(**config), make_scorer=lambda unsafe, **limits: TaskScorer(cage=cage, **limits)
    )


def coding(name, code="passes: a"):
    return make_trajectory(make_step(solves=True), id=name, solution=code, hidden=Hidden(tests=("a",)))


def test_rows_keep_their_order_and_equal_programs_run_once():
    cage = HonestCage()
    work = scoring(cage)
    rows = [coding("x"), make_rewarded(make_trajectory(id="y")), coding("z"), coding("w", "passes: b")]
    rewarded = list(work.rewarded(rows))
    assert [record.id for record in rewarded] == ["x", "y", "z", "w"]
    assert [record.task_score for record in rewarded] == [1, 1, 1, 0]
    assert (work.distinct_runs, work.reused) == (2, 1)


def test_stored_scores_are_used_again_without_a_sandbox():
    class NoCage:
        def run_many(self, jobs):
            raise AssertionError("the sandbox was used")

    work = scoring(NoCage(), lam=0.0)
    (again,) = work.rewarded([make_rewarded(make_trajectory(make_step(questions=1, solves=True)))])
    assert (again.interruption_cost, work.reused) == (0.0, 1)
    assert {probe.name for probe in work.probes} == {
        "thirty_answered_questions",
        "question_spam",
        "praise_fishing",
        "padding",
        "code_in_clarification",
    }


def test_hackable_reward_is_refused_before_the_first_record():
    cage = HonestCage()
    with pytest.raises(RewardHackable, match=r"thirty_answered_questions: FAILS.*best 6"):
        next(scoring(cage, gamma_cap=1000.0).rewarded([coding("x")]))
    assert cage.jobs == []


def test_sandbox_that_cannot_tell_right_from_wrong_is_refused():
    with pytest.raises(RewardHackable, match="try_except: FAILS"):
        next(scoring(FakeCage()).rewarded([coding("x")]))


def test_plans_do_not_open_the_sandbox():
    plan = make_trajectory(
        make_step(solves=True),
        solution="on tuesday",
        hidden=Hidden(requirements=(requirement("r", 1.0, checks=("tuesday",)),)),
    )
    work = Scoring(RewardConfig())
    (rewarded,) = work.rewarded([plan])
    assert (rewarded.task_score, work.distinct_runs) == (1, 0)


def test_nothing_gives_nothing():
    assert list(scoring().rewarded([])) == []


def test_row_is_read_as_what_it_is():
    trajectory = make_trajectory()
    assert isinstance(parse_row(trajectory.model_dump(mode="json")), Trajectory)
    assert isinstance(parse_row(make_rewarded(trajectory).model_dump(mode="json")), Rewarded)


@pytest.mark.parametrize(
    ("parse", "changes", "words"),
    [
        (parse_row, {"decision_point": 3}, "1 steps, so none at decision_point 3"),
        (parse_row, {"steps": []}, "0 steps, so none at decision_point 0"),
        (parse_rewarded, {}, "not rewarded yet; run 'tactful calibrate reward'"),
    ],
)
def test_trajectory_that_does_not_fit_together_is_refused(parse, changes, words):
    with pytest.raises(ValueError, match=words):
        parse({**make_trajectory().model_dump(mode="json"), **changes})


def test_rewarded_row_with_counts_of_other_steps_is_refused():
    row = {**make_rewarded(make_trajectory()).model_dump(mode="json"), "counts": []}
    with pytest.raises(ValueError, match="1 steps but counts of 0"):
        parse_row(row)
