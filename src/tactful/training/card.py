"""README.md of a trained folder, in the form that the Hub reads as a model card."""

from __future__ import annotations

from tactful.training.material.checks import Checked
from tactful.weights.types import Manifest

_WHAT = {
    "sft": "learnt the answers",
    "dpo": "learnt to prefer the better answer of each pair",
    "kto": "learnt from answers that were wanted and answers that were not",
    "grpo": "learnt from its own talks with simulated users",
    "reward": "gives a text one number; its logistic is the probability of a yes",
}

_NAMES = {"train_loss": "train loss (mean over the whole training, on its own examples)"}


def model_card(manifest: Manifest, checked: Checked) -> str:
    """What it was trained on, how, and what was measured; the base stands beside every figure."""
    data = "\n".join(
        f"| `{file.path}` | {file.part} | {file.rows} | `{file.sha256[:16]}…` |" for file in manifest.data
    )
    return f"""---
library_name: {"peft" if manifest.lora else "transformers"}
tags: [tactful, {manifest.trainer}]
---

# {manifest.base}, {manifest.trainer}

{manifest.base} {_WHAT[manifest.trainer]}, by Tactful's `train {manifest.trainer}` \
({"an adapter (LoRA); the base is needed beside it" if manifest.lora else "all weights"}).

## Data

| file | part | rows | SHA-256 |
|---|---|---|---|
{data}

Kind `{manifest.kind}`{f", made by `tactful {manifest.pipeline}`" if manifest.pipeline else ""}. \
{chr(10).join(checked.lines())}

{_prompts(manifest)}{_selected(manifest)}
## Measured

{_held_out(manifest)}

| figure | base | trained |
|---|---|---|
{_figures(manifest)}

{_updates(manifest)}, {manifest.seconds:.0f} s on {manifest.device}. Seed {manifest.seed}. \
{", ".join(f"{name} {number}" for name, number in manifest.versions.items())}.

## Use

```python
from tactful.weights import load_trained
loaded = load_trained('FOLDER')
```

It was measured on data like its own and on nothing else. The configuration is `config.toml`; run it again with `--config`.
"""


def _updates(manifest: Manifest) -> str:
    best = f"; the weights are those after update {manifest.kept_after}, which validated best"
    kept = best if manifest.kept_after not in (None, manifest.steps) else ""
    tokens = f", {manifest.tokens} tokens" if manifest.tokens else ""
    return f"{manifest.steps} updates{kept}{tokens}"


def _prompts(manifest: Manifest) -> str:
    lines = [f"- prompt `{name}`, hash `{digest}`" for name, digest in manifest.prompts.items()]
    if manifest.actions:
        lines.append(f"- actions, least asking first: {', '.join(manifest.actions)}; shown: {manifest.shown}")
    return "\n".join([*lines, ""]) if lines else ""


def _selected(manifest: Manifest) -> str:
    if not manifest.selected_by:
        return ""
    return f"\nSelected by {', '.join(manifest.selected_by)}: what the same judge says of this model measures nothing.\n"


def _held_out(manifest: Manifest) -> str:
    if not manifest.examples["valid"]:
        return "Nothing was held out; what stands here is of the training's own examples."
    return f"On the examples held out by {manifest.grouped_by}, where no other is named; the base, untrained, beside."


def _figures(manifest: Manifest) -> str:
    names = [name for name in manifest.figures if not name.endswith("_before")]
    rows = []
    for name in names:
        before = manifest.figures.get(f"{name}_before")
        shown = "—" if before is None else f"{before:.4f}"
        called = _NAMES.get(name, name.removeprefix("eval_").replace("_", " "))
        rows.append(f"| {called} | {shown} | {manifest.figures[name]:.4f} |")
    return "\n".join(rows)
