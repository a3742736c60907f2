"""Which requirement a question is about."""

from statistics import mean

import pytest
from tests.calibration.playing import BUDGET, CASE, ORDER

from tactful.calibration.play.matching import MATCH, about, match_questions
from tactful.data.seeds.tasks import load_seed_tasks

REWORDED = [
    ("coding-018", "cap", "Is there a maximum fee per stay?"),
    ("coding-009", "overlap", "If several prefixes match, which handler should win?"),
    ("coding-033", "order", "Should the events be sorted newest first or oldest first?"),
    ("coding-033", "repeats", "Within how many seconds should a repeated message be treated as a duplicate?"),
    ("coding-001", "leftover", "How should leftover cents be distributed if the bill does not split evenly?"),
    ("coding-013", "direction", "Is priority 1 the most urgent or the least urgent?"),
    ("coding-004", "synonym", "Should WARN and WARNING be counted as the same level?"),
    ("coding-003", "fractions", "How should fractions of a cent be rounded?"),
    ("planning-034", "pairs", "Should people work in fixed pairs or change partners?"),
    ("planning-034", "light", "Are there members who can only do light work?"),
    ("planning-048", "budget", "您的总预算是多少？"),
    ("planning-006", "veg", "同事里有没有人吃素或者有忌口？"),
    ("planning-025", "flight", "What time does her flight leave, and from which airport?"),
    ("planning-025", "kosher", "Does she have any dietary requirements?"),
    ("planning-001", "access", "Does anyone in your group have mobility limitations?"),
]
"""Some of the 46 rewordings behind the figures in `matching.py`, hits and misses."""


def test_the_requirements_own_question_is_about_it_and_no_other() -> None:
    for domain in ("coding", "planning"):
        for task in load_seed_tasks(domain):
            unknown = [item for item in task.requirements if item.open]
            asked = [item.question for item in unknown]
            assert match_questions(asked, unknown) == tuple(unknown), task.id


def test_most_rewordings_find_their_requirement_and_none_finds_another() -> None:
    tasks = {task.id: task for domain in ("coding", "planning") for task in load_seed_tasks(domain)}
    found = []
    for task_id, wanted, question in REWORDED:
        unknown = [item for item in tasks[task_id].requirements if item.open]
        match = match_questions([question], unknown)
        assert [item.id for item in match] in ([wanted], []), (task_id, question)
        found.append(bool(match))
    assert mean(found) >= 0.75


def test_a_requirement_is_matched_once_however_often_it_is_asked_for() -> None:
    assert match_questions([CASE.question, CASE.question], [CASE, ORDER]) == (CASE,)


def test_a_question_about_nothing_open_matches_nothing() -> None:
    assert match_questions([CASE.question], [ORDER]) == ()
    assert match_questions(["Should I add type hints?"], [CASE, ORDER]) == ()
    assert match_questions([], [CASE]) == ()
    assert match_questions([CASE.question], []) == ()


@pytest.mark.parametrize("question", ["预算是多少？", "你们的预算是两千元吗？"])
def test_chinese_questions_match_by_pairs_of_characters(question: str) -> None:
    assert about(question, BUDGET) >= MATCH
