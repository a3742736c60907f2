"""What is no run of its own on Ray: audits, sweeps, loops, and failures taken again. The same outcome as in one process."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.chat_server import serving
from tests.feedback.chats import many_chats
from tests.runs.running.ray.test_pipelines import figures, states, tactful

from tactful.runs import RunFolder

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed (extra [ray])"),
]
ROOT = Path(__file__).resolve().parents[4]
RAY = ("--executor", "ray", "--workers", 2)


@pytest.mark.parametrize("reader", ["surface", pytest.param("encoder", marks=pytest.mark.soak)])
def test_an_audit_finds_the_same_on_ray(tmp_path: Path, reader: str) -> None:
    log = many_chats(tmp_path / "log.jsonl", 300)
    words = ("audit", log, ROOT / "tests/audit/rehearsal.jsonl", "--reader", reader, "--json")
    local = tactful(tmp_path, *words, "--out", "local")
    ray = tactful(tmp_path, *words, "--out", "ray", *RAY)
    assert json.loads(ray) == json.loads(local)
    for name in ("findings.jsonl", "audit.json", "audit.md"):
        assert (tmp_path / "ray" / name).read_bytes() == (tmp_path / "local" / name).read_bytes()


def test_a_reader_that_asks_a_model_is_not_spread(tmp_path: Path) -> None:
    log = many_chats(tmp_path / "log.jsonl", 3)
    done = subprocess.run(
        [sys.executable, "-m", "tactful", "audit", log, "--reader", "offline", *map(str, RAY)],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT / "src")}, capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    assert done.returncode == 2
    assert "'offline' asks a model: leave the executor out" in done.stderr


@pytest.mark.soak
def test_cells_of_a_sweep_run_side_by_side_and_are_done_once(tmp_path: Path) -> None:
    states(tmp_path)
    for name, more in (("local", ()), ("ray", RAY)):
        (tmp_path / f"{name}.toml").write_text(
            f'command = ["calibrate", "rollout", "states.jsonl"]\nout = "{name}"\nshow = ["done", "read"]\n'
            '[set]\nmodel = "offline"\n[grid]\nmax-turns = [2, 3]\nseed = [0, 1]\n'
        )
        table = json.loads(tactful(tmp_path, "sweep", f"{name}.toml", "--json", *more))
        assert len(table) == 4
    for one in (tmp_path / "local").rglob("records.jsonl"):
        assert one.read_bytes() == (tmp_path / "ray" / one.relative_to(tmp_path / "local")).read_bytes()
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "ray").rglob("result.json")}
    assert json.loads(tactful(tmp_path, "sweep", "ray.toml", "--json", *RAY)) == table
    assert before == {path: path.stat().st_mtime_ns for path in (tmp_path / "ray").rglob("result.json")}
    (tmp_path / "states.jsonl").unlink()
    for path in before:
        path.unlink()
    done = subprocess.run(
        [sys.executable, "-m", "tactful", "sweep", "ray.toml", *map(str, RAY)],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT / "src")}, capture_output=True, text=True, timeout=200,
    )  # fmt: skip
    assert done.returncode == 1
    assert "4 of 4 combinations failed" in done.stderr
    assert "states.jsonl: no such file" in done.stderr


@pytest.mark.soak
def test_a_loop_comes_to_the_same_figures_on_ray(tmp_path: Path) -> None:
    words = ("calibrate", "iterate", "planning", "--model", "offline", "--rounds", 1, "--n", 16, "--json")
    local = json.loads(tactful(tmp_path, *words, "--out", "local"))
    ray = json.loads(tactful(tmp_path, *words, "--out", "ray", *RAY))
    assert figures(ray["rounds"], tmp_path) == figures(local["rounds"], tmp_path)
    assert (tmp_path / "ray/round-1/policy.json").read_bytes() == (
        tmp_path / "local/round-1/policy.json"
    ).read_bytes()


@pytest.mark.soak
def test_failures_are_taken_again_on_ray(tmp_path: Path) -> None:
    source = states(tmp_path)
    with serving(sequence=["400"] * 2) as server:
        at = ("--base-url", server.base_url, "--concurrency", 1)
        tactful(tmp_path, "calibrate", "rollout", source, "--model", "m", *at, "--out", "run")
        failed = RunFolder(tmp_path / "run").counts().failed
        assert failed > 0
        told = json.loads(tactful(tmp_path, "runs", "retry", "run", "--trust", "--json", *RAY))
        assert (told["failed"], told["read"]) == (0, RunFolder(tmp_path / "run").counts().read)
        tactful(tmp_path, "calibrate", "rollout", source, "--model", "m", *at, "--out", "whole")
    assert (tmp_path / "run/records.jsonl").read_bytes() == (tmp_path / "whole/records.jsonl").read_bytes()
