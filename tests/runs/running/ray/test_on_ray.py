"""Runs on Ray itself: same bytes as local, and nothing lost or doubled whoever is killed."""

from __future__ import annotations

import importlib.util
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from tests.chat_server import serving
from tests.runs import parts

from tactful.errors import UsageError
from tactful.runs import RunFolder, RunOptions

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="Ray is not installed (extra [ray])"
)
ROOT = Path(__file__).resolve().parents[4]
SOAK = pytest.mark.soak
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")])}


def command(out: Path, count: int, *more: object) -> list[str]:
    return [sys.executable, "-m", "tests.runs.worker", str(out), str(count), *map(str, more)]


def ran(out: Path, count: int, *more: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(out, count, *more), env=ENVIRONMENT, cwd=ROOT, capture_output=True, text=True, timeout=240
    )


@contextmanager
def running(out: Path, count: int, *more: object) -> Iterator[subprocess.Popen[str]]:
    """A run in a process of its own; whatever is left of it at the end is killed."""
    with subprocess.Popen(
        command(out, count, *more),
        env=ENVIRONMENT,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                for child in psutil.Process(process.pid).children(recursive=True):
                    child.kill()
                process.kill()


def below(process: subprocess.Popen[str], name: str) -> list[psutil.Process]:
    """The processes under the driver whose command line holds `name`."""
    found = []
    try:
        for child in psutil.Process(process.pid).children(recursive=True):
            try:
                if name in " ".join(child.cmdline()):
                    found.append(child)
            except psutil.Error:
                continue
    except psutil.NoSuchProcess:
        pass
    return found


def stored(out: Path) -> int:
    try:
        return RunFolder(out).counts().read
    except Exception:
        return 0


def wait_for(what, process: subprocess.Popen[str], seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert process.poll() is None, process.stderr.read() if process.stderr else ""
        assert time.monotonic() < until
        time.sleep(0.05)


def records(out: Path) -> bytes:
    return (out / "records.jsonl").read_bytes()


@needs_ray
@pytest.mark.parametrize("workers", [2, pytest.param(1, marks=SOAK), pytest.param(4, marks=SOAK)])
def test_records_failures_and_figures_are_those_of_a_local_run(tmp_path: Path, workers: int) -> None:
    local = parts.run(tmp_path / "local", stage=parts.moody, count=200)
    done = ran(tmp_path / "ray", 200, "--workers", workers)
    assert done.returncode == 0, done.stderr
    assert records(tmp_path / "ray") == records(tmp_path / "local")
    same = (
        (tmp_path / "ray" / "failures.jsonl").read_bytes(),
        (tmp_path / "local" / "failures.jsonl").read_bytes(),
    )
    assert [line.split(b'"detail"')[0] for line in same[0].splitlines()] == [
        line.split(b'"detail"')[0] for line in same[1].splitlines()
    ]
    assert RunFolder(tmp_path / "ray").counts() == local.folder.counts()


@needs_ray
@pytest.mark.timeout(600)  # twenty workers start anew: a minute, and much longer on a busy machine
@pytest.mark.parametrize("kills", [4, pytest.param(20, marks=SOAK)])
def test_workers_killed_at_random_lose_and_double_nothing(tmp_path: Path, kills: int) -> None:
    count, concurrency = 30 * kills, 8
    with serving(latency_s=0.05) as server:
        with running(
            tmp_path / "ray",
            count,
            "--workers",
            4,
            "--concurrency",
            concurrency,
            "--base-url",
            server.base_url,
        ) as process:
            draw = random.Random(7)
            for number in range(kills):
                wait_for(lambda: stored(tmp_path / "ray") > (number + 1) * 25, process)  # noqa: B023
                wait_for(lambda: below(process, "ray::Worker"), process)
                draw.choice(below(process, "ray::Worker")).kill()
            assert process.wait(240) == 0, process.stderr.read()
            assert process.stdout.read() == ""  # Ray would tell there of the dead, among our data
        on_ray = server.jobs
        local = ran(tmp_path / "local", count, "--base-url", server.base_url)
        assert local.returncode == 0, local.stderr
        assert server.jobs - on_ray == 2 * count
    assert records(tmp_path / "ray") == records(tmp_path / "local")
    assert 2 * count <= on_ray <= 2 * count + kills * concurrency  # paid twice: in flight at the killed ones
    counted, wanted = (RunFolder(tmp_path / name).usage() for name in ("ray", "local"))
    assert wanted.prompt_tokens <= counted.prompt_tokens <= wanted.prompt_tokens * on_ray / (2 * count) + 1000


@needs_ray
def test_one_process_may_run_a_configuration_twice_at_once(tmp_path: Path) -> None:
    script = (
        "import sys; from concurrent.futures import ThreadPoolExecutor; from pathlib import Path; "
        "from tests.runs import parts; from tactful.runs.running.ray.cluster import joined\n"
        "def ran(name): return parts.run(Path(sys.argv[1]) / name, count=40, executor='ray', workers=1).done\n"
        "with joined(None, 2), ThreadPoolExecutor() as threads: print(*threads.map(ran, 'ab'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        env=ENVIRONMENT, cwd=ROOT, capture_output=True, text=True, timeout=280,
    )  # fmt: skip
    assert done.stdout == "40 40\n", done.stderr


@needs_ray
def test_a_record_that_kills_its_worker_fails_alone(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from tests.runs import parts; "
        "parts.run(Path(sys.argv[1]), stage=parts.fatal, count=12, executor='ray', workers=2)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "ray")],
        env=ENVIRONMENT, cwd=ROOT, capture_output=True, text=True, timeout=280,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (failure,) = RunFolder(tmp_path / "ray").failures()
    assert (failure.id, failure.error) == ("item-3", "WorkerLost")
    assert RunFolder(tmp_path / "ray").counts().done == 11


@needs_ray
@pytest.mark.parametrize("victim", ["gcs_server", pytest.param("raylet", marks=SOAK)])
def test_when_the_head_is_killed_the_run_goes_on_where_it_was(tmp_path: Path, victim: str) -> None:
    count = 300
    with serving(latency_s=0.05) as server:
        at = ("--base-url", server.base_url, "--concurrency", 8)
        with running(tmp_path / "ray", count, "--workers", 2, *at) as process:
            wait_for(lambda: stored(tmp_path / "ray") > 50, process)
            for head in below(process, victim):
                head.kill()
            try:
                process.wait(100)
            except subprocess.TimeoutExpired:
                pytest.fail("the driver hangs after the death of the head")
        before = stored(tmp_path / "ray")
        assert 50 < before <= count
        again = ran(tmp_path / "ray", count, "--resume", *at)
        assert again.returncode == 0, again.stderr
        paid = server.jobs
        assert ran(tmp_path / "local", count, *at).returncode == 0
    assert paid <= 2 * count + 2 * 8
    assert records(tmp_path / "ray") == records(tmp_path / "local")


@needs_ray
@SOAK
def test_a_node_may_leave_a_cluster_and_another_may_come(tmp_path: Path) -> None:
    count = 400
    with serving(latency_s=0.05) as server:
        done = subprocess.run(
            [sys.executable, "-m", "tests.runs.running.ray.nodes", str(tmp_path / "ray"), str(count), server.base_url],
            env=ENVIRONMENT, cwd=ROOT, capture_output=True, text=True, timeout=280,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert server.jobs <= 2 * count + 8
        assert ran(tmp_path / "local", count, "--base-url", server.base_url).returncode == 0
    assert records(tmp_path / "ray") == records(tmp_path / "local")


@needs_ray
def test_no_cluster_at_an_address_is_told_and_a_client_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for address, named, words in (
        ("127.0.0.1:9", "", "no Ray cluster answers there"),
        ("auto", "127.0.0.1:9", "no Ray cluster answers there"),  # without it, one of a neighbour's test may
        ("ray://127.0.0.1:9", "", "outside"),
        ("auto", "ray://127.0.0.1:9", "outside"),
    ):
        monkeypatch.setitem(ENVIRONMENT, "RAY_ADDRESS", named)
        done = ran(tmp_path / "ray", 4, "--workers", 1, "--ray-address", address)
        assert done.returncode == 1
        assert words in done.stderr
        assert "Traceback" not in done.stderr
        assert not (tmp_path / "ray").exists()


@needs_ray
def test_ctrl_c_stops_and_the_run_goes_on_locally_and_on_another_number_of_workers(tmp_path: Path) -> None:
    count = 300
    with serving(latency_s=0.05) as server:
        at = ("--base-url", server.base_url, "--concurrency", 8)
        for session, how in enumerate([("--workers", 2), (), ("--workers", 3)]):
            more = (*how, *at, *(("--resume",) if session else ()))
            with running(tmp_path / "run", count, *more) as process:
                if session < 2:
                    wait_for(lambda: stored(tmp_path / "run") > 60 * (session + 1), process)  # noqa: B023
                    process.send_signal(signal.SIGINT)
                    assert process.wait(60) == 130, process.stderr.read()
                    assert not below(process, "raylet")
                else:
                    assert process.wait(200) == 0, process.stderr.read()
        paid = server.jobs
        assert ran(tmp_path / "local", count, *at).returncode == 0
    assert records(tmp_path / "run") == records(tmp_path / "local")
    assert paid <= 2 * count + 2 * 8  # what was in flight at each Ctrl-C


@needs_ray
def test_equal_calls_of_different_workers_are_sent_once(tmp_path: Path) -> None:
    with serving(latency_s=0.2) as server:
        done = ran(
            tmp_path / "ray", 40, "--workers", 2, "--base-url", server.base_url, "--stage", "ask_the_same"
        )
        assert done.returncode == 0, done.stderr
        assert server.jobs == 1
    usage = RunFolder(tmp_path / "ray").usage()
    assert (usage.calls, usage.cached) == (1, 39)


@needs_ray
@SOAK
def test_one_worker_finds_out_what_the_endpoint_takes_and_the_others_know(tmp_path: Path) -> None:
    with serving(latency_s=0.2) as server:
        at = ("--base-url", server.base_url, "--stage", "ask_for_a_record")
        done = ran(tmp_path / "ray", 40, "--workers", 2, *at)
        assert done.returncode == 0, done.stderr
        assert (server.jobs, server.probes) == (40, 1)


@needs_ray
def test_the_budget_holds_over_all_workers(tmp_path: Path) -> None:
    with serving(latency_s=0.02) as server:
        at = ("--workers", 2, "--base-url", server.base_url, "--budget-tokens", 8_000)
        done = ran(tmp_path / "ray", 2000, *at)
        assert done.returncode == 1, done.stderr
        assert "budget spent" in done.stderr
    usage = RunFolder(tmp_path / "ray").usage()
    assert 0 < usage.prompt_tokens + usage.completion_tokens <= 8_000


@needs_ray
def test_a_429_pauses_all_workers(tmp_path: Path) -> None:
    sequence = [None] * 60 + ["429"]
    with serving(latency_s=0.02, sequence=sequence, retry_after_s=3) as server:
        done = ran(tmp_path / "ray", 100, "--workers", 2, "--base-url", server.base_url)
        assert done.returncode == 0, done.stderr
        at = [ask.at for ask in server.asks]
    refused = at[60]
    early = [one for one in at[61:] if one - refused < 2.8]
    assert len(early) <= 8  # what was on its way to the endpoint, or to the gate
    assert all(one - refused < 0.5 for one in early)


def test_flags_of_ray_without_ray_are_refused() -> None:
    with pytest.raises(UsageError, match="--workers is for --executor ray"):
        RunOptions(workers=2)
    assert RunOptions(executor="ray", workers=3, per_worker_concurrency=5).at_once == 15
    assert RunOptions(executor="ray", workers=3, concurrency=7).at_once == 7


def test_without_ray_installed_one_sentence_says_what_to_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tactful.errors import MissingExtra

    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtra, match=r"pip install '\.\[ray\]'"):
        parts.run(tmp_path / "ray", executor="ray", workers=1)
    assert not (tmp_path / "ray").exists()
