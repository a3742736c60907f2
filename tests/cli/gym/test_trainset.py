"""`tactful gym trainset` as typed, and who may judge what came of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.gym.made import day
from tests.gym.players import scene
from tests.reward.synthetic import make_items

from tactful.data.io import write_jsonl
from tactful.reward.embedded.model import save_model
from tactful.reward.embedded.training import train


@pytest.fixture
def gym(tactful, monkeypatch, tmp_path: Path):
    monkeypatch.chdir(tmp_path)
    write_jsonl("episodes.jsonl", [day(f"scene-{at}", scene=scene(at)) for at in range(10)])

    def call(*words):
        done = tactful(*words)
        assert "Traceback" not in done.stderr
        return done

    return call


@pytest.mark.slow
def test_episodes_become_files_for_every_trainer(gym):
    asked = ("gym", "trainset", "episodes.jsonl", "--judge", "user", "--model", "offline")
    done = gym(*asked, "--tries", 5, "--out", "t")
    assert done.returncode == 0, done.stderr
    assert "selected by user from what offline proposed, at 40 points:" in done.stdout
    assert "a rehearsal" in done.stderr
    assert "next: tactful train sft t" in done.stderr
    held = gym(*asked, "--tries", 5, "--out", "t", "--resume", "--json")
    told = json.loads(held.stdout)
    assert (told["points"]["done"], told["judge"]) == (40, "user")
    assert gym("data", "check", "t/trainset.json").returncode == 0


@pytest.mark.slow
def test_what_was_not_written_is_not_named(gym):
    asked = ("gym", "trainset", "episodes.jsonl", "--judge", "user", "--model", "offline", "--out", "t")
    done = gym(*asked, "--max-tokens-row", 256)
    assert "left out:" in done.stdout
    assert done.stderr.splitlines()[-1] == "written: t/trainset.json, reward/"


def test_nothing_is_sent_with_dry_run(gym):
    done = gym(
        "gym",
        "trainset",
        "episodes.jsonl",
        "--judge",
        "gpt-4.1",
        "--model",
        "gpt-4.1-mini",
        "--dry-run",
        "--json",
    )
    told = json.loads(done.stdout)
    assert (told["points"], told["most_calls"], told["calls"]) == (40, 40 * 15 * 2, 40 * 3 * 2)
    assert told["cost_usd"] > 0
    assert not Path("runs").exists()


def test_the_most_calls_of_a_dry_run_leave_out_replies_asked_again_and_say_so(gym):
    asked = ("gym", "trainset", "episodes.jsonl", "--judge", "user", "--model", "gpt-4.1-mini", "--dry-run")
    assert f"at most {40 * 15} calls but for replies asked again" in gym(*asked).stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--judge", "user", "--votes", 3), "--votes 3 belongs to a --judge that is a model"),
        (("--judge", "reward:"), "names no folder; write reward:models/reward"),
        (("--judge", "reward:none"), "none"),
        (
            ("--judge", "user", "--judge-base-url", "http://x"),
            "belong to a --judge that is a model, not 'user'",
        ),
        (("--judge", "user", "--validation", 0.6, "--test", 0.6), "leave something to train on"),
        (("--judge", "user", "--tokenizer", "none"), "no tokenizer can be read there"),
    ],
)
def test_wrong_options_are_refused_before_a_folder_is_made(gym, words, said):
    done = gym("gym", "trainset", "episodes.jsonl", "--model", "offline", "--out", "t", *words)
    assert done.returncode != 0
    assert said in done.stderr
    assert not Path("t").exists()


def test_a_file_of_something_else_is_refused_with_its_kind(gym):
    write_jsonl("m.jsonl", [{"obs": [{"time": "1", "event": "e"}], "pred_task": None, "valid": True}])
    done = gym("gym", "trainset", "m.jsonl", "--judge", "user", "--model", "offline", "--out", "t")
    assert "holds 'labelled-moments', expected episodes" in done.stderr


@pytest.mark.slow
def test_a_run_whose_reward_model_was_named_from_elsewhere_can_be_retried(gym, tmp_path, monkeypatch):
    save_model(train(make_items(4, 6, seed=0)), tmp_path / "model", card="a card")
    asked = ("gym", "trainset", "episodes.jsonl", "--judge", "reward:model", "--model", "offline")
    assert gym(*asked, "--points", 1, "--tries", 2, "--out", "t").returncode == 0
    assert json.loads(Path("t/trainset.json").read_bytes())["judge_given"] == "reward:model"
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")
    done = gym("runs", "retry", "../t", "--unscored")
    assert done.returncode == 0, done.stderr


# ---------------------------------------------------------------- nobody judges by his own word


@pytest.mark.slow
def test_a_reward_model_that_selected_is_not_measured_by_its_own_labels(gym):
    for words in (
        ("data", "seeds", "moments", "--out", "seeds.jsonl"),
        ("reward", "train", "seeds.jsonl", "--out", "model", "--no-evaluate"),
        ("gym", "trainset", "episodes.jsonl", "--judge", "reward:model", "--model", "offline", "--out", "t"),
    ):
        done = gym(*words)
        assert done.returncode == 0, done.stderr
    judge = json.loads(Path("t/trainset.json").read_bytes())["judge"]
    assert judge.startswith("reward:")
    for command in (("bench", "judge"), ("reward", "evaluate")):
        refused = gym(*command, "t/reward/train.jsonl", "--model", "model")
        assert refused.returncode == 2
        assert "labels in these data itself, so that what it says of them measures nothing" in refused.stderr
        forced = gym(*command, "t/reward/train.jsonl", "--model", "model", "--allow-seen")
        assert forced.returncode == 0, forced.stderr
        assert "these figures measure NOTHING" in forced.stderr
    gym("reward", "judge", "t/reward/train.jsonl", "--model", "model", "--out", "said.jsonl")
    from_file = ("bench", "judge", "t/reward/train.jsonl", "--judged", "said.jsonl")
    refused = gym(*from_file)
    assert refused.returncode == 2, refused.stderr
    assert f"{judge}: gave" in refused.stderr
    gate = gym("reward", "gate", "model", "t/reward/train.jsonl", "--cost-false-alarm", 2)
    assert gate.returncode == 1
    assert (
        "gave every label in these data itself, so that a gate set on them would promise nothing"
        in gate.stderr
    )


@pytest.mark.slow
def test_a_prompted_judge_that_selected_is_not_measured_by_its_own_labels(gym):
    gym("gym", "trainset", "episodes.jsonl", "--judge", "offline", "--model", "offline", "--out", "t")
    refused = gym("bench", "judge", "t/reward/train.jsonl", "--judge", "offline")
    assert refused.returncode == 2
    assert "offline: gave" in refused.stderr
    forced = gym("bench", "judge", "t/reward/train.jsonl", "--judge", "offline", "--allow-seen")
    assert forced.returncode == 0, forced.stderr


@pytest.mark.slow
def test_an_assistant_is_not_judged_by_who_selected_its_training(gym):
    gym("gym", "trainset", "episodes.jsonl", "--judge", "offline", "--model", "offline", "--out", "t")
    gym("data", "export", "episodes.jsonl", "--to", "traces", "--out", "x")
    asked = ("bench", "proactive", "x", "--policy", "always", "--judge", "offline", "--trained-on", "t")
    refused = gym(*asked, "--out", "b")
    assert refused.returncode == 2
    assert "the assistant: was trained on answers that 'offline' selected" in refused.stderr
    assert "or --allow-seen, which marks it" in refused.stderr
    forced = gym(*asked, "--out", "c", "--allow-seen")
    assert "was trained on answers that 'offline' selected: its figures measure NOTHING" in forced.stderr


@pytest.mark.slow
def test_labels_of_the_simulated_user_do_not_judge_whom_it_selected(gym):
    """Our reward model learns from the episodes' labels, and would say what the simulated user says."""
    gym("gym", "trainset", "episodes.jsonl", "--judge", "user", "--model", "offline", "--out", "t")
    gym("data", "export", "episodes.jsonl", "--to", "traces", "--out", "x")
    refused = gym(
        "bench",
        "proactive",
        "x",
        "--policy",
        "always",
        "--judge-data",
        "episodes.jsonl",
        "--trained-on",
        "t",
    )
    assert refused.returncode == 2, refused.stderr
    assert "the assistant: was trained on answers that 'user' selected" in refused.stderr


def test_another_spelling_is_the_same_judge():
    from tactful.evaluation.judges.own_word import same_judge

    for other in ("GPT-4.1-mini", "openai/gpt-4.1-mini", "./models/gpt-4.1-mini/"):
        assert same_judge("gpt-4.1-mini", other)
    for other in ("gpt-4.1", "", ".", "user", "reward:gpt-4.1-mini"):
        assert not same_judge("gpt-4.1-mini", other)
    assert not same_judge("", ".")


def test_the_folder_of_a_trained_assistant_says_itself_who_selected(gym, tmp_path):
    from datetime import UTC, datetime

    from tactful.weights.types import Manifest

    gym("data", "export", "episodes.jsonl", "--to", "traces", "--out", "x")
    told = Manifest(
        trainer="sft", form="answers", kind="sharegpt", lora=False, base="b", base_folder="b", base_fingerprint="f",
        config={}, data=(), examples={"train": 1, "valid": 0}, grouped_by="scene", selected_by=("offline",), versions={},
        seed=0, steps=1, figures={}, files={}, made_at=datetime.now(UTC),
    )  # fmt: skip
    Path("assistant").mkdir()
    Path("assistant/training.json").write_text(told.model_dump_json())
    refused = gym("bench", "proactive", "x", "--model", "assistant", "--judge", "offline", "--out", "b")
    assert refused.returncode == 2
    assert "assistant: was trained on answers that 'offline' selected" in refused.stderr
    assert not Path("b").exists()


@pytest.mark.slow
def test_the_simulated_user_judges_by_the_table_that_its_run_was_played_with(gym):
    """One who takes nothing, in either way of naming the run; a file without its run has our own table."""
    Path("never.toml").write_text("[acceptance]\nboundary = 1e-6\nflow = 1e-6\nstuck = 1e-6\nlate = 1e-6\n")
    gym(
        "gym",
        "run",
        "bundled",
        "--model",
        "offline",
        "--assistant",
        "none",
        "--parameters",
        "never.toml",
        "--limit",
        2,
        "--out",
        "run",
    )
    Path("alone.jsonl").write_bytes(Path("run/records.jsonl").read_bytes())
    offers = {}
    for name in ("run", "run/records.jsonl", "alone.jsonl"):
        asked = ("gym", "trainset", name, "--judge", "user", "--model", "offline", "--json")
        told = json.loads(gym(*asked, "--out", f"t-{len(offers)}").stdout)
        offers[name] = sum(at["offers"] for at in told["timings"].values())
    assert offers["run"] == offers["run/records.jsonl"] == 0
    assert offers["alone.jsonl"] > 0
