import io
import json
from collections import Counter

import pytest

from tactful.calibration.tasks.state_rows import ready_rows, state_rows
from tactful.calibration.tasks.states import (
    complete_states,
    estimate_states,
    seed_states,
    synthetic_states,
)
from tactful.data.seeds.tasks import load_seed_tasks
from tactful.errors import DataError, UsageError, UserError
from tactful.reading.estimate.estimator import domain_estimator
from tactful.reading.opening import open_reader
from tactful.types import State

DOMAINS = ("coding", "planning")


@pytest.mark.parametrize("domain", DOMAINS)
def test_synthetic_states_balance_wordings_and_spread_over_base_tasks(domain):
    tasks = len(load_seed_tasks(domain))
    states = synthetic_states(domain, 20, seed=3)
    assert Counter(state.wording for state in states) == {"complete": 10, "open": 10}
    assert len({state.group for state in states}) == 20
    everything = synthetic_states(domain, 2 * tasks)
    assert len({state.id for state in everything}) == 2 * tasks
    assert set(Counter(state.group for state in everything).values()) == {2}


def test_synthetic_states_depend_on_the_seed_alone():
    assert synthetic_states("coding", 30, seed=1) == synthetic_states("coding", 30, seed=1)
    assert synthetic_states("coding", 30, seed=1) != synthetic_states("coding", 30, seed=2)


def test_more_states_than_the_bundle_holds_repeat_it_under_new_ids_and_old_groups():
    tasks = len(load_seed_tasks("planning"))
    states = synthetic_states("planning", 2 * tasks + 5)
    assert len({state.id for state in states}) == len(states)
    assert all(state.id.endswith("~2") for state in states[2 * tasks :])
    assert {state.group for state in states} == {task.id for task in load_seed_tasks("planning")}


def test_bad_requests_for_synthetic_states_are_refused():
    with pytest.raises(UserError, match="'cooking'"):
        synthetic_states("cooking", 5)
    with pytest.raises(UsageError, match="--n 0"):
        synthetic_states("coding", 0)


@pytest.mark.parametrize("domain", DOMAINS)
def test_estimates_tell_complete_from_open_and_are_public(domain):
    states = seed_states(domain)
    pairs = {}
    for state in states:
        state.public()
        pairs.setdefault(state.group, {})[state.wording] = state.query_clarity
    right = sum(pair["complete"] > pair["open"] for pair in pairs.values())
    assert right / len(pairs) > 0.8


def test_a_state_is_scored_by_models_that_never_saw_its_base_task():
    states = [state for task in load_seed_tasks("coding") for state in task.states()]
    before = {state.id: state.query_clarity for state in estimate_states(states)}
    other = {"complete": "open", "open": "complete"}
    group = states[0].group
    # Swapping the labels of one base task moves other estimates, never its own.
    swapped = [s.model_copy(update={"wording": other[s.wording]}) if s.group == group else s for s in states]
    after = {state.id: state.query_clarity for state in estimate_states(swapped)}
    assert all(after[state.id] == before[state.id] for state in states if state.group == group)
    assert any(after[state.id] != before[state.id] for state in states if state.group != group)


def test_the_hidden_side_of_a_state_does_not_move_its_estimate():
    state = synthetic_states("coding", 1)[0].model_copy(
        update={"query_clarity": None, "query": "Sort my list."}
    )
    bare = State(id="x", domain="coding", query="Sort my list.", wording="open")
    assert complete_states([state])[0].query_clarity == complete_states([bare])[0].query_clarity


def test_estimating_without_wordings_is_refused():
    with pytest.raises(UsageError, match="'x' has no wording"):
        estimate_states([State(id="x", domain="coding", query="Sort.")])


def test_given_values_stay_and_missing_ones_are_estimated():
    given = State(id="a", domain="coding", query="Sort.", query_clarity=0.123)
    done = complete_states([given, State(id="b", domain="zoo", query="Feed the lions at 5 pm.")])
    assert done[0].query_clarity == 0.123
    assert done[0].task_complexity is not None
    assert done[1].query_clarity == pytest.approx(
        float(domain_estimator("zoo").clarity.predict(["Feed the lions at 5 pm."])[0]), abs=1e-4
    )


def test_bundled_states_given_back_get_their_cross_fitted_estimate():
    state = seed_states("coding")[0]
    blank = state.model_copy(update={"query_clarity": None, "task_complexity": None})
    assert complete_states([blank]) == [state]


@pytest.mark.parametrize("wording", ["complete", "open", ""])
def test_ones_own_requests_are_read_by_the_reader_whatever_they_say_of_their_wording(wording):
    def asked(source):
        state = State(id="a", domain="coding", query="Sort my people.", wording=wording, source=source)
        (done,) = complete_states([state], reader=open_reader("surface"))
        return done.query_clarity

    plain = State(id="a", domain="coding", query="Sort my people.")
    (read,) = complete_states([plain], reader=open_reader("surface"))
    (estimated,) = complete_states([plain])
    assert read.query_clarity != estimated.query_clarity
    assert asked("mine.jsonl") == read.query_clarity
    assert asked("mbpp") == (estimated if wording else read).query_clarity


def rows(path, *items):
    path.write_text("".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items), encoding="utf-8")
    return path


def completed(path, **options):
    return complete_states(list(state_rows(path, **options)))


def test_a_users_file_is_completed(tmp_path):
    path = rows(
        tmp_path / "mine.jsonl",
        {"query": "Write a function that sorts stuff.", "dialogue_turn": 0, "prev_reject": 1},
        {
            "query": "给我一个旅行计划",
            "domain": "planning",
            "id": "zh",
            "query_clarity": 0.9,
            "task_complexity": 0.2,
        },
        {"query": "Add.", "tests": ["assert add(1, 2) == 3"], "reference": "def add(a, b): return a + b"},
    )
    first, second, third = completed(path, domain="coding")
    assert first.id.startswith("row-")
    assert first.group == first.id
    assert (first.domain, first.lang, first.source, first.prev_reject) == ("coding", "en", "mine.jsonl", 1)
    assert 0 <= first.query_clarity <= 1
    assert (second.id, second.lang, second.domain, second.query_clarity) == ("zh", "zh", "planning", 0.9)
    assert third.hidden.tests == ("assert add(1, 2) == 3",)
    assert "hidden" not in third.public().model_dump()
    assert completed(path)[0].id == first.id  # the id is the content's


def test_a_csv_file_holds_the_same_rows(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(
        "\ufeffquery,query_clarity,tests,history\r\n"
        '"Sort it, please\nnow",0.5,"[""assert f() == 1""]",\r\n'
        'Plan a trip,,,"[{""role"": ""user"", ""content"": ""hi""}]"\r\n',
        encoding="utf-8",
    )
    first, second = completed(path, domain="planning")
    assert first.query == "Sort it, please\nnow"
    assert (first.query_clarity, first.hidden.tests) == (0.5, ("assert f() == 1",))
    assert second.history[0].content == "hi"


GOOD = {"query": "Sort."}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"query": "x", "query_clarity": 1.5}, r":2: state has query_clarity 1.5: .*less than or equal to 1"),
        ({"query": "x", "dialogue_turn": -1}, r":2: state has dialogue_turn -1"),
        ({"query": "x", "task_complexity": "hard"}, r":2: state has task_complexity 'hard'"),
        ({"query": "  "}, r":2: state has query '  ', expected text"),
        ({"text": "x", "n": 1}, r":2: state has no 'query'; its keys are text, n"),
        ({"query": None}, r":2: state has query null, expected text"),
        ({"query": "x", "query_clarity": True}, r":2: state has query_clarity true, expected a number"),
        ({"query": "x", "query_clarity": "0.5"}, r":2: state has query_clarity '0.5', expected a number"),
        ({"query": "x", "prev_reject": True}, r":2: state has prev_reject true, expected a whole number"),
        ({"query": "x", "prev_reject": 1001}, r":2: state has prev_reject 1001, expected at most 1000"),
        ({"query": "x", "domain": ""}, r":2: state has domain '', expected text"),
        ({"query": "x", "tests": "assert 1"}, r":2: state has tests 'assert 1', expected a list"),
        (
            {"query": "x", "requirements": [{"id": "r", "text": "t", "weight": 1}]},
            r":2: state requirements \(item 1\) has no 'open'",
        ),
        (
            {"query": "x", "requirements": [{"id": "r", "text": "t", "weight": "1", "open": 1}]},
            r"state has requirements \(item 1\) weight '1', expected a number; "
            r"state has requirements \(item 1\) open 1, expected true or false",
        ),
        (
            {
                "query": "x",
                "requirements": [{"id": "r9", "text": "t", "weight": 1, "open": True, "checks": ["a", "("]}],
            },
            r":2: requirement 'r9': check '\(' is not a regular expression",
        ),
        (
            {"query": "x", "clarity": 1},
            r":2: state has the unknown key 'clarity', expected some of query, dialogue_turn",
        ),
        ([1], r":2: state is \[1\], expected an object with a 'query'"),
        ({"query": "x", "tests": ["a"], "hidden": {}}, r":2: state: has both 'hidden' and \['tests'\]"),
        (GOOD, r":2: state has the id 'row-\w+' of line 1; ids must differ"),
    ],
)
def test_a_bad_row_is_named_and_can_be_skipped(tmp_path, row, message):
    path = rows(tmp_path / "s.jsonl", GOOD, row)
    with pytest.raises(DataError, match=message):
        completed(path)
    assert len(completed(path, skip_bad=True)) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("query,tests\nok,\nx,[1\n", r"s\.csv:3: state has tests '\[1', expected JSON in this cell"),
        ("query,prev_reject\nok,\nx,2000\n", r"s\.csv:3: state has prev_reject 2000, expected at most 1000"),
        ("query\nok\nx,y\n", r"s\.csv:3: row has more cells than the header"),
        ('query\nok\n"x', r"s\.csv:3: is not CSV"),
        ("query,query_clarity\nok,\nx,clear\n", r"s\.csv:3: state has query_clarity 'clear'"),
    ],
)
def test_a_bad_csv_row_is_named(tmp_path, text, message):
    path = tmp_path / "s.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=message):
        completed(path)
    found = state_rows(path, skip_bad=True)
    assert len(list(found)) == 1
    assert (found.read, found.bad) == (2, 1)


def test_a_csv_of_another_encoding_is_refused(tmp_path):
    path = tmp_path / "s.csv"
    path.write_bytes("query\nКупить\n".encode("cp1251"))
    with pytest.raises(DataError, match="not UTF-8"):
        completed(path)


def test_an_empty_file_holds_no_states(tmp_path):
    (tmp_path / "s.jsonl").write_text("")
    assert completed(tmp_path / "s.jsonl") == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("text,id\nSort.,a\n", r"s\.csv:1: has no column 'query'; the columns are 'text', 'id'"),
        (
            "query;id\nSort.;a\n",
            r"s\.csv:1: the columns are 'query;id': cells are separated by ';'; save it with",
        ),
        ("query,id,query\nSort.,a,b\n", r"s\.csv:1: has the column 'query' more than once"),
    ],
)
def test_a_csv_header_that_does_not_fit_is_refused_whatever_may_be_skipped(tmp_path, text, message):
    path = tmp_path / "s.csv"
    path.write_text(text)
    for skip_bad in (False, True):
        with pytest.raises(DataError, match=message):
            list(state_rows(path, skip_bad=skip_bad))


@pytest.mark.parametrize(
    "text", ["\ufeffquery,prev_reject\r\nSort.,2\r\n", '\ufeff{"query": "Sort.", "prev_reject": 2}\n']
)
def test_a_pipe_may_hold_csv_or_jsonl(monkeypatch, text):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    (state,) = completed("-")
    assert (state.query, state.prev_reject) == ("Sort.", 2)


def test_every_private_key_may_stand_beside_the_query(tmp_path):
    row = {"query": "Sort.", "reference": "good", "uninformed": "poor", "plan_opening": "Plan:"}
    (state,) = completed(rows(tmp_path / "s.jsonl", row))
    assert (state.hidden.uninformed, state.hidden.plan_opening) == ("poor", "Plan:")
    with pytest.raises(TypeError):
        str(state.hidden)


def test_rollouts_refuse_raw_rows_with_the_command_that_completes_them(tmp_path):
    path = rows(tmp_path / "raw.jsonl", {"query": "Sort.", "domain": "planning"})
    with pytest.raises(
        DataError, match=r"raw.jsonl:1: state has no 'id' and no 'query_clarity' .* yet; complete"
    ) as caught:
        list(ready_rows(path))
    assert f"calibrate states --mode dataset --domain planning --input {path} --out" in str(caught.value)
    ready = rows(tmp_path / "s.jsonl", *(state.model_dump(mode="json") for state in completed(path)))
    assert list(ready_rows(ready)) == completed(path)


def test_the_stored_models_are_those_that_a_fit_gives_now():
    """After a change of bundled tasks or text features: python tools/fit_estimators.py"""
    from tactful.reading.estimate.estimator import domain_estimator, fit_domains

    for name, fitted in fit_domains().items():
        stored = domain_estimator(name)
        assert stored.clarity.weights == pytest.approx(fitted.clarity.weights, abs=1e-4)
        assert stored.clarity.bias == pytest.approx(fitted.clarity.bias, abs=1e-4)
        assert stored.complexity.weights == pytest.approx(fitted.complexity.weights, abs=1e-6)
