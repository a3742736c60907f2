"""`tactful bench suggestions` as users call it."""

import json
from pathlib import Path

import pytest
from tests.data.formats.test_suggestions import row

from tactful.evaluation.suggestions.results import BASELINES


def write(path: Path, rows) -> Path:
    path.write_text("".join(json.dumps(one) + "\n" for one in rows))
    return path


def some_rows(users=4, each=12, **more):
    return [
        row(
            20 * at,
            accepted=(at + user) % 3 == 0,
            user=user,
            confidence=((at + user) % 3 == 0) * 0.5 + 0.02 * at,
            **more,
        )
        for user in range(users)
        for at in range(each)
    ]


@pytest.fixture
def decisions(tmp_path: Path) -> Path:
    return write(tmp_path / "decisions.jsonl", some_rows())


@pytest.mark.slow
def test_tables_with_baselines_go_to_stdout_and_the_folder_holds_results_and_page(
    tactful, decisions, tmp_path
):
    out = tmp_path / "hiding"
    done = tactful("bench", "suggestions", decisions, "--bar", "0.2", "--out", out)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("48 suggestions of 4 users, 16 accepted (33.3%)")
    blocks = [block for block in done.stdout.split("\n\n") if "\n  " in block]
    assert len(blocks) == 3
    for block in blocks:
        for name in BASELINES:
            assert f"\n  {name} " in block
    assert "The gate with a guarantee: cannot promise" in done.stdout
    assert "report.html" in done.stderr
    results = json.loads((out / "results.json").read_text())
    assert results["bar"] == 0.2
    assert (out / "report.html").read_text().count("<svg") == 2
    again = tactful("bench", "suggestions", decisions, "--out", out)
    assert again.returncode == 2
    assert "exists already" in again.stderr


@pytest.mark.slow
def test_json_holds_what_the_tables_show_and_several_files_count_together(tactful, tmp_path):
    rows = some_rows()
    one = write(tmp_path / "one.jsonl", [item for item in rows if item["user"] < 2])
    two = write(tmp_path / "two.jsonl", [item for item in rows if item["user"] >= 2])
    done = tactful("bench", "suggestions", one, two, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["decisions"], found["users"]) == (48, 4)
    assert [item["name"] for item in found["hiding"] if item["baseline"]] == list(BASELINES)


@pytest.mark.slow
def test_unusable_rows_are_left_out_on_request_and_counted(tactful, tmp_path):
    path = write(tmp_path / "bad.jsonl", [*some_rows(), row(9999, accepted="maybe")])
    refused = tactful("bench", "suggestions", path)
    assert refused.returncode == 1
    assert "bad.jsonl:49: suggestion has accepted 'maybe'" in refused.stderr
    done = tactful("bench", "suggestions", path, "--skip-bad")
    assert done.returncode == 0
    assert "1 unusable rows left out" in done.stdout


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "no decision to measure (the files are empty)"),
        ([row(at * 10, accepted=at % 2 == 0) for at in range(9)], "the decisions are of 1 user (0)"),
        ([row(at, user=at) for at in range(6)], "all 6 suggestions were accepted"),
        ([row(at, user=at, accepted=False) for at in range(6)], "all 6 suggestions were rejected"),
        ([{"obs": [], "pred_task": None}], "suggestion has no 'user'"),
        ([row(decided_time="2001-01-01T00:00:00Z")], "before its shown_time"),
        ([row(shown_time="soon")], "has shown_time 'soon'"),
    ],
)
def test_input_that_cannot_be_measured_is_a_clear_sentence(tactful, tmp_path, rows, said):
    done = tactful("bench", "suggestions", write(tmp_path / "rows.jsonl", rows))
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_decision_in_two_files_is_refused(tactful, decisions):
    done = tactful("bench", "suggestions", decisions, decisions)
    assert done.returncode == 1
    assert "give each decision once" in done.stderr


@pytest.mark.parametrize("bar", ["0", "1", "nan", "inf"])
def test_a_bar_outside_its_range_is_a_wrong_option(tactful, decisions, bar):
    done = tactful("bench", "suggestions", decisions, "--bar", bar)
    assert done.returncode == 2


def test_the_help_opens_with_a_sentence_and_an_example(tactful):
    done = tactful("bench", "suggestions", "--help")
    assert "Example: " in done.stdout


def test_decisions_are_recognised_and_checked_row_by_row(tactful, tmp_path):
    path = write(tmp_path / "d.jsonl", [*some_rows(2, 3), row(9999, confidence=7)])
    done = tactful("data", "check", path)
    assert done.returncode == 1
    assert "suggestions: 7 read = 6 good + 1 bad" in done.stdout
    assert "d.jsonl:7: " in done.stderr
