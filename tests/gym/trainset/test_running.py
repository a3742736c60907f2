"""The runner's promises: the same bytes at any concurrency, faults lose no point, a resumed run pays nothing twice."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from tests.chat_server import Ask, serving
from tests.gym.made import day

import tactful as tf
from tactful.data.io import write_jsonl
from tactful.types import seeded

DAYS = [day(f"scene-{at}") for at in range(12)]
FAULTS = {"503": 0.05, "429": 0.04, "reset": 0.03, "html": 0.03, "not_json": 0.03, "wrong_schema": 0.02}


def script(ask: Ask) -> dict[str, object]:
    """A proposer by lot and a judge by lot, told apart by the reply that they must give."""
    text = orjson.dumps(ask.messages).decode()
    rng = seeded(text)
    if "judgement" in orjson.dumps(ask.body).decode():
        return {"thought": "so", "judgement": rng.choice(["accepted", "rejected"])}
    return {"thought": "so", "proposal": rng.choice([None, f"Help {rng.randrange(99)}.", "Sing."])}


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for name in ("sft", "dpo", "reward")
        for path in sorted((folder / name).iterdir())
    } | {"records": (folder / "records.jsonl").read_bytes()}


@pytest.mark.slow
def test_the_same_bytes_at_concurrency_1_and_64(tmp_path):
    one, many = (
        tf.trainset(
            DAYS, judge="offline", model="offline", out=tmp_path / str(at), concurrency=at, progress="off"
        )
        for at in (1, 64)
    )
    assert files(one.folder) == files(many.folder)
    assert one.made.judge == "offline"


@pytest.mark.soak
def test_a_fifth_of_faults_loses_no_point(tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    with serving(script=script, faults=FAULTS, seed=1) as server:
        run = tf.trainset(
            DAYS, judge="j", model="m", base_url=server.base_url, out=tmp_path / "t", progress="off"
        )
    assert (run.summary.read, run.summary.failed) == (48, 0)
    assert sum(count for name, count in server.statuses.items() if name != "ok") > 0.1 * server.jobs
    assert run.made.points == 48


@pytest.mark.slow
def test_a_stopped_run_goes_on_and_pays_no_finished_call_twice(tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    write_jsonl(tmp_path / "e.jsonl", DAYS)
    with serving(script=script) as server:
        given = {"judge": "j", "model": "m", "base_url": server.base_url, "progress": "off", "concurrency": 4}
        tf.trainset(tmp_path / "e.jsonl", out=tmp_path / "whole", **given)
        calls = server.jobs
        part = tf.trainset(tmp_path / "e.jsonl", out=tmp_path / "part", limit=20, **given)
        first = server.jobs - calls
        assert part.made.points == 20
        tf.trainset(tmp_path / "e.jsonl", out=tmp_path / "part", resume=True, **given)
        assert server.jobs - calls == calls > first
    assert files(tmp_path / "whole")["records"] == files(tmp_path / "part")["records"]
