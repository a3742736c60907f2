import ast

import pytest

from tactful.data.formats.mbpp import (
    entry_point,
    hub_tasks,
    import_mbpp,
    import_tasks,
    mbpp_rows,
    other_name,
    quarantine_path,
    rename,
    signature,
    write_import,
)
from tactful.errors import DataError, MissingExtra
from tactful.sandbox import Job, Sandbox
from tactful.types import State


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(workers=1) as sandbox:
        yield sandbox


def run(sandbox, state, code):
    return sandbox.run(Job(code=code, tests=state.hidden.tests, setup=state.hidden.setup)).passed


@pytest.mark.slow
def test_half_of_the_states_name_the_function_and_show_a_test(sandbox, mbpp_row, write_rows):
    result = import_mbpp(write_rows(*(mbpp_row(n) for n in range(1, 11))), sandbox=sandbox)
    assert (result.read, result.imported, result.quarantined, result.bad) == (10, 10, 0, 0)
    by_wording = {w: [s for s in result.states if s.wording == w] for w in ("complete", "open")}
    assert [len(states) for states in by_wording.values()] == [5, 5]
    for state in by_wording["complete"]:
        assert "`add_it(n)`" in state.query
        assert state.hidden.tests[0] in state.query
        assert not state.hidden.requirements[0].open
        assert run(sandbox, state, state.hidden.uninformed)
    for state in by_wording["open"]:
        requirement = state.hidden.requirements[0]
        assert "add_it" not in state.query
        assert state.hidden.tests[0] in requirement.answer
        assert all(word in requirement.answer for word in requirement.keywords)
        assert not run(sandbox, state, state.hidden.uninformed)
        renamed = [test.replace("add_it", "solve") for test in state.hidden.tests]
        assert sandbox.run(Job(code=state.hidden.uninformed, tests=tuple(renamed))).passed


def test_the_wording_goes_by_seed_and_not_by_order(sandbox, mbpp_row, write_rows):
    rows = [mbpp_row(n) for n in range(1, 11)]
    forth = import_mbpp(write_rows(*rows), sandbox=sandbox)
    back = import_mbpp(write_rows(*reversed(rows)), sandbox=sandbox)
    other = import_mbpp(write_rows(*rows), sandbox=sandbox, seed=1)
    assert forth.states == back.states[::-1]
    assert [s.wording for s in forth.states] != [s.wording for s in other.states]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"code": "def add_it(n):\n    return n"}, "does not pass test 1: failed"),
        ({"code": "def add_it(n):\n    raise KeyError(n)"}, "does not pass test 1"),
        ({"code": "def add_it(n)\n    return n"}, "cannot be read: expected ':' .line 1"),
        ({"code": "1 / 0\ndef add_it(n): return n"}, "does not run: .*ZeroDivisionError"),
        ({"code": "def add_them(n): return n"}, "no test calls a function that the reference defines"),
        ({"test_list": ["assert add_it(1) =="]}, "the test 'assert add_it.1. ==' cannot be read"),
        ({"test_setup_code": "raise OSError('gone')"}, "does not run: .*gone"),
    ],
)
def test_a_task_whose_reference_fails_is_quarantined_with_the_reason(
    sandbox, mbpp_row, write_rows, tmp_path, changes, reason
):
    path = write_rows(mbpp_row(1), mbpp_row(2, **changes), mbpp_row(3))
    result = import_mbpp(path, sandbox=sandbox)
    assert (result.read, result.imported, result.quarantined, result.bad) == (3, 2, 1, 0)
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(result.quarantine[0].reason)
    out = tmp_path / "states.jsonl"
    write_import(result, result.states, out)
    assert '"task_id":2' in quarantine_path(out).read_text()
    assert quarantine_path(out).name == "states.quarantine.jsonl"


def test_bad_rows_are_named_or_counted(sandbox, mbpp_row, write_rows):
    path = write_rows(mbpp_row(1), mbpp_row(2, test_list=[]), "{", mbpp_row(1), mbpp_row(4))
    with pytest.raises(DataError, match=r"rows.jsonl:2: MBPP task has test_list \[\]"):
        import_mbpp(path, sandbox=sandbox)
    result = import_mbpp(path, sandbox=sandbox, skip_bad=True)
    assert (result.read, result.imported, result.quarantined, result.bad) == (5, 2, 0, 3)
    assert "id '1' of line 1" in result.problems[2]


def test_a_task_that_asks_nothing_is_bad_and_no_state_without_a_query(mbpp_row, write_rows):
    rows = mbpp_rows(write_rows({**mbpp_row(1), "text": " \n"}), skip_bad=True)
    assert list(rows) == []
    assert rows.problems[0].endswith("MBPP task has text ' \\n': it is blank")


def test_setup_runs_after_the_code(sandbox, mbpp_row, write_rows):
    row = mbpp_row(1, test_setup_code="start = add_it(4)\r\n", test_list=["assert add_it(start) == 6"])
    assert import_mbpp(write_rows(row), sandbox=sandbox).imported == 1


def test_windows_line_ends_leave_code_and_tests(mbpp_row, write_rows):
    (task,) = mbpp_rows(write_rows(mbpp_row(1)))
    assert "\r" not in task.code + "".join(task.test_list)


def test_an_odd_escape_in_a_reference_is_no_fault(sandbox, mbpp_row, write_rows):
    row = mbpp_row(
        1,
        code="import re\ndef add_it(n): return len(re.findall('\\d', str(n)))",
        test_list=["assert add_it(12) == 2"],
    )
    (state,) = import_mbpp(write_rows(row), sandbox=sandbox).states
    assert "solve" in rename(state.hidden.reference, "add_it", "solve")


def test_renaming_reaches_every_reference_and_nothing_else():
    code = (
        "def helper(f):\n    return f\n"
        "def fib(n):\n    fib.calls = 1\n    return n if n < 2 else fib(n - 1) + helper(fib)(n - 2)\n"
        "class Other:\n    def go(self):\n        return self.fib\n    fib = None\n"
        "def apply(fib=fib):\n    global fib_count\n    return fib(3)\n"
    )
    renamed = rename(code, "fib", "solve")
    space = {}
    exec(compile(renamed, "renamed", "exec"), space)
    assert space["solve"](10) == 55
    assert space["apply"]() == 2
    assert "fib" not in space
    assert "fib_count" in renamed


def test_a_shadowing_local_is_renamed_along():
    space = {}
    exec(rename("def total(xs):\n    total = sum(xs)\n    return total\n", "total", "solve"), space)
    assert space["solve"]([1, 2]) == 3


def test_the_other_name_is_new_to_the_code():
    assert other_name("def f(): pass") == "solve"
    assert other_name("def solve(solution): return solution.answer") == "compute"


def test_the_signature_is_that_of_the_last_definition():
    assert signature("def f(a): pass\ndef f(a, *b, c=1, **d): pass", "f") == "f(a, *b, c=1, **d)"


def test_the_entry_point_is_the_outermost_helper_the_tests_call(mbpp_row, write_rows):
    code = "class Pair: pass\ndef part(n): return n\ndef whole(n): return part(n)"
    (task,) = mbpp_rows(write_rows(mbpp_row(1, code=code, test_list=["assert whole(part(1)) == 1"])))
    assert entry_point(task) == "whole"


def test_no_tasks_make_no_states(sandbox):
    result = import_tasks([], sandbox=sandbox)
    assert (result.read, result.imported, result.quarantined) == (0, 0, 0)


def test_without_datasets_the_hub_is_out_of_reach(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "datasets", None)
    with pytest.raises(MissingExtra, match="pip install"):
        hub_tasks()


@pytest.mark.slow
def test_every_task_of_the_real_set_is_accounted_for(real_data):
    with Sandbox() as sandbox:
        result = import_mbpp(real_data / "mbpp" / "mbpp_train_validation.jsonl", sandbox=sandbox)
        assert [(left.task_id, left.reason) for left in result.quarantine] == []
        assert (result.read, result.imported, result.bad) == (474, 474, 0)
        open_ = [state for state in result.states if state.wording == "open"]
        assert len(open_) == 237
        jobs = [
            Job(code=s.hidden.uninformed, tests=s.hidden.tests, setup=s.hidden.setup, timeout_s=20)
            for s in open_
        ]
        assert not any(verdict.passed for verdict in sandbox.run_many(jobs))
    for state in open_:
        name = state.hidden.requirements[0].keywords[0]
        assert name not in state.query
        assert name not in state.hidden.uninformed
        ast.parse(state.hidden.uninformed)
    assert len({State.model_validate(state.model_dump()).id for state in result.states}) == 474
