"""`tactful data import` as a user types it."""

import json

import pytest

from tactful.errors import UsageError

ROW = {
    "task_id": 1,
    "text": "Write a function to add one.",
    "code": "def inc(n): return n + 1",
    "test_list": ["assert inc(1) == 2"],
}


@pytest.fixture
def mbpp(tmp_path):
    rows = [{**ROW, "task_id": n} for n in range(1, 5)]
    rows[1]["code"] = "def inc(n): return n"
    (tmp_path / "mbpp.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows) + "{\n")
    return tmp_path


@pytest.mark.slow
def test_importing_mbpp_accounts_for_every_row(own_process, mbpp):
    refused = own_process("data", "import", "mbpp", "mbpp.jsonl", "--out", "s.jsonl", cwd=mbpp)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("tactful: mbpp.jsonl:5: not JSON")
    assert "Traceback" not in refused.stderr
    done = own_process(
        "data", "import", "mbpp", "mbpp.jsonl", "--out", "s.jsonl", "--skip-bad", "--json", cwd=mbpp
    )
    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout)
    assert [counts[key] for key in ("read", "imported", "quarantined", "bad")] == [5, 3, 1, 1]
    assert "mbpp.jsonl:5: not JSON" in done.stderr
    assert "does not pass test 1" in (mbpp / "s.quarantine.jsonl").read_text()
    states = [json.loads(line) for line in (mbpp / "s.jsonl").read_text().splitlines()]
    assert all(0 <= state["query_clarity"] <= 1 for state in states)
    again = own_process("data", "import", "mbpp", "mbpp.jsonl", "--out", "s.jsonl", "--skip-bad", cwd=mbpp)
    assert again.returncode == 2
    assert "s.jsonl: exists already" in again.stderr


@pytest.mark.slow
def test_the_imported_states_pass_the_check(own_process, mbpp):
    own_process("data", "import", "mbpp", "mbpp.jsonl", "--out", "s.jsonl", "--skip-bad", cwd=mbpp)
    checked = own_process("data", "check", "s.jsonl", cwd=mbpp)
    assert (checked.returncode, checked.stdout) == (0, "s.jsonl: states: 3 read = 3 good + 0 bad\n")


def test_a_source_must_be_named_once(invoke):
    with pytest.raises(UsageError, match="either FILE or --hub"):
        invoke("import", "mbpp")
    with pytest.raises(UsageError, match="either FILE or --hub"):
        invoke("import", "mbpp", "x.jsonl", "--hub")
