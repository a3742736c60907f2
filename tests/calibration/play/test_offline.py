"""The rehearsal: it knows what it was told, follows its behaviour, and slips as often as it says."""

import random
from statistics import mean

import pytest
from tests.calibration.playing import (
    BUDGET,
    CASE,
    ORDER,
    REFERENCE,
    UNINFORMED,
    coding_state,
    context,
    offline_model,
    planning_state,
    session,
    stage,
    start,
)

from tactful.calibration.play.behaviours import extract_code, read_message
from tactful.calibration.play.offline import (
    NEEDLESS,
    OUTLINE,
    SLIP_RATE,
    assistant_facts,
    assistant_script,
    is_told,
    lacks_for_rehearsal,
    slips,
    spoil_code,
    spoil_plan,
)
from tactful.calibration.reward.task_score import all_tests
from tactful.data.seeds.planning_check import check_plan
from tactful.data.seeds.tasks import load_seed_tasks
from tactful.data.types import SeedTask
from tactful.errors import DataError
from tactful.sandbox import Job, Sandbox
from tactful.text import count_questions
from tactful.types import Hidden, Message, Requirement

SOUND = next(f"{seed}" for seed in range(99) if not slips(str(seed)))
SPOILT = next(f"{seed}" for seed in range(999) if slips(str(seed)))


def say(state, action: str, *replies: str, key: str = SOUND, mode="multi", asked: int = 0) -> str:
    episode = start(state, mode=mode)
    move = episode.move(action)
    if asked:
        from tactful.calibration.play.behaviours import plan_move

        move = plan_move(episode.space, action, mode=mode, questions_asked=asked, must_solve=False)
    facts = assistant_facts(state, move, solution=episode.space.solution, draw_key=key, asked=())
    messages = [Message(role="user", content=state.query)]
    messages += [Message(role="user", content=reply) for reply in replies]
    return assistant_script(messages, facts, random.Random(0))


def test_it_writes_the_reference_only_when_everything_open_was_told() -> None:
    state = coding_state()
    assert extract_code(say(state, "LOW")) == UNINFORMED
    assert extract_code(say(state, "LOW", "Please ignore case.")) == UNINFORMED
    assert extract_code(say(state, "LOW", "Ignore case.", "SORTED alphabetically!")) == REFERENCE


def test_its_own_words_tell_it_nothing() -> None:
    state = coding_state()
    move = start(state).move("LOW")
    facts = assistant_facts(state, move, solution="code", draw_key=SOUND, asked=())
    own = [Message(role="assistant", content="ignore case, sorted alphabetically")]
    assert extract_code(assistant_script(own, facts, random.Random(0))) == UNINFORMED


def test_on_a_complete_wording_it_writes_the_reference() -> None:
    assert extract_code(say(coding_state(wording="complete"), "LOW")) == REFERENCE


def test_a_plan_is_as_good_line_by_line_as_what_is_known() -> None:
    state = planning_state()
    assert say(state, "LOW") == state.hidden.uninformed
    assert say(state, "LOW", "预算两千元。") == state.hidden.reference
    with_opening = say(state, "HIGH", "预算两千元。", asked=2)
    assert with_opening.endswith(state.hidden.reference)


def test_it_asks_for_what_is_open_heaviest_first_and_what_it_did_not_ask_before() -> None:
    state = coding_state()
    assert say(state, "MID") == CASE.question
    assert say(state, "HIGH") == f"{CASE.question}\n{ORDER.question}"
    assert say(state, "HIGH", "ignore case") == ORDER.question


def test_with_nothing_open_it_asks_a_needless_question_in_the_users_language() -> None:
    assert say(coding_state(wording="complete"), "MID") in NEEDLESS["en"]
    told = say(planning_state(), "MID", "预算两千元。")
    assert told in NEEDLESS["zh"]


def test_every_needless_question_counts_as_one() -> None:
    for questions in NEEDLESS.values():
        assert [count_questions(question) for question in questions] == [1] * len(questions)


def test_every_seed_question_counts_as_one() -> None:
    for domain in ("coding", "planning"):
        for task in load_seed_tasks(domain):
            for item in task.requirements:
                if item.open:
                    assert count_questions(item.question) == 1, (task.id, item.question)


def test_every_seed_plan_reads_as_a_solution_without_questions() -> None:
    for task in load_seed_tasks("planning"):
        for plan in (task.reference, task.uninformed):
            reading = read_message(plan, "solve", "text")
            assert reading.solution == plan.strip(), task.id
            assert reading.questions == (), task.id


def test_the_outline_has_three_to_five_lines_and_meets_no_open_requirement() -> None:
    for kinds in OUTLINE.values():
        for lines in kinds.values():
            assert 3 <= len(lines) <= 5
    for task in load_seed_tasks("planning"):
        outline = "\n".join(OUTLINE[task.lang]["text"])
        for item in (item for item in task.requirements if item.open):
            assert all(check[0] == "!" for check in item.checks) or not check_plan(outline, item), (
                task.id,
                item.id,
            )


def test_a_state_without_a_reference_fails_with_the_next_move() -> None:
    state = coding_state(hidden=Hidden())
    with pytest.raises(DataError, match=r"'words-open'.*no reference.*real --model"):
        say(state, "LOW")
    bare = coding_state(hidden=Hidden(requirements=(CASE,), reference="x = 1\n"))
    with pytest.raises(DataError, match="no uninformed solution"):
        say(bare, "LOW")


def test_without_keywords_the_answer_or_the_text_tells_a_requirement_and_nothing_else() -> None:
    bare = Requirement(id="r", text="Ignore case.", weight=1, open=True, answer="Case does not matter.")
    assert is_told(bare, "well, case does not matter. thanks")
    assert is_told(bare, "please ignore case.")
    assert not is_told(bare, "sort my words")
    assert not is_told(bare.model_copy(update={"text": "", "answer": ""}), "sort my words")


def test_what_a_state_lacks_for_a_rehearsal_is_named() -> None:
    assert lacks_for_rehearsal(coding_state().hidden, "code") == ()
    assert lacks_for_rehearsal(Hidden(), "code") == ("reference",)
    assert lacks_for_rehearsal(Hidden(reference="x = 1\n"), "code") == ()  # nothing is open
    assert lacks_for_rehearsal(Hidden(requirements=(CASE,)), "code") == ("reference", "uninformed")
    plan = Requirement(id="r", text="t", weight=1, open=True, step_known="Go by train.")
    assert lacks_for_rehearsal(Hidden(requirements=(plan,), reference="p"), "text") == ("uninformed",)
    opened = Hidden(requirements=(plan,), reference="p", plan_opening="Plan:")
    assert lacks_for_rehearsal(opened, "text") == ()


# ---------------------------------------------------------------- slips


def test_five_percent_of_the_solutions_slip() -> None:
    n = 20_000
    rate = mean(slips(f"0/state-{i}/0") for i in range(n))
    # Four standard errors: 4 · sqrt(0.05 · 0.95 / 20000) = 0.0062
    assert abs(rate - SLIP_RATE) < 0.0062


async def test_a_slip_falls_on_every_action_and_persona_alike_and_is_marked() -> None:
    seed = next(seed for seed in range(999) if slips(f"{seed}/words-open/0"))
    found = await stage()(session(coding_state()), context(seed=seed))
    assert all(one.slipped for one in found if one.solution is not None)
    sound = next(seed for seed in range(999) if not slips(f"{seed}/words-open/0"))
    assert not any(one.slipped for one in await stage()(session(coding_state()), context(seed=sound)))


def test_spoilt_code_breaks_off_at_its_first_return() -> None:
    assert extract_code(say(coding_state(), "LOW", key=SPOILT)) == "def words(text):\n    return None\n"
    assert spoil_code("a = 1\nb = 2\nprint(a)\nprint(b)") == "a = 1\nb = 2"
    assert spoil_code("print(1)") == "pass"


def test_a_spoilt_plan_loses_its_second_half() -> None:
    assert spoil_plan("a\nb\nc\nd") == "a\nb"
    assert BUDGET.step_known not in say(planning_state(), "LOW", "预算两千元。", key=SPOILT)


@pytest.mark.slow
def test_spoilt_seed_code_fails_its_tests() -> None:
    tasks = load_seed_tasks("coding")
    jobs = [
        Job(code=spoil_code(code), tests=all_tests(state.hidden), setup=state.hidden.setup)
        for task in tasks
        for state in task.states()
        for code in (state.hidden.reference, state.hidden.uninformed)
    ]
    with Sandbox() as sandbox:
        verdicts = list(sandbox.run_many(jobs))
    assert len(verdicts) == 4 * len(tasks)
    assert [job.code for job, verdict in zip(jobs, verdicts, strict=True) if verdict.passed] == []


def test_spoilt_seed_plans_meet_less() -> None:
    for task in load_seed_tasks("planning"):
        assert share_met(spoil_plan(task.reference), task) < share_met(task.reference, task) == 1, task.id


def share_met(plan: str, task: SeedTask) -> float:
    return round(sum(item.weight for item in task.requirements if check_plan(plan, item)), 6)


async def test_the_same_seed_says_the_same_in_a_fresh_model() -> None:
    one = await stage()(session(coding_state()), context(assistant=offline_model(3), seed=3))
    two = await stage()(session(coding_state()), context(assistant=offline_model(3), seed=3))
    assert one == two
