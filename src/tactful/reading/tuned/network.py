"""The language model without its output layer, with adapters on its upper layers and a head per judgement.

A head starts as the rows of the output layer that belong to its answers' words: before any training its logits are the
model's own scores of these answers, of which only the adapters and the heads then learn. The lower layers keep no
gradient, so a step costs little more than a forward pass through them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tactful.errors import UserError
from tactful.reading.encoder.inputs import Shown
from tactful.reading.encoder.network import WIDTH, Outputs
from tactful.reading.encoder.training.torch_network import as_tensors
from tactful.reading.tuned.inputs import ANSWERS
from tactful.weights import Loaded
from tactful.weights.extras import need
from tactful.weights.quiet import quietly

HEADS_FILE = "heads.safetensors"
TOKENS_AT_ONCE = 2048
_LAYER = re.compile(r"(?:^|\.)(?:layers|h|blocks)\.(\d+)\.")


def new_network(base: Loaded, *, layers: int, rank: int) -> Any:
    """Untrained: the body of `base`, adapters of `rank` on its last `layers` layers, the heads.

    Raises: UserError, when the base has no such layers.
    """
    torch, peft = need("torch", "peft", what="training a reader")
    rows = base.model.get_output_embeddings().weight.detach().float()
    body = base.model.base_model
    lowest = body.config.num_hidden_layers - layers
    adapted = [
        name
        for name, part in body.named_modules()
        if isinstance(part, torch.nn.Linear)
        and (place := _LAYER.search(name)) is not None
        and int(place[1]) >= lowest
    ]
    if not adapted:
        raise UserError(
            "the base has no linear layers named as layers.N; --lora cannot adapt it, give another --base"
        )
    settings = peft.LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=adapted)
    with quietly():
        adapted_body = peft.get_peft_model(body, settings)
    network = _network(adapted_body, rows.shape[1])
    with torch.no_grad():
        for head, words in ANSWERS.items():
            ids = [base.tokenizer(word, add_special_tokens=False)["input_ids"] for word in words]
            network.heads[head].weight.copy_(torch.stack([rows[one].mean(0) for one in ids]))
    return network


def _network(body: Any, hidden: int) -> Any:
    need("torch", what="reading by a language model")
    import torch

    class TunedNetwork(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.body = body
            self.heads = torch.nn.ModuleDict(
                {name: torch.nn.Linear(hidden, width) for name, width in WIDTH.items()}
            )
            for head in self.heads.values():
                torch.nn.init.zeros_(head.weight)
                torch.nn.init.zeros_(head.bias)

        def forward(self, ids: Any, segments: Any, mask: Any) -> dict[str, Any]:
            states = self.body(input_ids=ids, attention_mask=mask, use_cache=False).last_hidden_state
            last = mask.sum(1) - 1
            vector = states[torch.arange(len(ids), device=ids.device), last].float()
            with torch.autocast(ids.device.type, enabled=False):
                return {"vector": vector, **{name: head(vector) for name, head in self.heads.items()}}

    return TunedNetwork()


class TorchRuns:
    """A network that reads: `Runs`, in evaluation mode, texts of like length together."""

    def __init__(self, network: Any) -> None:
        self._network = network.eval()

    def run(self, shown: Sequence[Shown], heads: Sequence[str]) -> Outputs:
        """Vector and the logits of `heads`, in the order given."""
        (torch,) = need("torch", what="reading by a language model")
        names = ["vector", *heads]
        kept: list[dict[str, np.ndarray[Any, np.dtype[np.float32]]]] = [{}] * len(shown)
        order = sorted(range(len(shown)), key=lambda at: len(shown[at].ids), reverse=True)
        place = next(self._network.parameters()).device
        while order:
            size = max(1, TOKENS_AT_ONCE // len(shown[order[0]].ids))
            batch, order = order[:size], order[size:]
            given = [one.to(place) for one in as_tensors(torch, [shown[at] for at in batch])]
            with torch.inference_mode():
                found = self._network(*given)
            columns = {name: found[name].float().cpu().numpy() for name in names}
            for row, at in enumerate(batch):
                kept[at] = {name: column[row] for name, column in columns.items()}
        stacked = {name: np.stack([row[name] for row in kept]) for name in names}
        return Outputs(stacked.pop("vector"), stacked)


def save_network(network: Any, folder: Path) -> None:
    """Write the adapters and the heads into `folder`."""
    from safetensors.torch import save_file

    network.body.save_pretrained(folder)
    save_file(network.heads.state_dict(), folder / HEADS_FILE)


def load_network(base: Loaded, folder: Path) -> TorchRuns:
    """What `save_network` wrote, on `base`, with the adapters melted in."""
    (peft,) = need("peft", what="reading by a language model")
    from safetensors.torch import load_file

    body = base.model.base_model
    hidden = base.model.get_output_embeddings().weight.shape[1]
    adapted = peft.PeftModel.from_pretrained(body, str(folder), local_files_only=True)
    network = _network(adapted.merge_and_unload(), hidden)
    network.heads.load_state_dict(load_file(folder / HEADS_FILE))
    return TorchRuns(network.to(next(body.parameters()).device))
