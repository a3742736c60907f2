"""A training that is stopped goes on to the same end; nothing half-written is taken for finished."""

from __future__ import annotations

import json
import shutil
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest
from tests.training.tiny import tiny_model, trl_pairs, write_rows

from tactful.errors import ConfigChanged, DataError, Interrupted, UserError
from tactful.training import Place, TrainConfig, train
from tactful.training import folder as folders
from tactful.weights import load_base, load_trained, read_manifest
from tactful.weights.base import fingerprint

Usage = namedtuple("Usage", "total used free")


def config(tiny: Path, **more: Any) -> TrainConfig:
    settings = {
        "batch": 2,
        "accumulate": 1,
        "max_steps": 6,
        "valid": 0.2,
        "validate_every": 2,
        "learning_rate": 1e-3,
    }
    return TrainConfig(trainer="dpo", model=str(tiny), **(settings | more))


def stop_at(step: int) -> Any:
    def on_step(done: int, total: int) -> None:
        if done == step:
            raise KeyboardInterrupt

    return on_step


def stop(*_: Any) -> None:
    raise KeyboardInterrupt


def test_a_taken_folder_is_refused_before_a_base_is_opened(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opened(*_: Any, **__: Any) -> None:
        raise AssertionError("a base was opened")

    data = write_rows(tmp_path / "data.jsonl", trl_pairs(12))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine\n")
    monkeypatch.setattr("tactful.training.pipeline.base_folder", opened)
    with pytest.raises(UserError, match="is not an empty folder"):
        train(data, config(tiny), Place(tmp_path / "out"))


def test_the_version_that_wrote_a_base_does_not_tell_it_from_itself(tiny: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(tiny, other)
    told = json.loads((other / "config.json").read_text())
    (other / "config.json").write_text(json.dumps({**told, "transformers_version": "0.0"}))
    assert fingerprint(other) == fingerprint(tiny)
    (other / "config.json").write_text(json.dumps({**told, "rope_theta": 7}))
    assert fingerprint(other) != fingerprint(tiny)


def test_data_for_validation_may_stand_in_a_folder_of_a_run_and_in_no_other(
    tiny: Path, tmp_path: Path
) -> None:
    data = write_rows(tmp_path / "data.jsonl", trl_pairs(12))
    with pytest.raises(UserError, match="is a folder; with --valid-data give two files, or two run folders"):
        train(data, config(tiny), Place(tmp_path / "out"), valid=tmp_path)


def test_a_stopped_training_goes_on_from_its_checkpoint_to_the_same_model(tiny: Path, tmp_path: Path) -> None:
    data = write_rows(tmp_path / "data.jsonl", trl_pairs(12))
    whole = train(data, config(tiny), Place(tmp_path / "whole"))
    out = tmp_path / "out"
    with pytest.raises(Interrupted, match=r"kept up to checkpoint-4.*--resume"):
        train(data, config(tiny), Place(out), on_step=stop_at(5))
    with pytest.raises(UserError, match=r"did not end.*--resume"):
        load_trained(out)
    with pytest.raises(UserError, match=r"did not end; go on with --resume"):
        train(data, config(tiny), Place(out))
    (out / "checkpoints" / "checkpoint-6").mkdir()  # killed while it was written
    with pytest.raises(ConfigChanged, match=r"beta \(0.1\)"):
        train(data, config(tiny, beta=0.2), Place(out, resume=True))
    seen: list[int] = []
    resumed = train(
        data, config(tiny), Place(out, resume=True), on_step=lambda done, total: seen.append(done)
    )
    assert seen == [5, 6]
    assert resumed.figures == pytest.approx(whole.figures, abs=1e-6)
    assert resumed.files["adapter_model.safetensors"] == whole.files["adapter_model.safetensors"]
    with pytest.raises(UserError, match="is finished"):
        train(data, config(tiny), Place(out, resume=True))


def test_a_training_that_goes_on_loses_patience_when_the_one_never_stopped_does(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = write_rows(tmp_path / "data.jsonl", trl_pairs(12))
    gaining = config(tiny, patience=1, max_steps=8)
    whole = train(data, gaining, Place(tmp_path / "whole"))
    assert whole.steps == 8
    with pytest.raises(Interrupted):
        train(data, gaining, Place(tmp_path / "out"), on_step=stop_at(5))
    resumed = train(data, gaining, Place(tmp_path / "out", resume=True))
    assert (resumed.steps, resumed.files) == (8, whole.files)
    curves = [json.loads(line) for line in (tmp_path / "out" / "curves.jsonl").read_text().splitlines()]
    assert [row["step"] for row in curves if "eval_loss" in row] == [0, 2, 4, 6, 8]

    losing = config(tiny, patience=2, max_steps=20, learning_rate=1e-12)
    with pytest.raises(Interrupted, match="kept up to checkpoint-2"):
        train(data, losing, Place(tmp_path / "lost"), on_step=stop_at(3))
    monkeypatch.setattr("tactful.training.running._save", stop)
    with pytest.raises(Interrupted):
        train(data, losing, Place(tmp_path / "lost", resume=True))
    monkeypatch.undo()  # what was stopped had nothing left to do but to write its folder
    ended = train(data, losing, Place(tmp_path / "lost", resume=True))
    assert ended.files == train(data, losing, Place(tmp_path / "lost-whole")).files


def test_a_folder_that_was_killed_while_it_began_is_gone_on_with(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, out = write_rows(tmp_path / "data.jsonl", trl_pairs(12)), tmp_path / "out"
    from tactful.data.io import write_file

    def killed(path: Path, chunks: Any) -> None:
        if list(out.iterdir()):
            raise KeyboardInterrupt
        write_file(path, chunks)

    monkeypatch.setattr(folders, "write_file", killed)
    with pytest.raises(KeyboardInterrupt):
        train(data, config(tiny, max_steps=1), Place(out))
    monkeypatch.undo()
    assert train(data, config(tiny, max_steps=1), Place(out, resume=True)).steps == 1
    assert (out / "config.toml").is_file()


def test_other_data_and_a_folder_of_something_else_are_refused(tiny: Path, tmp_path: Path) -> None:
    data = write_rows(tmp_path / "data.jsonl", trl_pairs())
    with pytest.raises(Interrupted):
        train(data, config(tiny), Place(tmp_path / "out"), on_step=stop_at(1))
    write_rows(data, trl_pairs(9))
    with pytest.raises(ConfigChanged, match="other data"):
        train(data, config(tiny), Place(tmp_path / "out", resume=True))
    write_rows(tmp_path / "full" / "notes.txt", [{}])
    with pytest.raises(UserError, match="not an empty folder"):
        train(data, config(tiny), Place(tmp_path / "full"))


def test_a_base_that_was_changed_meanwhile_is_refused(tiny: Path, tmp_path: Path) -> None:
    base = tmp_path / "base"
    shutil.copytree(tiny, base)
    data = write_rows(tmp_path / "data.jsonl", trl_pairs(12))
    with pytest.raises(Interrupted):
        train(data, config(base), Place(tmp_path / "out"), on_step=stop_at(3))
    shutil.rmtree(base)
    tiny_model(base, seed=1)
    with pytest.raises(ConfigChanged, match=r"was begun on other weights than .*base holds now"):
        train(data, config(base), Place(tmp_path / "out", resume=True))


def test_a_disk_without_room_is_refused_before_the_first_step(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = write_rows(tmp_path / "data.jsonl", trl_pairs())
    monkeypatch.setattr(folders.shutil, "disk_usage", lambda path: Usage(100, 90, 10))
    with pytest.raises(UserError, match=r"0.0 GB are free.*make room"):
        train(data, config(tiny), Place(tmp_path / "out"))
    assert not (tmp_path / "out" / "training.json").exists()


def test_the_room_that_checkpoints_take_already_is_not_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three copies of three times 10 bytes, and 10 of the result, are 100; 40 are there, 60 are free."""
    monkeypatch.setattr(folders.shutil, "disk_usage", lambda path: Usage(100, 40, 60))
    with pytest.raises(UserError, match="make room"):
        folders.need_room(tmp_path, 10, 10)
    checkpoint = tmp_path / "checkpoints" / "checkpoint-2"
    checkpoint.mkdir(parents=True)
    (checkpoint / "optimizer.pt").write_bytes(b"x" * 40)
    folders.need_room(tmp_path, 10, 10)


def test_a_full_disk_is_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"disk is full.*--resume"), folders.told(tmp_path):
        raise OSError(28, "No space left on device")


def test_a_full_memory_is_said_in_a_sentence_and_other_errors_stay_themselves(tmp_path: Path) -> None:
    with (
        pytest.raises(UserError, match="memory of the device is full; lower --batch"),
        folders.told(tmp_path),
    ):
        raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
    with pytest.raises(RuntimeError, match=r"^$"), folders.told(tmp_path):
        raise RuntimeError


def test_a_changed_adapter_or_another_base_is_never_opened(tiny: Path, tmp_path: Path) -> None:
    base = tmp_path / "base"
    shutil.copytree(tiny, base)
    data = write_rows(tmp_path / "data.jsonl", trl_pairs())
    train(data, config(base, max_steps=1), Place(tmp_path / "out"))
    adapter = tmp_path / "out" / "adapter_model.safetensors"
    kept = adapter.read_bytes()
    adapter.write_bytes(kept[:-4] + b"abcd")
    with pytest.raises(DataError, match="differs from what training wrote"):
        load_trained(tmp_path / "out")
    adapter.unlink()
    with pytest.raises(UserError, match="cannot be read"):
        load_trained(tmp_path / "out")
    adapter.write_bytes(kept)
    tiny_model(base, seed=1)
    with pytest.raises(UserError, match="other weights than"):
        load_trained(tmp_path / "out")


def test_an_adapter_is_no_base_and_without_its_own_it_says_which(tiny: Path, tmp_path: Path) -> None:
    base = tmp_path / "base"
    shutil.copytree(tiny, base)
    data = write_rows(tmp_path / "data.jsonl", trl_pairs())
    train(data, config(base, max_steps=1), Place(tmp_path / "out"))
    with pytest.raises(UserError, match=r"holds an adapter without its base; melt both .* export-gguf"):
        train(data, config(tmp_path / "out"), Place(tmp_path / "second"))
    shutil.rmtree(base)
    with pytest.raises(UserError, match=r"out: is an adapter, and its base '.*base' is no longer to be had"):
        load_trained(tmp_path / "out")


def test_a_base_without_its_head_is_refused_where_texts_are_learnt(tiny: Path, tmp_path: Path) -> None:
    """Its head would be drawn at random without a word."""
    data = write_rows(tmp_path / "data.jsonl", trl_pairs())
    reward = TrainConfig(trainer="reward", model=str(tiny), max_steps=1, batch=2, valid=0.2)
    train(data, reward, Place(tmp_path / "reward"))
    with pytest.raises(UserError, match=r"reward: holds no lm_head.weight, which would be drawn at random"):
        train(data, config(tmp_path / "reward"), Place(tmp_path / "out"))
    again = reward.model_copy(update={"model": str(tmp_path / "reward")})
    assert train(data, again, Place(tmp_path / "again")).head == "score"


def test_a_folder_of_something_else_and_an_unknown_base_are_told_apart(tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is no folder of 'tactful train'"):
        read_manifest(tmp_path)
    with pytest.raises(UserError, match=r"config.json is missing"):
        load_base(str(tmp_path))
    with pytest.raises(UserError, match="is no folder of a model"):
        load_base("./nowhere")
    with pytest.raises(UserError, match=r"is no GGUF file|cannot be read"):
        load_base(str(write_rows(tmp_path / "x.gguf", [{}])))


def test_who_selected_for_the_base_is_remembered_by_what_is_trained_on_it(tiny: Path, tmp_path: Path) -> None:
    selected = write_rows(tmp_path / "selected.jsonl", [row | {"judge": "j"} for row in trl_pairs(12)])
    train(selected, config(tiny, max_steps=1, lora=False), Place(tmp_path / "first"))
    others = write_rows(tmp_path / "others.jsonl", [row | {"judge": "k"} for row in trl_pairs(12)])
    second = train(others, config(tmp_path / "first", max_steps=1), Place(tmp_path / "second"))
    assert read_manifest(tmp_path / "first").selected_by == ("j",)
    assert second.selected_by == ("j", "k")
