import pytest

from tactful.data.check import check_file, detect_kind
from tactful.data.io import read_jsonl
from tactful.errors import UsageError, UserError
from tactful.types import Message


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ({"query": "x"}, "states"),
        ({"id": "s", "persona": {}, "states": []}, "sessions"),
        ({"id": "t", "steps": [], "end": "completed", "persona": "p"}, "trajectories"),
        ({"trajectory": {}, "counts": []}, "rewarded"),
        ({"chosen_action": "LOW", "rejected_action": "MID"}, "pairs"),
        ({"id": "c", "complete": "x", "open": "y"}, "seed-tasks"),
        ({"task_id": 1, "text": "x", "test_list": []}, "mbpp"),
        ({"id": "r", "stage": "s", "attempts": 1, "input_hash": ""}, "failures"),
    ],
)
def test_the_kind_is_told_by_the_keys(write_rows, row, kind):
    assert detect_kind(write_rows("{", row)) == kind


def test_the_kind_is_told_by_the_name_of_toml_and_csv():
    assert detect_kind("a.toml") == "personas"
    assert detect_kind("a.CSV") == "states"


def test_an_unknown_kind_must_be_named(write_rows, tmp_path):
    with pytest.raises(UsageError, match=r"has the keys a, b\); name it: --type rewarded\|"):
        detect_kind(write_rows({"a": 1, "b": 2}))
    with pytest.raises(UsageError, match="no line is a JSON object"):
        detect_kind(write_rows("[1]"))
    with pytest.raises(UsageError, match="--type"):
        detect_kind("-")
    with pytest.raises(UserError, match="cannot be read"):
        detect_kind(tmp_path / "none.jsonl")


def test_a_report_counts_everything_and_names_the_first_problems(write_rows):
    good = {"role": "user", "content": "x"}
    path = write_rows(good, *["{"] * 30, good)
    report = check_file(path, "messages", lambda path: read_jsonl(path, Message, skip_bad=True))
    assert (report.read, report.good, report.bad) == (32, 2, 30)
    assert len(report.problems) == 20
    assert report.problems[0].startswith(f"{path}:2: not JSON")
