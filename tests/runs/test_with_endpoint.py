"""The runner with the real door, against a chat server on loopback."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
import urllib.request

import pytest
from tests.chat_server import serving, serving_process
from tests.runs import parts
from tests.runs.parts import Answer, run

from tactful.errors import BudgetSpent, EndpointRefused
from tactful.runs import RunFolder


def ask(out, base_url, *, count=10, **options):
    return run(out, stage=parts.ask, count=count, models=parts.endpoint(base_url), **options)


def test_usage_is_counted_per_run_and_stored_with_each_record(tmp_path):
    with serving() as server:
        summary = ask(tmp_path / "out", server.base_url)
    assert (summary.done, summary.usage.calls, summary.usage.cached) == (10, 20, 0)
    assert summary.usage.prompt_tokens > 0
    state = summary.folder.state()
    assert {row.result.usage.calls for row in state.rows()} == {2}
    state.close()
    assert summary.folder.calls_path.exists()


def test_same_run_with_the_same_cache_sends_nothing_and_writes_equal_bytes(tmp_path):
    with serving() as server:
        first = ask(tmp_path / "a", server.base_url, cache=tmp_path / "calls.sqlite")
        sent = server.jobs
        second = ask(tmp_path / "b", server.base_url, cache=tmp_path / "calls.sqlite", concurrency=1)
        assert server.jobs == sent == 20
    assert (second.usage.calls, second.usage.cached, second.usage.cost_usd) == (0, 20, second.usage.cost_usd)
    assert first.folder.records_path.read_bytes() == second.folder.records_path.read_bytes()


@pytest.mark.parametrize("fault", ["401", "quota", "404"])
def test_refused_key_quota_or_model_stops_the_run_and_it_can_be_resumed(tmp_path, fault):
    with serving(sequence=[None] * 8 + [fault] * 1000) as server:
        with pytest.raises(EndpointRefused, match="go on with: --resume --out") as caught:
            ask(tmp_path / "out", server.base_url, count=100, concurrency=4)
        assert server.jobs <= 8 + 4
        base_url = server.base_url
        server.sequence = []
    assert caught.value.summary.interrupted
    assert RunFolder.open(tmp_path / "out").standing() == "interrupted"
    port = int(base_url.split(":")[-1].split("/")[0])
    with serving(port=port) as server:
        summary = ask(tmp_path / "out", base_url, count=100, resume=True)
    assert (summary.done, summary.failed) == (100, 0)


def test_failing_endpoint_fails_records_not_the_run_and_all_are_accounted_for(tmp_path):
    with serving(faults={"400": 0.3}, seed=3) as server:
        summary = ask(tmp_path / "out", server.base_url, count=40)
    assert summary.done + summary.failed == summary.read == 40
    assert summary.failed > 0
    assert all(failure.stage == "ask" for failure in summary.folder.failures())


@pytest.mark.slow
def test_token_budget_holds_over_resumes(tmp_path):
    with serving() as server:
        with pytest.raises(BudgetSpent):
            ask(tmp_path / "out", server.base_url, count=200, budget_tokens=8_000, concurrency=2)
        spent = RunFolder.open(tmp_path / "out").usage()
        assert 0 < spent.prompt_tokens + spent.completion_tokens <= 8_000
        sent = server.jobs
        with pytest.raises(BudgetSpent):
            ask(tmp_path / "out", server.base_url, count=200, budget_tokens=1, resume=True)
        assert server.jobs == sent, "what was spent before counts against the budget"


def test_key_is_nowhere_in_the_run_folder(tmp_path, monkeypatch):
    key = "sk-tactful-test-0123456789abcdef"
    monkeypatch.setenv("OPENAI_API_KEY", key)
    with serving(faults={"400": 0.3, "echo_key": 0.3}, seed=1) as server:
        ask(tmp_path / "out", server.base_url, count=30)
    for path in (tmp_path / "out").iterdir():
        assert key.encode() not in path.read_bytes(), path.name


def start(*arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "tests.runs.worker", *map(str, arguments)], stderr=subprocess.PIPE, text=True
    )


def jobs(base_url):
    with urllib.request.urlopen(f"{base_url}/stats", timeout=5) as reply:
        return json.load(reply)["jobs"]


def wait_for_jobs(base_url, number):
    deadline = time.monotonic() + 30
    while jobs(base_url) < number:
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


@pytest.mark.slow
def test_ctrl_c_with_32_calls_in_flight_stores_all_finished_and_exits_with_130(tmp_path):
    out = tmp_path / "out"
    with serving_process(latency_s=0.1) as base_url:
        process = start(out, 2000, "--base-url", base_url, "--concurrency", 32)
        wait_for_jobs(base_url, 200)
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        _, said = process.communicate(timeout=20)
        assert time.monotonic() - began < 5
        answered = jobs(base_url)
    assert process.returncode == 130, said
    assert "go on with: --resume" in said
    folder = RunFolder.open(out)
    # two calls make a record; of the records in hand at most 32 were not finished
    assert folder.counts().done >= answered // 2 - 32
    assert len(list(folder.records(Answer))) == folder.counts().done


def kill_often(tmp_path, kills, count, concurrency):
    out, rng = tmp_path / "out", random.Random(11)
    with serving_process(latency_s=0.02) as base_url:
        arguments = [out, count, "--base-url", base_url, "--concurrency", concurrency]
        for _ in range(kills):
            process = start(*arguments, *(["--resume"] if out.exists() else []))
            wait_for_jobs(base_url, jobs(base_url) + rng.randint(1, count // kills))
            process.kill()
            process.communicate()
            assert process.returncode == -signal.SIGKILL, "it ended before it could be killed"
        process = start(*arguments, "--resume")
        _, said = process.communicate(timeout=100)
        assert process.returncode == 0, said
        sent = jobs(base_url)
        whole = ask(tmp_path / "whole", base_url, count=count)
    folder = RunFolder.open(out)
    assert folder.records_path.read_bytes() == whole.folder.records_path.read_bytes()
    assert folder.counts().done == count
    assert sent <= 2 * count + kills * concurrency, "only calls in flight are sent again"


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "kills", [pytest.param(4, marks=pytest.mark.slow), pytest.param(30, marks=pytest.mark.soak)]
)
def test_killed_at_random_points_only_calls_in_flight_are_sent_again(tmp_path, kills):
    kill_often(tmp_path, kills=kills, count=200 * kills, concurrency=16)
