"""What policies asked, by the tasks' own word: needed or not, what was left unasked, how soon."""

import pytest
from tests.calibration.playing import person
from tests.evaluation.worlds import grow, one_step_tree

from tactful.calibration.tasks.states import seed_states
from tactful.evaluation.policies.walking.asking import asking
from tactful.evaluation.policies.walking.tree import ActionTree
from tactful.evaluation.policies.walking.walk import Walk, columns, user_sessions, walk_trees
from tactful.policy import FixedPolicy

LEVELS = ("LOW", "MID", "HIGH")
PATIENT = person(patience=1.0, expertise=1.0, clarity=1.0, time_pressure=0.0)


def measured(trees: list[ActionTree], action: str) -> dict[str, float | None]:
    sessions = user_sessions(trees, tasks_per_user=12, seed=0)
    walks = walk_trees(trees, sessions, lambda group: FixedPolicy(action, trees[0].actions), seed=0)
    return {name: figure.value for name, figure in asking(trees, walks).items()}


@pytest.fixture
async def trees():
    """Both wordings of one task whose open wording hides two things, with a user who answers nearly always."""
    states = seed_states("planning")
    hidden = {state.group: state.hidden.requirements for state in states if state.wording == "open"}
    task = next(group for group, items in hidden.items() if sum(item.open for item in items) == 2)
    return [await grow(state, PATIENT) for state in states if state.group == task]


async def test_one_question_covers_one_of_two_open_things(trees):
    found = measured(trees, "MID")
    # Two requests, one of them open, both asked about: half of the questions were needed, no open request was missed.
    assert found["question_precision"] == 0.5
    assert found["blocker_recall"] == 1.0
    assert found["ask_f1"] == pytest.approx(2 * 0.5 / 1.5)
    assert found["key_question_coverage"] == 0.5
    assert found["turns_to_clarify"] == 1


async def test_two_questions_cover_both(trees):
    assert measured(trees, "HIGH")["key_question_coverage"] == 1.0


async def test_who_never_asks_misses_every_open_request(trees):
    found = measured(trees, "LOW")
    assert (found["blocker_recall"], found["key_question_coverage"]) == (0, 0)
    assert found["question_precision"] is None


def test_a_task_that_does_not_say_what_it_leaves_open_judges_no_question():
    tree = one_step_tree("t1-mine", questions={"MID": 1})
    figures = asking([tree], [Walk(0, tree.first["MID"], ())])
    assert figures["asking_rate"].value == 1.0
    assert figures["question_precision"].value is None
    assert figures["question_precision"].unscored == 1
    assert figures["blocker_recall"].value is None


async def test_what_a_task_leaves_open_is_read_off_its_requirements_where_no_wording_is_named(trees):
    unnamed = [
        tree.model_copy(update={"frame": tree.frame.model_copy(update={"wording": ""})}) for tree in trees
    ]
    assert measured(unnamed, "MID") == measured(trees, "MID")
    assert list(columns(unnamed)["wording"]) == list(columns(trees)["wording"])


def test_first_requests_fall_into_bins_of_clarity():
    trees = [one_step_tree(f"t{n}-open", questions={"MID": 1}, query_clarity=n / 2) for n in range(3)]
    # Need 1, 1/2 and 0; the open one and the clear one were asked about.
    figures = asking(
        trees,
        [
            Walk(at, tree.first[action], ())
            for at, (tree, action) in enumerate(zip(trees, ("MID", "LOW", "MID"), strict=True))
        ],
    )
    assert [figures[name].value for name in ("asked_when_clear", "asked_between", "asked_when_open")] == [
        1,
        0,
        1,
    ]
