"""Losses that TRL's trainers do not have: weights of rows, margins of pairs, yes and no.

Small subclasses, made when they are asked for, since their bases are heavy to import.
"""

from __future__ import annotations

from typing import Any

from tactful.weights.extras import need


def _carrying(base: Any, columns: tuple[str, ...]) -> Any:
    """A collator that also brings these columns as numbers, one a row."""
    (torch,) = need("torch", what="training")

    def collate(examples: list[dict[str, Any]]) -> dict[str, Any]:
        batch: dict[str, Any] = base(examples)
        for name in columns:
            batch[name] = torch.tensor([example[name] for example in examples], dtype=torch.float32)
        return batch

    return collate


def _with_columns(trainer: Any, *columns: str) -> Any:
    """This trainer, whose batches also bring these columns of the rows."""

    class Carrying(trainer):  # type: ignore[misc]
        data_collator: Any
        _signature_columns: Any

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.data_collator = _carrying(self.data_collator, columns)

        def _set_signature_columns_if_needed(self) -> None:
            super()._set_signature_columns_if_needed()
            if columns[0] not in self._signature_columns:
                self._signature_columns = [*self._signature_columns, *columns]

    return Carrying


def weighted_sft() -> Any:
    """SFTTrainer whose rows weigh: Σ weight · −log p(token) / tokens, over the answers' tokens of a batch."""
    (torch,) = need("torch", what="training")
    from trl import SFTTrainer

    class WeightedSFTTrainer(_with_columns(SFTTrainer, "weight")):  # type: ignore[misc]
        def compute_loss(
            self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
        ) -> Any:
            weight = inputs.pop("weight")
            outputs = model(**{**inputs, "use_cache": False}, fused_lm_head=True)
            tokens = outputs.label_mask.sum() if num_items_in_batch is None else num_items_in_batch
            loss = -(weight[:, None] * outputs.log_probs).sum() / torch.as_tensor(tokens).clamp(min=1)
            mode = "train" if self.model.training else "eval"
            self._metrics[mode]["entropy"].append(
                (outputs.entropy.detach().sum() / outputs.label_mask.sum()).item()
            )
            return (loss, outputs) if return_outputs else loss

    return WeightedSFTTrainer


def weighted_dpo() -> Any:
    """DPOTrainer whose pairs weigh and keep a distance: mean of weight · −log σ(beta · Δ − margin).

    Δ is log p(chosen) − log p(rejected), each relative to the reference. Source of the margin: arXiv:2402.10571 (ODPO),
    with the difference of the rewards as the offset.
    """
    (torch,) = need("torch", what="training")
    from trl import DPOTrainer

    class WeightedDPOTrainer(_with_columns(DPOTrainer, "weight", "margin")):  # type: ignore[misc]
        def _compute_loss(self, model: Any, inputs: Any, return_outputs: bool) -> Any:
            weight, margin = inputs.pop("weight"), inputs.pop("margin")
            labels = inputs["input_ids"].masked_fill(inputs["completion_mask"] == 0, -100)
            given = {name: inputs[name] for name in ("input_ids", "attention_mask")}
            outputs = model(**given, labels=labels, use_cache=False, fused_lm_head=True)
            chosen, rejected = outputs.log_probs.sum(dim=1).chunk(2)
            ref_chosen, ref_rejected = self.compute_ref_log_probs(self.ref_model or self.model, inputs)
            better, worse = self.beta * (chosen - ref_chosen), self.beta * (rejected - ref_rejected)
            loss = (weight * -torch.nn.functional.logsigmoid(better - worse - margin)).mean()
            kept = self._metrics["train" if self.model.training else "eval"]
            kept["rewards/accuracies"].append((better > worse).float().mean().item())
            kept["rewards/margins"].append((better - worse).detach().mean().item())
            return (loss, outputs) if return_outputs else loss

    return WeightedDPOTrainer


def yes_no() -> Any:
    """Trainer of a head with one number by cross-entropy: mean of weight · −log σ(±number)."""
    (torch,) = need("torch", what="training")
    from transformers import Trainer

    class YesNoTrainer(Trainer):  # type: ignore[misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.data_collator = _carrying(self._padded, ("label", "weight"))
            self.model_accepts_loss_kwargs = False

        def _padded(self, examples: list[dict[str, Any]]) -> dict[str, Any]:
            ids = [{"input_ids": example["input_ids"]} for example in examples]
            return dict(self.processing_class.pad(ids, padding_side="right", return_tensors="pt"))

        def compute_loss(
            self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
        ) -> Any:
            outputs = model(
                input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"], use_cache=False
            )
            numbers = outputs.logits.squeeze(-1).float()
            loss = torch.nn.functional.binary_cross_entropy_with_logits(
                numbers, inputs["label"], weight=inputs["weight"]
            )
            return (loss, {"loss": loss, "logits": numbers}) if return_outputs else loss

    return YesNoTrainer
