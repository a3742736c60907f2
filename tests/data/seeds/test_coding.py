"""The bundled coding tasks keep what they promise: run here in-process, for they are ours and trusted."""

from __future__ import annotations

import ast
from difflib import SequenceMatcher
from typing import Any

import pytest

from tactful.data.seeds.tasks import load_seed_tasks
from tactful.data.types import SeedTask
from tactful.text import count_questions, detect_lang, similarity
from tactful.types import Requirement

TASKS = load_seed_tasks("coding")
PADDED = [task for task in TASKS if task.padded]
each_task = pytest.mark.parametrize("task", TASKS, ids=lambda task: task.id)


def open_ones(task: SeedTask) -> list[Requirement]:
    return [item for item in task.requirements if item.open]


def stated_ones(task: SeedTask) -> list[Requirement]:
    return [item for item in task.requirements if not item.open]


def results(code: str, tests: tuple[str, ...]) -> list[bool]:
    """Test → True when it holds. An exception other than a failed assert fails the caller's test."""
    outcomes = []
    for test in tests:
        names: dict[str, Any] = {}
        exec(code, names)
        try:
            exec(test, names)
        except AssertionError:
            outcomes.append(False)
        else:
            outcomes.append(True)
    return outcomes


def called(test: str) -> str:
    """The function under test. Asserts that the test reads `assert f(literals) == literal`."""
    (statement,) = ast.parse(test).body
    assert isinstance(statement, ast.Assert), test
    compare = statement.test
    assert isinstance(compare, ast.Compare), test
    assert isinstance(compare.ops[0], ast.Eq), test
    assert len(compare.ops) == 1, test
    ast.literal_eval(compare.comparators[0])
    call = compare.left
    assert isinstance(call, ast.Call), test
    assert not call.keywords, test
    for argument in call.args:
        ast.literal_eval(argument)
    assert isinstance(call.func, ast.Name), test
    return call.func.id


def function_name(task: SeedTask) -> str:
    (name,) = {called(test) for item in task.requirements for test in item.tests}
    return name


# ---------------------------------------------------------------- what each task promises


@each_task
def test_reference_passes_every_test(task: SeedTask):
    for item in task.requirements:
        assert all(results(task.reference, item.tests)), item.id


@each_task
def test_uninformed_solution_passes_what_the_open_wording_states_and_fails_each_thing_it_hides(
    task: SeedTask,
):
    for item in stated_ones(task):
        assert all(results(task.uninformed, item.tests)), item.id
    for item in open_ones(task):
        assert not all(results(task.uninformed, item.tests)), item.id


@each_task
def test_every_test_compares_one_call_of_the_named_function_with_a_literal(task: SeedTask):
    name = function_name(task)
    assert f"{name}(" in task.complete
    assert f"{name}(" in task.open
    for code in (task.reference, task.uninformed):
        assert any(isinstance(node, ast.FunctionDef) and node.name == name for node in ast.parse(code).body)
    assert all(len(set(item.tests)) >= 2 for item in task.requirements)


@each_task
def test_one_or_two_requirements_are_open_and_weigh_seven_tenths(task: SeedTask):
    assert 1 <= len(open_ones(task)) <= 2
    assert len(stated_ones(task)) >= 1
    assert len(task.requirements) <= 4
    assert sum(item.weight for item in open_ones(task)) == pytest.approx(0.7)
    assert sum(item.weight for item in stated_ones(task)) == pytest.approx(0.3)


@each_task
def test_keywords_stand_in_the_complete_wording_and_the_answer_and_never_in_the_open_wording(task: SeedTask):
    for item in open_ones(task):
        assert item.keywords
        for keyword in item.keywords:
            assert keyword in task.complete
            assert keyword in item.answer
            assert keyword.casefold() not in task.open.casefold()


@each_task
def test_a_keyword_is_told_by_its_own_answer_alone(task: SeedTask):
    """No question gives it away, and neither does the answer to the other question."""
    for item in open_ones(task):
        told_elsewhere = [other.question for other in open_ones(task)]
        told_elsewhere += [other.answer for other in open_ones(task) if other.id != item.id]
        for keyword in item.keywords:
            assert not any(keyword.casefold() in text.casefold() for text in told_elsewhere), keyword


@each_task
def test_no_longer_stretch_of_an_answer_is_in_the_open_wording(task: SeedTask):
    """At most 16 letters in a row in common, 6 in Chinese: the function's subject, never the rule."""
    limit = 6 if task.lang == "zh" else 16
    wording = task.open.casefold()
    for item in open_ones(task):
        for hidden in (item.answer.casefold(), item.text.casefold()):
            match = SequenceMatcher(None, wording, hidden, autojunk=False).find_longest_match()
            assert match.size <= limit, wording[match.a : match.a + match.size]


@each_task
def test_each_open_requirement_has_one_question_unlike_the_others(task: SeedTask):
    questions = [item.question for item in open_ones(task)]
    for question in questions:
        assert question.endswith(("?", "？"))
        assert count_questions(question) == 1
    if len(questions) == 2:
        assert similarity(*questions) < 0.2


@each_task
def test_everything_that_is_read_is_in_the_language_of_the_task(task: SeedTask):
    texts = [task.complete, task.open]
    texts += [text for item in open_ones(task) for text in (item.text, item.question, item.answer)]
    assert {detect_lang(text) == "zh" for text in texts} == {
        task.lang == "zh"
    }  # a few words of English may be "other"


@each_task
def test_padded_open_wordings_are_as_long_as_the_complete_ones(task: SeedTask):
    ratio = len(task.open) / len(task.complete)
    if task.padded:
        assert 0.9 <= ratio <= 1.1
    else:
        assert ratio < 0.95


# ---------------------------------------------------------------- the set as a whole


def test_there_are_enough_tasks_of_each_kind():
    assert len(TASKS) >= 48
    assert sum(task.lang == "zh" for task in TASKS) >= len(TASKS) / 4
    assert len(PADDED) >= len(TASKS) / 3
    two_open = sum(len(open_ones(task)) == 2 for task in TASKS)
    assert 0.3 <= two_open / len(TASKS) <= 0.5


def test_ids_names_and_wordings_are_unique():
    assert len({task.id for task in TASKS}) == len(TASKS)
    assert len({function_name(task) for task in TASKS}) == len(TASKS)
    assert len({text for task in TASKS for text in (task.complete, task.open)}) == 2 * len(TASKS)
    for task in TASKS:
        assert len({item.id for item in task.requirements}) == len(task.requirements)


def auroc(higher: list[int], lower: list[int]) -> float:
    """Share of pairs in which the first is greater, ties counting half."""
    wins = sum((a > b) + 0.5 * (a == b) for a in higher for b in lower)
    return wins / (len(higher) * len(lower))


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_length_does_not_give_the_wording_away_among_padded_tasks(lang: str):
    tasks = [task for task in PADDED if task.lang == lang]
    complete = [len(task.complete) for task in tasks]
    open_ = [len(task.open) for task in tasks]
    assert 0.4 <= auroc(complete, open_) <= 0.6


def test_neither_wording_of_a_padded_pair_is_regularly_the_longer_one():
    longer = sum(len(task.open) > len(task.complete) for task in PADDED)
    assert 0.3 <= longer / len(PADDED) <= 0.7


@pytest.mark.slow
def test_no_single_word_marks_a_wording():
    """Knowing of one English word whether it occurs tells the wording right in at most 70% of cases."""
    pairs = [(task.complete, task.open) for task in TASKS if task.lang == "en"]
    words = {word for pair in pairs for text in pair for word in text.lower().split()}
    for word in words:
        balance = sum(
            (word in complete.lower().split()) - (word in open_.lower().split()) for complete, open_ in pairs
        )
        assert 0.5 + abs(balance) / (2 * len(pairs)) <= 0.7, word


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_tasks_that_hide_two_things_are_the_longer_ones(lang: str):
    """So that complexity can be read off the text."""
    lengths: dict[int, list[int]] = {1: [], 2: []}
    for task in TASKS:
        if task.lang == lang:
            lengths[len(open_ones(task))].append(len(task.complete))
    assert auroc(lengths[2], lengths[1]) > 0.8
