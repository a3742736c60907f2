"""`tactful calibrate iterate`: rounds while they gain, and a killed loop that goes on where it was."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from tests.commands import Command

import tactful as tf
from tactful.api import policy as training
from tactful.data import io
from tactful.errors import ConfigChanged, DataError, UserError
from tactful.evaluation.policies.rounds import Round, why_stop
from tactful.policy import CostPolicy
from tactful.stats import Estimate

SMALL: dict[str, Any] = {"model": "offline", "n": 24, "progress": "off"}


@pytest.mark.slow
def test_a_round_is_rolled_out_trained_and_measured_on_tasks_that_it_never_saw(
    tactful: Command, tmp_path: Path
) -> None:
    out = tmp_path / "loop"
    done = tactful(
        "calibrate",
        "iterate",
        "planning",
        "--model",
        "offline",
        "--rounds",
        1,
        "--n",
        24,
        "--out",
        out,
        "--json",
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    [first] = found["rounds"]
    assert (first["mainline"], first["policy"]) == ("random", "round-1/policy.json")
    assert first["gain"]["groups"] == first["reward"]["groups"] > 1
    policy = json.loads((out / first["policy"]).read_text())
    held_out = {json.loads(line)["group"] for line in (out / "test.jsonl").read_text().splitlines()}
    assert not held_out & set(policy["training"]["base_tasks"])
    loop = tf.load(out)
    assert str(loop.table()).count("\n") >= 2
    assert (loop.policy is None) == (not first["gain"]["low"] or first["gain"]["low"] <= 0)


@pytest.fixture
def goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every round counts as a gain, so that a second one follows."""
    monkeypatch.setattr("tactful.evaluation.policies.rounds.why_stop", lambda done: "")


@pytest.mark.soak
@pytest.mark.usefixtures("goes_on")
def test_a_loop_that_was_stopped_midway_ends_with_the_same_table(
    tactful: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = tf.iterate("planning", rounds=2, out=tmp_path / "whole", **SMALL)
    assert [one.mainline for one in whole.found.rounds] == ["random", "round 1"]
    assert whole.found.rounds[1].pairs > whole.found.rounds[0].pairs

    fit, calls = training.train_policy, []

    def killed_in_the_second_round(*words: Any, **more: Any) -> Any:
        calls.append(words)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return fit(*words, **more)

    monkeypatch.setattr(training, "train_policy", killed_in_the_second_round)
    with pytest.raises(KeyboardInterrupt):
        tf.iterate("planning", rounds=2, out=tmp_path / "cut", **SMALL)
    rolled_out = (tmp_path / "cut/round-2/rollout/run.json").stat().st_mtime_ns
    resumed = tf.iterate("planning", rounds=2, out=tmp_path / "cut", **SMALL)
    assert resumed.table().rows() == whole.table().rows()
    assert (tmp_path / "cut/round-2/rollout/run.json").stat().st_mtime_ns == rolled_out
    assert len(calls) == 3

    words = ("planning", "--model", "offline", "--n", 24, "--out", tmp_path / "whole")
    asked_for_fewer = tactful("calibrate", "iterate", *words, "--rounds", 1)
    assert "all 2 rounds gained; more: --rounds 3" in asked_for_fewer.stderr


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"start": "always-LOW"}, "--start always-LOW: expected random, rule or policy:PATH"),
        ({"start": "policy:nowhere.json"}, "nowhere.json"),
        ({"actions": "nothing"}, "action space 'nothing'"),
        ({"held_out": 1.0}, "the shares"),
        ({"base": "smollm2"}, "--base and --train-config are of --train dpo"),
        ({"config": "wrong.toml"}, "wrong.toml: unknown key 'nonsense'"),
    ],
)
def test_what_cannot_play_is_refused_before_the_folder_is_bound_to_it(
    wrong: dict[str, Any], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("wrong.toml").write_text("nonsense = 1\n")
    with pytest.raises(UserError, match=told):
        tf.iterate("planning", rounds=1, out=tmp_path / "loop", **SMALL, **wrong)
    assert not (tmp_path / "loop").exists()
    assert tf.iterate("planning", rounds=0, out=tmp_path / "loop", **SMALL).found.rounds == ()


def test_a_policy_over_other_actions_is_refused_before_the_folder_is_bound_to_it(tmp_path: Path) -> None:
    CostPolicy(("Execute", "Clarify")).save(tmp_path / "other.json")
    with pytest.raises(UserError, match="chooses Execute, Clarify, which action space"):
        tf.iterate(
            "planning", rounds=1, out=tmp_path / "loop", start=f"policy:{tmp_path / 'other.json'}", **SMALL
        )
    assert not (tmp_path / "loop").exists()


@pytest.mark.parametrize("done", [0, 1])
def test_a_loop_that_was_killed_while_it_began_goes_on_with_the_same_tasks(
    done: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    tf.iterate("planning", rounds=0, out=whole, **SMALL)
    write, calls = io.write_jsonl, []

    def killed(*words: Any) -> int:
        calls.append(words)
        if len(calls) > done:
            raise KeyboardInterrupt
        return write(*words)

    with monkeypatch.context() as patched:
        patched.setattr(io, "write_jsonl", killed)
        with pytest.raises(KeyboardInterrupt):
            tf.iterate("planning", rounds=0, out=cut, **SMALL)
    tf.iterate("planning", rounds=0, out=cut, **SMALL)
    for name in ("train.jsonl", "test.jsonl"):
        assert (cut / name).read_bytes() == (whole / name).read_bytes()


@pytest.mark.slow
def test_a_measure_that_was_killed_before_it_was_a_run_begins_anew(tmp_path: Path) -> None:
    tf.iterate("planning", rounds=0, out=tmp_path, **SMALL)
    (tmp_path / "held-out").mkdir()
    (tmp_path / "held-out/half").write_text("x")
    assert len(tf.iterate("planning", rounds=1, out=tmp_path, **SMALL).found.rounds) == 1
    assert not (tmp_path / "held-out/half").exists()


def test_of_other_files_of_settings_the_name_is_told_and_not_the_text(tmp_path: Path) -> None:
    config = tmp_path / "reward.toml"
    config.write_text("# a long file\n")
    tf.iterate("planning", rounds=0, out=tmp_path / "loop", config=config, **SMALL)
    with pytest.raises(ConfigChanged, match=r"other values of config, seed \(0\); give"):
        tf.iterate("planning", rounds=0, out=tmp_path / "loop", seed=1, **SMALL)


@pytest.mark.slow
def test_a_loop_that_was_killed_goes_on_and_ends_with_the_same_table(tmp_path: Path) -> None:
    def start(out: Path) -> subprocess.Popen[str]:
        words = [
            "calibrate",
            "iterate",
            "planning",
            "--model",
            "offline",
            "--rounds",
            "1",
            "--n",
            "24",
            "--json",
        ]
        command = [sys.executable, "-m", "tactful", *words, "--out", str(out)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    whole = json.loads(start(tmp_path / "whole").communicate()[0])
    killed = start(tmp_path / "cut")
    while not (tmp_path / "cut/round-1/reward/run.json").is_file() and killed.poll() is None:
        time.sleep(0.01)
    killed.kill()
    killed.communicate()
    assert not (tmp_path / "cut/round-1/policy.json").exists()
    again = json.loads(start(tmp_path / "cut").communicate()[0])
    assert again["rounds"] == whole["rounds"]


@pytest.mark.slow
def test_other_settings_another_folder_and_changed_figures_are_refused(tmp_path: Path) -> None:
    out = tmp_path / "loop"
    tf.iterate("planning", rounds=1, out=out, **SMALL)
    with pytest.raises(ConfigChanged, match=r"seed \(0\)"):
        tf.iterate("planning", rounds=1, out=out, seed=1, **SMALL)
    with pytest.raises(UserError, match="is not an empty folder"):
        tf.iterate("planning", rounds=1, out=out / "round-1", **SMALL)
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="is not an empty folder"):
        tf.iterate("planning", rounds=1, out=tmp_path / "file", **SMALL)
    with pytest.raises(UserError, match="--base"):
        tf.iterate("planning", rounds=1, out=tmp_path / "new", train="dpo", **SMALL)
    file = out / "iterate.json"
    file.write_text(file.read_text().replace('"pairs":', '"pairs": 1', 1))
    with pytest.raises(DataError):
        tf.load(out)


def gained(low: float | None, high: float | None) -> Round:
    gain = Estimate(value=0.1, low=low, high=high, items=9, groups=9)
    mean = Estimate(value=0.5, items=9, groups=9)
    return Round(
        number=1, mainline="random", policy="p", pairs=9, reward=mean, gain=gain, over_best_fixed=mean,
        best_fixed="always-LOW",
    )  # fmt: skip


def test_it_stops_unless_the_whole_interval_of_the_gain_is_above_zero() -> None:
    assert why_stop(gained(0.01, 0.2)) == ""
    assert "contains 0" in why_stop(gained(-0.01, 0.2))
    assert "contains 0" in why_stop(gained(0.0, 0.2))
    assert "is worse" in why_stop(gained(-0.2, -0.1))
    assert "not estimable" in why_stop(gained(None, None))


@pytest.mark.parametrize(
    ("source", "n", "said"),
    [
        ("planning", 0, "--n 0: at least one state"),
        (Path("planning"), None, "planning: "),
        ("states.jsonl", 5, "n = 5: that many are drawn of bundled tasks"),
    ],
)
def test_a_count_that_draws_nothing_and_what_is_no_domain_are_told_before_a_folder_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str | Path, n: int | None, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    tf.states("planning", n=4).save("states.jsonl")
    with pytest.raises((UserError, DataError), match=said):
        tf.iterate(source, model="offline", rounds=1, out="loop", n=n, progress="off")
    assert not Path("loop").exists()
