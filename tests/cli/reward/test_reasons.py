import json
import shlex

import pytest
from tests.chat_server import serving
from tests.reward.moments import says, write_items, writer

from tactful.cli.reward.lm import run_lm_judge
from tactful.errors import UsageError
from tactful.reward.types import Acceptance
from tactful.runs import RunFolder, RunOptions, retry_run


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch, tmp_path):
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "TACTFUL_PRICES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def data(tmp_path):
    return write_items(tmp_path / "items.jsonl", 60)


def test_thoughts_are_written_and_exported_by_the_commands_that_are_named(tactful, data, tmp_path):
    out = tmp_path / "reasons"
    done = tactful("reward", "reasons", data, "--model", "offline", "--out", out, "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    counts = result["moments"]
    assert counts["read"] == 60 == counts["done"] + counts["failed"] + counts["skipped"]
    assert counts["skipped"] == sum(counts["skipped_because"].values())
    assert sum(result["categories"].values()) == counts["done"] == sum(result["kept_at_try"].values())
    assert "a rehearsal" in done.stderr
    (follow,) = [line for line in done.stderr.splitlines() if line.startswith("next: ")]
    words = shlex.split(follow.removeprefix("next: tactful "))
    exported = tactful(*words)
    assert exported.returncode == 0, exported.stderr
    assert (tmp_path / "training" / "dataset_info.json").exists()
    assert "weight" in exported.stdout


def test_export_splits_by_session_and_prints_both_parts(tactful, data, tmp_path):
    tactful("reward", "reasons", data, "--model", "offline", "--out", tmp_path / "run")
    done = tactful(
        *("reward", "export", tmp_path / "run", "--to", "trl", "--out", tmp_path / "files"),
        *("--validation-share", "0.25", "--balance", "categories", "--layout", "proactivebench", "--json"),
    )
    assert done.returncode == 0, done.stderr
    parts = json.loads(done.stdout)["parts"]
    assert (parts["train"]["sessions"], parts["validation"]["sessions"]) == (3, 1)
    row = json.loads((tmp_path / "files" / "sft_validation.jsonl").read_text().splitlines()[0])
    assert "Observations (Time Ascending)" in json.loads(row["prompt"][1]["content"])


def test_dry_run_of_reasons_sends_nothing(tactful, data, tmp_path):
    done = tactful(
        "reward",
        "reasons",
        data,
        "--model",
        "m",
        "--base-url",
        "http://127.0.0.1:9/v1",
        "--dry-run",
        "--json",
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["calls"] == 60 * 6
    assert not (tmp_path / "runs").exists()


def test_reasons_from_an_endpoint_name_the_skipped_and_the_failed(tactful, data, tmp_path):
    def script(ask):
        return "no JSON" if "sheet 7." in ask.prompt else writer(lambda category: category)(ask)

    with serving(script) as server:
        done = tactful(
            *("reward", "reasons", data, "--model", "m", "--base-url", server.base_url),
            *("--out", tmp_path / "run"),
        )
    assert done.returncode == 0, done.stderr
    assert "59 thoughts kept of 60 moments, 0 skipped, 1 failed" in done.stderr
    assert f"tactful runs retry {tmp_path / 'run'}" in done.stderr


def test_failed_items_are_taken_again_from_the_folder_alone(tactful, data, tmp_path):
    broken = True

    def script(ask):
        return "no JSON" if broken and "sheet 7." in ask.prompt else writer()(ask)

    with serving(script) as server:
        words = ("--model", "m", "--base-url", server.base_url, "--out", tmp_path / "run")
        tactful("reward", "reasons", data, *words)
        broken = False
        done = tactful("runs", "retry", tmp_path / "run")
        assert done.returncode == 0, done.stderr
    assert not RunFolder.open(tmp_path / "run").reasons("failed")


def test_wrong_words_end_with_2_and_wrong_data_with_1(tactful, data, tmp_path):
    cold = tactful("reward", "reasons", data, "--model", "offline", "--temperature", "0")
    assert (cold.returncode, "--temperature 0" in cold.stderr) == (2, True)
    bare = tmp_path / "bare.jsonl"
    bare.write_text('{"obs": [{"time": "1", "event": "x"}], "pred_task": null}\n')
    unlabelled = tactful("reward", "reasons", bare, "--model", "offline")
    assert (unlabelled.returncode, "has no 'valid'" in unlabelled.stderr) == (1, True)
    (tmp_path / "none.jsonl").write_text("")
    assert tactful("reward", "reasons", tmp_path / "none.jsonl", "--model", "offline").returncode == 1
    assert not (tmp_path / "runs").exists()
    assert tactful("reward", "export", data, "--to", "trl", "--out", tmp_path / "x").returncode == 1


# ---------------------------------------------------------------- reward judge --judge


def options(out, **more):
    return RunOptions(out=out, progress="off", **more)


def test_lm_judge_judges_a_file_and_tells_the_counts(data, tmp_path, capsys):
    with serving({"": says("accepted")}) as server:
        summary = run_lm_judge(
            str(data), "m", options(tmp_path / "run"), votes=3, base_url=server.base_url, as_json=True
        )
        assert server.jobs == 180
    result = json.loads(capsys.readouterr().out)
    assert (result["accepted"], result["rejected"], result["unscored"]) == (60, 0, 0)
    assert len(list(summary.folder.records(Acceptance))) == 60


def test_lm_judge_tells_ties_and_unreadable_votes_and_can_be_retried(data, tmp_path, capsys):
    broken = True

    def script(ask):
        return "hm" if broken and "sheet 5." in ask.prompt else says("rejected")

    with serving(script) as server:
        summary = run_lm_judge(str(data), "m", options(tmp_path / "run"), base_url=server.base_url)
        said = capsys.readouterr()
        assert "1 unscored (0 by a tie); 1 votes unreadable" in said.err
        assert "rejected" in said.out
        broken = False
        assert retry_run(summary.folder, unscored=True).unscored == 0


def test_lm_judge_rehearses_offline_and_a_dry_run_writes_nothing(data, tmp_path, capsys):
    assert run_lm_judge(str(data), "offline", options(tmp_path / "run"), votes=5, dry_run=True) is None
    assert "300 calls" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
    run_lm_judge(str(data), "offline", options(tmp_path / "run", limit=7), votes=5)
    assert "a rehearsal" in capsys.readouterr().err


def test_votes_at_temperature_0_are_refused(data, tmp_path):
    with pytest.raises(UsageError, match="--votes 3"):
        run_lm_judge(str(data), "m", options(tmp_path / "run"), votes=3, temperature=0)
