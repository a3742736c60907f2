"""A few real steps of every trainer, with an adapter and with all weights, and the result opened again."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.training.tiny import trl_labels, trl_pairs, write_rows

from tactful.training import Place, TrainConfig, train
from tactful.types import Message
from tactful.weights import Manifest, load_trained, prompt_ids


def config(trainer: Any, model: Path, **more: Any) -> TrainConfig:
    settings = {"batch": 2, "accumulate": 1, "max_steps": 3, "valid": 0.2, "learning_rate": 1e-3} | more
    return TrainConfig(trainer=trainer, model=str(model), **settings)


def trained(trainer: Any, model: Path, folder: Path, rows: list[dict[str, Any]], **more: Any) -> Manifest:
    data = write_rows(folder / "data.jsonl", rows)
    return train(data, config(trainer, model, **more), Place(folder / "out"))


CASES = [
    ("sft", trl_pairs),
    ("dpo", trl_pairs),
    ("kto", trl_labels),
    ("kto", trl_pairs),
    ("reward", trl_pairs),
    ("reward", trl_labels),
]


@pytest.mark.parametrize("lora", [True, False], ids=["adapter", "full"])
@pytest.mark.parametrize(("trainer", "rows"), CASES, ids=[f"{name}-{rows.__name__}" for name, rows in CASES])
def test_every_trainer_learns_a_few_steps_and_its_folder_opens_again(
    trainer: str, rows: Any, lora: bool, tiny: Path, tmp_path: Path
) -> None:
    manifest = trained(trainer, tiny, tmp_path, rows(), lora=lora)
    assert manifest.steps == 3
    assert math.isfinite(manifest.figures["eval_loss"])
    assert math.isfinite(manifest.figures["eval_loss_before"])
    out = tmp_path / "out"
    names = {path.name for path in out.iterdir()}
    assert {"training.json", "config.toml", "README.md", "curves.png", "curves.jsonl"} <= names
    assert not {"checkpoints", "begun.json"} & names
    opened = load_trained(out)
    assert opened.manifest == manifest
    ids = prompt_ids(opened.tokenizer, [Message(role="user", content="do 1")])
    import torch

    logits = opened.model(input_ids=torch.tensor([ids])).logits
    assert logits.shape[-1] == (1 if trainer == "reward" else opened.model.config.vocab_size)
    assert torch.isfinite(logits).all()


def test_the_trained_model_differs_from_its_base_also_when_its_adapter_is_merged(
    tiny: Path, tmp_path: Path
) -> None:
    import torch

    from tactful.weights import load_base

    trained("dpo", tiny, tmp_path, trl_pairs())
    ids = torch.tensor([prompt_ids(load_base(str(tiny)).tokenizer, [Message(role="user", content="do 1")])])
    base, adapter, merged = (
        opened.model(input_ids=ids).logits
        for opened in (
            load_base(str(tiny)),
            load_trained(tmp_path / "out"),
            load_trained(tmp_path / "out", merge=True),
        )
    )
    assert not torch.allclose(base, adapter, atol=1e-6)
    assert torch.allclose(adapter, merged, atol=1e-5)


def test_an_adapter_of_the_upper_layers_leaves_the_lower_ones_alone(tiny: Path, tmp_path: Path) -> None:
    trained("dpo", tiny, tmp_path, trl_pairs(), lora_layers=1)
    adapted = {
        name.split(".layers.")[1].split(".")[0]
        for name, _ in load_trained(tmp_path / "out").model.named_parameters()
        if "lora_" in name
    }
    assert adapted == {"1"}  # of two layers, 0 and 1


def test_the_card_says_where_nothing_was_held_out(tiny: Path, tmp_path: Path) -> None:
    trained("sft", tiny, tmp_path, trl_pairs(), valid=0, max_steps=1)
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "Nothing was held out" in card
    assert "held out by" not in card
    assert "| train loss (mean over the whole training, on its own examples) | — |" in card


def test_the_card_says_whose_weights_these_are_and_no_tokens_that_nobody_counted(
    tiny: Path, tmp_path: Path
) -> None:
    """At a rate that overshoots an earlier update validates better than the last."""
    more = {"max_steps": 9, "validate_every": 3, "patience": 0, "learning_rate": 0.05}
    manifest = trained("reward", tiny, tmp_path, trl_labels(20), **more)
    curves = [json.loads(line) for line in (tmp_path / "out" / "curves.jsonl").read_text().splitlines()]
    losses = {row["eval_loss"]: row["step"] for row in curves if row.get("eval_loss") and row["step"]}
    assert (manifest.steps, manifest.kept_after) == (9, losses[min(losses)])
    assert manifest.kept_after != 9
    assert manifest.figures["eval_loss"] == pytest.approx(min(losses))
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert (
        f"9 updates; the weights are those after update {manifest.kept_after}, which validated best, " in card
    )
    assert "tokens, " not in card


def test_a_model_opens_without_the_library_of_data_sets(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tactful.weights import load_tokenizer

    monkeypatch.setitem(sys.modules, "datasets", None)
    assert load_tokenizer(tiny).chat_template


def test_the_same_seed_gives_the_same_figures(tiny: Path, tmp_path: Path) -> None:
    first = trained("dpo", tiny, tmp_path / "one", trl_pairs())
    again = train(
        tmp_path / "one" / "data.jsonl",
        TrainConfig.model_validate(json.loads(json.dumps(dict(first.config)))),
        Place(tmp_path / "two"),
    )
    assert again.figures == first.figures
    assert again.files["adapter_model.safetensors"] == first.files["adapter_model.safetensors"]
