"""What a user gave: a log, a folder of logs or a run folder."""

import pytest

from tactful.data.logs import log_input
from tactful.errors import DataError


def test_a_folder_of_logs_is_taken_and_an_empty_one_is_said_to_hold_none(tmp_path):
    with pytest.raises(DataError, match=r"is a folder without a run or a log in it; give a file"):
        log_input(tmp_path)
    (tmp_path / "log.jsonl").write_text("{}\n")
    assert log_input(tmp_path) == tmp_path
