"""Every bundled planning task holds what it promises, proved task by task."""

import re
from collections import Counter
from collections.abc import Collection, Iterator
from functools import cache
from importlib.resources import files
from itertools import combinations

import pytest

from tactful.data.seeds.planning_check import check_plan
from tactful.data.types import SeedTask
from tactful.types import Requirement

MINIMUM = 48
HAN = re.compile("[\u4e00-\u9fff]")
QUESTION_MARK = re.compile("[?？]")


@cache
def planning_tasks() -> tuple[SeedTask, ...]:
    text = files("tactful.data").joinpath("seeds", "planning.jsonl").read_text(encoding="utf-8")
    return tuple(SeedTask.model_validate_json(line) for line in text.splitlines())


def open_ones(task: SeedTask) -> list[Requirement]:
    return [requirement for requirement in task.requirements if requirement.open]


def plan_with(task: SeedTask, known: Collection[str]) -> str:
    """The plan of an assistant that knows the stated requirements and the open ones named in `known`."""
    lines = (
        item.step_known if not item.open or item.id in known else item.step_unknown
        for item in task.requirements
    )
    return "\n".join((task.plan_opening, *lines))


def subsets(task: SeedTask) -> Iterator[frozenset[str]]:
    names = [requirement.id for requirement in open_ones(task)]
    for size in range(len(names) + 1):
        yield from map(frozenset, combinations(names, size))


def met(plan: str, task: SeedTask) -> set[str]:
    return {requirement.id for requirement in task.requirements if check_plan(plan, requirement)}


def grams(text: str, lengths: tuple[int, ...]) -> set[str]:
    return {text[at : at + n].lower() for n in lengths for at in range(len(text) - n + 1)}


every_task = pytest.mark.parametrize("task", planning_tasks(), ids=lambda task: task.id)


# ---------------------------------------------------------------- the collection


def test_there_are_enough_tasks_with_unique_ids_and_wordings() -> None:
    tasks = planning_tasks()
    assert len(tasks) >= MINIMUM
    assert [task.id for task in tasks] == [f"planning-{n:03d}" for n in range(1, len(tasks) + 1)]
    assert len({task.complete for task in tasks} | {task.open for task in tasks}) == 2 * len(tasks)
    assert all(task.domain == "planning" for task in tasks)


def test_a_quarter_of_the_tasks_is_chinese() -> None:
    tasks = planning_tasks()
    assert sum(task.lang == "zh" for task in tasks) * 4 >= len(tasks)


def test_a_third_of_the_open_wordings_is_padded_in_both_languages() -> None:
    tasks = planning_tasks()
    padded = [task for task in tasks if task.padded]
    assert len(padded) * 3 >= len(tasks)
    assert {task.lang for task in padded} == {"en", "zh"}


def test_tasks_hide_one_two_or_three_requirements_in_fair_shares() -> None:
    hidden = Counter(len(open_ones(task)) for task in planning_tasks())
    total = sum(hidden.values())
    assert hidden.keys() == {1, 2, 3}
    assert 0.3 <= hidden[1] / total <= 0.5
    assert 0.3 <= hidden[2] / total <= 0.5
    assert 0.12 <= hidden[3] / total <= 0.3


# ---------------------------------------------------------------- each task


@every_task
def test_weights_give_the_open_requirements_seven_tenths(task: SeedTask) -> None:
    assert 3 <= len(task.requirements) <= 5
    assert len({requirement.id for requirement in task.requirements}) == len(task.requirements)
    assert 1 <= len(open_ones(task)) <= 3
    assert sum(requirement.weight for requirement in open_ones(task)) == pytest.approx(0.7)
    assert sum(requirement.weight for requirement in task.requirements) == pytest.approx(1.0)


@every_task
def test_exactly_the_known_and_the_stated_requirements_are_met(task: SeedTask) -> None:
    stated = {requirement.id for requirement in task.requirements if not requirement.open}
    for known in subsets(task):
        assert met(plan_with(task, known), task) == stated | known


@every_task
def test_reference_meets_everything_and_the_uninformed_plan_only_what_is_stated(task: SeedTask) -> None:
    hidden = {requirement.id for requirement in open_ones(task)}
    everything = {requirement.id for requirement in task.requirements}
    assert task.reference == plan_with(task, hidden)
    assert task.uninformed == plan_with(task, ())
    assert met(task.reference, task) == everything
    assert met(task.uninformed, task) == everything - hidden


@every_task
def test_the_open_wording_gives_away_nothing_hidden(task: SeedTask) -> None:
    for requirement in open_ones(task):
        assert not check_plan(task.open, requirement)
        assert requirement.text not in task.open
        assert requirement.answer not in task.open


@every_task
def test_a_plan_that_repeats_a_hidden_requirement_in_the_user_s_words_meets_it(task: SeedTask) -> None:
    for requirement in open_ones(task):
        for wording in (task.complete, requirement.answer, requirement.text):
            assert check_plan(f"{task.plan_opening}\n- {wording}", requirement)


@every_task
def test_plans_for_other_tasks_do_not_meet_a_hidden_requirement(task: SeedTask) -> None:
    """A check that any plan passes tells nothing: at most one plan in twenty may pass by chance."""
    others = [other for other in planning_tasks() if other.lang == task.lang and other.id != task.id]
    for requirement in open_ones(task):
        assert sum(check_plan(other.uninformed, requirement) for other in others) <= max(1, len(others) // 20)


@every_task
def test_keywords_are_in_complete_wording_and_answer_and_nowhere_else(task: SeedTask) -> None:
    for requirement in open_ones(task):
        assert requirement.keywords
        elsewhere = [task.open, task.uninformed, *(one.question for one in open_ones(task))]
        elsewhere += [one.answer for one in open_ones(task) if one.id != requirement.id]
        for keyword in requirement.keywords:
            assert keyword in task.complete
            assert keyword in requirement.answer
            assert not [text for text in elsewhere if keyword.casefold() in text.casefold()]


@every_task
def test_an_open_requirement_has_one_question_that_does_not_hold_its_answer(task: SeedTask) -> None:
    for requirement in open_ones(task):
        assert requirement.question.endswith(("?", "？"))
        assert len(QUESTION_MARK.findall(requirement.question)) == 1
        assert not check_plan(requirement.question, requirement)
        for other in open_ones(task):
            assert other.id == requirement.id or not check_plan(other.answer, requirement)


@every_task
def test_questions_of_one_task_are_clearly_different(task: SeedTask) -> None:
    lengths, limit = ((1, 2, 3), 0.45) if task.lang == "zh" else ((3, 4, 5), 0.35)
    for one, other in combinations(open_ones(task), 2):
        first, second = grams(one.question, lengths), grams(other.question, lengths)
        shared = len(first & second) / (len(first) * len(second)) ** 0.5
        assert shared < limit


@every_task
def test_plan_lines_are_single_lines_and_ask_nothing(task: SeedTask) -> None:
    assert 1 <= len(task.plan_opening.splitlines()) <= 2
    assert not QUESTION_MARK.search(task.reference + task.uninformed)
    for requirement in task.requirements:
        assert len(requirement.step_known.splitlines()) == 1
        assert len(requirement.step_unknown.splitlines()) == 1


@every_task
def test_padded_open_wordings_are_as_long_as_the_complete_ones(task: SeedTask) -> None:
    ratio = len(task.open) / len(task.complete)
    if task.padded:
        assert 0.9 <= ratio <= 1.1
    else:
        assert ratio < 1


@every_task
def test_the_language_of_every_text_is_the_stated_one(task: SeedTask) -> None:
    asked = [text for item in open_ones(task) for text in (item.question, item.answer)]
    for text in (task.complete, task.open, task.reference, task.uninformed, *asked):
        assert bool(HAN.search(text)) is (task.lang == "zh")


@every_task
def test_the_states_of_a_task_keep_the_hidden_side_private(task: SeedTask) -> None:
    complete, open_ = task.states()
    assert not any(requirement.open for requirement in complete.hidden.requirements)
    assert [one.id for one in open_.hidden.requirements if one.open] == [one.id for one in open_ones(task)]
    assert complete.group == open_.group == task.id


# ---------------------------------------------------------------- plans as people and models write them


def requirement(task_number: int, name: str) -> Requirement:
    task = planning_tasks()[task_number - 1]
    return next(one for one in task.requirements if one.id == name)


@pytest.mark.parametrize(
    ("task_number", "name", "plan"),
    [
        (1, "budget", "**Budget (max. €900):** food €400, transport €150"),
        (1, "access", "All venues below have step\u2011free access."),
        (4, "weak", "Weeks 3\u20136: OSPF & static routing (extra time)"),
        (5, "keys", "**29 Aug** \u2013 hand back keys by 12:00"),
        (6, "budget", "预算控制：人均 ≤ ３００元"),
        (9, "money", "Budget allocation ($4K total)"),
        (14, "salary", "Mention salary (£46k, non-negotiable)"),
        (22, "ferry", "3:50 PM: ceremony ends"),
        (26, "supervisor", "Week 6\n- Ch. 1-2 to supervisor\nWeek 7\n- rest\nWeek 12\n- Ch. 3 to supervisor"),
        (31, "export", "11月14日前：完成旧系统数据导出"),
        (36, "wrist", "3 × 15 min with breaks"),
        (44, "photo", "12:15 合影结束（摄影师12:30离开）"),
        (46, "loan", "Q2 2027: complete loan refinancing"),
    ],
)
def test_other_ways_of_writing_a_met_requirement_pass(task_number: int, name: str, plan: str) -> None:
    assert check_plan(plan, requirement(task_number, name))


@pytest.mark.parametrize(
    ("task_number", "name", "plan"),
    [
        (1, "access", "Easily accessible by metro"),
        (6, "budget", "总计3300元"),
        (8, "shin", "Finish strong in the sunshine"),
        (15, "july", "July: harvest beans and keep watering"),
        (26, "supervisor", "Week 6: draft ch. 2\nWeek 12: draft ch. 5\nWeek 15: supervisor feedback"),
        (31, "report", "每周五发周报"),
        (35, "altitude", "海拔1800米，注意高反"),
        (36, "wrist", "15 min scales, 30 min pieces; keep the wrists relaxed"),
        (44, "rain", "准备雨伞，如遇雨移至室内"),
        (45, "driver", "Day 2: drive 4.5 hours"),
    ],
)
def test_generic_plans_that_come_close_do_not_pass(task_number: int, name: str, plan: str) -> None:
    assert not check_plan(plan, requirement(task_number, name))
