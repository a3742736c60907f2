"""Where the real data is, and small MBPP rows to plant faults in."""

import json
import os
from pathlib import Path

import pytest


@pytest.fixture
def real_data():
    """The folder with the real data sets: TACTFUL_TEST_DATA, else ../shared/data, else the test is skipped."""
    folder = Path(os.environ.get("TACTFUL_TEST_DATA", Path(__file__).parents[2].parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("no real data: set TACTFUL_TEST_DATA to the folder that holds it")
    return folder


@pytest.fixture
def mbpp_row():
    """A sound MBPP row under a new task id, with changes."""

    def make(task_id, **changes):
        row = {
            "task_id": task_id,
            "text": f"Write a function to add {task_id} to a number.",
            "code": f"def add_it(n):\r\n  total = n + {task_id}\r\n  return total",
            "test_list": [f"assert add_it(1) == {1 + task_id}", f"assert add_it(0) == {task_id}"],
            "test_setup_code": "",
            "challenge_test_list": [],
        }
        return {**row, **changes}

    return make


@pytest.fixture
def write_rows(tmp_path):
    """Write rows as JSONL and return the path."""

    def write(*rows, name="rows.jsonl"):
        path = tmp_path / name
        path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows))
        return path

    return write
