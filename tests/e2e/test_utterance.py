"""Utterance against an endpoint that fails, and across a kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest
from tests.chat_server import serving
from tests.utterance.fakes import serve, write_rows

from tactful.llm import ModelSpec
from tactful.runs import RunFolder, RunOptions, run_job
from tactful.utterance.dialogues import Examples
from tactful.utterance.pipeline import SynthesizeConfig, synthesize_job
from tactful.utterance.types import PairedExample

FAULTS = {
    "503": 0.03, "reset": 0.03, "429": 0.02, "html": 0.02, "truncated": 0.02, "empty": 0.01, "not_json": 0.02,
    "wrong_schema": 0.02, "dict_for_list": 0.02, "truncated_json": 0.01,
}  # fmt: skip
"""A fifth of all requests goes wrong."""


@pytest.mark.soak
def test_with_a_fifth_of_requests_failing_every_dialogue_ends_done_or_failed_with_a_reason(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    assert abs(sum(FAULTS.values()) - 0.2) < 1e-9
    talks = write_rows(tmp_path / "talks.jsonl", 60)
    with serving(serve, faults=FAULTS, seed=5, retry_after_s=0.05) as server:
        config = SynthesizeConfig(assistant=ModelSpec(name="m", base_url=server.base_url))
        summary = run_job(
            synthesize_job(config, Examples(talks)),
            RunOptions(out=tmp_path / "run", progress="off", concurrency=32),
        )
        went_wrong = sum(count for name, count in server.statuses.items() if name != "ok")
        assert 0.1 < went_wrong / server.jobs < 0.3
    assert summary.done + summary.failed == summary.read == 60
    assert summary.done >= 50
    failures = list(summary.folder.failures())
    assert all(one.reason and one.error in {"ParseError", "out_of_reach", "unreadable"} for one in failures)
    assert len({one.id for one in summary.folder.records(PairedExample)}) == summary.done


@pytest.mark.slow
def test_kill_in_the_middle_pays_no_finished_call_twice_and_doubles_no_record(tmp_path):
    talks = write_rows(tmp_path / "talks.jsonl", 40)
    environment = {**os.environ, "OPENAI_API_KEY": "none"}
    with serving(serve, latency_s=0.05) as server:
        command = [
            sys.executable, "-m", "tactful", "utterance", "synthesize", str(talks), "--model", "m",
            "--base-url", server.base_url, "--out", str(tmp_path / "run"), "--concurrency", "4",
        ]  # fmt: skip
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 60
        while server.jobs < 150 and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert 150 <= server.jobs < 440, "killed in the middle"
        in_flight = server.most_at_once
        done = subprocess.run(
            [*command, "--resume"], env=environment, capture_output=True, text=True, check=False, timeout=100
        )
        assert done.returncode == 0, done.stderr
        times = Counter(server.prompts)
    assert sum(count - 1 for count in times.values()) <= in_flight, "only calls in flight are sent again"
    records = list(RunFolder.open(tmp_path / "run").records(PairedExample))
    assert len(records) == len({one.id for one in records}) == 40
    assert len(times) == 440, "eleven calls for each dialogue, each its own"


@pytest.mark.parametrize("modes", [{"object"}, set()], ids=["JSON objects only", "plain text only"])
def test_endpoints_without_schemas_serve_as_well(tmp_path, monkeypatch, modes):
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    talks = write_rows(tmp_path / "talks.jsonl", 4)
    with serving(serve, modes=modes) as server:
        config = SynthesizeConfig(assistant=ModelSpec(name="m", base_url=server.base_url))
        summary = run_job(
            synthesize_job(config, Examples(talks)), RunOptions(out=tmp_path / "run", progress="off")
        )
    assert (summary.done, summary.failed) == (4, 0)
    assert summary.usage.calls >= 44
