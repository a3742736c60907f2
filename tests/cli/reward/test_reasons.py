import json
import shlex

import pytest
from tests.chat_server import serving
from tests.reward.moments import writer

from tactful.runs import RunFolder


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


@pytest.mark.slow
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


@pytest.mark.slow
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
