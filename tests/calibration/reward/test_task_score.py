import pytest
from tests.calibration.reward_fixtures import FakeCage, make_step, make_trajectory, requirement

from tactful.calibration.reward.task_score import (
    NOTHING_TO_CHECK,
    QUARANTINED,
    TaskScorer,
    delivered,
    owned_tests,
    task_score,
)
from tactful.sandbox import Outcome
from tactful.types import Hidden

ALL = "passes: a, b, c, d"


def scored(trajectory, cage=None):
    with TaskScorer(cage=cage or FakeCage()) as scorer:
        return scorer.score_all([trajectory])[0]


def solved_with(code, **hidden):
    return make_trajectory(make_step(solves=True), solution=code, hidden=Hidden(**hidden))


def test_all_or_nothing_is_one_or_zero():
    assert task_score({"r": 1.0}, {"r": 1.0}, True, "all-or-nothing") == 1
    assert task_score({"r": 0.5}, {"r": 1.0}, False, "all-or-nothing") == 0


def test_share_weighs_requirements():
    # 0.7·0.5 + 0.3·1
    scores, weights = {"r1": 0.5, "r2": 1.0}, {"r1": 0.7, "r2": 0.3}
    assert task_score(scores, weights, False, "share") == pytest.approx(0.65)


def test_plans_are_scored_by_share_in_either_form():
    assert task_score({"r1": 1.0, "r2": 0.0}, {"r1": 0.3, "r2": 0.7}, None, "all-or-nothing") == 0.3


def test_one_unscored_requirement_leaves_the_share_unscored():
    assert task_score({"r1": None, "r2": 1.0}, {"r1": 0.5, "r2": 0.5}, None, "share") is None
    assert task_score({"r2": 1.0}, {"r1": 0.5, "r2": 0.5}, None, "share") is None


def test_nothing_checked_is_unscored_not_passed():
    assert task_score({}, {}, None, "share") is None
    assert task_score({}, {}, None, "all-or-nothing") is None


def test_tests_of_a_task_without_requirements_share_its_weight():
    assert [item.weight for item in owned_tests(Hidden(tests=("a", "b")))] == [0.5, 0.5]


def test_unowned_tests_together_weigh_as_much_as_an_average_requirement():
    hidden = Hidden(
        requirements=(requirement("r1", 0.3, tests=("a",)), requirement("r2", 0.7, tests=("b",))),
        tests=("c", "d"),
    )
    # average 0.5, total 1.5
    weights = {item.name: item.weight for item in owned_tests(hidden)}
    assert weights == pytest.approx({"r1": 0.2, "r2": 0.7 / 1.5, "t0": 0.25 / 1.5, "t1": 0.25 / 1.5})


def test_passing_everything_scores_one_by_either_form():
    result = scored(solved_with(ALL, tests=("a", "b")))
    assert result.all_passed is True
    assert result.scores == {"t0": 1.0, "t1": 1.0}
    assert result.tier == "landlock+seccomp"


def test_requirement_is_met_by_the_share_of_its_tests():
    requirements = (requirement("r1", 0.7, tests=("a", "b")), requirement("r2", 0.3, tests=("c",)))
    result = scored(solved_with("passes: a, c", requirements=requirements))
    assert result.scores == {"r1": 0.5, "r2": 1.0}
    assert result.all_passed is False


def test_no_solution_scores_zero():
    trajectory = make_trajectory(make_step(questions=1), hidden=Hidden(tests=("a",)), end="rejected")
    result = scored(trajectory)
    assert (result.scores, result.all_passed, result.unscored_reason) == ({"t0": 0.0}, False, "")


def test_code_that_no_step_delivered_is_no_solution():
    trajectory = make_trajectory(make_step(questions=1), solution=ALL, hidden=Hidden(tests=("a",)))
    assert delivered(trajectory) is None
    assert scored(trajectory).all_passed is False


def test_blank_solution_is_no_solution():
    assert delivered(solved_with("  \n", tests=("a",))) is None


def test_broken_cage_leaves_the_solution_unscored():
    result = scored(solved_with("boom", tests=("a",)))
    assert result.all_passed is None
    assert result.scores == {"t0": None}
    assert "the cage broke" in result.unscored_reason


def test_task_whose_reference_fails_is_quarantined_also_without_solution():
    hidden = Hidden(tests=("a", "b"), reference="passes: a")
    for trajectory in (
        make_trajectory(make_step(solves=True), solution=ALL, hidden=hidden),
        make_trajectory(make_step(questions=1), hidden=hidden),
    ):
        result = scored(trajectory)
        assert result.unscored_reason == QUARANTINED
        assert result.all_passed is None


@pytest.mark.parametrize("outcome", [Outcome.TIMEOUT, Outcome.MEMORY])
def test_reference_that_runs_out_of_its_limits_is_quarantined_with_the_limits_named(outcome):
    class Slow(FakeCage):
        def run_many(self, jobs):
            for verdict in super().run_many(jobs):
                ended = tuple(test.model_copy(update={"outcome": outcome}) for test in verdict.tests)
                yield verdict.model_copy(update={"tests": ended})

    result = scored(solved_with(ALL, tests=("a",), reference=ALL), Slow())
    assert result.all_passed is None
    assert (
        result.unscored_reason
        == "quarantined: the task's own reference fails its tests within 5 s and 512 MB; raise timeout_s or memory_mb"
    )


def test_equal_programs_run_once_also_across_batches():
    cage = FakeCage()
    same = solved_with(ALL, tests=("a",), reference=ALL)
    with TaskScorer(cage=cage) as scorer:
        scorer.score_all([same, same])
        scorer.score_all([same])
        assert scorer.distinct_runs == 1
        scorer.score_all([solved_with(ALL, tests=("b",), reference=ALL)])
    assert [job.tests for job in cage.jobs] == [("a",), ("b",)]


def test_setup_is_part_of_what_is_run():
    cage = FakeCage()
    with TaskScorer(cage=cage, timeout_s=2.0, memory_mb=64) as scorer:
        scorer.score_all([solved_with(ALL, tests=("a",), setup="x = 1"), solved_with(ALL, tests=("a",))])
    assert [(job.setup, job.timeout_s, job.memory_mb) for job in cage.jobs] == [
        ("x = 1", 2.0, 64),
        ("", 2.0, 64),
    ]


def test_weak_verdicts_are_marked():
    assert scored(solved_with("passes: weak", tests=("weak",))).weak


def test_plan_is_scored_by_its_checks_without_a_cage():
    requirements = (
        requirement("r1", 0.3, checks=("tuesday",)),
        requirement("r2", 0.7, checks=("vegetarian", "!steak")),
    )
    result = TaskScorer().score_all([solved_with("Dinner on Tuesday, steak", requirements=requirements)])[0]
    assert result.scores == {"r1": 1.0, "r2": 0.0}
    assert result.weights == pytest.approx({"r1": 0.3, "r2": 0.7})
    assert result.all_passed is None


def test_no_plan_meets_nothing_not_even_a_negative_check():
    requirements = (requirement("r1", 1.0, checks=("!steak",)),)
    trajectory = make_trajectory(make_step(questions=1), hidden=Hidden(requirements=requirements))
    assert scored(trajectory).scores == {"r1": 0.0}


def test_requirement_without_check_leaves_the_plan_unscored():
    result = scored(solved_with("a plan", requirements=(requirement("r1", 1.0),)))
    assert result.scores == {"r1": None}
    assert "r1" in result.unscored_reason


@pytest.mark.slow
def test_check_that_would_search_for_ever_leaves_the_plan_unscored():
    result = scored(solved_with("a" * 60 + "!", requirements=(requirement("r1", 1.0, checks=("(a|aa)+$",)),)))
    assert result.scores == {"r1": None}
    assert "'(a|aa)+$' took longer than 1 s" in result.unscored_reason


def test_task_without_tests_and_requirements_is_unscored():
    result = scored(solved_with("anything"))
    assert result.unscored_reason == NOTHING_TO_CHECK
    assert task_score(result.scores, result.weights, result.all_passed, "all-or-nothing") is None


def test_requirement_named_like_a_free_test_is_refused_not_mixed_up():
    result = scored(solved_with(ALL, requirements=(requirement("t0", 1.0, tests=("a",)),), tests=("b",)))
    assert "not unique" in result.unscored_reason
