"""The code that is taken out of a whole answer, run against the test. One row of code_answers.jsonl a decision."""

import json
from pathlib import Path

import pytest

from tactful.text.code.answers import extract_code, names_under_test

ROWS = [
    json.loads(line)
    for line in Path(__file__).with_name("code_answers.jsonl").read_text("utf-8").split("\n")
    if line
]


def passes(code: str | None, test: str) -> bool:
    space: dict[str, object] = {}
    try:
        exec(code or "", space)
        exec(test, space)
    except Exception:
        return False
    return True


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_the_code_of_an_answer_passes_exactly_where_a_reader_would_say_so(row, capsys) -> None:
    code = extract_code(row["answer"], names_under_test((row["test"],)))
    assert passes(code, row["test"]) == row["passes"], code


@pytest.mark.parametrize(
    "row", [row for row in ROWS if row["passes"] and "def add" in row["answer"]], ids=lambda row: row["name"]
)
def test_without_knowing_the_tests_a_definition_is_still_found(row) -> None:
    assert "def " in (extract_code(row["answer"]) or "")


@pytest.mark.parametrize(
    "answer", ['def f(xs): return "\\n".join(xs)', '```python\ndef f(xs): return "\\n".join(xs)\n```']
)
def test_code_on_one_line_keeps_the_line_ends_inside_its_strings(answer: str) -> None:
    assert extract_code(answer, {"f"}) == 'def f(xs): return "\\n".join(xs)\n'


def test_the_names_under_test_are_those_that_nobody_else_defines() -> None:
    tests = ("assert set(f(x)) == {1}", "import math\nassert math.isclose(g(2), y)", "assert h")
    assert names_under_test(tests, "x = 1\ndef y(): pass") == {"f", "g", "h"}
    assert names_under_test(("not python at all",)) == frozenset()


@pytest.mark.slow
@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "unit",
    [
        *("```", "```python\n", "```\n", "> ", "~~~\nx\n", "def f(:\n", "[python]", "    x\n", "a```\n"),
        *('{"a":', "[", '["', "`x", "a ```def f", "<![CDATA[", "＂"),
    ],
)
def test_a_hostile_answer_is_read_in_bounded_time(unit) -> None:
    extract_code(unit * 20_000, frozenset({"f"}))
