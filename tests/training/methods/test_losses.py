"""The losses, worked out again by hand from the model's own log-probabilities."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.training.tiny import trl_labels, trl_pairs, user, write_rows

from tactful.training import Place, TrainConfig
from tactful.training.material.checks import check_material
from tactful.training.material.forms import read_material
from tactful.training.methods.kto import balance
from tactful.training.running import Task, arguments, updates
from tactful.types import Message
from tactful.weights import load_base
from tactful.weights.tokens import answer_ids, prompt_ids

torch: Any = pytest.importorskip("torch", reason="training needs the extra [train]")
pytest.importorskip("trl", reason="training needs the extra [train]")

BETA = 0.3


def log_p(model: Any, tokenizer: Any, prompt: str, answer: str) -> Any:
    """log p(answer | prompt), summed over the answer's tokens."""
    asked = (Message(role="user", content=prompt),)
    before, said = prompt_ids(tokenizer, asked), answer_ids(tokenizer, asked, answer)
    logits = model(input_ids=torch.tensor([before + said])).logits[0, len(before) - 1 : -1]
    return torch.log_softmax(logits, dim=-1)[range(len(said)), said].sum()


def nudged(model: Any) -> Any:
    """The model a step away from its reference."""
    torch.manual_seed(3)
    with torch.no_grad():
        for weight in model.parameters():
            weight += 0.05 * torch.randn_like(weight)
    return model


def task(tiny: Path, folder: Path, trainer: Any, rows: list[dict[str, Any]], **more: Any) -> Task:
    settings = {"batch": len(rows) * 2, "accumulate": 1, "valid": 0.0, "beta": BETA, "lora": False} | more
    config = TrainConfig(trainer=trainer, model=str(tiny), **settings)
    material = read_material(write_rows(folder / "data.jsonl", rows), config)
    base = load_base(str(tiny))
    checked = check_material(material, config, base.tokenizer)
    return Task(config, Place(folder / "out"), material, checked, base)


def loss_of(trainer: Any, model: Any) -> float:
    model.eval()
    [batch] = list(trainer.get_train_dataloader())
    return float(trainer.compute_loss(model, batch))


def dpo_rows() -> list[dict[str, Any]]:
    return [
        {**row, "weight": weight, "margin": margin}
        for row, weight, margin in zip(trl_pairs(3), (0.5, 1.0, 1.5), (0.1, 0.4, 0.9), strict=True)
    ]


@pytest.mark.parametrize("own", [False, True], ids=["plain", "weights-and-margins"])
def test_dpo_gives_the_loss_of_its_paper_with_weights_and_margins_where_asked(
    own: bool, tiny: Path, tmp_path: Path
) -> None:
    from trl import DPOConfig, DPOTrainer

    from tactful.training.material.rows import dataset, pair_row
    from tactful.training.methods.losses import weighted_dpo

    made = task(tiny, tmp_path, "dpo", dpo_rows())
    rows = [
        {**pair_row(item), **({"weight": item.weight, "margin": item.margin} if own else {})}
        for item in made.checked.train
    ]
    kind = weighted_dpo() if own else DPOTrainer
    trainer = kind(
        model=nudged(made.base.model),
        args=DPOConfig(**arguments(made, beta=BETA)),
        train_dataset=dataset(rows),
        processing_class=made.base.tokenizer,
    )
    reference, model = load_base(str(tiny)).model, trainer.model.eval()
    expected = []
    for item in made.checked.train:
        prompt, better, worse = item.prompt[0].content, item.answer[0].content, item.rejected[0].content
        gained = [
            log_p(model, made.base.tokenizer, prompt, text)
            - log_p(reference, made.base.tokenizer, prompt, text)
            for text in (better, worse)
        ]
        margin, weight = (item.margin or 0.0, item.weight) if own else (0.0, 1.0)
        distance = BETA * (gained[0] - gained[1]) - margin
        expected.append(weight * -torch.nn.functional.logsigmoid(distance))
    assert loss_of(trainer, model) == pytest.approx(float(sum(expected) / 3), abs=1e-5)


def test_kto_gives_the_loss_of_its_paper(tiny: Path, tmp_path: Path) -> None:
    """1 − σ(β(r − z)) of wanted answers, 1 − σ(β(z − r)) of others; z from answers under each other's prompts."""
    from trl import KTOConfig, KTOTrainer

    from tactful.training.material.rows import dataset, label_rows

    made = task(tiny, tmp_path, "kto", trl_labels(4))
    rows = [row for item in made.checked.train for row in label_rows(item)]
    trainer = KTOTrainer(
        model=nudged(made.base.model),
        args=KTOConfig(**{**arguments(made, beta=BETA), "per_device_train_batch_size": 4}),
        train_dataset=dataset(rows),
        processing_class=made.base.tokenizer,
    )
    reference, model = load_base(str(tiny)).model, trainer.model.eval()

    def gained(prompt: str, answer: str) -> float:
        return float(
            log_p(model, made.base.tokenizer, prompt, answer)
            - log_p(reference, made.base.tokenizer, prompt, answer)
        )

    texts = [(row["prompt"][0]["content"], row["completion"][0]["content"], row["label"]) for row in rows]
    mixed = [gained(prompt, texts[at - 1][1]) for at, (prompt, _, _) in enumerate(texts)]
    z = max(0.0, sum(mixed) / len(mixed))
    signed = [(gained(prompt, answer) - z) * (1 if label else -1) for prompt, answer, label in texts]
    losses = [1 - 1 / (1 + float(torch.exp(torch.tensor(-BETA * value)))) for value in signed]
    assert loss_of(trainer, model) == pytest.approx(sum(losses) / len(losses), abs=1e-5)


def test_kto_makes_two_rows_of_a_pair_and_as_many_updates(tiny: Path, tmp_path: Path) -> None:
    assert updates(task(tiny, tmp_path, "kto", trl_pairs(3), batch=2)) == 3  # six rows in twos
    assert updates(task(tiny, tmp_path, "dpo", trl_pairs(3), batch=2)) == 2


def test_a_row_of_sft_counts_by_its_weight(tiny: Path, tmp_path: Path) -> None:
    from trl import SFTConfig

    from tactful.training.material.rows import answer_row, dataset
    from tactful.training.methods.losses import weighted_sft

    rows = [
        {"prompt": user(f"do {at}"), "completion": [{"role": "assistant", "content": text}], "weight": weight}
        for at, (text, weight) in enumerate((("yes", 0.5), ("no way", 1.5)))
    ]
    made = task(tiny, tmp_path, "sft", rows)
    trainer = weighted_sft()(
        model=made.base.model,
        args=SFTConfig(**arguments(made, max_length=64, completion_only_loss=True)),
        train_dataset=dataset([{**answer_row(item), "weight": item.weight} for item in made.checked.train]),
        processing_class=made.base.tokenizer,
    )
    model, tokenizer = trainer.model.eval(), made.base.tokenizer
    total = sum(
        item.weight * -log_p(model, tokenizer, item.prompt[0].content, item.answer[0].content)
        for item in made.checked.train
    )
    tokens = sum(len(answer_ids(tokenizer, item.prompt, item.answer)) for item in made.checked.train)
    assert loss_of(trainer, model) == pytest.approx(float(total) / tokens, abs=1e-5)


def test_yes_and_no_are_learnt_by_cross_entropy_times_the_weight(tiny: Path, tmp_path: Path) -> None:
    from transformers import TrainingArguments

    from tactful.training.material.rows import dataset
    from tactful.training.methods.losses import yes_no
    from tactful.training.methods.reward import score_ids

    made = task(tiny, tmp_path, "reward", trl_labels(4))
    scorer = load_base(str(tiny), head="score")
    weights = [0.5, 1.0, 1.5, 2.0]
    rows = [
        {"input_ids": score_ids(scorer.tokenizer, item), "label": float(bool(item.label)), "weight": weight}
        for item, weight in zip(made.checked.train, weights, strict=True)
    ]
    trainer = yes_no()(
        model=scorer.model,
        args=TrainingArguments(**arguments(made, remove_unused_columns=False, label_names=["label"])),
        train_dataset=dataset(rows),
        processing_class=scorer.tokenizer,
    )
    numbers = [scorer.model(input_ids=torch.tensor([row["input_ids"]])).logits[0, 0] for row in rows]
    signed = [number if row["label"] else -number for number, row in zip(numbers, rows, strict=True)]
    expected = sum(
        weight * -torch.nn.functional.logsigmoid(number)
        for number, weight in zip(signed, weights, strict=True)
    )
    assert loss_of(trainer, scorer.model) == pytest.approx(float(expected) / 4, abs=1e-5)


def test_wanted_and_unwanted_answers_count_the_same_in_sum() -> None:
    rows = [{"label": at < 2} for at in range(8)]  # 2 wanted, 6 not: 2 · 3 = 6 · 1
    assert balance(rows) == (3.0, 1.0)
    assert balance([{"label": not row["label"]} for row in rows]) == (1.0, 3.0)
