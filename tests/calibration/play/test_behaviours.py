"""What an action does at a decision point, and how a message is read, obedient or not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactful.calibration.play.actions import load_action_space
from tactful.calibration.play.behaviours import (
    extract_code,
    extract_text,
    looks_like_plan,
    plan_move,
    read_message,
)
from tactful.errors import ConfigError

LEVELS = load_action_space("levels", "coding")
SEQUENTIAL = load_action_space("clarify-execute", "coding")
PLAN = "1. Book the hall on Monday.\n2. Invite everybody.\n3. Buy the food."


def move(action: str, asked: int = 0, *, space=LEVELS, mode="multi", must_solve=False):
    return plan_move(space, action, mode=mode, questions_asked=asked, must_solve=must_solve)


@pytest.mark.parametrize(
    ("action", "asked", "kind", "may_ask"),
    [
        ("LOW", 0, "solve", 0),
        ("MID", 0, "ask", 1),
        ("MID", 1, "solve", 0),
        ("HIGH", 0, "ask", 2),
        ("HIGH", 1, "ask", 1),
        ("HIGH", 2, "solve", 0),
        ("HIGH", 5, "solve", 0),
    ],
)
def test_a_level_asks_while_its_budget_for_the_episode_lasts(action, asked, kind, may_ask) -> None:
    found = move(action, asked)
    assert (found.kind, found.may_ask, found.forced) == (kind, may_ask, False)
    assert found.action.name == action


@given(st.sampled_from(["LOW", "MID", "HIGH"]), st.integers(0, 5), st.booleans())
def test_no_message_may_ask_beyond_the_budget(action: str, asked: int, must_solve: bool) -> None:
    found = move(action, asked, must_solve=must_solve)
    assert found.may_ask + min(asked, found.action.budget) <= found.action.budget
    assert (found.kind == "ask") == (found.may_ask > 0)
    assert not (must_solve and found.kind == "ask")


def test_a_more_intense_level_never_asks_less() -> None:
    for asked in range(4):
        allowed = [move(action, asked).may_ask for action in LEVELS.names]
        assert allowed == sorted(allowed)


def test_high_asks_in_one_message_also_when_it_needs_only_one_question() -> None:
    after_its_own = plan_move(LEVELS, "HIGH", mode="multi", questions_asked=1, must_solve=False, messages=1)
    after_mid = plan_move(LEVELS, "HIGH", mode="multi", questions_asked=1, must_solve=False, messages=0)
    assert (after_its_own.kind, after_its_own.forced) == ("solve", False)
    assert (after_mid.kind, after_mid.may_ask) == ("ask", 1)


def test_at_the_end_an_asking_level_solves_and_is_marked_forced() -> None:
    found = move("HIGH", must_solve=True)
    assert (found.kind, found.forced, found.action.name) == ("solve", True, "HIGH")
    assert not move("LOW", must_solve=True).forced
    assert not move("HIGH", 2, must_solve=True).forced


def test_clarify_becomes_execute_where_it_has_to_solve() -> None:
    found = move("Clarify", space=SEQUENTIAL, must_solve=True)
    assert (found.action.name, found.kind, found.forced) == ("Execute", "solve", True)
    spent = move("Clarify", 6, space=SEQUENTIAL)
    assert (spent.action.name, spent.kind, spent.forced) == ("Execute", "solve", False)


def test_clarify_asks_at_most_two_at_a_time() -> None:
    assert [move("Clarify", asked, space=SEQUENTIAL).may_ask for asked in (0, 2, 4, 5)] == [2, 2, 2, 1]


def test_single_turn_puts_question_and_solution_in_one_message() -> None:
    kinds = [(m.kind, m.may_ask) for m in (move(action, mode="single") for action in LEVELS.names)]
    assert kinds == [("solve", 0), ("both", 1), ("both", 2)]


def test_a_space_without_a_single_form_says_so() -> None:
    with pytest.raises(ConfigError, match="no single-turn form"):
        move("Clarify", space=SEQUENTIAL, mode="single")


# ---------------------------------------------------------------- reading code


def test_the_solution_is_the_last_python_block() -> None:
    text = "First\n```python\na = 1\n```\nbetter:\n```py\nb = 2\n```\nOutput:\n```text\n2\n```"
    assert extract_code(text) == "b = 2\n"


def test_a_block_cut_off_by_the_length_limit_still_counts() -> None:
    assert extract_code("Here:\n```python\ndef f():\n    return 1") == "def f():\n    return 1\n"


def test_bare_python_is_a_solution_and_prose_is_not() -> None:
    assert extract_code("def f():\n    return 1") == "def f():\n    return 1\n"
    assert extract_code("Sure") is None
    assert extract_code("I will write it.") is None
    assert extract_code("") is None


def test_code_inside_a_clarification_is_no_solution() -> None:
    reading = read_message("Should it sort?\n```python\nx = 1\n```", "ask", "code")
    assert reading.solution is None
    assert len(reading.questions) == 1


def test_an_asking_message_without_question_but_with_code_is_a_solution() -> None:
    reading = read_message("```python\nx = 1\n```", "ask", "code")
    assert (reading.solution, reading.questions) == ("x = 1\n", ())


def test_a_solving_message_that_only_asks_counts_as_asking() -> None:
    reading = read_message("Which order do you want?", "solve", "code")
    assert (reading.solution, len(reading.questions)) == (None, 1)


def test_a_solving_message_that_also_asks_is_a_solution_with_its_question_counted() -> None:
    reading = read_message("```python\nx = 1\n```\nWhich order do you want?", "solve", "code")
    assert (reading.solution, len(reading.questions)) == ("x = 1\n", 1)


def test_talk_is_neither_question_nor_solution() -> None:
    for kind in ("ask", "solve", "both"):
        reading = read_message("I am on it.", kind, "code")  # type: ignore[arg-type]
        assert (reading.solution, reading.questions) == (None, ())


# ---------------------------------------------------------------- reading plans


def test_the_plan_is_what_follows_the_questions() -> None:
    text = f"How many guests come?\nIs there a budget?\n\n{PLAN}"
    assert extract_text(text) == PLAN


def test_numbered_questions_belong_to_the_question_part() -> None:
    assert extract_text(f"1. How many guests come?\n2. Is there a budget?\n\n{PLAN}") == PLAN


def test_questions_that_close_the_message_are_cut_off() -> None:
    assert extract_text(f"{PLAN}\n\nHow many guests come?") == PLAN


def test_a_message_of_questions_alone_has_no_plan() -> None:
    assert extract_text("How many guests come?\nIs there a budget?") is None
    reading = read_message("Before I plan: how many guests come?", "solve", "text")
    assert (reading.solution, len(reading.questions)) == (None, 1)
    assert read_message("Sure thing.\nHow many guests come?", "solve", "text").solution is None


def test_an_asking_message_with_a_plan_and_no_question_is_a_solution() -> None:
    assert read_message(PLAN, "ask", "text").solution == PLAN
    assert read_message("Let me think about it.", "ask", "text").solution is None


def test_a_short_answer_to_a_solving_prompt_is_taken_at_its_word() -> None:
    assert read_message("Take the train at nine.", "solve", "text").solution == "Take the train at nine."


def test_forty_words_three_lines_or_two_list_lines_look_like_a_plan() -> None:
    assert looks_like_plan("word " * 40)
    assert looks_like_plan("计划" * 20)
    assert looks_like_plan("- a\n- b")
    assert looks_like_plan("a\nb\n\nc")
    assert not looks_like_plan("- a\nb")


@given(st.text(max_size=300), st.sampled_from(["ask", "solve", "both"]), st.sampled_from(["code", "text"]))
def test_any_text_can_be_read(text: str, kind, solution) -> None:
    reading = read_message(text, kind, solution)
    assert not (kind == "ask" and reading.questions and reading.solution)
    assert reading.solution is None or reading.solution.strip()
