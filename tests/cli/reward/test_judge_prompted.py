import json

import pytest
from tests.chat_server import serving
from tests.reward.moments import says

from tactful.reward.types import Acceptance
from tactful.runs import RunFolder


@pytest.mark.slow
def test_prompted_model_judges_a_file_and_tells_the_counts(tactful, data, tmp_path):
    asking = ("reward", "judge", data, "--judge", "m", "--votes", "3", "--out", tmp_path / "run", "--json")
    with serving({"": says("accepted")}) as server:
        done = tactful(*asking, "--base-url", server.base_url)
        assert server.jobs == 180
    result = json.loads(done.stdout)
    assert (result["accepted"], result["rejected"], result["unscored"]) == (60, 0, 0)
    assert len(list(RunFolder.open(tmp_path / "run").records(Acceptance))) == 60


def test_unreadable_votes_are_told_and_can_be_taken_again(tactful, data, tmp_path):
    broken = True

    def script(ask):
        return "hm" if broken and "sheet 5." in ask.prompt else says("rejected")

    with serving(script) as server:
        asking = ("reward", "judge", data, "--judge", "m", "--base-url", server.base_url)
        said = tactful(*asking, "--out", tmp_path / "run")
        assert "1 unscored (0 by a tie); 1 votes unreadable" in said.stderr
        assert "rejected" in said.stdout
        broken = False
        again = tactful("runs", "retry", tmp_path / "run", "--unscored")
    assert again.returncode == 0, again.stderr
    assert all(one.accepted is False for one in RunFolder.open(tmp_path / "run").records(Acceptance))


def test_offline_rehearses_and_a_dry_run_writes_nothing(tactful, data, tmp_path):
    asking = ("reward", "judge", data, "--judge", "offline", "--votes", "5", "--out", tmp_path / "run")
    assert "300 calls" in tactful(*asking, "--dry-run").stderr
    assert not (tmp_path / "run").exists()
    assert "a rehearsal" in tactful(*asking, "--limit", "7").stderr


def test_votes_at_temperature_0_are_refused(tactful, data):
    done = tactful("reward", "judge", data, "--judge", "m", "--votes", "3", "--temperature", "0")
    assert done.returncode == 2
    assert "--votes 3" in done.stderr
