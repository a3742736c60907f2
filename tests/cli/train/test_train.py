"""`tactful train` as a user types it: what is refused before torch is needed, and one real step."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import pytest
from tests.commands import Command
from tests.training.tiny import tiny_model, trl_pairs, write_rows

TRAINS = all(find_spec(name) for name in ("torch", "transformers", "trl", "peft", "datasets"))
needs_train = pytest.mark.skipif(not TRAINS, reason="training needs the extra [train]")


def test_a_base_that_is_not_named_and_an_unknown_key_are_refused(tactful: Command, tmp_path: Path) -> None:
    done = tactful("train", "dpo", tmp_path / "pairs.jsonl", "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "--model is missing" in done.stderr
    (tmp_path / "c.toml").write_text('model = "m"\nepoch = 2\n', encoding="utf-8")
    done = tactful("train", "dpo", "x.jsonl", "--config", tmp_path / "c.toml", "--out", tmp_path / "out")
    assert done.returncode == 1
    assert "unknown key 'epoch'" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_settings_that_do_not_fit_are_refused_before_anything_is_written(
    tactful: Command, tmp_path: Path
) -> None:
    file = tmp_path / "c.toml"
    for trainer, lines, sentence in (
        ("sft", "load_in_4bit = true", "--load-in-4bit trains an adapter; add --lora"),
        ("reward", 'learn = "action"', "--learn action is for sft, dpo and kto, not for reward"),
        ("grpo", 'learn = "action"', "--learn action is for sft, dpo and kto, not for grpo"),
        ("dpo", "packing = true", "--packing is for sft, not for dpo"),
        ("kto", "batch = 1", "--batch 1: kto compares the answers of a batch"),
        ("grpo", "generations = 1", "--generations 1: takes 2 or more"),
    ):
        file.write_text(f'model = "smollm2"\n{lines}\n', encoding="utf-8")
        done = tactful("train", trainer, "x.jsonl", "--config", file, "--out", tmp_path / "out")
        assert done.returncode == 2, done.stderr
        assert sentence in done.stderr
        assert not (tmp_path / "out").exists()


@pytest.mark.skipif(TRAINS, reason="the extra [train] is installed")
def test_without_the_extra_the_line_to_type_is_said(tactful: Command, tmp_path: Path) -> None:
    data = write_rows(tmp_path / "pairs.jsonl", trl_pairs())
    done = tactful("train", "dpo", data, "--model", "smollm2", "--out", tmp_path / "out")
    assert done.returncode == 1
    assert "pip install '.[train]'" in done.stderr


@pytest.mark.slow
@needs_train
@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("ignore")
def test_flags_win_over_the_file_and_the_result_says_how_it_came_about(
    tactful: Command, tmp_path: Path
) -> None:
    base = tiny_model(tmp_path / "base")
    data = write_rows(tmp_path / "pairs.jsonl", trl_pairs())
    (tmp_path / "c.toml").write_text("max_steps = 1\nbatch = 2\nbeta = 0.5\n", encoding="utf-8")
    common = ("train", "dpo", data, "--model", base, "--config", tmp_path / "c.toml")
    done = tactful(*common, "--beta", "0.2", "--out", tmp_path / "out", "--json")
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    assert (made["config"]["beta"], made["config"]["batch"], made["steps"]) == (0.2, 2, 1)
    assert "train 7 examples of 7 groups, validate on 1 of 1 (grouped by prompt)" in done.stderr
    assert "loss: " in done.stderr
    again = tactful(*common, "--out", tmp_path / "out")
    assert again.returncode == 1
    assert "is finished already" in again.stderr
